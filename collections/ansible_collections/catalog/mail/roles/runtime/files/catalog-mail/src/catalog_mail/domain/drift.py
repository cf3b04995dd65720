# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports about drift: what differs on the hosts from what their playbook describes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# The numbers of changes and hosts that a report may name, and the longest text of each of their fields.
MOST_CHANGES = 500
MOST_HOSTS = 2000
LONGEST_TEXT = 500
# For this time a host counts as different after its last report; then it may have left the inventory.
MEMORY = timedelta(days=30)


@dataclass(frozen=True)
class DriftChange:
    """A field of a thing on a host whose value is another than it should be. A secret stands there only as a word."""

    host: str
    role: str
    thing: str
    field: str
    present: str
    wanted: str


@dataclass(frozen=True)
class DriftReport:
    """One comparison of hosts with their playbook.

    `unreachable` are the hosts that could not be compared. `corrected`: the changes were made. `stopped_by_limit`: there were
    more changes than may be corrected without a person, so none was made.
    """

    hosts: Sequence[str]
    unreachable: Sequence[str]
    corrected: bool
    stopped_by_limit: bool
    changes: Sequence[DriftChange]
    started_at: datetime


@dataclass(frozen=True)
class StoredDriftReport:
    """A report with its number, the time at which it came, and the name of the token that it came with."""

    id: int
    at: datetime
    reporter: str
    report: DriftReport


def remaining(report: DriftReport) -> Mapping[str, int]:
    """Return the number of changes that are left to correct, for each host that was compared; 0 for one without a difference."""
    left = report.changes if report.stopped_by_limit or not report.corrected else ()
    found = Counter(change.host for change in left)
    compared = [*report.hosts, *(change.host for change in report.changes)]
    away = frozenset(report.unreachable) - found.keys()
    return {host: found[host] for host in dict.fromkeys(compared) if host not in away}
