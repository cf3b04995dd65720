# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Search a mailbox over IMAP for one message, without marking any message as read. An edge."""

from __future__ import annotations

import imaplib
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import Any, Callable, Iterator, List, Optional, Tuple, TypeVar

from .._core.redaction import Secrets
from .connection import Server, StageFailed, system_words, tls_context
from .imap_syntax import junk_folders, quote, read_folders, read_uids, search_terms, text_terms
from .message import MailUnderTest

Result = TypeVar("Result")

MAX_HEADERS = 256 * 1024
"""Bytes of a message's headers that are fetched."""
MAX_MESSAGE = 1024 * 1024
"""Bytes of a whole message that are fetched; a notification is much smaller."""


@dataclass(frozen=True)
class Found:
    """A message found: its folder, whether that folder is for spam, and its headers."""

    folder: str
    junk: bool
    headers: Message

    def values(self, name: str) -> List[str]:
        """Return the values of all headers of a name, in their order."""
        return [str(value) for value in self.headers.get_all(name, [])]


class Mailbox:
    """A connection after login. Folders are opened with EXAMINE, so that nothing can be changed."""

    def __init__(self, server: Server) -> None:
        """Raises StageFailed with the stage ``mailbox_connect`` or ``mailbox_login``."""
        self._secrets = Secrets([(server.username, server.password)])
        # imaplib accepts bytes where its annotations say str; only bytes can hold every folder's name.
        self._client: Any = self._at_stage("mailbox_connect", lambda: _connected(server))
        try:
            self._at_stage("mailbox_login", lambda: _login(self._client, server))
            self._folders = self._at_stage("mailbox", lambda: _folders(self._client))
        except StageFailed:
            self.close()
            raise

    def find(self, message: MailUnderTest) -> Optional[Found]:
        """Return the message from the INBOX or a folder for spam; None when it has not arrived.

        Raises StageFailed (``mailbox``) when the connection is lost.
        """
        terms = search_terms(message.message_id, message.token, _days_ago())
        return self._at_stage("mailbox", lambda: self._find(terms, f"(BODY.PEEK[HEADER]<0.{MAX_HEADERS}>)"))

    def read(self, word: str) -> Optional[Found]:
        """Return the newest message that contains ``word``; None without one. Raises as ``find`` does.

        Its ``headers`` then hold the whole message, up to ``MAX_MESSAGE`` bytes.
        """
        terms = text_terms(word, _days_ago())
        return self._at_stage("mailbox", lambda: self._find(terms, f"(BODY.PEEK[]<0.{MAX_MESSAGE}>)"))

    def close(self) -> None:
        """Log out; errors are ignored."""
        with suppress(imaplib.IMAP4.error, OSError):
            self._client.logout()

    def _find(self, terms: List[bytes], part: str) -> Optional[Found]:
        for name, shown in self._folders:
            if self._client.select(quote(name), readonly=True)[0] != "OK":
                continue
            answer, lines = self._client.uid("SEARCH", *terms)
            uids = read_uids(lines) if answer == "OK" else []
            if uids:
                return Found(shown, name != b"INBOX", self._fetch(uids[-1], part))
        return None

    def _fetch(self, uid: bytes, part: str) -> Message:
        _answer, parts = self._client.uid("FETCH", uid, part)
        raw = b"".join(one[1] for one in parts if isinstance(one, tuple))
        return BytesParser(policy=compat32).parsebytes(raw)

    def _at_stage(self, stage: str, step: Callable[[], Result]) -> Result:
        try:
            return step()
        except StageFailed as exc:
            raise StageFailed(exc.stage, self._secrets.words(exc.words)) from None
        except (imaplib.IMAP4.error, OSError, ValueError) as exc:
            words = str(exc) if isinstance(exc, imaplib.IMAP4.error) else system_words(exc)
            raise StageFailed(stage, self._secrets.words(words)) from None


class _Silence:
    """Raise IMAP4.abort when a server sends nothing, to distinguish that from the timeout of an unreachable server."""

    def readline(self) -> bytes:
        try:
            return super().readline()  # type: ignore[misc]  # of imaplib's class
        except socket.timeout:
            raise imaplib.IMAP4.abort("timed out waiting for an answer") from None


class _Imap(_Silence, imaplib.IMAP4):
    """IMAP, unencrypted or with STARTTLS."""


class _ImapSsl(_Silence, imaplib.IMAP4_SSL):
    """IMAP with implicit TLS."""


def _connected(server: Server) -> imaplib.IMAP4:
    """Return a client, encrypted and verified as the settings say."""
    context = tls_context(server, "mailbox") if server.tls != "none" else None
    with _socket_timeout(server.timeout):
        try:
            if server.tls == "implicit":
                return _ImapSsl(server.host, server.port, ssl_context=context)
            client = _Imap(server.host, server.port)
        except imaplib.IMAP4.error as exc:
            # The connection was made, so the network works: the server speaks another protocol, or nothing.
            raise StageFailed("mailbox_connect", f"no greeting: {exc}") from None
        if server.tls == "starttls":
            if "STARTTLS" not in client.capabilities:
                raise StageFailed("mailbox_connect", "the server does not offer STARTTLS")
            client.starttls(ssl_context=context)
    return client


@contextmanager
def _socket_timeout(seconds: int) -> Iterator[None]:
    """Set the timeout of sockets created inside; imaplib has its own option only from Python 3.9 on."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _days_ago() -> date:
    """Return the first day of a search, some days back, since the server's clock and time zone may differ."""
    return date.today() - timedelta(days=2)


def _login(client: Any, server: Server) -> None:
    """Log in with SASL PLAIN, which carries any character; else with LOGIN, user name and password quoted."""
    username, password = server.username or "", server.password or ""
    if "AUTH=PLAIN" in client.capabilities:
        client.authenticate("PLAIN", lambda _challenge: f"\0{username}\0{password}".encode("utf-8", "surrogateescape"))
        return
    if "LOGINDISABLED" in client.capabilities:
        raise StageFailed("mailbox_login", "the server offers no login on this connection (LOGINDISABLED)")
    # imaplib's own login does not quote the user name.
    answer, words = client.xatom("LOGIN", quote(username), quote(password))
    if answer != "OK":
        raise StageFailed("mailbox_login", words[-1].decode("utf-8", "replace"))
    client.state = "AUTH"


def _folders(client: Any) -> List[Tuple[bytes, str]]:
    """Return the INBOX and the folders for spam, each in the server's bytes and as text for people."""
    if {"SPECIAL-USE", "LIST-EXTENDED"} <= set(client.capabilities):
        answer, _words = client.xatom("LIST", '""', '"*"', "RETURN", "(SPECIAL-USE)")
        lines = client.response("LIST")[1]
    else:
        answer, lines = client.list('""', '"*"')
    junk = junk_folders(read_folders(lines)) if answer == "OK" else []
    return [(b"INBOX", "INBOX")] + [(folder.name, folder.shown) for folder in junk]
