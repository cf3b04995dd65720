# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read and edit a file of aliases(5), such as /etc/aliases; every byte outside the edited alias is kept. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Mapping, Optional, Sequence, Tuple

from .._core.errors import InputRefused
from .lookup_table import COMPILED, PATTERNS, TableChange, TableState, compiled_files
from .main_cf import BLANKS, folded
from .parameters import named_tables
from .table_parameters import expanded

USUAL_FILES = ("/etc/aliases", "/etc/mail/aliases")
PARAMETERS = ("alias_maps", "alias_database")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r'("(?:[^"\\]|\\.)*"|[^:"]*):')


@dataclass(frozen=True)
class Aliases:
    """Desired state of a file of aliases. It is written as a table is, but by postalias."""

    path: str
    type: str
    text: str
    root: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"
    present: bool = True
    compiler: str = "postalias"

    @property
    def compiled_paths(self) -> Tuple[str, ...]:
        """Return the paths of the compiled files."""
        return compiled_files(self.type, self.path)

    @property
    def foreign_paths(self) -> Tuple[str, ...]:
        """Return no path: compiled files of other types are the administrator's."""
        return ()


def alias_files(parameters: Mapping[str, str]) -> List[Tuple[str, str]]:
    """Return type and path of each file of aliases that the parameters name, those of alias_maps first."""
    return [found for name in PARAMETERS for found in named_tables(expanded(parameters.get(name, ""), parameters))]


def file_for_root(parameters: Mapping[str, str]) -> Tuple[str, str]:
    """Return type and path of the file in which local(8) finds the alias of root. Raises InputRefused without one."""
    readable = named_tables(expanded(parameters.get("alias_maps", ""), parameters))
    for table_type, path in readable:
        if table_type in COMPILED or (table_type not in PATTERNS and table_type == "texthash"):
            return table_type, path
    raise InputRefused(
        "root_alias", "alias_maps names no file of aliases, so that local(8) would not find the alias",
        "Set the parameter alias_maps to hash:/etc/aliases as well")


def root_alias(targets: Sequence[str]) -> str:
    """Return the value of root's alias. Raises InputRefused for a target that the file cannot hold."""
    for target in targets:
        if not target.strip(BLANKS) or _CONTROL.search(target):
            raise InputRefused(
                "root_alias", f"{target!r} is no target of an alias", "Give an e-mail address, or another form of aliases(5)")
        if target.strip(BLANKS).lower() == "root":
            raise InputRefused(
                "root_alias", "root's mail cannot be passed on to root itself", "Give another user, or an e-mail address")
    return ", ".join(target.strip(BLANKS) for target in targets)


def with_alias(text: str, name: str, value: str) -> str:
    """Return the file with one alias ``name``; the same text when the alias has this value."""
    lines = text.split("\n")
    found = _entries(lines, name)
    if [normal(entry[1]) for entry in found] == [normal(value)]:
        return text
    ending = "\r" if text.count("\r\n") * 2 > len(lines) else ""
    new = f"{name}: {value}{ending}"
    if not found:
        head = text if not text or text.endswith("\n") else f"{text}{ending}\n"
        return f"{head}{new}\n"
    first = found[0][0][0]
    gone = {number for numbers, _value in found for number in numbers} - {first}
    return "\n".join(new if number == first else line for number, line in enumerate(lines) if number not in gone)


def value_of(text: str, name: str) -> Optional[str]:
    """Return the value of an alias; None without one. Of several, postalias keeps the first."""
    found = _entries(text.split("\n"), name)
    return normal(found[0][1]) if found else None


def normal(value: str) -> str:
    """Return a value in the form in which equal lists of targets are equal."""
    return re.sub(r" ?, ?", ", ", folded(value)).strip(", ")


def _entries(lines: Sequence[str], name: str) -> List[Tuple[List[int], str]]:
    """Return line numbers and value of each entry for an alias; comments between its lines are not among them."""
    logical: List[List[int]] = []
    for number, line in enumerate(lines):
        stripped = line.strip(BLANKS)
        if not stripped or stripped.startswith("#"):
            continue
        if line[0] in BLANKS and logical:
            logical[-1].append(number)
        else:
            logical.append([number])
    found = []
    for numbers in logical:
        text = " ".join(lines[number].strip(BLANKS) for number in numbers)
        key = _NAME.match(text)
        if key and key[1].strip(BLANKS).strip('"').lower() == name.lower():
            found.append((numbers, text[key.end():]))
    return found


def plan_aliases(state: TableState, aliases: Aliases, compiled_root: Optional[str]) -> List[TableChange]:
    """Return the changes to a file of aliases; ``compiled_root`` is root's alias in its compiled form."""
    changes = []
    if (state.text or "") != aliases.text:
        before = value_of(state.text or "", "root")
        shown = "" if before is None else f"root: {before}\n"
        changes.append(TableChange(aliases.path, "entries", shown, f"root: {aliases.root}\n"))
    if COMPILED.get(aliases.type):
        problem = _compiled_problem(state, aliases, compiled_root)
        if problem:
            changes.append(TableChange(aliases.path, "compiled", problem, "as the entries say"))
    return changes


def _compiled_problem(state: TableState, aliases: Aliases, compiled_root: Optional[str]) -> str:
    compiled = [facts for facts in state.compiled if facts]
    if len(compiled) < len(state.compiled):
        return "missing"
    if state.source and any(facts.mtime_ns < state.source.mtime_ns for facts in compiled):
        return "older than its source"
    return "" if compiled_root is not None and _bare(compiled_root) == _bare(aliases.root) else "other content"


def _bare(value: str) -> str:
    """Return a value without the blanks and quotation marks that postalias may add or remove."""
    return re.sub(r'[\s"]', "", value)


def is_alias_file(path: str, parameters: Mapping[str, str]) -> bool:
    """Whether a path is that of a file of aliases."""
    return path in USUAL_FILES or any(path == named for _type, named in alias_files(parameters))


def alias_file_refused(path: str) -> InputRefused:
    """Return the failure for a file of aliases that is given as a lookup table."""
    return InputRefused(
        "path", f"{path} holds aliases, 'name: value', and no lookup table: postmap would spoil it for local(8)",
        "Use postfix_root_alias of the role catalog.mail.postfix for root's mail; edit the file and run newaliases for others")


def unreachable(origin: str, destinations: str) -> str:
    """Return why mail to ``root`` does not reach the aliases; empty when it does, or when a table decides.

    Both are values with their references resolved; ``origin`` is the domain that Postfix adds to ``root``.
    """
    words = [word.lower() for word in re.split(r"[\s,]+", destinations) if word]
    if any(mark in word for word in words for mark in ":/!") or origin.lower() in words:
        return ""
    return (f"mail to root goes to root@{origin}, a domain that mydestination does not list, so that no alias of this host "
            "applies to it")
