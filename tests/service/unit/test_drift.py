# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts have changes that are left to correct, after a report about drift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from catalog_mail.domain.drift import DriftChange, DriftReport, remaining


@pytest.mark.parametrize(
    ("hosts", "unreachable", "changed", "corrected", "stopped", "left"),
    [
        ((), (), (), False, False, {}),
        (("a", "b"), (), (), False, False, {"a": 0, "b": 0}),
        (("a", "b"), (), ("b", "b"), False, False, {"a": 0, "b": 2}),
        (("a", "b"), ("b",), ("a",), False, False, {"a": 1}),
        (("a",), (), ("a",), True, False, {"a": 0}),
        (("a",), (), ("a",), True, True, {"a": 1}),
        (("a",), (), ("a",), False, True, {"a": 1}),
        # A host was lost after some of its tasks; and the control node itself is compared without being listed.
        (("a",), ("a",), ("a",), False, False, {"a": 1}),
        (("a",), ("a",), ("a",), True, False, {}),
        (("a",), (), ("localhost",), False, False, {"a": 0, "localhost": 1}),
    ],
)
def test_what_is_left(
    hosts: Sequence[str], unreachable: Sequence[str], changed: Sequence[str], corrected: bool, stopped: bool, left: dict[str, int]
) -> None:
    changes = [DriftChange(host, "postfix", "main.cf", "relayhost", "", "x") for host in changed]
    report = DriftReport(hosts, unreachable, corrected, stopped, changes, datetime(2026, 1, 1, tzinfo=UTC))
    assert remaining(report) == left
