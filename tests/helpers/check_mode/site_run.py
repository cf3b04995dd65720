# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the site playbook and read its changes by host, task and field, so that check mode and a run can be compared."""

from __future__ import annotations

import difflib
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.playbooks import run_ansible

DEPENDENT = {
    "Start the application, now and at boot": ("Create the admin token", ""),
    "Start the reply services, now and at boot": ("Write the systemd units", "catalog-mail-archive.timer"),
}
"""Tasks that tell of an unknown outcome -> the task and item whose outcome is unknown with theirs."""

Step = tuple[str, str, str]
"""Host, name of the task, and item of its loop; the item is empty without a loop."""


@dataclass(frozen=True)
class SiteRun:
    """One run: its return code and output, the changed fields of each step, the steps of unknown outcome, the red errors.

    `report` is the report of the callback drift, empty unless the run was one of the playbook drift.
    """

    code: int
    output: str
    changes: dict[Step, set[str]] = field(default_factory=dict)
    unknown: set[Step] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)


def run_site(host: str, *arguments: str, playbook: str = "playbooks/site.yml") -> SiteRun:
    """Run the playbook on a host of the lab, with differences."""
    words = ("-i", "inventories/lab", "--limit", host, "--diff", *arguments, playbook)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "drift.json")
        done = run_ansible(
            "ansible-playbook", *words, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json", CATALOG_MAIL_DRIFT_JSON=str(file))
        report = json.loads(file.read_text()) if file.exists() else {}
    run = SiteRun(done.returncode, done.stdout + done.stderr, report=report)
    try:
        # The table of drift follows the document.
        document, _end = json.JSONDecoder().raw_decode(done.stdout, done.stdout.index("{"))
    except ValueError:
        return run
    for name, result in results(document, host):
        read_result(run, host, name, result)
    return run


def results(document: Mapping[str, Any], host: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name and the result of each task of a host."""
    for play in document["plays"]:
        for task in play["tasks"]:
            if host in task["hosts"]:
                yield task["task"]["name"].rpartition(" : ")[2], task["hosts"][host]


def read_result(run: SiteRun, host: str, name: str, result: Mapping[str, Any]) -> None:
    """Add the result of one task to a run."""
    if result.get("failed"):
        run.errors.append(f"{name}: {result.get('msg')}")
    for item in result.get("results") or [result]:
        step = (host, name, str(item.get("_ansible_item_label") or ""))
        if item.get("changed"):
            run.changes[step] = set(fields(item))
        if item.get("unknown"):
            run.unknown.add(step)
            if name in DEPENDENT:
                run.unknown.add((host, *DEPENDENT[name]))


def fields(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the changed fields of a changed result, with their values before and after."""
    changes, diffs = result.get("changes"), result.get("diff") or []
    if changes:
        for one in changes:
            yield f"{one.get('name') or one.get('path')}: {one['before']} -> {one['after']}"
    for one in [diffs] if isinstance(diffs, dict) else diffs:
        yield from changed_lines(one)


def changed_lines(diff: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that a difference in Ansible's form removes and adds."""
    before, after = (as_text(diff.get(side)).splitlines() for side in ("before", "after"))
    for line in difflib.unified_diff(before, after, n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            yield f"{diff.get('after_header') or ''} {line}"


def as_text(value: Any) -> str:
    """Return one side of a difference as text; differences of attributes are mappings."""
    return value if isinstance(value, str) else json.dumps(value, indent=0, sort_keys=True, default=str)


def disagreements(check: SiteRun, run: SiteRun) -> list[str]:
    """Return how check mode and the run differ. A step of unknown outcome may change more than check mode told."""
    found = []
    for step in sorted({*check.changes, *run.changes}):
        told, made = check.changes.get(step), run.changes.get(step)
        if step in check.unknown and {one for one in told or () if "(unknown until" not in one} <= (made or set()):
            continue
        if told != made:
            found.append(f"{' / '.join(step)}: check mode says {shown(told, made)}, the run {shown(made, told)}")
    return found


def shown(fields_of_one: set[str] | None, fields_of_other: set[str] | None) -> str:
    """Return the fields that only one of the two has."""
    if fields_of_one is None:
        return "unchanged"
    return f"changed {sorted(fields_of_one - (fields_of_other or set()))}"
