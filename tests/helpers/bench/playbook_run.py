# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook against hosts of the lab and measure it: seconds, processor seconds, tasks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.playbooks import ROOT, ansible_environment

RECAP = re.compile(r"^(\S+)\s+: (ok=\d+ .*)$", flags=re.M)


@dataclass(frozen=True)
class PlaybookRun:
    """A whole `ansible-playbook` process: seconds, processor seconds of it and its children, and counts of each host."""

    seconds: float
    processor: float
    counts: dict[str, dict[str, int]]

    @property
    def tasks(self) -> int:
        """Return the tasks of the host that ran the most."""
        return max(count["ok"] for count in self.counts.values())

    @property
    def skipped(self) -> int:
        """Return the skipped tasks of the host that skipped the most."""
        return max(count["skipped"] for count in self.counts.values())

    @property
    def changed(self) -> int:
        """Return the changed tasks on all hosts."""
        return sum(count["changed"] for count in self.counts.values())


@dataclass(frozen=True)
class Fleet:
    """The hosts of a run, the inventories that know them, and variables for all of them."""

    hosts: Sequence[str]
    inventories: Sequence[Path] = (ROOT / "inventories/lab",)
    variables: Mapping[str, Any] | None = None

    def first(self, number: int) -> Fleet:
        """Return the fleet of the first hosts only."""
        return Fleet(self.hosts[:number], self.inventories, self.variables)

    def run(self, playbook: Path, **environment: str) -> PlaybookRun:
        """Run a playbook on all hosts at a time. Ends this program with the output when the run fails."""
        words = ["ansible-playbook", "--limit", ",".join(self.hosts), "--forks", str(len(self.hosts)), str(playbook)]
        for inventory in self.inventories:
            words += ["--inventory", str(inventory)]
        for name, value in (self.variables or {}).items():
            words += ["--extra-vars", f"{name}={value}"]
        with tempfile.TemporaryFile("w+") as output:
            began = time.monotonic()
            process = subprocess.Popen(words, cwd=ROOT, env=ansible_environment(**environment), stdout=output, stderr=output)
            _pid, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read()
        if process.returncode:
            sys.exit(f"{playbook.name} failed on {', '.join(self.hosts)}:\n{text}")
        return PlaybookRun(seconds, usage.ru_utime + usage.ru_stime, counts(text))


def counts(output: str) -> dict[str, dict[str, int]]:
    """Return host -> counts (ok, changed, skipped and so on) from the recap at the end of a playbook's output."""
    return {
        host: {name: int(value) for name, value in (word.split("=") for word in words.split())}
        for host, words in RECAP.findall(output)
    }
