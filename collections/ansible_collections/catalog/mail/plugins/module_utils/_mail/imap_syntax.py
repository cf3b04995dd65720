# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The syntax of IMAP (RFC 9051) that imaplib leaves to its caller. Pure."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from datetime import date
from typing import FrozenSet, Iterable, List, Optional, Sequence, Tuple, Union

# An answer of LIST: flags, hierarchy delimiter, name; the name is an atom, a quoted string, or a literal.
_LIST = re.compile(rb'\s*\(([^()]{0,500})\) (?:"(\\?.)"|NIL) (.*)', re.DOTALL | re.IGNORECASE)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Names of folders for spam on servers that do not set the flag \Junk (RFC 6154).
JUNK_NAMES = frozenset(
    ("junk", "junk e-mail", "junk email", "junk mail", "spam", "bulk", "bulk mail", "spamverdacht",
     "courrier indésirable")
)
MAX_JUNK_FOLDERS = 5


@dataclass(frozen=True)
class Folder:
    """A folder in an answer of LIST; ``name`` is in the server's bytes (modified UTF-7), for further commands."""

    name: bytes
    delimiter: str
    flags: FrozenSet[str]

    @property
    def shown(self) -> str:
        """Return the name for people."""
        return decode_utf7(self.name)


def read_folders(lines: Iterable[Union[bytes, Tuple[bytes, bytes], None]]) -> List[Folder]:
    """Read the folders in the answers of LIST, in order; malformed lines are skipped.

    imaplib returns a name sent as a literal as a pair: the line so far, and the name.
    """
    folders = []
    for line in lines:
        head, literal = line if isinstance(line, tuple) else (line, None)
        match = _LIST.match(head) if isinstance(head, bytes) else None
        if not match:
            continue
        flags, delimiter, text = match.groups()
        name = literal if literal is not None else unquote(text.strip())
        # A line break cannot be quoted, so such a folder cannot be selected.
        if name and not any(char in name for char in b"\0\r\n"):
            folders.append(
                Folder(
                    name,
                    (delimiter or b"").decode("ascii", "replace")[-1:],
                    frozenset(flag.decode("ascii", "replace").lower() for flag in flags.split()),
                )
            )
    return folders


def junk_folders(folders: Sequence[Folder]) -> List[Folder]:
    """Return the folders for spam: those with the flag, else those with a known name."""
    usable = [folder for folder in folders if not folder.flags & {"\\noselect", "\\nonexistent"}]
    flagged = [folder for folder in usable if "\\junk" in folder.flags]
    named = [folder for folder in usable if _last_part(folder).lower() in JUNK_NAMES]
    return (flagged + [folder for folder in named if folder not in flagged])[:MAX_JUNK_FOLDERS]


def _last_part(folder: Folder) -> str:
    return folder.shown.rpartition(folder.delimiter)[2] if folder.delimiter else folder.shown


def quote(text: Union[str, bytes]) -> bytes:
    """Return a quoted string. Raises ValueError for a line break or NUL, which could begin another command."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    if any(char in raw for char in b"\0\r\n"):
        raise ValueError("a line break or NUL cannot be sent in a quoted string")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def unquote(text: bytes) -> bytes:
    """Return the content of a quoted string; an atom unchanged."""
    if len(text) < 2 or text[:1] != b'"' or text[-1:] != b'"':
        return text
    return re.sub(rb"\\(.)", rb"\1", text[1:-1], flags=re.DOTALL)


def decode_utf7(name: bytes) -> str:
    """Decode a folder's name (RFC 3501, 5.1.3: UTF-7 with & for + and a comma for the slash)."""
    parts = []
    rest = name
    while rest:
        plain, ampersand, rest = rest.partition(b"&")
        parts.append(plain.decode("utf-8", "replace"))
        if not ampersand:
            break
        coded, _minus, rest = rest.partition(b"-")
        parts.append(_decode_shifted(coded))
    return "".join(parts)


def _decode_shifted(coded: bytes) -> str:
    if not coded:
        return "&"
    try:
        raw = binascii.a2b_base64(coded.replace(b",", b"/") + b"=" * (-len(coded) % 4))
        return raw.decode("utf-16-be")
    except (ValueError, UnicodeDecodeError):
        return "&" + coded.decode("ascii", "replace") + "-"


def search_terms(message_id: str, subject: str, since: date) -> List[bytes]:
    """Return the terms of a SEARCH for a Message-ID, or for a subject where servers replace the Message-ID."""
    return [*_since(since), b"OR", b"HEADER", b"Message-ID", quote(message_id), b"SUBJECT", quote(subject)]


def text_terms(word: str, since: date) -> List[bytes]:
    """Return the terms of a SEARCH for a word anywhere in a message."""
    return [*_since(since), b"TEXT", quote(word)]


def _since(day: date) -> List[bytes]:
    """Return the term SINCE, which limits the server's search; IMAP names months in English."""
    return [b"SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04d}".encode("ascii")]


def read_uids(lines: Sequence[Optional[bytes]]) -> List[bytes]:
    """Read the UIDs in the answer of a SEARCH, oldest first."""
    return [uid for line in lines if line for uid in line.split() if uid.isdigit()]
