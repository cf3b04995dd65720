# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Convert the exceptions of an IMAP connection into one Failure."""

from __future__ import annotations

import imaplib
from typing import Any, TypeVar

from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError

from catalog_mail.adapters.connection import plain
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.connection import network_failure, readable
from catalog_mail.domain.failures.failure import Failure, MailboxFailed
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.settings.servers import ImapServer

Found = TypeVar("Found", bound=BaseException)

# Phrases in exceptions of imaplib and of Client.
_NOT_IMAP = ("unexpected response", "too long")


class Refused(Exception):
    """The server answered NO or BAD; `text` is its own."""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.text = text


class Farewell(imaplib.IMAP4.abort):
    """The server ended the session with BYE (RFC 3501, 7.1.5); `text` is its own."""

    def __init__(self, text: bytes) -> None:
        super().__init__("the server has ended the session")
        self.text = text


class Unreadable(Exception):
    """The server's answer violates RFC 3501."""


# The last three may be raised by reading a malformed answer.
FORESEEN = (imaplib.IMAP4.error, ImapToolsError, Refused, Unreadable, OSError, ValueError, LookupError, TypeError)


def failure_of(error: Exception, stage: Stage, server: ImapServer, selected: str | None) -> Failure:
    """Return the failure of such an exception; `selected` is the mailbox that is, or was to be, selected."""
    if isinstance(error, imaplib.IMAP4.readonly):
        return imap_failures.read_only(selected or server.mailbox, server)
    if isinstance(error, imaplib.IMAP4.abort):
        return _aborted(error, stage, server)
    text = said(error)
    if text is not None:
        return imap_failures.answer_failure(stage, readable(text, server.password), server, selected)
    if stage is Stage.GREETING and isinstance(error, imaplib.IMAP4.error):
        return imap_failures.not_imap(server)
    if isinstance(error, OSError) or (isinstance(error, UnicodeError) and stage is Stage.CONNECT):
        return network_failure(plain(error), stage, imap_failures.peer(server))
    return imap_failures.not_understood(stage, server)


def _aborted(error: Exception, stage: Stage, server: ImapServer) -> Failure:
    """Return the failure of an abort: the connection has ended, or the server does not speak IMAP."""
    farewell = _inside(error, Farewell)
    if farewell is not None:
        return imap_failures.ended(stage, readable(farewell.text, server.password), server)
    reason = _inside(error, OSError)
    if reason is None and any(words in str(error) for words in _NOT_IMAP):
        return imap_failures.not_imap(server) if stage is Stage.GREETING else imap_failures.not_understood(stage, server)
    return network_failure(reason or error, stage, imap_failures.peer(server))


def first(data: Any) -> bytes:
    """Return the text of an answer in imaplib's form."""
    text = data[0] if isinstance(data, (list, tuple)) and data else data
    return text if isinstance(text, bytes) else b""


def said(error: Exception) -> bytes | None:
    """Return the server's own words, if the exception holds them."""
    if isinstance(error, UnexpectedCommandStatusError):
        return first(error.command_result[1])
    if isinstance(error, Refused):
        return error.text
    if isinstance(error, imaplib.IMAP4.error):
        text = error.args[0] if error.args else b""
        return text if isinstance(text, bytes) else None  # imaplib's own words are text
    return None


def _inside(error: BaseException, kind: type[Found]) -> Found | None:
    """Return the exception of this kind that imaplib hides behind an abort."""
    found: BaseException | None = error
    for _depth in range(6):
        if isinstance(found, kind):
            return found
        if found is None or isinstance(found, MailboxFailed):  # of an earlier connection
            break
        found = found.__context__
    return None
