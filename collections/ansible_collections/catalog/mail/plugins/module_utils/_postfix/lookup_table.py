# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read, check, compare and show lookup tables, without their secrets.

Source: postmap(1) for the format, DATABASE_README for the types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .._core.errors import InputRefused
from .._core.file_facts import FileFacts, mode_bits
from .main_cf import BLANKS, folded

# The files that postmap writes beside the source, by table type.
COMPILED = {
    "hash": (".db",),
    "btree": (".db",),
    "cdb": (".cdb",),
    "lmdb": (".lmdb",),
    "dbm": (".dir", ".pag"),
    "sdbm": (".dir", ".pag"),
}
COMPILED_SUFFIXES = (".db", ".cdb", ".lmdb", ".dir", ".pag")

# Types whose keys are patterns: order and case matter, blanks are allowed, nothing is compiled.
PATTERNS = ("regexp", "pcre", "cidr")

# Types that long-running daemons read once, so that a change needs a reload (DATABASE_README).
READ_ONCE = PATTERNS + ("texthash",)

# Types with a text file as source, which postfix_map can write.
WRITABLE = tuple(COMPILED) + READ_ONCE

# The option ``entries`` of the modules.
ENTRIES: Dict[str, Any] = {
    "type": "list", "elements": "dict", "default": [],
    "options": {
        "key": {"type": "str", "required": True, "no_log": False},
        "value": {"type": "str"},
        "secret": {"type": "str", "no_log": True},
    },
    "mutually_exclusive": [("value", "secret")], "required_one_of": [("value", "secret")],
}

HEADER = "# Written by catalog.mail; changes made here are put back.\n"
SECRET = "********"

_BLANK_RUN = re.compile(f"[{BLANKS}]+")


@dataclass(frozen=True)
class Entry:
    """One row of a table; ``secret`` hides its value in every output."""

    key: str
    value: str
    secret: bool = False


@dataclass(frozen=True)
class Table:
    """Desired state of a table. ``mode`` is the number for chmod; owner and group are names."""

    path: str
    type: str
    entries: Tuple[Entry, ...]
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    present: bool = True
    compiler: str = "postmap"

    @property
    def confidential(self) -> bool:
        """Whether any value is a secret; then no value is shown."""
        return any(entry.secret for entry in self.entries)

    @property
    def compiled_paths(self) -> Tuple[str, ...]:
        """Return the paths of the compiled files of this table's type."""
        return compiled_files(self.type, self.path)

    @property
    def foreign_paths(self) -> Tuple[str, ...]:
        """Return the paths of compiled files that another table type may have left."""
        own = self.compiled_paths if self.present else ()
        return tuple(self.path + suffix for suffix in COMPILED_SUFFIXES if self.path + suffix not in own)

    @property
    def text(self) -> str:
        """Return the content of the source file."""
        return HEADER + "".join(f"{entry.key} {entry.value}\n" for entry in self.entries)


@dataclass(frozen=True)
class TableState:
    """Present state of a table: text and compiled content are None when missing or unreadable."""

    source: Optional[FileFacts]
    text: Optional[str]
    compiled: Tuple[Optional[FileFacts], ...]
    content: Optional[Dict[str, str]]
    leftovers: Tuple[str, ...]


@dataclass(frozen=True)
class TableChange:
    """One change to a table. ``what``: entries, attributes, compiled, leftovers or removed."""

    path: str
    what: str
    before: str
    after: str


def compiled_files(table_type: str, path: str) -> Tuple[str, ...]:
    """Return the paths of the compiled files of a table; none for a type that is read as text."""
    return tuple(path + suffix for suffix in COMPILED.get(table_type, ()))


def files_of(table_type: str, path: str) -> Tuple[str, ...]:
    """Return the paths of the files that Postfix opens for a table."""
    return compiled_files(table_type, path) or (path,)


def table_of(params: Mapping[str, Any], default_type: str) -> Table:
    """Read the options of the module. Raises InputRefused for an invalid mode."""
    entries = tuple(
        Entry(row["key"], row["value"] if row["secret"] is None else row["secret"], row["secret"] is not None)
        for row in params["entries"])
    secret = any(entry.secret for entry in entries)
    return Table(
        params["path"], params["type"] or default_type, entries, _mode(params["mode"], secret), params["owner"],
        params["group"], present=params["state"] == "present")


def _mode(text: Optional[str], secret: bool) -> int:
    if text is None:
        return 0o600 if secret else 0o644
    mode = mode_bits(text)
    if secret and mode & 0o007:
        raise InputRefused(
            "mode", f"with {mode:04o} every user of the host could read the secrets",
            "Use '0600', or '0640' with a group")
    return mode


def check_table(field: str, table: Table) -> None:
    """Raise InputRefused for a table that Postfix would not read as written."""
    seen: Dict[str, str] = {}
    for entry in table.entries:
        _check_key(field, table.type, entry.key)
        _check_value(field, entry)
        known_as = entry.key if table.type in PATTERNS else entry.key.lower()
        if known_as in seen:
            same = entry.key == seen[known_as]
            raise InputRefused(
                field, f"the key '{entry.key}' is given twice" if same else
                f"the keys '{seen[known_as]}' and '{entry.key}' differ only in case, which Postfix ignores",
                "Leave one of them")
        seen[known_as] = entry.key


def _check_key(field: str, table_type: str, key: str) -> None:
    if not key or key != key.strip(BLANKS) or "\n" in key or "\r" in key or "\0" in key:
        raise InputRefused(field, f"{key!r} is no key", "Give a key on one line, without blanks around it")
    if key[0] == "#":
        raise InputRefused(field, f"the key '{key}' would be read as a comment", "Begin it with another character")
    if table_type not in PATTERNS and (_BLANK_RUN.search(key) or key[0] == '"'):
        raise InputRefused(
            field, f"the key '{key}' has a blank or a quote, where Postfix ends it", "Use a key without them")


