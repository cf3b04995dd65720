# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The running processes of a host, read from /proc (proc(5)). An edge: it reads; it decides nothing."""

from __future__ import annotations

import os
import time
from typing import List

from .._core.file_transaction import read_bytes


def children_of(parent: int) -> List[int]:
    """Return the ids of a process's direct children."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat_fields(int(name))
            if fields and int(fields[1]) == parent:
                found.append(int(name))
    return found


def proc_file(pid: int, name: str) -> bytes:
    """Read a file under /proc/PID; empty when the process has ended."""
    try:
        return read_bytes(f"/proc/{pid}/{name}") or b""
    except OSError:
        return b""


def has_dropped_root(pid: int) -> bool:
    """Whether a daemon has read its parameters and now runs as the mail owner."""
    for line in proc_file(pid, "status").splitlines():
        if line.startswith(b"Uid:"):
            return line.split()[1] != b"0"
    return False


def is_master(pid: int) -> bool:
    """Whether the process is a master process of Postfix."""
    return proc_file(pid, "comm").strip() == b"master"


def _stat_fields(pid: int) -> List[str]:
    """Return the fields of /proc/PID/stat after the command's name (proc(5)); empty when the process has ended."""
    text = proc_file(pid, "stat")
    return text.decode("ascii", "replace").rpartition(")")[2].split()


def start_time_of(pid: int) -> float:
    """Return the start time of a process, in seconds since 1970; the present time when it has just ended."""
    fields = _stat_fields(pid)
    if not fields:
        return time.time()
    since_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot)
