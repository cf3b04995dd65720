"""A session with one IMAP server: connected, encrypted, logged in; each failure in it becomes MailboxFailed."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import Iterator
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError

from catalog_mail.adapters.connection import plain, verifying_context
from catalog_mail.adapters.imap.client import Client
from catalog_mail.domain import imap_failures
from catalog_mail.domain.connection_failures import authorities_unreadable, network_failure, readable, tls_not_offered
from catalog_mail.domain.diagnosis import Failure, MailboxFailed
from catalog_mail.domain.imap_failures import Stage
from catalog_mail.domain.settings import TLS, ImapServer

# In the words of imaplib and of our client.
_NOT_IMAP = ("unexpected response", "too long")
# What reading an answer may raise that nobody has foreseen.
_STRANGE = (ValueError, LookupError, TypeError)


class Refused(Exception):
    """The server has said NO or BAD; `text` is its own."""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.text = text


class Unreadable(Exception):
    """The server's answer is not what RFC 3501 says."""


class Box(BaseMailBox):
    """imap-tools' mailbox over a client of ours."""

    def __init__(self, client: Client) -> None:
        self._connected = client
        super().__init__()

    def _get_mailbox_client(self) -> Client:
        return self._connected

    @property
    def connected(self) -> Client:
        """The client, as what it is."""
        return self._connected


