# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers that a checked document names, and the settings for sending and receiving."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog_mail.domain.settings.document import TLS, IntentTracking, Receiver, Transport


@dataclass(frozen=True)
class SmtpServer:
    """A mail server for sending. `timeout` is in seconds. Without user name and password there is no login."""

    host: str
    port: int
    tls: TLS
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30
    ca_file: str | None = None

    @property
    def identity_key(self) -> tuple[str, ...]:
        """Identity of the server; settings with an equal key share it."""
        return (self.host,)


@dataclass(frozen=True)
class GraphServer:
    """A mailbox in Microsoft Graph, and the app registration that accesses it.

    `mailbox` is the address of the account, `user` the user principal name or object ID by which Graph finds it, None where that
    is the address. With both credentials, the certificate (PEM: private key and certificate) is used. URLs have no path.
    `section` is the path of these settings in the document. `timeout` is in seconds, for each response.
    """

    mailbox: str
    tenant_id: str
    client_id: str
    authority_url: str
    graph_url: str
    section: str
    client_secret: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    proxy_url: str | None = field(default=None, repr=False)
    timeout: float = 30
    user: str | None = None

    @property
    def identity_key(self) -> tuple[str, ...]:
        """Identity of the mailbox, without the tenant, which has several spellings; settings with an equal key share it."""
        return (self.graph_url, self.mailbox.lower())

    @property
    def application_key(self) -> tuple[str, ...]:
        """Identity of the application, for which Graph counts requests; its tenant has several spellings."""
        return (self.graph_url, self.client_id.lower())


@dataclass(frozen=True)
class SendingSettings:
    """The settings for sending, with secrets. Hashable, so that a sender can be cached for them.

    `server` is a GraphServer when the transport is Microsoft, else an SmtpServer. `bounce_address` is the address in the
    envelope, None for the sender's own.
    """

    transport: Transport
    from_address: str
    display_name: str
    server: SmtpServer | GraphServer
    bounce_address: str | None = None

    @property
    def envelope_from(self) -> str:
        """The address of the envelope (RFC 5321, MAIL FROM)."""
        return self.bounce_address or self.from_address


@dataclass(frozen=True)
class ImapServer:
    """An IMAP server for reading mail. `timeout` is in seconds, for each response of the server."""

    host: str
    port: int
    tls: TLS
    username: str
    password: str = field(repr=False)
    mailbox: str = "INBOX"
    archive_mailbox: str = "Archive"
    ca_file: str | None = None
    timeout: float = 30

    @property
    def identity_key(self) -> tuple[str, ...]:
        """Identity of the mailbox; settings with an equal key share it."""
        return (self.host, self.username, self.mailbox)


MailboxServer = ImapServer | GraphServer


def mailbox_name(server: MailboxServer) -> str:
    """Return a name of the mailbox for people."""
    return f"{server.mailbox} of {server.username}" if isinstance(server, ImapServer) else server.mailbox


@dataclass(frozen=True)
class ArchiveSettings:
    """The archive of handled mail; `keep_days` is the number of days that a message stays in it."""

    enabled: bool
    keep_days: int


@dataclass(frozen=True)
class ReceivingSettings:
    """The settings for receiving replies, with secrets.

    `tracking` is the value of the setting, also `auto`. `sync_interval` is in seconds. `authserv_id` names the server that must
    confirm senders (RFC 8601), None for no check. `sent_from` is the account that sent the answered mails, None when the
    service cannot read that account's sent mail. `quick_look` is the number of seconds between two looks for new mail at a
    server that announces none, 0 for no looks.
    """

    server: MailboxServer
    reply_to: str
    tracking: IntentTracking
    sync_interval: int
    authserv_id: str | None
    archive: ArchiveSettings
    sent_from: str | None = None
    quick_look: int = 0

    @property
    def receiver(self) -> Receiver:
        """The protocol of the server."""
        return Receiver.MICROSOFT if isinstance(self.server, GraphServer) else Receiver.IMAP
