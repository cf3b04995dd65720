# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read the path of a message from its Received headers. Pure.

RFC 5321 section 4.4 defines the Received header; Postfix, Dovecot, Exim, Exchange and Gmail each add TLS details in
a form of their own. A mail may contain any text, so every function here limits its input and reads it in one pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

MAX_HOPS = 100
"""Received headers that are read; Postfix itself gives up at 50 (hopcount_limit)."""
MAX_HEADER = 4000
"""Characters of one header that are read."""
MAX_WORD = 255
"""Characters of one name that are kept: the longest host name."""

_KEYWORDS = frozenset(("from", "by", "via", "with", "id", "for", "tls"))
_TLS_VERSION = re.compile(r"\b(TLS|SSL)[ v]{0,2}([0-9])(?:[._]([0-9]))?", re.IGNORECASE)
_TLS_CIPHER = re.compile(r"\bcipher[= ] ?([A-Za-z0-9_-]{1,64})", re.IGNORECASE)
# Exim: "TLS1.2:ECDHE_RSA_AES_256_GCM_SHA384:256".
_TLS_COLON = re.compile(r"^TLS[v0-9._]{1,6}:([A-Za-z0-9_-]{1,64})", re.IGNORECASE)
# Only a comment with this start describes TLS. The comment after `from` holds the name that the client gave,
# which may be any text.
_TLS_COMMENT = re.compile(r"^(?:using |version=|TLS[v0-9]|SSLv[0-9])", re.IGNORECASE)
# RFC 3848 and its successors: the S means TLS (ESMTPS, ESMTPSA, LMTPS, UTF8SMTPS; Gmail writes SMTPS,
# Exchange HTTPS).
_TLS_PROTOCOL = re.compile(r"^(?:(?:UTF8|E)?(?:SMTP|LMTP)SA?|HTTPS)$", re.IGNORECASE)


@dataclass(frozen=True)
class Tls:
    """The encryption of a hop; a part that the header lacks is None."""

    version: Optional[str]
    cipher: Optional[str]


@dataclass(frozen=True)
class Hop:
    """One host that accepted the message; a part that the header lacks is None.

    ``delay`` is in seconds since the previous hop, None when this hop has no readable time.
    """

    by: Optional[str] = None
    sender: Optional[str] = None
    protocol: Optional[str] = None
    tls: Optional[Tls] = None
    time: Optional[datetime] = None
    delay: Optional[float] = None

    def as_result(self) -> Dict[str, Any]:
        """Return the hop for the module's result; ``time`` is ISO 8601 in UTC."""
        return {
            "by": self.by,
            "from": self.sender,
            "protocol": self.protocol,
            "tls": {"version": self.tls.version, "cipher": self.tls.cipher} if self.tls else None,
            "time": self.time.isoformat() if self.time else None,
            "delay": self.delay,
        }


def hops(received: Sequence[str]) -> List[Hop]:
    """Return the hops in the order in which the message passed them.

    ``received`` holds the values of the headers in their order in the message, the newest first.
    """
    return with_delays([read_received(value) for value in reversed(received[:MAX_HOPS])])


def with_delays(travelled: Sequence[Hop]) -> List[Hop]:
    """Add the delays to the hops. Clocks differ: a negative delay counts as 0, and later delays are not reduced for it."""
    latest = None
    result = []
    for hop in travelled:
        delay = None
        if hop.time is not None:
            delay = max(0.0, (hop.time - latest).total_seconds()) if latest else 0.0
            latest = max(latest, hop.time) if latest else hop.time
        result.append(replace(hop, delay=delay))
    return result


def read_received(value: str) -> Hop:
    """Read one Received header. Raises nothing: unreadable parts are None."""
    words, comments, date = _split(value[:MAX_HEADER])
    clauses = _clauses(words)
    protocol = _text(clauses, "with")
    return Hop(
        by=_name(clauses, "by"),
        sender=_name(clauses, "from"),
        protocol=protocol,
        tls=_tls(protocol, comments, _name(clauses, "tls")),
        time=_time(date),
    )