class Session:
    """Raises MailboxFailed, from the constructor on, and nothing else; after that the connection is closed.

    `arrivals` says that mail has come since it was set to false.
    """

    def __init__(self, server: ImapServer) -> None:
        self.server = server
        self.selected: str | None = None
        self.arrivals = False
        self._stage = Stage.CONNECT
        self._opened: Box | None = None
        with self.failures():
            self._open()

    @property
    def box(self) -> Box:
        """What imap-tools does on this connection."""
        if self._opened is None:
            raise Unreadable
        return self._opened

    @property
    def client(self) -> Client:
        """The connection."""
        return self.box.connected

    def enter(self, stage: Stage) -> None:
        """What comes next, for the sentence about its failure."""
        self._stage = stage

    def uid(self, *command: str | bytes) -> list[Any]:
        """A command about messages by their UIDs; the data of its answer, as imaplib gives it."""
        self.note()
        status, data = self.client.uid(*command)  # type: ignore[arg-type]
        if status == "OK":
            return list(data)
        if b"[EXPUNGEISSUED]" in _first(data).upper():  # RFC 5530: some are gone by now; the others were answered
            return list(self.client.pending().get("FETCH") or [])
        raise Refused(_first(data))

    def refresh(self) -> None:
        """Let the server look: some search only in what they have told of already."""
        self.client.noop()
        self.note()

    def note(self) -> None:
        """Keep in mind what the server said by itself, and let imaplib forget it."""
        said = self.client.pending()
        if "EXISTS" in said:
            self.arrivals = True
        if "READ-ONLY" in said and self.selected:
            raise MailboxFailed(imap_failures.read_only(self.selected, self.server))

    def select(self, mailbox: str) -> dict[str, Any]:
        """Open a mailbox; what the server says of it, by kind."""
        self.name(mailbox)
        self.box.folder.set(mailbox)
        return self.client.pending()

    def name(self, mailbox: str) -> None:
        """The mailbox that the next failure is about."""
        self.enter(Stage.SELECT)
        self.selected = mailbox

    def close(self) -> None:
        """Take leave; raises nothing."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            with contextlib.suppress(Exception):
                opened.client.sock.settimeout(1)
                opened.client.logout()
            with contextlib.suppress(Exception):
                opened.client.shutdown()

    @contextlib.contextmanager
    def failures(self, stage: Stage | None = None) -> Iterator[None]:
        """What fails inside becomes MailboxFailed, and ends the connection."""
        if stage is not None:
            self.enter(stage)
        try:
            yield
        except MailboxFailed:
            self._break()
            raise
        except (imaplib.IMAP4.error, ImapToolsError, Refused, Unreadable, OSError, *_STRANGE) as error:
            self._break()
            raise MailboxFailed(self._failure(error)) from error

    # -- opening -------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        server = self.server
        peer = imap_failures.peer(server)
        context = None
        if server.tls is not TLS.NONE:
            try:
                context = verifying_context(server.ca_file)
            except OSError as error:
                raise MailboxFailed(authorities_unreadable(error.strerror or "unreadable", peer)) from error
        client = Client(server, context, self.enter)
        self._opened = Box(client)
        if context and server.tls is TLS.STARTTLS:
            if not client.offers("STARTTLS"):
                raise MailboxFailed(tls_not_offered(peer))
            self.enter(Stage.TLS)
            client.starttls(context)
        self.enter(Stage.LOGIN)
        self._log_in(client)
        client.refresh_capabilities()

    def _log_in(self, client: Client) -> None:
        """AUTH=PLAIN (RFC 4616) takes whatever name and password; LOGIN one line of ASCII."""
        username, password = self.server.username, self.server.password
        if client.offers("AUTH=PLAIN"):
            client.authenticate("PLAIN", lambda _challenge: f"\0{username}\0{password}".encode())
        elif client.offers("LOGINDISABLED"):
            raise MailboxFailed(imap_failures.login_not_offered(self.server))
        elif not (username + password).isascii() or not (username + password).isprintable():
            raise MailboxFailed(imap_failures.login_not_possible(self.server))
        else:
            self.box.login(username, password, initial_folder=None)

    # -- failing -------------------------------------------------------------------------------------------------------

    def _break(self) -> None:
        """Nothing more is said: the server may be in the middle of an answer, or gone."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            with contextlib.suppress(Exception):
                opened.client.shutdown()

    def _failure(self, error: Exception) -> Failure:
        if isinstance(error, imaplib.IMAP4.readonly):
            return imap_failures.read_only(self.selected or self.server.mailbox, self.server)
        if isinstance(error, imaplib.IMAP4.abort):
            return self._aborted(error)
        text = _said(error)
        if text is not None:
            return self._answer(text)
        if isinstance(error, OSError) or (isinstance(error, UnicodeError) and self._stage is Stage.CONNECT):
            return network_failure(plain(error), self._stage, imap_failures.peer(self.server))
        return imap_failures.not_understood(self._stage, self.server)

    def _aborted(self, error: Exception) -> Failure:
        """Imaplib gives up a connection: it has ended, or something else than IMAP came."""
        reason = _socket_error(error)
        if reason is None and any(words in str(error) for words in _NOT_IMAP):
            if self._stage is Stage.GREETING:
                return imap_failures.not_imap(self.server)
            return imap_failures.not_understood(self._stage, self.server)
        return network_failure(reason or error, self._stage, imap_failures.peer(self.server))

    def _answer(self, text: bytes) -> Failure:
        server = self.server
        return imap_failures.answer_failure(self._stage, readable(text, server.password), server, self.selected)


def _first(data: Any) -> bytes:
    first = data[0] if isinstance(data, (list, tuple)) and data else data
    return first if isinstance(first, bytes) else b""


def _said(error: Exception) -> bytes | None:
    """The server's own words, if that is what an exception is about."""
    if isinstance(error, UnexpectedCommandStatusError):
        return _first(error.command_result[1])
    if isinstance(error, Refused):
        return error.text
    if isinstance(error, imaplib.IMAP4.error):
        first = error.args[0] if error.args else b""
        return first if isinstance(first, bytes) else str(first).encode()
    return None


def _socket_error(error: BaseException) -> OSError | None:
    """What the socket raised, which imaplib hides behind an abort."""
    found: BaseException | None = error
    for _depth in range(5):
        found = found.__context__ if found else None
        if isinstance(found, OSError):
            return found
    return None
