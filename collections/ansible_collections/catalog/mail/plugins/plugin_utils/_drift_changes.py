# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read from the result of a task what differs from the inventory, field by field. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

DIFFERS = "differs"
"""Shown in place of both values of a secret."""
ABSENT = "(none)"
MAX_LENGTH = 500
"""Characters of one value."""
MAX_LINES = 12
"""Changed lines of one file that are shown each; a file with more counts as one change."""

_MASKED = re.compile(r"\*{8}|VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
_ATTRIBUTE = re.compile(r"(mode|owner|group) (\S+)$")
_FILE_STATE = re.compile(r"(\d{4}) ([^\s:]+):([^\s:]+)$")
_UNIT = re.compile(r"\S+\.(service|timer|socket|path)$")
_ASSIGNMENT = re.compile(r"\s*([\w.\-/]+)\s*[=:](.*)$")


class Step(NamedTuple):
    """One task on one host. The role is empty outside of roles; ``corrects`` is false in check mode."""

    host: str
    role: str
    task: str
    action: str
    corrects: bool = False


class Row(NamedTuple):
    """One difference, before secrets are removed and texts are cut."""

    thing: str
    field: str
    found: Any
    wanted: Any


@dataclass(frozen=True)
class Change:
    """One difference between a host and the inventory. The key of ``found`` in reports is ``is``."""

    host: str
    role: str
    thing: str
    field: str
    found: str
    should_be: str
    corrected: bool = False

    def document(self) -> Dict[str, str]:
        """Return the difference as reports show it."""
        values = asdict(self)
        values["is"] = values.pop("found")
        return values


def changes_of(step: Step, result: Mapping[str, Any]) -> List[Change]:
    """Return the differences in the result of a task, at least one for each result or item that is changed."""
    items = result.get("results")
    if not isinstance(items, list):
        items = [result]
    found: List[Change] = []
    for item in items:
        if item.get("changed"):
            rows = dict.fromkeys(_hashable(row) for row in _rows(step, item))
            found += [_change(step, row) for row in rows]
    if result.get("changed") and not found:
        found = [_change(step, Row(step.task, "content", DIFFERS, DIFFERS))]
    return found


def _rows(step: Step, item: Mapping[str, Any]) -> List[Row]:
    if "censored" in item:
        return [Row(_label(step, item), "content", DIFFERS, DIFFERS)]
    for reader in (_of_changes, _of_packages, _of_unit, _of_diffs, _of_arguments):
        rows = [row for row in reader(item) if row.found != row.wanted]
        if rows:
            return rows
    if item.get("restart_required"):
        return [Row(str(item.get("unit") or step.task), "restart", "required", "done")]
    message = item.get("msg") if step.action.endswith("debug") else None
    if message:
        return [Row(name, "package", "missing", "installed") for name in str(message).split(", ")]
    return [Row(_label(step, item), "state", "not in place", "in place")]


def _label(step: Step, item: Mapping[str, Any]) -> str:
    arguments = _arguments(item)
    label = item.get("_ansible_item_label")
    words = [str(word) for word in arguments.get("argv") or []]
    file = next((word.partition("=")[2] for word in words if word.startswith("--file=")), "")
    return str(arguments.get("creates") or file or (label if isinstance(label, str) else "") or step.task)


def _arguments(item: Mapping[str, Any]) -> Mapping[str, Any]:
    found = (item.get("invocation") or {}).get("module_args") or {}
    return found if isinstance(found, Mapping) else {}


# The modules of this collection list their changes.


def _of_changes(item: Mapping[str, Any]) -> Iterator[Row]:
    changes = item.get("changes")
    if not isinstance(changes, list):
        return
    subject = _subject(item)
    for one in changes:
        if not isinstance(one, Mapping) or "before" not in one or "after" not in one:
            continue
        name, (before, after) = str(one.get("name") or one.get("path") or ""), (one["before"], one["after"])
        yield from _named(subject, name, before, after)


def _subject(item: Mapping[str, Any]) -> str:
    """Return what the unnamed changes of a result belong to: the header of its first difference, or its settings."""
    diffs = _diffs(item)
    header = str(diffs[0].get("after_header") or diffs[0].get("before_header") or "") if diffs else ""
    return header or ("e-mail settings" if "settings" in item else "configuration")


def _named(subject: str, name: str, before: Any, after: Any) -> Iterator[Row]:
    path, _colon, field = name.partition(": ")
    if _UNIT.match(name):
        yield Row(name, "state", before, after)
    elif not name.startswith("/") or "settings" in subject:
        yield Row(subject, "state" if name == "service" else name.strip("/").replace("/", "."), before, after)
    elif field and field != "attributes":
        yield Row(path, field, before, after)
    else:
        yield from (Row(path, *values) for values in _of_attributes(str(before), str(after)))


def _of_attributes(before: str, after: str) -> List[Tuple[str, str, str]]:
    """Return the differing attributes of a file: ``mode 0644, owner root`` and ``0644 root:root`` are both understood."""
    old, new = _attributes(before), _attributes(after)
    if old and new:
        return [(name, old.get(name, ABSENT), new[name]) for name in new if new[name] != old.get(name)]
    return [("link" if after.startswith("/") else "state", before, after)]


def _attributes(text: str) -> Dict[str, str]:
    found = _FILE_STATE.match(text)
    if found:
        return dict(zip(("mode", "owner", "group"), found.groups()))
    matches = [_ATTRIBUTE.match(part) for part in text.split(", ")]
    return {match[1]: match[2] for match in matches if match} if all(matches) else {}


# Results of Ansible's own modules.


def _of_packages(item: Mapping[str, Any]) -> Iterator[Row]:
    arguments = _arguments(item)
    if "install_recommends" in arguments or "install_weak_deps" in arguments:
        names = arguments.get("package") or arguments.get("name") or []
        for name in [names] if isinstance(names, str) else names:
            yield Row(str(name), "package", "missing", "installed")


def _of_unit(item: Mapping[str, Any]) -> Iterator[Row]:
    status, arguments = item.get("status"), _arguments(item)
    if not isinstance(status, Mapping) or "daemon_reload" not in arguments:
        return
    unit = str(item.get("name") or arguments.get("name") or "")
    if arguments.get("enabled") is not None:
        wanted = "enabled" if arguments["enabled"] else "disabled"
        yield Row(unit, "at boot", str(status.get("UnitFileState") or "unknown"), wanted)
    state = arguments.get("state")
    running = status.get("ActiveState") in ("active", "activating", "reloading")
    if state == "restarted":
        # Also of a unit that is active although its process has ended, as Debian's postfix.service.
        yield Row(unit, "state", "not running", "running")
    elif state in ("started", "stopped"):
        yield Row(unit, "state", "running" if running else "stopped", "running" if state == "started" else "stopped")


def _of_arguments(item: Mapping[str, Any]) -> Iterator[Row]:
    """Compare options with values of the same name, as the module user returns them in check mode."""
    arguments = _arguments(item)
    if "create_home" in arguments:
        for name in ("shell", "home", "group", "uid", "comment"):
            if arguments.get(name) is not None and name in item:
                yield Row(f"user {arguments.get('name')}", name, item[name], arguments[name])


def _diffs(item: Mapping[str, Any]) -> List[Mapping[str, Any]]:
    found = item.get("diff")
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping) and one]


