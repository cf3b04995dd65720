# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a process and its descendants cost: processor time and memory, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """Return the process and its living descendants."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if fields := _fields(int(folder.name)):
            parents[int(folder.name)] = int(fields[1])
    found, added = [root], [root]
    while added:
        added = [pid for pid, parent in parents.items() if parent in added]
        found += added
    return found


def processor_seconds(root: int) -> float:
    """Return the user and system time of the process and its descendants so far, also of those that have ended."""
    ticks = 0
    for pid in tree(root):
        if fields := _fields(pid):
            ticks += sum(int(field) for field in fields[11:15])  # utime, stime, and those of children that were waited for
    return ticks / TICKS


def proportional_memory(root: int) -> float:
    """Return the PSS in MB of the process and its descendants: a page that several share counts once."""
    kilobytes = 0
    for pid in tree(root):
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        kilobytes += next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
    return kilobytes / 1024


def _fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name: state, parent and so on; none when the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
