# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find, add and remove the names of lookup tables in the values of parameters. Pure.

A value of main.cf is a list of words; a table is a word such as ``hash:/etc/postfix/canonical``, and in a list of
restrictions the word after a check such as ``check_sender_access`` (postconf(5), access(5)).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .._core.errors import InputRefused
from .lookup_table import COMPILED, ENTRIES, WRITABLE, Table, table_of
from .main_cf import BLANKS, folded
from .parameters import named_tables
from .state import DesiredPostfix, Present

TABLE_OPTIONS: Dict[str, Dict[str, Any]] = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "type": {"type": "str", "choices": list(WRITABLE)},
    "entries": ENTRIES,
    "mode": {"type": "str"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "parameters": {"type": "list", "elements": "str", "default": []},
    "check": {"type": "str"},
}

RESTRICTIONS = "_restrictions"
_CHECK = r"(?:\bcheck_[a-z_]+_(?:access|maps)[\s,]+)?"
_CHECK_NAME = re.compile(r"check_[a-z_]+_(?:access|maps)\Z")
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|\((\w+)\)|(\w+))")
_COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)


@dataclass(frozen=True)
class NamedTable:
    """A table and the parameters that name it; ``check`` is the word before it in a list of restrictions."""

    table: Table
    parameters: Tuple[str, ...] = ()
    check: Optional[str] = None


def named_table_of(row: Mapping[str, Any], present: Present) -> NamedTable:
    """Read one row of the option ``tables``; a relative path is below the configuration directory."""
    path = posixpath.normpath(posixpath.join(present.config_directory, row["path"]))
    table = table_of({**row, "path": path}, present.default_table_type)
    for name in row["parameters"]:
        _check_place(table.path, name, row["check"])
    return NamedTable(table, tuple(row["parameters"]), row["check"])


def _check_place(path: str, name: str, check: Optional[str]) -> None:
    if name.endswith(RESTRICTIONS) and not _CHECK_NAME.match(check or ""):
        raise InputRefused(
            "tables.check", f"{path} is for {name}, a list of restrictions, where a table follows the name of a check",
            "Name the check, such as check_sender_access or check_recipient_access")


def with_tables(desired: DesiredPostfix, present: Present, rows: Sequence[NamedTable]) -> DesiredPostfix:
    """Return the desired state with further tables, which the values of their parameters name.

    A value keeps its other words: the new table is its first word, so that it is asked first. A removed table is removed
    from every value. Raises InputRefused for a table that is given twice.
    """
    parameters = dict(desired.parameters)
    tables = list(desired.tables)
    for row in rows:
        if any(row.table.path == other.path for other in tables):
            raise InputRefused("tables", f"{row.table.path} is given twice, or is a table of the relay", "Give it another path")
        tables.append(row.table)
        parameters.update(_naming(row, parameters, present) if row.table.present else _removing(row.table, parameters, present))
    return replace(desired, parameters=parameters, tables=tuple(tables))


def _naming(row: NamedTable, parameters: Mapping[str, Optional[str]], present: Present) -> Dict[str, Optional[str]]:
    found: Dict[str, Optional[str]] = {}
    for name in row.parameters:
        base = _value(name, parameters, present)
        value = naming(base, row.table, row.check if name.endswith(RESTRICTIONS) else None)
        if value != base or name in parameters:
            found[name] = value
    return found


def _value(name: str, parameters: Mapping[str, Optional[str]], present: Present) -> str:
    """Return the value of a parameter: the desired one, else that of main.cf, else the default."""
    now = parameters[name] if name in parameters else present.main_cf.parameters.get(name)
    return present.defaults.get(name, "") if now is None else now


def naming(value: str, table: Table, check: Optional[str]) -> str:
    """Return a value that names the table: as it is, with another type, or with the table as the first word."""
    said = f"{table.type}:{table.path}"
    if _mention(table.path).search(value):
        return re.sub(rf"(?<![\w.]){_TYPE}{re.escape(table.path)}(?=[{BLANKS},}}]|$)", lambda _found: said, value)
    first = f"{check} {said}" if check else said
    return f"{first}, {value}" if value.strip(BLANKS) else first


_TYPE = r"(?!proxy:)[a-z][a-z0-9]*:"


def _mention(path: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.:]){_CHECK}(?:proxy:)?[a-z][a-z0-9]*:{re.escape(path)}(?=[{BLANKS},}}]|$)")


def without(value: str, path: str) -> str:
    """Return a value that does not name the table at ``path``, whatever its type."""
    left = _mention(path).sub("", value)
    return folded(re.sub(rf"[{BLANKS}]*,[{BLANKS},]*", ", ", left).strip(BLANKS + ",")) if left != value else value


def _removing(table: Table, parameters: Mapping[str, Optional[str]], present: Present) -> Dict[str, Optional[str]]:
    found: Dict[str, Optional[str]] = {}
    for name in {**present.main_cf.parameters, **parameters}:
        base = _value(name, parameters, present)
        value = without(base, table.path)
        if value == base:
            continue
        if parameters.get(name):
            raise InputRefused(
                f"parameters.{name}", f"it names {table.path}, whose state is absent", "Leave the table out of the value")
        found[name] = value if value and value != present.defaults.get(name, "") else None
    return found


def expanded(value: str, parameters: Mapping[str, str]) -> str:
    """Return a value with its simple references replaced, such as $config_directory; others stay."""
    def known(found: re.Match[str]) -> str:
        name = next(group for group in found.groups() if group)
        return parameters.get(name, found[0])

    for _level in range(5):
        value = _REFERENCE.sub(known, value)
    return value


def broken_after(
    tables: Sequence[Table], parameters: Mapping[str, str], effective: Mapping[str, str], master_cf: str
) -> List[Tuple[str, str]]:
    """Return (place, table) for each table that main.cf or master.cf would name in another type, or without its files.

    ``tables`` are written or removed, ``parameters`` are those of main.cf afterwards, ``effective`` all parameters.
    """
    if not tables:
        return []
    now = {table.path: table for table in tables}
    places = [(name, expanded(value, effective)) for name, value in parameters.items()]
    places.append(("master.cf", expanded(_COMMENT.sub("", master_cf), effective)))
    return [
        (place, f"{table_type}:{path}") for place, value in places for table_type, path in named_tables(value)
        if path in now and _is_broken(table_type, now[path])]


def _is_broken(named_type: str, table: Table) -> bool:
    """Whether Postfix cannot read a written or removed table by this type; the source serves every type of text."""
    return named_type in WRITABLE and (not table.present or (named_type != table.type and named_type in COMPILED))
