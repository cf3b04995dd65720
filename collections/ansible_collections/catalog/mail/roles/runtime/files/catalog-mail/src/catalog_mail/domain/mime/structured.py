"""Values of structured headers (RFC 5322, 3.2.2 and 3.2.4): comments, quoted strings, addresses, in one pass each.

The standard library reads comments by recursion, so that a header of brackets alone ends in a RecursionError, and some of its
loops take time that grows with the square of a value. What a stranger wrote is read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header

_SPACE = re.compile(r"[ \t\r\n\f\v\x00]+")
_PLAIN = re.compile(r"""[^ \t\r\n\f\v\x00()"\\<>,;:=/]+""")
# Up to the character that ends a quoted string, or opens or closes a comment.
_IN_QUOTES = re.compile(r'[^"\\]+')
_IN_COMMENT = re.compile(r"[^()\\]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a value: a word, what stood in quotes (`quoted`), or one of `<>,;:=/` by itself (`special`).

    `spaced` says that white space or a comment stood before it.
    """

    text: str
    quoted: bool = False
    special: bool = False
    spaced: bool = False


def bounded(value: str | Header, longest: int) -> str:
    """The first so many characters of a header's value as the parser left it, on one line."""
    return str(value)[:longest].replace("\r", " ").replace("\n", " ")


def tokens(value: str) -> Iterator[Token]:
    """The tokens of a value, without its comments. One that nobody closed reaches to the end; raises nothing."""
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
    """The first word of a value in lower case, such as `auto-replied` of `(by me) Auto-Replied; owner=x`; "" if it has none."""
    first = next(tokens(value), Token(""))
    return "" if first.special else first.text.lower()


def statements(value: str) -> list[list[Token]]:
    """The tokens between semicolons; never an empty list."""
    found: list[list[Token]] = [[]]
    for token in tokens(value):
        if token.special and token.text == ";":
            found.append([])
        else:
            found[-1].append(token)
    return found


def addresses(value: str) -> list[str]:
    """The addresses of a list of mailboxes as they were written, without names; "" for one that is empty (`<>`).

    Groups are taken for their members (RFC 5322, 3.4). An address in angle brackets counts before the words around it.
    """
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
    """Behind the comment that opens here; comments nest (RFC 5322, 3.2.2)."""
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
    """Behind the quoted string that opens here, and what it says."""
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
