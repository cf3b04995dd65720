# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse values of structured headers (RFC 5322, 3.2.2 and 3.2.4): comments, quoted strings, addresses, in one pass each.

The standard library reads comments by recursion, so that a header of brackets alone ends in a RecursionError, and some of its
loops take time that grows with the square of a value. Values of untrusted mail are parsed here instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import Header, decode_header, make_header

_SPACE = re.compile(r"[ \t\r\n\f\v\x00]+")
_PLAIN = re.compile(r"""[^ \t\r\n\f\v\x00()"\\<>,;:=/]+""")
# One mailbox without any character that needs care.
_MAILBOX = re.compile(r"(?:[\w.+-]+@[\w.-]+|[\w. -]*<(?P<angle>[\w.+-]+@[\w.-]+)>)", re.ASCII)
# Up to the character that ends a quoted string, or opens or closes a comment.
_IN_QUOTES = re.compile(r'[^"\\]+')
_IN_COMMENT = re.compile(r"[^()\\]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a value: a word, the content of a quoted string (`quoted`), or one of `<>,;:=/` by itself (`special`).

    `spaced` is true when white space or a comment precedes the token.
    """

    text: str
    quoted: bool = False
    special: bool = False
    spaced: bool = False


def bounded(value: str | Header, longest: int) -> str:
    """Return the first `longest` characters of a header's value as the parser returned it, on one line."""
    return str(value)[:longest].replace("\r", " ").replace("\n", " ")


def decoded_words(value: str) -> str:
    """Return a value with its encoded words decoded (RFC 2047); unchanged when it has none, and when they are malformed."""
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, ValueError, MessageError):
        return value


def tokens(value: str) -> Iterator[Token]:
    """Yield the tokens of a value, without its comments. An unclosed comment or string reaches to the end; raises nothing."""
    at, spaced = 0, False
    while at < len(value):
        start = value[at]
        if space := _SPACE.match(value, at):
            at, spaced = space.end(), True
        elif start == "(":
            at, spaced = _after_comment(value, at), True
        elif start == '"':
            at, text = _quoted(value, at)
            yield Token(text, quoted=True, spaced=spaced)
            spaced = False
        else:
            plain = _PLAIN.match(value, at)
            at = plain.end() if plain else at + 1
            yield Token(plain[0] if plain else start, special=plain is None, spaced=spaced)
            spaced = False


def keyword(value: str) -> str:
    """Return the first word of a value in lower case: `auto-replied` of `(by me) Auto-Replied; owner=x`; "" without one."""
    if not value:
        return ""
    first = next(tokens(value), Token(""))
    return "" if first.special else first.text.lower()


def statements(value: str) -> list[list[Token]]:
    """Split the tokens of a value at semicolons; the list has at least one item."""
    found: list[list[Token]] = [[]]
    for token in tokens(value):
        if token.special and token.text == ";":
            found.append([])
        else:
            found[-1].append(token)
    return found


def joined_statements(value: str) -> list[str]:
    """Return the text of each of a value's statements: its tokens, with nothing between them."""
    if "(" in value or "\\" in value:  # comments, and characters that are quoted one by one
        return ["".join([token.text for token in statement]) for statement in statements(value)]
    found = [""]
    for number, piece in enumerate(value.split('"')):
        if number % 2:
            found[-1] += piece
        else:
            first, *others = _SPACE.sub("", piece).split(";")
            found[-1] += first
            found += others
    return found


def addresses(value: str) -> list[str]:
    """Return the addresses of a list of mailboxes as they were written, without names; "" for an empty one (`<>`).

    A group is replaced by its members (RFC 5322, 3.4). An address in angle brackets takes precedence over the words around it.
    """
    if not value:
        return []
    plain = _MAILBOX.fullmatch(value)
    if plain:
        return [plain["angle"] or value]
    found: list[str] = []
    words: list[str] = []
    angle: list[str] | None = None
    inside = False
    for token in [*tokens(value), Token(">", special=True), Token(",", special=True)]:
        mark = token.text if token.special else ""
        if mark == "<":
            angle, inside = [], True
        elif mark == ">":
            inside = False
        elif inside and angle is not None:
            angle.append(token.text)
        elif mark == ":":
            words = []  # the name of a group
        elif mark in {",", ";"}:
            if angle is not None or words:
                found.append("".join(words if angle is None else angle))
            words, angle = [], None
        else:
            words.append(token.text)
    return found


def _after_comment(value: str, at: int) -> int:
    """Return the position after the comment that opens at `at`; comments nest (RFC 5322, 3.2.2)."""
    depth = 0
    while at < len(value):
        if plain := _IN_COMMENT.match(value, at):
            at = plain.end()
            continue
        if value[at] == "\\":
            at += 2
            continue
        depth += 1 if value[at] == "(" else -1
        at += 1
        if depth == 0:
            return at
    return len(value)


def _quoted(value: str, at: int) -> tuple[int, str]:
    """Return the position after the quoted string that opens at `at`, and its content."""
    pieces: list[str] = []
    at += 1
    while at < len(value) and value[at] != '"':
        if value[at] == "\\":
            pieces.append(value[at + 1 : at + 2])
            at += 2
        else:
            plain = _IN_QUOTES.match(value, at)
            end = plain.end() if plain else at + 1
            pieces.append(value[at:end])
            at = end
    return at + 1, "".join(pieces)
