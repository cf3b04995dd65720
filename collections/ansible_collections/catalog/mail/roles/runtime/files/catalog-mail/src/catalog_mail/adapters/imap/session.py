# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with one IMAP server: connect, encrypt, log in; each failure becomes MailboxFailed."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import Iterator
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.utils import encode_folder

from catalog_mail.adapters.connection import verifying_context
from catalog_mail.adapters.imap.capabilities import BrokenCapabilities, CapabilityFailed
from catalog_mail.adapters.imap.client import Client
from catalog_mail.adapters.imap.failing import FORESEEN, Refused, Unreadable, failure_of, first, said
from catalog_mail.adapters.imap.responses import numbers
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.connection import authorities_unreadable, readable, tls_not_offered
from catalog_mail.domain.failures.failure import Failure, MailboxFailed
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer


class Box(BaseMailBox):
    """The mailbox of imap-tools, with Client as its connection."""

    def __init__(self, client: Client) -> None:
        self._connected = client
        super().__init__()

    def _get_mailbox_client(self) -> Client:
        return self._connected

    @property
    def connected(self) -> Client:
        """The connection, with its own type."""
        return self._connected


class Session:
    """A session. Constructor and methods raise only MailboxFailed, after which the connection is closed.

    `arrivals` becomes true when mail arrives.
    """

    def __init__(self, server: ImapServer, broken: BrokenCapabilities, without: str | None = None) -> None:
        """Connect and log in; `without` is a capability that is not used."""
        self.server = server
        self.broken = broken
        self.selected: str | None = None
        self.arrivals = False
        self._without = without
        self._trying: tuple[str, bool] | None = None
        self._stage = Stage.CONNECT
        self._opened: Box | None = None
        with self.failures():
            self._open()

    @property
    def box(self) -> Box:
        """The imap-tools mailbox of this connection."""
        if self._opened is None:
            raise Unreadable
        return self._opened

    @property
    def client(self) -> Client:
        """The connection."""
        return self.box.connected

    def enter(self, stage: Stage) -> None:
        """Set the stage that the sentence of a failure names."""
        self._stage = stage

    def offers(self, capability: str) -> bool:
        """Return whether the server offers a capability that works, as far as is known."""
        return self.client.offers(capability) and self.broken.works(capability) and capability != self._without

    @contextlib.contextmanager
    def trying(self, capability: str, *, certain: bool = True) -> Iterator[None]:
        """Use a capability in the block; if the connection fails meanwhile, `failures` raises CapabilityFailed."""
        self._trying = capability, certain
        yield
        self._trying = None

    def refused(self, capability: str, refusal: Refused) -> None:
        """Note a capability that the server refused, and go on."""
        self.forgive()
        text = self.answer(refusal.text)
        if imap_failures.concerns_moment(text):
            self.broken.doubted(capability, text)
        else:
            self.broken.failed(capability, text)

    def forgive(self) -> None:
        """Go on after a refusal that need not be the capability's fault."""
        self._trying = None

    def answer(self, text: bytes) -> str:
        """Return an answer of the server as a sentence without the password."""
        said = readable(text, self.server.password).strip().rstrip(".")
        return f"{said}." if said else "no reason was given."

    def uid(self, *command: str | bytes) -> list[Any]:
        """Run a UID command; return the data of its answer in imaplib's form."""
        self.note()
        status, data = self.client.uid(*command)  # type: ignore[arg-type]  # imaplib sends bytes too; typeshed has str
        if status == "OK":
            return list(data)
        gone = b"[EXPUNGEISSUED]" in first(data).upper()  # RFC 5530: some messages are gone; the answer to FETCH has the others
        if gone and command[0] == "FETCH":
            return list(self.client.pending().get("FETCH") or [])
        raise Refused(first(data))

    def status(self, mailbox: str, *items: str) -> dict[str, int]:
        """Return the numbers that STATUS gives of a mailbox, by name; empty for an answer without any. Raises Refused."""
        self.client.pending()
        name: Any = encode_folder(mailbox)  # imaplib sends bytes too; typeshed has str
        status, data = self.client.status(name, f"({' '.join(items)})")
        if status != "OK":
            raise Refused(first(data))
        return numbers(data)

    def refresh(self) -> None:
        """Send NOOP: some servers search only in messages that they have announced."""
        self.client.noop()
        self.note()

    def note(self) -> None:
        """Note the server's unsolicited responses, and clear them in imaplib."""
        said = self.client.pending()
        if "EXISTS" in said:
            self.arrivals = True
        if "READ-ONLY" in said and self.selected:
            raise MailboxFailed(imap_failures.read_only(self.selected, self.server))

    def select(self, mailbox: str) -> dict[str, Any]:
        """Select a mailbox; return the server's responses, by kind."""
        self.name(mailbox)
        self.box.folder.set(mailbox)
        return self.client.pending()

    def examine(self, mailbox: str) -> None:
        """Open a mailbox without the right to change it."""
        self.name(mailbox)
        self.box.folder.set(mailbox, readonly=True)
        self.client.pending()

    def name(self, mailbox: str) -> None:
        """Set the mailbox that the next failure names."""
        self.enter(Stage.SELECT)
        self.selected = mailbox

    def close(self) -> None:
        """Log out; raises nothing."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            with contextlib.suppress(Exception):
                opened.client.sock.settimeout(1)
                opened.client.logout()
            with contextlib.suppress(Exception):
                opened.client.shutdown()

    @contextlib.contextmanager
    def failures(self, stage: Stage | None = None) -> Iterator[None]:
        """Turn exceptions of the block into MailboxFailed, and close the connection."""
        if stage is not None:
            self.enter(stage)
        try:
            yield
        except MailboxFailed:
            self._break()
            raise
        except FORESEEN as error:
            self._break()
            failure = failure_of(error, self._stage, self.server, self.selected)
            if self._trying:
                capability, certain = self._trying
                raise CapabilityFailed(failure, capability, certain=certain) from error
            raise MailboxFailed(failure) from error

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
            if not client.offers("STARTTLS") or client.state == "AUTH":  # not after PREAUTH (RFC 3501, 6.2.1)
                raise MailboxFailed(tls_not_offered(peer))
            self.enter(Stage.TLS)
            client.starttls(context)
        self.enter(Stage.LOGIN)
        self._log_in(client)
        client.refresh_capabilities()

    def _log_in(self, client: Client) -> None:
        """Log in by AUTH=PLAIN (RFC 4616), which allows any name and password, or by LOGIN, which allows ASCII only."""
        if client.state == "AUTH":  # the server greets with PREAUTH
            return
        impossible = self._login_impossible(client)
        if client.offers("AUTH=PLAIN") and (impossible or self.offers("AUTH=PLAIN")):
            self._log_in_by_plain(client, try_login=not impossible)
        elif impossible:
            raise MailboxFailed(impossible)
        else:
            self._log_in_by_login()

    def _login_impossible(self, client: Client) -> Failure | None:
        """Return the reason why the command LOGIN cannot be used."""
        words = self.server.username + self.server.password
        if client.offers("LOGINDISABLED"):
            offered = tuple(one.removeprefix("AUTH=") for one in client.capabilities if one.startswith("AUTH="))
            return imap_failures.login_not_offered(self.server, offered)
        return None if words.isascii() and words.isprintable() else imap_failures.login_not_possible(self.server)

    def _log_in_by_plain(self, client: Client, *, try_login: bool) -> None:
        """Log in by AUTH=PLAIN. A refusal that may concern the mechanism, not the account, is followed by LOGIN."""
        message = f"\0{self.server.username}\0{self.server.password}".encode()
        trying = self.trying("AUTH=PLAIN") if try_login else contextlib.nullcontext()
        try:
            with trying:
                client.authenticate("PLAIN", lambda _challenge: message)
            return
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            self._trying = None
            text = said(error) or b""
            if not try_login or imap_failures.concerns_account(readable(text, "")):
                raise
            refusal = error
        try:
            self._log_in_by_login()
        except (imaplib.IMAP4.abort, OSError):  # some servers end the connection after a wrong password
            raise refusal from None
        self.refused("AUTH=PLAIN", Refused(text))

    def _log_in_by_login(self) -> None:
        self.box.login(self.server.username, self.server.password, initial_folder=None)

    # -- failing -------------------------------------------------------------------------------------------------------

    def _break(self) -> None:
        """Close without LOGOUT: the server may be in the middle of an answer, or gone."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            with contextlib.suppress(Exception):
                opened.client.shutdown()


def open_session(server: ImapServer, broken: BrokenCapabilities) -> Session:
    """Open a session, without the login mechanism over which a first connection was lost. Raises MailboxFailed."""
    try:
        return Session(server, broken)
    except CapabilityFailed as error:
        try:
            session = Session(server, broken, without=error.capability)
        except MailboxFailed:
            raise error from None
        broken.note(error)
        return session
