# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode tells exactly what a run changes on a host that was tampered with, and is silent after that run.

`make matrix` tries each tampering alone and 100 pairs. CATALOG_MAIL_SEED chooses the pairs of an earlier run again.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from pathlib import Path

import pytest
from helpers.check_mode.drift_rows import ROWS, misnamed, rows
from helpers.check_mode.site_run import SiteRun, disagreements, run_site
from helpers.check_mode.tamperings import GROUPS, TAMPERINGS
from helpers.modules.lab_host import LabHost
from helpers.playbooks import lab

HOST = "catalog12"
DRIFT = "playbooks/drift.yml"
ROLES = ("postfix", "runtime", "application", "email_settings", "reply_sync")
WRITTEN = ("/var/log", "/var/spool/postfix", "/var/lib/catalog-mail", "/run", "/tmp", "*/.ansible")  # noqa: S108
"""Folders that running services and logins write to."""
UNITS = "catalog-mail.service catalog-mail-reply-sync.service catalog-mail-archive.timer"
SEED = int(os.environ.get("CATALOG_MAIL_SEED") or random.randrange(10**6))  # noqa: S311
MATRIX = os.environ.get("CATALOG_MAIL_MATRIX") == "yes"
CHOICE = random.Random(SEED)  # noqa: S311
PAIRS = CHOICE.sample(list(itertools.combinations(TAMPERINGS, 2)), 100 if MATRIX else 5)
CASES = {
    **{f"group {name}": tuple(names) for name, names in GROUPS.items()},
    **{f"seed {SEED}: {first}, {second}": (first, second) for first, second in PAIRS},
    **({name: (name,) for name in TAMPERINGS} if MATRIX else {}),
}


@pytest.fixture(scope="module", autouse=True)
def _host() -> None:
    """Let the host match the inventory. It may be as other tests left it."""
    lab("up", HOST, "mail")
    print(f"seed of the pairs: {SEED}")
    run = run_site(HOST)
    assert run.code == 0, run.output


def test_five_looks_at_an_untouched_host_find_nothing() -> None:
    for _ in range(5):
        look = succeeded(run_site(HOST, playbook=DRIFT))
        assert (look.changes, look.unknown, look.report["state"]) == ({}, set(), "none")


def tamper(*names: str) -> None:
    """Tamper with the host in these ways, one after the other."""
    for name in names:
        LabHost(HOST).exec("sh", "-c", TAMPERINGS[name])


def succeeded(run: SiteRun, code: int = 0) -> SiteRun:
    """Return the run. Fails when it ended with another code, or showed an error."""
    assert run.code == code and not run.errors, f"{run.errors}\n{run.output}"
    return run


def touched(since: str) -> list[str]:
    """Return the files of the host whose content or attributes changed after a time, but for those in WRITTEN."""
    pruned = " -o ".join(f"-path '{folder}'" for folder in WRITTEN)
    found = LabHost(HOST).exec("sh", "-c", f"find / -xdev \\( {pruned} \\) -prune -o -newerct '{since}' -print")
    return found.out.splitlines()


def now() -> str:
    """Return the time on the host."""
    return LabHost(HOST).sh("date '+%Y-%m-%d %H:%M:%S.%N'").strip()


def test_the_check_mode_of_a_play_is_known(tmp_path: Path) -> None:
    """`check_mode: true` in a play tells the same as --check and changes nothing. The next test corrects the host."""
    tamper(*GROUPS["stopped"])
    told = succeeded(run_site(HOST, "--check"))
    playbook = tmp_path / "play.yml"
    playbook.write_text(json.dumps([{
        "name": "Check", "hosts": HOST, "gather_facts": False, "check_mode": True,
        "roles": [f"catalog.mail.{role}" for role in ROLES]}]))
    began = now()
    assert succeeded(run_site(HOST, playbook=str(playbook))).changes == told.changes
    assert touched(began) == []


@pytest.mark.parametrize("names", CASES.values(), ids=CASES.keys())
def test_check_mode_tells_what_a_run_changes(names: tuple[str, ...]) -> None:
    """By host, task and field, and writes nothing; the run corrects everything, and the next check finds nothing.

    The playbook drift runs the plays of site. Its report names the tamperings, what was corrected, and then nothing.
    """
    tamper(*names)
    began = now()
    told = succeeded(run_site(HOST, playbook=DRIFT), 2)
    assert touched(began) == []
    assert told.changes
    made = succeeded(run_site(HOST, "-e", "drift_correct=true", playbook=DRIFT))
    assert disagreements(told, made) == []
    # The module user tells the values before only in check mode.
    assert {row for row in rows(told) if not row[0].startswith("user ")} <= rows(made) or told.unknown
    assert made.report["state"] == "corrected"
    left = succeeded(run_site(HOST, playbook=DRIFT))
    assert (left.changes, left.unknown, left.report["state"]) == ({}, set(), "none")
    assert LabHost(HOST).sh(f"systemctl is-enabled {UNITS}; systemctl is-active {UNITS}").split() == [
        *["enabled"] * 3, *["active"] * 3]
    if names in map(tuple, GROUPS.values()):
        assert misnamed(told, names) == []


def test_there_are_at_least_thirty_tamperings_in_groups() -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert len(set(names)) == len(names) >= 30
    assert len(set(names) & ROWS.keys()) >= 25
