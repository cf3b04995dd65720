# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lease runs out when it is not renewed for long enough by the watcher's own monotonic clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from catalog_mail.domain.notifications.lease import Lease, LeaseWatch

START = datetime(2026, 11, 30, tzinfo=UTC)
ONE = Lease("batch1", "node1", START)
TWO = Lease("batch2", "node2", START + timedelta(days=5))  # the clocks differ by several days


def renewed(lease: Lease, seconds: float) -> Lease:
    return replace(lease, renewed_at=START + timedelta(seconds=seconds))


def test_a_lease_that_nobody_renews_runs_out() -> None:
    watch = LeaseWatch(30)
    assert watch.run_out([ONE, TWO], 0) == [], "a watcher that has just started ends no lease"
    assert watch.run_out([ONE, renewed(TWO, 5)], 20) == []
    assert watch.run_out([ONE, renewed(TWO, 10)], 31) == [ONE]
    assert watch.run_out([renewed(ONE, 1), renewed(TWO, 10)], 32) == [], "its node came back"


def test_a_clock_that_is_set_back_counts_as_a_renewal() -> None:
    watch = LeaseWatch(30)
    watch.run_out([ONE], 0)
    assert watch.run_out([renewed(ONE, -10_000_000)], 40) == []


def test_a_lease_that_ended_is_forgotten() -> None:
    watch = LeaseWatch(30)
    watch.run_out([ONE], 0)
    watch.run_out([], 10)
    assert watch.run_out([ONE], 40) == []


def test_a_lease_taken_by_another_node_is_a_new_one() -> None:
    watch = LeaseWatch(30)
    watch.run_out([ONE], 0)
    assert watch.run_out([replace(ONE, node="node2")], 40) == []


def test_an_outage_of_the_database_ends_no_lease() -> None:
    watch = LeaseWatch(30)
    watch.run_out([ONE], 0)
    watch.start_over()
    assert watch.run_out([ONE], 100) == []
    assert watch.run_out([ONE], 130) == [ONE]
