"""Each kind of server has its adapter; here the settings find theirs. Graph's is imported when it is first used.

It brings msal with it, for which an installation without Microsoft has no use.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from catalog_mail.adapters.smtp import SmtpSenders
from catalog_mail.domain.replies.mailbox import MailboxEvidence
from catalog_mail.domain.settings.servers import GraphServer, MailboxServer, SendingSettings
from catalog_mail.ports.mailbox import Mailbox
from catalog_mail.ports.sending import MailSender

if TYPE_CHECKING:
    from catalog_mail.adapters.graph import GraphMailboxes, GraphSenders
    from catalog_mail.adapters.imap import ImapMailboxes


class Servers:
    """Makes what belongs to each kind, once.

    `folder` is where the processes of this host share Graph's limits, `settles_after` how late Sent Items may show what was sent.
    """

    def __init__(self, folder: Path | None, settles_after: float) -> None:
        self.smtp = SmtpSenders()
        self._folder = folder
        self._settles_after = settles_after
        self._lock = threading.RLock()
        self._graph: tuple[GraphSenders, GraphMailboxes] | None = None
        self._imap: ImapMailboxes | None = None

    def graph(self) -> tuple[GraphSenders, GraphMailboxes]:
        """Sending and receiving share their connections and their limits."""
        with self._lock:
            if self._graph is None:
                from catalog_mail.adapters.graph import Apps, GraphMailboxes, GraphSenders  # noqa: PLC0415

                apps = Apps(self._folder)
                self._graph = GraphSenders(apps, self._settles_after), GraphMailboxes(apps)
            return self._graph

    def imap(self) -> ImapMailboxes:
        """Mailboxes by IMAP."""
        with self._lock:
            if self._imap is None:
                from catalog_mail.adapters.imap import ImapMailboxes  # noqa: PLC0415

                self._imap = ImapMailboxes()
            return self._imap

    def close(self) -> None:
        """Take leave of all."""
        self.smtp.close()
        with self._lock:
            if self._graph is not None:
                self._graph[0].close()


class Senders:
    """Fulfils ports.MailSenders."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def sender(self, settings: SendingSettings) -> MailSender:
        """The one for these settings. Raises SendingFailed."""
        return self._of(settings).sender(settings)

    def make_email_test_sender(self, settings: SendingSettings) -> MailSender:
        """One for a single test. Raises SendingFailed."""
        return self._of(settings).make_email_test_sender(settings)

    def close(self) -> None:
        """Take leave of all servers."""
        self._servers.close()

    def _of(self, settings: SendingSettings) -> SmtpSenders | GraphSenders:
        return self._servers.graph()[0] if isinstance(settings.server, GraphServer) else self._servers.smtp


class Mailboxes:
    """Fulfils ports.Mailboxes."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def open(self, server: MailboxServer, sent_from: str | None = None) -> Mailbox:
        """Raises MailboxFailed."""
        if isinstance(server, GraphServer):
            return self._servers.graph()[1].open(server, sent_from)
        return self._servers.imap().open(server)

    def check_mailbox(self, server: MailboxServer) -> MailboxEvidence:
        """Raises MailboxFailed."""
        if isinstance(server, GraphServer):
            return self._servers.graph()[1].check_mailbox(server)
        return self._servers.imap().check_mailbox(server)
