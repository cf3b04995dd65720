# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decode the text of a part, also with a missing or wrong character set."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from email.message import Message

from catalog_mail.domain.mime.text import body

LONGEST = 1 << 20  # bytes of a part that are read

# The only accepted names: some of Python's codecs are not character sets, and some take quadratic time. As in browsers,
# latin-1 and ASCII are read as windows-1252, and each East Asian set as its largest superset.
_SETS = {
    "utf8": "utf-8", "unicode11utf8": "utf-8", "utf16": "utf-16", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf7": "utf-7",
    "usascii": "cp1252", "ascii": "cp1252", "iso88591": "cp1252", "latin1": "cp1252", "ansi": "cp1252", "macintosh": "mac-roman",
    "iso88599": "cp1254", "iso885911": "cp874", "tis620": "cp874", "windows874": "cp874",
    "iso2022jp": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext", "shiftjis": "cp932", "sjis": "cp932", "windows31j": "cp932",
    "xsjis": "cp932", "eucjp": "euc_jp", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "hzgb2312": "hz",
    "big5": "big5hkscs", "big5hkscs": "big5hkscs", "ksc56011987": "cp949", "euckr": "cp949", "cp949": "cp949", "uhc": "cp949",
    "iso2022kr": "iso2022_kr", "koi8r": "koi8-r", "koi8u": "koi8-u", "ibm850": "cp850", "cp850": "cp850", "ibm437": "cp437",
    **{f"iso8859{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}, "iso88598i": "iso8859-8",
    **{f"{name}{n}": f"cp{n}" for n in range(1250, 1259) for name in ("windows", "cp", "xcp")},
}
_ESCAPING = frozenset({"iso2022_jp_ext", "iso2022_kr", "hz", "utf-16", "utf-16-le", "utf-16-be", "utf-7"})
_MANY_BYTES = frozenset({"cp932", "euc_jp", "gb18030", "big5hkscs", "cp949"})
_NAME = re.compile(r"[^a-z0-9]+")
_META = re.compile(rb"""<meta[^<>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_SOFT_BREAK = re.compile(r"(?m)^[^\n]{50,75}=$")
_ESCAPED = re.compile(r"=[0-9A-F]{2}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{60,76}\n(?:[A-Za-z0-9+/]{1,76}\n)*+[A-Za-z0-9+/]{0,75}={0,2}\s*")


def part_text(part: Message, charset: str) -> str:
    """Return the text of a part that is not a multipart, with LF line ends, without control characters. Raises nothing."""
    data = _bytes(part)[:LONGEST]
    text = body(_decoded(data, charset))
    if "=" in text or len(text) > 60:
        text = _undone(text, charset)
    return text


def _bytes(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, TypeError):  # the content does not match its transfer encoding
        payload = str(part.get_payload()).encode("utf-8", "replace")
    return payload if isinstance(payload, bytes) else b""


def _undone(text: str, charset: str) -> str:
    """Decode a transfer encoding that the part does not declare, as some gateways leave it in the text."""
    if "=\n" in text and _SOFT_BREAK.search(text) and _ESCAPED.search(text):
        raw = quopri.decodestring(text.encode("utf-8", "replace"))
    elif " " not in text[:60] and _BASE64.fullmatch(text):
        try:
            raw = base64.b64decode(text)
        except binascii.Error:
            return text
        if b"\x00" in raw:
            return text
    else:
        return text
    return body(_decoded(raw, charset))


def _decoded(data: bytes, charset: str) -> str:
    codec = _SETS.get(_NAME.sub("", charset.lower()), "")
    if codec in _ESCAPING:
        return data.decode(codec, "replace")
    if data.isascii():
        return data.decode("iso2022_jp_ext" if b"\x1b$" in data else "ascii", "replace")
    if not codec:
        meta = _META.search(data[:2000])
        codec = _SETS.get(_NAME.sub("", meta.group(1).decode().lower()), "") if meta else ""
    order = [codec, "utf-8"] if codec in _MANY_BYTES else ["utf-8", codec]
    for candidate in filter(None, order):
        try:
            return data.decode(candidate)
        except UnicodeDecodeError:
            continue
    return _best_effort(data, codec)


def _best_effort(data: bytes, codec: str) -> str:
    """Decode a text that does not match its declared set: as UTF-8 if it nearly is (cut, or one bad byte), else windows-1252."""
    broken = data.decode(codec if codec in _MANY_BYTES else "utf-8", "replace")
    whole = sum(1 for character in broken if character > "\x7f")
    if broken.count("\ufffd") * 10 <= whole:
        return broken
    return data.decode("cp1252" if codec in ("", "utf-8") else codec, "replace")