def _of_diffs(item: Mapping[str, Any]) -> Iterator[Row]:
    path = str(item.get("path") or item.get("dest") or _arguments(item).get("path") or _arguments(item).get("dest") or "")
    for diff in _diffs(item):
        before, after = diff.get("before"), diff.get("after")
        thing = path or str(diff.get("after_header") or diff.get("before_header") or "")
        if isinstance(before, str) and isinstance(after, str):
            yield from _of_texts(thing, before, after, missing="before_header" not in diff and not before)
        else:
            yield from _of_values(thing, "", before, after)


def _of_values(thing: str, field: str, before: Any, after: Any) -> Iterator[Row]:
    """Yield what differs between two values of JSON, each with its way through them as the field."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            yield from _of_values(thing, f"{field}.{name}".lstrip("."), before.get(name), after.get(name))
    elif isinstance(before, Sequence) and isinstance(after, Sequence) and not isinstance(before, str):
        old, new = (_without(one, other) for one, other in ((before, after), (after, before)))
        yield Row(thing, field or "entries", old, new)
    else:
        yield Row(thing, field or "state", before, after)


def _without(items: Sequence[Any], others: Sequence[Any]) -> str:
    return ", ".join(_text(one) for one in items if one not in others) or ABSENT


def _of_texts(thing: str, before: str, after: str, missing: bool) -> Iterator[Row]:
    if missing:
        yield Row(thing, "state", "missing", "present")
        return
    old, new = before.splitlines(), after.splitlines()
    removed: List[str] = []
    added: List[str] = []
    for kind, first, last, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            removed += old[first:last]
            added += new[begin:end]
    if len(removed) + len(added) > MAX_LINES:
        yield Row(thing, "content", f"{len(removed)} other lines", f"{len(added)} lines")
        return
    yield from _paired(thing, removed, added)


def _paired(thing: str, removed: Sequence[str], added: Sequence[str]) -> Iterator[Row]:
    """Pair removed and added lines that assign to the same name."""
    old, new = (dict(_assigned(line) for line in lines if line.strip()) for lines in (removed, added))
    for name in dict.fromkeys([*old, *new]):
        yield Row(thing, name[0], old.get(name, ABSENT), new.get(name, ABSENT))


def _assigned(line: str) -> Tuple[Tuple[str, str], str]:
    found = _ASSIGNMENT.match(line)
    return (("line", line.strip()), line.strip()) if not found else ((found[1], ""), found[2].strip())


# Texts


def _hashable(row: Row) -> Row:
    return Row(row.thing, row.field, _text(row.found), _text(row.wanted))


def _text(value: Any) -> str:
    if value is None or value == "":
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def _change(step: Step, row: Row) -> Change:
    found, wanted = str(row.found), str(row.wanted)
    if _MASKED.search(found + wanted):
        found = wanted = DIFFERS
    return Change(step.host, step.role, _cut(row.thing), _cut(row.field), _cut(found), _cut(wanted), step.corrects)


def _cut(text: str) -> str:
    """Return a text as one line of limited length, without control characters."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 4] + " ..."
