# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse messages to the standard library's Message (compat32 policy).

The library's parser examines each line several times, and prepares an expression for each boundary. Ordinary messages are split
here instead, in a tenth of its time and with the same result; the library parses all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import BytesParser

# A header, folded or not. The library's versions differ in folded headers whose first line has no value.
_HEADER = re.compile(r"([!-9;-~]+):[ \t]*+((?=[^\x00-\x20\x7f])[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*+|(?=\r?\n(?![ \t])))\r?\n")
_BLANK = re.compile(r"\r?\n")
_LEAF = re.compile(r"(?:text|image|audio|video|application|font)/[\w.+-]+\s*(?:;|$)", re.ASCII | re.IGNORECASE)
_VALUE = r"""(?:"[^"\\;]*"|[^\s"\\;]+)"""
# The type of a multipart, with one boundary that needs no decoding. Parts of a digest have another default type.
_MULTIPART = re.compile(
    rf"multipart/(?!digest)[\w.+-]+(?:\s*;\s*(?!boundary)[a-z-]+={_VALUE})*+"
    r"""\s*;\s*boundary=(?:"([\w'()+,./:=?-]+)"|([\w'()+,./:=?-]+))"""
    rf"(?:\s*;\s*(?!boundary)[a-z-]+={_VALUE})*+\s*;?\s*",
    re.ASCII | re.IGNORECASE,
)
_UNENCODED = frozenset({"7bit", "8bit", "binary"})
_DEEPEST = 20


class _Unusual(Exception):
    """A message has a form that is left to the library."""


def parsed(content: bytes) -> Message:
    """Parse any bytes as a message; raises nothing."""
    return ordinary(content) or BytesParser().parsebytes(content)


def parsed_header(content: bytes) -> Message:
    """Parse the header of any bytes, whose rest becomes the text of the message; raises nothing."""
    return BytesParser().parsebytes(content, headersonly=True)


def ordinary(content: bytes) -> Message | None:
    """Return what the library would return for these bytes; None for a message that is left to the library."""
    if content.count(b"\r") != content.count(b"\r\n"):
        return None
    try:
        return _message(content.decode("ascii", "surrogateescape"), 0)
    except _Unusual:
        return None


def _message(text: str, depth: int) -> Message:
    """Parse a message, or a part that is `depth` parts deep in a message. Raises _Unusual."""
    message: Message = Message()
    position = 0
    first: dict[str, str] = {}
    while header := _HEADER.match(text, position):
        name, value = header.groups()
        message.set_raw(name, value)
        if name[0] in "Cc":  # the others do not matter here
            first.setdefault(name.lower(), value)
        position = header.end()
    blank = _BLANK.match(text, position)
    if blank is None or depth > _DEEPEST:
        raise _Unusual
    boundary = _boundary(first)
    if boundary is not None:
        _add_parts(message, text[blank.end() - 1 :], boundary, depth)
    elif depth:
        message.set_payload(_without_line_end(text[blank.end() :]))
    else:
        message.set_payload(text[blank.end() :])
    return message


def _boundary(headers: Mapping[str, str]) -> str | None:
    """Return the boundary of a multipart, None for a message without parts. Raises _Unusual."""
    kind = headers.get("content-type")
    if kind is None:
        return None
    if not kind.isascii():
        raise _Unusual
    if _LEAF.match(kind):
        return None
    found = _MULTIPART.fullmatch(kind)
    if found is None or headers.get("content-transfer-encoding", "8bit").lower() not in _UNENCODED:
        raise _Unusual
    return found[1] or found[2]


def _add_parts(message: Message, text: str, boundary: str, depth: int) -> None:
    """Add the parts of a multipart; `text` is its content after a line end. Raises _Unusual unless it has a part and an end.

    A line end before a delimiter belongs to the delimiter (RFC 2046, 5.1.1).
    """
    start = None
    for begin, end, is_last in _delimiters(text, f"\n--{boundary}"):
        if start is None:
            message.preamble = _without_line_end(text[1:begin]) if begin > 1 else None
        elif begin == start:
            raise _Unusual
        else:
            message.attach(_message(text[start:begin], depth + 1))
        start = end
        if is_last:
            break
    else:
        raise _Unusual
    if not message.is_multipart():
        raise _Unusual
    epilogue = text[start:]
    message.epilogue = (_without_line_end(epilogue) if epilogue else None) if depth else epilogue


def _delimiters(text: str, mark: str) -> Iterator[tuple[int, int, bool]]:
    """Yield begin and end of each line that is a delimiter, and whether it is the last one; `mark` begins with a line end."""
    found = text.find(mark)
    while found >= 0:
        end = text.find("\n", found + 1) + 1 or len(text)
        rest = text[found + len(mark) : end].rstrip("\r\n").rstrip(" \t")
        if rest in {"", "--"}:
            yield found + 1, end, rest == "--"
        found = text.find(mark, end - 1)


def _without_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")
