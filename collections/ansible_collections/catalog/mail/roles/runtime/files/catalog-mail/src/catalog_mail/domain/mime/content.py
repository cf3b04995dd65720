# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encode the content of a mail: ASCII in lines of at most 78 characters (RFC 2045, 6), ended by CRLF.

The choice of the encoding and its bytes are those of the standard library, whose objects for messages and headers cost many times
as much as all other work on a mail.
"""

from __future__ import annotations

import base64
import re

_LONGEST_LINE = 78
_HEAD = 10  # lines by which the shorter encoding is chosen
_CRLF = b"\r\n"
# Bytes that quoted-printable must encode (RFC 2045, 6.7).
_NOT_PRINTABLE = re.compile(rb"[^\t\n\x20-\x3c\x3e-\x7e]")
_QUOTED = [b"=%02X" % byte for byte in range(256)]
_EQUALS_SIGN = ord("=")


def alternatives(text: str, html: str, boundary: str) -> bytes:
    """Return the headers and parts of a multipart/alternative content (RFC 2046, 5.1.4). Both texts have LF line ends."""
    separator = f"--{boundary}".encode("ascii")
    return _CRLF.join(
        [
            b"MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode("ascii"),
            b"",
            separator,
            _part("plain", text),
            separator,
            _part("html", html, b"MIME-Version: 1.0\r\n"),
            separator + b"--",
            b"",
        ]
    )


def encoded(text: str) -> tuple[str, list[bytes]]:
    """Return the transfer encoding of a text with LF line ends, and its encoded lines."""
    data = text.encode("utf-8")
    lines = (data if data.endswith(b"\n") else data + b"\n").split(b"\n")[:-1]
    if data.isascii() and max(map(len, lines)) <= _LONGEST_LINE:
        return "7bit", lines
    head = _quoted_printable(lines[:_HEAD])
    size = sum(len(line) + len(_CRLF) for line in lines[:_HEAD])
    if sum(len(line) + 1 for line in head) > (size + 2) // 3 * 4 + 1:
        return "base64", base64.encodebytes(_CRLF.join([*lines, b""])).splitlines()
    return "quoted-printable", head + _quoted_printable(lines[_HEAD:])


def _part(subtype: str, text: str, more_headers: bytes = b"") -> bytes:
    encoding, lines = encoded(text)
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n'
    return head.encode("ascii") + more_headers + _CRLF + _CRLF.join(lines) + _CRLF


def _quoted_printable(lines: list[bytes]) -> list[bytes]:
    if not lines:
        return []
    found: list[bytes] = []
    for line in _NOT_PRINTABLE.sub(lambda byte: _QUOTED[byte[0][0]], b"\n".join(lines)).split(b"\n"):
        if len(line) <= _LONGEST_LINE and not line.endswith((b" ", b"\t")):
            found.append(line)
        else:
            found += _wrapped(line)
    return found


def _wrapped(line: bytes) -> list[bytes]:
    """Break a line without dividing an encoded byte, and encode a space or tab at its end."""
    found: list[bytes] = []
    start, last_start = 0, len(line) - 1 - _LONGEST_LINE
    while start <= last_start:
        stop = start + _LONGEST_LINE - 1
        if line[stop - 2] == _EQUALS_SIGN:
            stop -= 2
        elif line[stop - 1] == _EQUALS_SIGN:
            stop -= 1
        found.append(line[start:stop] + b"=")
        start = stop
    rest, end = line[start:], line[-1:]
    if end not in (b" ", b"\t"):
        return [*found, rest]
    room = _LONGEST_LINE - len(rest)
    if room >= 2:  # the end of the line grows by two characters
        return [*found, rest[:-1] + _QUOTED[end[0]]]
    if room == 1:
        return [*found, rest + b"=", b""]
    return [*found, rest[:-1] + b"=", _QUOTED[end[0]]]
