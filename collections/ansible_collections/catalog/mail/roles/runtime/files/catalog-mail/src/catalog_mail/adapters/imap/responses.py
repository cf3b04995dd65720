# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the answers of IMAP servers, as imaplib returns them. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

_UID = re.compile(rb"\bUID (\d{1,10})\b", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,19})\b", re.IGNORECASE)
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)", re.IGNORECASE)
_DATE = re.compile(rb'\bINTERNALDATE "( ?\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.IGNORECASE)
_QUOTED = re.compile(rb'\bBODY\[[A-Z]*\](?:<0>)? "((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
# What may follow a literal: further data of the message, and the end of its parentheses.
_REST = re.compile(rb'(?: [A-Z][A-Z0-9.-]* (?:\([^()]*\)|"[^"]*"|[^\s()"]+))*\)\s*', re.IGNORECASE)
_STATUS = re.compile(rb"\(([^()]*)\)\s*\Z")
_HIGHEST_UID = 2**32 - 1  # RFC 3501, 2.3.1.1
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Fetched:
    """One message of an answer to FETCH; data that was not requested or not returned is None."""

    uid: str
    size: int | None
    date: datetime | None
    flags: frozenset[str] | None
    content: bytes | None


def fetched(data: Iterable[Any]) -> Iterator[Fetched]:
    """Yield the messages of an answer: imaplib returns each literal with the text before it, and the rest of a message alone.

    Answers without a UID are skipped: a server may report flags changed by others at any time. So are those whose literal has
    another length than announced: its text would be mixed with that of other messages.
    """
    literals: list[tuple[bytes, bytes]] = []
    for item in data:
        if isinstance(item, tuple):
            literals.append((item[0], item[1]))
            continue
        if item is None:
            continue
        text = b" ".join([*(head for head, _content in literals), item])
        plain = _STRING.sub(b'""', text)
        found = _UID.search(plain)
        if found and (not literals or (len(literals) == 1 and _REST.fullmatch(item))):
            content = literals[0][1] if literals else _quoted(text)
            yield Fetched(found[1].decode(), _size(plain), _date(text), _flags(plain), content)
        literals.clear()


def _quoted(text: bytes) -> bytes | None:
    found = _QUOTED.search(text)
    return re.sub(rb"\\(.)", rb"\1", found[1]) if found else None


def _size(text: bytes) -> int | None:
    found = _SIZE.search(text)
    return int(found[1]) if found else None


def _flags(text: bytes) -> frozenset[str] | None:
    found = _FLAGS.search(text)
    if found is None:
        return None
    # Flags of the system, without regard to case, in the spelling of RFC 3501, 2.3.2.
    given = found[1].decode("ascii", "replace").split()
    return frozenset(f"\\{flag[1:].capitalize()}" if flag.startswith("\\") else flag for flag in given)


def _date(text: bytes) -> datetime | None:
    found = _DATE.search(text)
    if not found:
        return None
    try:
        zone = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == b"-" else 1)
        month = _MONTHS.index(found[2].decode().lower()) + 1
        day, year, hour, minute, second = (int(found[number]) for number in (1, 3, 4, 5, 6))
        return datetime(year, month, day, hour, minute, second, tzinfo=timezone(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def uids(data: Sequence[Any]) -> list[str]:
    """Return the UIDs of an answer to SEARCH, in ascending order."""
    found = b" ".join(item for item in data if isinstance(item, bytes)).split()
    numbers = {int(word) for word in found if word.isdigit() and len(word) <= 10}
    return [str(number) for number in sorted(numbers) if 0 < number <= _HIGHEST_UID]


def uid_set(keys: Iterable[str]) -> str:
    """Return a UID set for a command, with runs as ranges: `1:200,305`. Keys that are not UIDs are left out."""
    numbers = sorted({int(key) for key in keys if key.isascii() and key.isdigit()})
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(f"{first}:{last}" if last > first else str(first) for first, last in runs)


def day(moment: datetime) -> str:
    """Format a day for SEARCH, whatever the locale."""
    return f"{moment.day}-{_MONTHS[moment.month - 1].capitalize()}-{moment.year}"


def words(said: Any) -> frozenset[str] | None:
    """Return the flags of a PERMANENTFLAGS response, in lower case; None without one."""
    if not said or not isinstance(said[-1], bytes):
        return None
    return frozenset(said[-1].decode("ascii", "replace").strip("() ").lower().split())


def number(said: Any) -> str | None:
    """Return the number of a response such as UIDVALIDITY."""
    text = said[-1] if said else None
    return text.decode() if isinstance(text, bytes) and text.isdigit() else None


def numbers(data: Sequence[Any]) -> dict[str, int]:
    """Return the numbers of an answer to STATUS, by name in upper case; empty when there is none."""
    found = next((_STATUS.search(item) for item in reversed(data) if isinstance(item, bytes)), None)
    said = found[1].decode("ascii", "replace").upper().split() if found else []
    return {name: int(value) for name, value in zip(said[::2], said[1::2], strict=False) if value.isdigit() and len(value) <= 20}