def _split(value: str) -> Tuple[List[str], List[str], str]:
    """Return the words outside comments, the comments, and the date after the last semicolon."""
    words: List[str] = []
    comments: List[str] = []
    for kind, text in _tokens(value):
        if kind == "comment":
            comments.append(text)
        else:
            words.append(text)
    last = len(words) - 1 - words[::-1].index(";") if ";" in words else len(words)
    return [word for word in words[:last] if word != ";"], comments, " ".join(words[last + 1 :])


def _tokens(value: str) -> Iterator[Tuple[str, str]]:
    """Yield words, semicolons and comments; nested comments are one, an unclosed comment ends with the text."""
    depth = 0
    escaped = False
    piece: List[str] = []
    for char in value:
        if depth:
            depth, escaped = _inside_comment(char, depth, escaped)
            if depth:
                piece.append(char)
            else:
                yield "comment", _folded(piece)
                piece = []
        elif char in "(;" or char.isspace():
            if piece:
                yield "word", "".join(piece)
                piece = []
            if char == ";":
                yield "word", ";"
            depth = int(char == "(")
        else:
            piece.append(char)
    if piece:
        yield ("comment", _folded(piece)) if depth else ("word", "".join(piece))


def _inside_comment(char: str, depth: int, escaped: bool) -> Tuple[int, bool]:
    """Return depth and escape after one more character of a comment (RFC 5322: a backslash quotes the next)."""
    if escaped:
        return depth, False
    if char == "\\":
        return depth, True
    return depth + (char == "(") - (char == ")"), False


def _folded(piece: Sequence[str]) -> str:
    return " ".join("".join(piece).split())


def _clauses(words: Sequence[str]) -> Dict[str, List[str]]:
    """Return the words after each keyword; the first of two equal keywords counts.

    A keyword has at least one word, so that a client named "by" is not taken for a keyword.
    """
    clauses: Dict[str, List[str]] = {}
    current: List[str] = [""]
    for word in words:
        keyword = word.lower()
        if current and keyword in _KEYWORDS and keyword not in clauses:
            current = clauses[keyword] = []
        else:
            current.append(word)
    return clauses


def _name(clauses: Dict[str, List[str]], keyword: str) -> Optional[str]:
    """Return the first word after a keyword, without the dot that ends an absolute host name."""
    words = clauses.get(keyword)
    return (words[0][:MAX_WORD].rstrip(".") or None) if words else None


def _text(clauses: Dict[str, List[str]], keyword: str) -> Optional[str]:
    """Return all words after a keyword: "Microsoft SMTP Server" is one protocol."""
    words = clauses.get(keyword)
    return " ".join(words)[:MAX_WORD] if words else None


def _tls(protocol: Optional[str], comments: Sequence[str], cipher_word: Optional[str]) -> Optional[Tls]:
    """Read the TLS details in the comments; without details the protocol's name tells whether TLS was used."""
    for comment in comments:
        if _TLS_COMMENT.search(comment):
            version = _TLS_VERSION.search(comment)
            cipher = _TLS_CIPHER.search(comment) or _TLS_COLON.search(comment)
            return Tls(
                version=_version(version) if version else None,
                cipher=cipher.group(1) if cipher else cipher_word,
            )
    if protocol and _TLS_PROTOCOL.search(protocol.split(" ", 1)[0]):
        return Tls(version=None, cipher=cipher_word)
    return None


def _version(found: re.Match) -> str:
    """Normalise a version: TLS1_3, TLS1.3 and TLSv1.3 become TLSv1.3."""
    family, major, minor = found.groups()
    return f"{family.upper()}v{major}" + (f".{minor}" if minor else "")


def _time(date: str) -> Optional[datetime]:
    """Read a date as UTC; None when it cannot be read. The zone -0000 means UTC with unknown local zone (RFC 5322)."""
    try:
        time = parsedate_to_datetime(date[:100])
        if time.tzinfo is None:
            return time.replace(tzinfo=timezone.utc)
        return time.astimezone(timezone.utc)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        # The standard library raises one of these for text that is not a date, depending on its version.
        return None
