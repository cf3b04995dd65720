"""The servers that a checked document leads to, and all that sending and receiving need."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog_mail.domain.settings.document import TLS, IntentTracking, Receiver, Transport


@dataclass(frozen=True)
class SmtpServer:
    """Where and how to hand mail over. `timeout` is in seconds. Without user name and password nothing logs in."""

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
    """A mailbox behind Microsoft Graph, and the app registration that may use it.

    `mailbox` is the address of the account. Of the two credentials the certificate (PEM: private key and certificate) is used
    where there are both. Addresses have no path; `section` names the settings in which all this stands. `timeout` is in
    seconds, of each answer.
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
    """All that sending needs, with its secrets: hashable, so that a sender can be kept for it.

    `server` is a GraphServer where the transport is Microsoft, and an SmtpServer otherwise.
    """

    transport: Transport
    from_address: str
    display_name: str
    server: SmtpServer | GraphServer


@dataclass(frozen=True)
class ImapServer:
    """Where and how to read mail. `timeout` is in seconds, of each answer of the server."""

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


@dataclass(frozen=True)
class ArchiveSettings:
    """What becomes of mail that was handled; `keep_days` is how long it stays in the archive."""

    enabled: bool
    keep_days: int


@dataclass(frozen=True)
class ReceivingSettings:
    """All that receiving replies needs, with its secret.

    `tracking` is as it was set, `auto` included. `sync_interval` is in seconds. `authserv_id` names the server whose verdict
    on senders is required (RFC 8601), None for none. `sent_from` is the account that sends what is answered, where what it has
    sent can be looked into; None for nowhere.
    """

    server: MailboxServer
    reply_to: str
    tracking: IntentTracking
    sync_interval: int
    authserv_id: str | None
    archive: ArchiveSettings
    sent_from: str | None = None

    @property
    def receiver(self) -> Receiver:
        """What kind of server it is."""
        return Receiver.MICROSOFT if isinstance(self.server, GraphServer) else Receiver.IMAP
