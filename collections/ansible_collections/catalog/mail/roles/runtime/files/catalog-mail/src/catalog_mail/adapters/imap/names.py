# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out how a server names mailboxes: by NAMESPACE (RFC 2342), or by the names that it lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imap_tools import FolderInfo
from imap_tools.errors import UnexpectedCommandStatusError
from imap_tools.imap_utf7 import utf7_decode

from catalog_mail.adapters.imap.failing import Refused, first
from catalog_mail.adapters.imap.session import Session

_NAMESPACE = re.compile(rb'\(\s*"((?:[^"\\]|\\.)*)"\s+(?:"((?:[^"\\]|\\.)*)"|NIL)')
_SEPARATORS = "./\\"


@dataclass(frozen=True)
class Names:
    """The names that a server accepts: `prefixes` of the user's own mailboxes, `others` of those of other users."""

    prefixes: tuple[str, ...]
    others: tuple[str, ...]
    separator: str


def fitting_name(session: Session, name: str) -> str | None:
    """Return the name that a mailbox has to have on this server; None when its name fits, or nothing is known.

    Raises what a session's `failures` turns into MailboxFailed.
    """
    names = _by_namespace(session) or _by_list(session)
    return fitting(name, names) if names else None


def fitting(name: str, names: Names) -> str | None:
    """Return the name below the user's prefix; None when it begins with one already, or no prefix is needed."""
    own = next((prefix for prefix in names.prefixes if prefix), None)
    if own is None or "" in names.prefixes or name.upper() == "INBOX":
        return None
    if any(_begins(name, prefix) for prefix in (*names.prefixes, *names.others) if prefix):
        return None
    for separator in _SEPARATORS:
        if separator != names.separator and names.separator:
            name = name.replace(separator, names.separator)
    return name if _begins(name, own) else own + name


def folders(session: Session) -> Sequence[FolderInfo]:
    """Return the mailboxes of the user; none when the server refuses to list them."""
    try:
        return session.box.folder.list()
    except UnexpectedCommandStatusError:
        return ()


def parsed(data: bytes) -> Names | None:
    """Return the names of an answer to NAMESPACE: the user's own, other users', and shared mailboxes."""
    own, *rest = _groups(data)
    if not own:
        return None
    prefixes = tuple(_name(found[0]) for found in own)
    others = tuple(_name(found[0]) for group in rest for found in group)
    return Names(prefixes, others, _name(own[0][1]))


def _groups(data: bytes) -> list[list[Any]]:
    """Return the namespaces of each group, of which each is `NIL` or a list in parentheses."""
    groups: list[bytes] = []
    depth = start = 0
    quoted = escaped = False
    for place, character in enumerate(data):
        mark = bytes([character])
        if quoted:
            quoted, escaped = escaped or mark != b'"', not escaped and mark == b"\\"
        elif mark == b'"':
            quoted = True
        elif mark == b"(":
            depth += 1
            start = place if depth == 1 else start
        elif mark == b")":
            depth -= 1
            if depth == 0:
                groups.append(data[start : place + 1])
        elif depth == 0 and data[place : place + 3].upper() == b"NIL":
            groups.append(b"")
    return [_NAMESPACE.findall(group) for group in groups] or [[]]


def _by_namespace(session: Session) -> Names | None:
    if not session.offers("NAMESPACE"):
        return None
    try:
        with session.trying("NAMESPACE"):
            status, data = session.client.namespace()
            if status != "OK":
                raise Refused(first(data))
    except Refused as refusal:
        session.refused("NAMESPACE", refusal)
        return None
    names = parsed(first(data))
    if names is None:
        session.broken.failed("NAMESPACE", "its answer names no mailboxes.")
    return names


def _by_list(session: Session) -> Names | None:
    """Take `INBOX` and its separator for the prefix when all other mailboxes are below INBOX."""
    listed = [folder for folder in folders(session) if folder.name.upper() != "INBOX"]
    if not listed:
        return None
    separator = listed[0].delim
    prefix = f"INBOX{separator}"
    if separator in {"", "NIL"} or not all(_begins(folder.name, prefix) for folder in listed):
        return None
    return Names((prefix,), (), separator)


def _begins(name: str, prefix: str) -> bool:
    """Return whether a name begins with a prefix; INBOX ignores case (RFC 3501, 5.1)."""
    return name.startswith(prefix) or (prefix.upper().startswith("INBOX") and name.upper().startswith(prefix.upper()))


def _name(quoted: bytes) -> str:
    plain = re.sub(rb"\\(.)", rb"\1", quoted)
    try:
        return str(utf7_decode(plain))
    except ValueError:
        return plain.decode("ascii", "replace")
