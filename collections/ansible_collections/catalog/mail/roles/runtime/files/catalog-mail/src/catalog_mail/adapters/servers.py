# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the adapter of each kind of server. Microsoft Graph's is imported at first use.

It imports msal, which an installation without Microsoft does not need.
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
    """Creates the adapters of each kind of server, once.

    `folder` holds the locks by which processes of this host share Graph's limits; `settles_after` is the longest delay in seconds
    until the Sent Items show a sent message.
    """

    def __init__(self, folder: Path | None, settles_after: float) -> None:
        self.smtp = SmtpSenders()
        self._folder = folder
        self._settles_after = settles_after
        self._lock = threading.RLock()
        self._graph: tuple[GraphSenders, GraphMailboxes] | None = None
        self._imap: ImapMailboxes | None = None

    def graph(self) -> tuple[GraphSenders, GraphMailboxes]:
        """The senders and mailboxes of Graph, which share connections and limits."""
        with self._lock:
            if self._graph is None:
                from catalog_mail.adapters.graph import Apps, GraphMailboxes, GraphSenders  # noqa: PLC0415  only Microsoft needs it

                apps = Apps(self._folder)
                self._graph = GraphSenders(apps, self._settles_after), GraphMailboxes(apps)
            return self._graph

    def imap(self) -> ImapMailboxes:
        """The mailboxes of IMAP."""
        with self._lock:
            if self._imap is None:
                from catalog_mail.adapters.imap import ImapMailboxes  # noqa: PLC0415  only IMAP needs it

                self._imap = ImapMailboxes()
            return self._imap

    def close(self) -> None:
        """Close all connections."""
        self.smtp.close()
        with self._lock:
            if self._graph is not None:
                self._graph[0].close()


class Senders:
    """Implements ports.MailSenders."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def sender(self, settings: SendingSettings) -> MailSender:
        """Return the sender for these settings. Raises SendingFailed."""
        return self._of(settings).sender(settings)

    def make_email_test_sender(self, settings: SendingSettings) -> MailSender:
        """Return a sender for a single test. Raises SendingFailed."""
        return self._of(settings).make_email_test_sender(settings)

    def close(self) -> None:
        """Close all connections."""
        self._servers.close()

    def _of(self, settings: SendingSettings) -> SmtpSenders | GraphSenders:
        return self._servers.graph()[0] if isinstance(settings.server, GraphServer) else self._servers.smtp


class Mailboxes:
    """Implements ports.Mailboxes."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def open(self, server: MailboxServer, sent_from: str | None = None, quick_look: int = 0) -> Mailbox:
        """Open a mailbox. Raises MailboxFailed."""
        if isinstance(server, GraphServer):
            return self._servers.graph()[1].open(server, sent_from, quick_look)
        return self._servers.imap().open(server)

    def check_mailbox(self, server: MailboxServer) -> MailboxEvidence:
        """Test a mailbox. Raises MailboxFailed."""
        if isinstance(server, GraphServer):
            return self._servers.graph()[1].check_mailbox(server)
        return self._servers.imap().check_mailbox(server)
