# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write header lines of a mail (RFC 5322), encoded and folded; no value can add another header.

The standard library's folding changed addresses and long links in several of its versions, so the few forms that a
notification needs are written here, with the same result on every Python.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from catalog_mail.domain.mime.text import one_line

CRLF = "\r\n"
_LONGEST_LINE = 998  # RFC 5322, 2.1.1
_PLAIN_LENGTH = 64   # with the longest name of a header still within 78 characters
_CHUNK_BYTES = 36    # 48 characters of base64: with its frame and the longest name of a header within RFC 2047's 76
_VISIBLE = re.compile(r"[\x20-\x7e]*")
_QUOTED = re.compile(r'(["\\])')
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,300}>")


def is_message_id(value: str) -> bool:
    """Return whether the value is one Message-ID in angle brackets, as In-Reply-To takes it (RFC 5322, 3.6.4)."""
    return bool(_MESSAGE_ID.fullmatch(value))


def first_message_id(values: Iterable[str]) -> str | None:
    """Return the first Message-ID in the values of headers such as References, and skip other text; None without one."""
    return next((found[0] for value in values if (found := _MESSAGE_ID.search(value))), None)


def header(name: str, value: str) -> str:
    """Return one header with its line end. Raises ValueError when the value would end the header or exceed a line's length.

    `value` is encoded already: printable ASCII, folded only as `text` and `mailbox` fold.
    """
    for line in value.split(CRLF + " "):
        if not _VISIBLE.fullmatch(line) or len(name) + len(line) + 2 > _LONGEST_LINE:
            raise ValueError(f"the value of {name} is not valid in a header")
    return f"{name}: {value}{CRLF}"


def text(value: str, limit: int = 200) -> str:
    """Encode the value of an unstructured header such as Subject: one line, in encoded words if it is not plain ASCII."""
    line = one_line(value, limit)
    plain = len(line) <= _PLAIN_LENGTH and "=?" not in line and _VISIBLE.fullmatch(line)
    return line if plain else _encoded_words(line)


def mailbox(display_name: str, address: str) -> str:
    """Format a display name and a checked address, for From and To."""
    name = one_line(display_name, 100)
    if not name:
        return address
    if len(name) <= _PLAIN_LENGTH and "=?" not in name and _VISIBLE.fullmatch(name):
        phrase = '"' + _QUOTED.sub(r"\\\1", name) + '"'
    else:
        phrase = _encoded_words(name)
    separator = CRLF + " " if len(phrase) + len(address) > _PLAIN_LENGTH else " "
    return f"{phrase}{separator}<{address}>"


def _encoded_words(line: str) -> str:
    """Encode a text as encoded words of at most 75 characters, each of whole characters (RFC 2047, 2 and 5)."""
    words: list[str] = []
    chunk = b""
    for character in line:
        encoded = character.encode("utf-8")
        if len(chunk) + len(encoded) > _CHUNK_BYTES:
            words.append(_word(chunk))
            chunk = b""
        chunk += encoded
    words.append(_word(chunk))
    return (CRLF + " ").join(words)


def _word(chunk: bytes) -> str:
    return f"=?utf-8?B?{base64.b64encode(chunk).decode('ascii')}?="
