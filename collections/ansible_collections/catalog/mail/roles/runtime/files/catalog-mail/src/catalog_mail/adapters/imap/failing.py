"""What failed on an IMAP connection, in whatever exception it came, as one Failure."""

from __future__ import annotations

import imaplib
from typing import Any

from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError

from catalog_mail.adapters.connection import plain
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.connection import network_failure, readable
from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.settings.servers import ImapServer

# In the words of imaplib and of our client.
_NOT_IMAP = ("unexpected response", "too long")


class Refused(Exception):
    """The server has said NO or BAD; `text` is its own."""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.text = text


class Unreadable(Exception):
    """The server's answer is not what RFC 3501 says."""


# The last three are what reading a strange answer may raise.
FORESEEN = (imaplib.IMAP4.error, ImapToolsError, Refused, Unreadable, OSError, ValueError, LookupError, TypeError)


def failure_of(error: Exception, stage: Stage, server: ImapServer, selected: str | None) -> Failure:
    """Of one of these exceptions; `selected` is the mailbox that is open, or was to be opened."""
    if isinstance(error, imaplib.IMAP4.readonly):
        return imap_failures.read_only(selected or server.mailbox, server)
    if isinstance(error, imaplib.IMAP4.abort):
        return _aborted(error, stage, server)
    text = _said(error)
    if text is not None:
        return imap_failures.answer_failure(stage, readable(text, server.password), server, selected)
    if isinstance(error, OSError) or (isinstance(error, UnicodeError) and stage is Stage.CONNECT):
        return network_failure(plain(error), stage, imap_failures.peer(server))
    return imap_failures.not_understood(stage, server)


def _aborted(error: Exception, stage: Stage, server: ImapServer) -> Failure:
    """Imaplib gives up a connection: it has ended, or something else than IMAP came."""
    reason = _socket_error(error)
    if reason is None and any(words in str(error) for words in _NOT_IMAP):
        return imap_failures.not_imap(server) if stage is Stage.GREETING else imap_failures.not_understood(stage, server)
    return network_failure(reason or error, stage, imap_failures.peer(server))


def first(data: Any) -> bytes:
    """The text of an answer, as imaplib gives it."""
    text = data[0] if isinstance(data, (list, tuple)) and data else data
    return text if isinstance(text, bytes) else b""


def _said(error: Exception) -> bytes | None:
    """The server's own words, if that is what an exception is about."""
    if isinstance(error, UnexpectedCommandStatusError):
        return first(error.command_result[1])
    if isinstance(error, Refused):
        return error.text
    if isinstance(error, imaplib.IMAP4.error):
        text = error.args[0] if error.args else b""
        return text if isinstance(text, bytes) else str(text).encode()
    return None


def _socket_error(error: BaseException) -> OSError | None:
    """What the socket raised, which imaplib hides behind an abort."""
    found: BaseException | None = error
    for _depth in range(5):
        found = found.__context__ if found else None
        if isinstance(found, OSError):
            return found
    return None