def _check_value(field: str, entry: Entry) -> None:
    shown = "its secret" if entry.secret else f"the value '{entry.value}'"
    if not entry.value.strip(BLANKS):
        raise InputRefused(field, f"'{entry.key}' has no value", "Give one")
    if "\n" in entry.value or "\r" in entry.value or "\0" in entry.value:
        raise InputRefused(
            field, f"'{entry.key}': {shown} contains a line end or a NUL, which a table cannot hold",
            "Give a value on one line")
    if entry.value != entry.value.strip(BLANKS):
        raise InputRefused(
            field, f"'{entry.key}': {shown} begins or ends with a blank, which Postfix drops",
            "Give a value without blanks around it")


def parse_table(text: str) -> List[Tuple[str, str]]:
    """Read the rows of a table's text: skip comments, join continuation lines."""
    logical: List[str] = []
    for line in text.split("\n"):
        stripped = line.strip(BLANKS)
        if not stripped or stripped.startswith("#"):
            continue
        if line[0] in BLANKS and logical:
            logical[-1] += " " + stripped
        else:
            logical.append(stripped)
    rows = [_BLANK_RUN.split(line, 1) for line in logical]
    return [(row[0], row[1] if row[1:] else "") for row in rows]


def complaint(path: str, said: str) -> str:
    """Return what postmap says last about the table at ``path``; empty when it warns of other things, such as main.cf."""
    about = [line.strip() for line in said.splitlines() if path in line]
    return about[-1] if about else ""


def plan_table(state: TableState, table: Table) -> List[TableChange]:
    """Return the changes to a table's source, compiled form, mode and owner."""
    if not table.present:
        there = ([table.path] if state.source else []) + list(state.leftovers)
        return [TableChange(table.path, "removed", _listed(there), "")] if there else []
    changes = _plan_entries(state, table) + _plan_attributes(state, table)
    if COMPILED.get(table.type):
        problem = _compiled_problem(state, table)
        if problem:
            changes.append(TableChange(table.path, "compiled", problem, "as the entries say"))
    if state.leftovers:
        changes.append(TableChange(table.path, "leftovers", _listed(state.leftovers), ""))
    return changes


def is_unread(table_type: str, changes: Sequence[TableChange]) -> bool:
    """Whether running daemons do not see the changed table: they read it once, or could not open it before."""
    if {change.what for change in changes} <= {"leftovers", "removed"}:
        return False
    was_missing = any(change.what == "compiled" and change.before in ("missing", "unreadable") for change in changes)
    return table_type in READ_ONCE or was_missing


def _plan_entries(state: TableState, table: Table) -> List[TableChange]:
    present = _comparable(table, parse_table(state.text or ""))
    desired = _comparable(table, parse_table(table.text))
    if state.text is not None and present == desired:
        return []
    return [TableChange(table.path, "entries", *_shown_entries(state, table))]


def _comparable(table: Table, rows: Sequence[Tuple[str, str]]) -> object:
    """Normalise rows: the forms are equal when Postfix sees no difference."""
    if table.type in PATTERNS:
        return [(key, folded(value)) for key, value in rows]
    unique = {key.lower(): value for key, value in rows}
    return unique if len(unique) == len(rows) else list(rows)


def _plan_attributes(state: TableState, table: Table) -> List[TableChange]:
    if state.source is None:
        return []
    before = _attributes(state.source)
    after = _attributes(FileFacts(table.mode, table.owner, table.group, 0))
    return [TableChange(table.path, "attributes", before, after)] if before != after else []


def _attributes(facts: FileFacts) -> str:
    return f"mode {facts.mode:04o}, owner {facts.owner}, group {facts.group}"


def _compiled_problem(state: TableState, table: Table) -> str:
    """Return why the table must be compiled again; empty when the compiled form is right."""
    compiled = [facts for facts in state.compiled if facts]
    if len(compiled) < len(state.compiled):
        return "missing"
    if state.content is None:
        return "unreadable"
    if state.content != {entry.key.lower(): entry.value for entry in table.entries}:
        return "other content"
    for facts in compiled:
        if state.source and facts.mtime_ns < state.source.mtime_ns:
            return "older than its source"
        if _attributes(facts) != _attributes(FileFacts(table.mode, table.owner, table.group, 0)):
            return _attributes(facts)
    return ""


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths)


def _shown_entries(state: TableState, table: Table) -> Tuple[str, str]:
    """Return both texts for a diff; keys only for a table with a secret or one that not every user may read."""
    rows = parse_table(state.text or "")
    hidden = table.confidential or (state.source is not None and not state.source.mode & 0o004)
    before = {key.lower(): value for key, value in rows}

    def line(key: str, value: str, mark: str) -> str:
        return f"{key} {SECRET}{mark}\n" if hidden else f"{key} {value}\n"

    def mark(entry: Entry) -> str:
        known = before.get(entry.key.lower())
        return " (changed)" if known is not None and known != entry.value else ""

    return (
        "".join(line(key, value, "") for key, value in rows),
        "".join(line(entry.key, entry.value, mark(entry)) for entry in table.entries))


def rendered(changes: Sequence[TableChange]) -> Tuple[str, str]:
    """Return one table's changes as two texts for a diff, before and after."""
    def text(change: TableChange, side: str) -> str:
        if change.what == "entries" or not side:
            return side
        return f"# {change.what}: {side}\n"

    return (
        "".join(text(change, change.before) for change in changes),
        "".join(text(change, change.after) for change in changes))
