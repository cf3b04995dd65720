# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules by which a look at the Inbox finds new mail; the system test drives them against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from catalog_mail.adapters.graph.arrivals import LISTED, Arrivals

MANY = [f"m{number}" for number in range(LISTED)]


class Inbox:
    """The part of Folders that a look uses: the newest unread messages, one list for each look."""

    def __init__(self, *lists: list[str]) -> None:
        self._lists = list(lists)

    def newest_unread(self, folder: str, most: int) -> list[str]:
        assert (folder, most) == ("inbox", LISTED)
        return self._lists.pop(0)


def look(arrivals: Arrivals) -> bool:
    return arrivals.wait(0.02)


@pytest.mark.parametrize(
    ("seen", "lists", "expected"),
    [
        ([], [[]], [False]),
        ([], [["a"]], [True]),
        (["a"], [["a"], ["a"]], [False, False]),  # waits for a retry
        (["a"], [["b", "a"]], [True]),
        (["a"], [["b"]], [True]),  # as many as before
        (["a"], [["b", "a"], ["b", "a"]], [True, False]),  # told once, although no pass has listed it yet
        (["a"], [[], ["a"]], [False, True]),  # handled, and unread again
        ([*MANY, "old"], [MANY, MANY[:-1], ["old"]], [False, False, True]),
        ([*MANY, "old"], [MANY, [*MANY[1:], "old"]], [False, False]),  # more than one look lists
        (MANY, [["new", *MANY[:-1]]], [True]),
    ],
)
def test_a_look_finds_what_no_pass_has_seen(seen: list[str], lists: list[list[str]], expected: list[bool]) -> None:
    arrivals = Arrivals(as_folders(Inbox(*lists)), 0.01)
    arrivals.saw(seen)
    assert [look(arrivals) for _ in lists] == expected


def test_no_look_before_its_time_or_without_an_interval() -> None:
    for interval in (0, 60):
        arrivals = Arrivals(as_folders(Inbox()), interval)
        arrivals.saw([])
        assert look(arrivals) is False


def as_folders(inbox: Inbox) -> Any:
    return inbox
