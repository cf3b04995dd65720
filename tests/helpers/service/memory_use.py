# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the memory of a process with its children, and how it grows with the work done."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """Bytes in use after this many messages."""

    messages: int
    bytes: int


def memory_of(pid: int) -> int:
    """Return the proportional set size of a process and all its descendants, in bytes: shared pages count once."""
    return sum(_proportional(one) for one in _family(pid))


def slope(samples: Sequence[Sample]) -> float:
    """Return the bytes a message by which the memory grows: the straight line through the samples with the least squares."""
    return statistics.linear_regression([one.messages for one in samples], [one.bytes for one in samples]).slope


def _family(pid: int) -> list[int]:
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()
    ]
    return [pid, *(one for child in children for one in _family(child))]


def _proportional(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
