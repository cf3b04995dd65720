# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove the armour of OpenPGP from text (RFC 9580, 6.2 and 7): signed text is kept, an encrypted block cannot be read."""

from __future__ import annotations

import re

from catalog_mail.domain.replies.extraction.lines import Line, marked

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_END = "-----END PGP SIGNATURE-----"
# Also the blocks that are split: "-----BEGIN PGP MESSAGE, PART 1/2-----".
_ENCRYPTED = re.compile(r"-----BEGIN PGP MESSAGE(?:, PART [\d/]+)?-----")
_ENCRYPTED_END = re.compile(r"-----END PGP MESSAGE(?:, PART [\d/]+)?-----")
_ARMOUR_HEADER = re.compile(r"(?:Hash|Charset|Comment|Version|MessageID|NotDashEscaped):.*", re.IGNORECASE)
_DATA = re.compile(r"=?[A-Za-z0-9+/]{4,76}={0,2}")
_MOST_HEADERS = 8
_LONGEST_DATA = 200  # lines of a signature


def without_signature_armour(lines: list[Line]) -> list[Line]:
    """Return the lines without the armour around signed text, and with the dashes restored that it escapes (7.1).

    A block that has no signature, or whose signature does not end, is left as it is.
    """
    if not any(_SIGNED in line.text for line in lines):
        return lines
    found: list[Line] = []
    index = 0
    while index < len(lines):
        if _is(lines[index], _SIGNED):
            signature = _find(lines, index, _SIGNATURE)
            end = _find(lines, signature, _SIGNATURE_END, signature + _LONGEST_DATA) if signature else None
            if signature and end:
                found += [_unescaped(line) for line in lines[_after_headers(lines, index + 1):signature]]
                index = end + 1
                continue
            following = signature or len(lines)  # the other blocks up to there have no signature either
            found += lines[index:following]
            index = following
            continue
        found.append(lines[index])
        index += 1
    return found


def _is(line: Line, mark: str) -> bool:
    return line.text.strip() == mark


def _find(lines: list[Line], start: int, mark: str, stop: int | None = None) -> int | None:
    depth = lines[start].depth
    stop = len(lines) if stop is None else min(stop, len(lines))
    return next((index for index in range(start, stop) if lines[index].depth == depth and _is(lines[index], mark)), None)


def _after_headers(lines: list[Line], index: int) -> int:
    for position in range(index, min(len(lines), index + _MOST_HEADERS)):
        if lines[position].blank:
            return position + 1
        if not _ARMOUR_HEADER.fullmatch(lines[position].text.strip()):
            break
        index = position + 1
    return index


def _unescaped(line: Line) -> Line:
    if not line.text.startswith(("- -", "- From ")):
        return line
    text = line.text[2:]
    return line._replace(text=text, source=marked(text, line.depth))


def _has_data(lines: list[str], start: int) -> bool:
    """Return whether data follow the first line of a block, and its headers; people also write about such lines."""
    bare = (line.strip() for line in lines[start:start + _MOST_HEADERS])
    return next((bool(_DATA.fullmatch(line)) for line in bare if line and not _ARMOUR_HEADER.fullmatch(line)), False)


def without_encrypted(text: str) -> tuple[str, bool]:
    """Return a text without its encrypted blocks, and whether it had one. A block without an end reaches as far as its data."""
    if "-----BEGIN PGP MESSAGE" not in text:
        return text, False
    kept: list[str] = []
    inside = found = False
    lines = text.split("\n")
    for index, line in enumerate(lines):
        bare = line.strip()
        if _ENCRYPTED.fullmatch(bare) and _has_data(lines, index + 1):
            inside = found = True
        elif inside and _ENCRYPTED_END.fullmatch(bare):
            inside = False
        elif not inside:
            kept.append(line)
        elif bare and not _DATA.fullmatch(bare) and not _ARMOUR_HEADER.fullmatch(bare):
            inside = False
            kept.append(line)
    return "\n".join(kept).strip(), found
