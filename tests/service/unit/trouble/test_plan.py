# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each problem is told once when it begins and once when it ends: by tables, and for any course of things."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from catalog_mail.domain.trouble.plan import Episode, Plan, Present, Timing, plan
from catalog_mail.domain.trouble.problem import Problem
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
STEP = timedelta(seconds=30)
TIMING = Timing(begin_after=timedelta(minutes=2), end_after=timedelta(minutes=10), pause=timedelta(minutes=2))
# Looks that a problem must last, and must be away.
BEGIN, END = 4, 20


def problem(key: str = "x", stage: int = 0, node: str | None = None) -> Problem:
    return Problem(key, node, "replies", key, f"The cause of {key}.", "Do something.", None, stage)


@dataclass
class Course:
    """What one or more nodes do with the problems of a database, look by look, 30 seconds apart."""

    stored: list[Episode] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)
    looks: int = 0
    last_mail: datetime | None = None

    def look(self, *there: str | Problem, mail_stays: bool = False, node: str = "node1", lost: bool = False) -> Plan:
        """Look once; `lost`: the process is killed before its plan is stored, and the e-mail with it."""
        now = START + self.looks * STEP
        self.looks += 1
        found = [problem(one) if isinstance(one, str) else one for one in there]
        planned = plan(self.stored, Present(found, node, mail_stays, now, self.last_mail), TIMING)
        if not lost:
            self.stored = list(planned.episodes)
            told = [f"+{one.problem.key}" for one in planned.tell_began] + [f"-{one.problem.key}" for one in planned.tell_ended]
            self.mails += [" ".join(told)] if told else []
            self.last_mail = now if told else self.last_mail
            self.announced += [f"+{one.problem.key}" for one in planned.began] + [f"-{one.problem.key}" for one in planned.ended]
        return planned

    def told(self) -> list[str]:
        return [word for mail in self.mails for word in mail.split()]


def course(looks: str, *, mail_stays: str = "") -> Course:
    """Return a course: each letter is a look that finds the problems of its word, `.` one without a problem."""
    made = Course()
    for place, letter in enumerate(looks):
        made.look(*([] if letter == "." else [letter]), mail_stays=place < len(mail_stays) and mail_stays[place] == "!")
    return made


@pytest.mark.parametrize(
    ("looks", "mail_stays", "mails", "announced"),
    [
        ("x" * BEGIN, "", [], []),
        ("x" * (BEGIN + 1), "", ["+x"], ["+x"]),
        ("x" * 100, "", ["+x"], ["+x"]),
        ("x" * 10 + "." * END, "", ["+x"], ["+x"]),
        ("x" * 10 + "." * (END + 1), "", ["+x", "-x"], ["+x", "-x"]),
        ("xx" + "." * 50, "", [], []),
        # It flaps: told once; and an end is told once it stays away.
        ("x." * 40, "", ["+x"], ["+x"]),
        ("xxx..." * 20 + "." * 30, "", ["+x", "-x"], ["+x", "-x"]),
        ("x" * 10 + "." * (END + 1) + "x" * 10, "", ["+x", "-x", "+x"], ["+x", "-x", "+x"]),
        # The mail server is the trouble: no e-mail, until it has ended.
        ("x" * 40, "!" * 40, [], ["+x"]),
        ("x" * 10 + "." * 30, "!" * 10, ["-x"], ["+x", "-x"]),
        ("x" * 10 + "." * 30, "!" * 40, [], ["+x", "-x"]),
        ("x" * 10 + "." * 30 + "x" * 10 + "." * 30, "!" * 60, ["-x"], ["+x", "-x", "+x", "-x"]),
        ("x" * 40, "!" * 20, ["+x"], ["+x"]),
    ],
)
def test_when_a_problem_is_told(looks: str, mail_stays: str, mails: list[str], announced: list[str]) -> None:
    done = course(looks, mail_stays=mail_stays)
    assert (done.mails, done.announced) == (mails, announced)


def test_one_mail_tells_of_several() -> None:
    made = Course()
    for _look in range(BEGIN + 1):
        made.look("a", "b")
    for _look in range(END + 1):
        made.look("c")
    assert made.mails == ["+a +b", "+c", "-a -b"]


def test_mails_keep_a_distance() -> None:
    made = Course()
    for number in range(12):
        made.look(*"abcdefghijkl"[: number + 1])
    assert made.mails == ["+a", "+b +c +d +e"]


def test_an_expiry_is_told_again_as_it_comes_near() -> None:
    made = Course()
    for stage in (1, 1, 2, 2, 3, 4):
        for _look in range(10):
            made.look(problem(stage=stage))
    for _look in range(END + 1):
        made.look()
    assert made.mails == ["+x", "+x", "+x", "+x", "-x"]


def test_only_its_node_ends_a_problem_of_a_node() -> None:
    made = Course()
    for _look in range(10):
        made.look(problem(node="node1"))
        made.look(node="node2")
    for _look in range(50):
        made.look(node="node2")
    assert made.mails == ["+x"]
    for _look in range(END + 1):
        made.look(node="node1")
    assert made.mails == ["+x", "-x"]


def test_a_look_without_a_change_changes_nothing() -> None:
    done = course("x" * 20)
    before = list(done.stored)
    planned = done.look("x")
    assert list(planned.episodes) == before
    assert not any((planned.began, planned.ended, planned.tell_began, planned.tell_ended))
    changed_words = replace(problem(), cause="Another number of messages.")
    assert list(done.look(changed_words).episodes) == before


_LOOK = st.tuples(st.sets(st.sampled_from("abc")), st.booleans(), st.sampled_from(["node1", "node2"]), st.integers(0, 4))


@given(st.lists(st.tuples(_LOOK, st.integers(1, 30)), max_size=25))
def test_each_episode_is_told_once_whatever_happens(steps: list[tuple[tuple[set[str], bool, str, int], int]]) -> None:
    made = Course()
    there: dict[str, list[bool]] = {key: [] for key in "abc"}
    for (keys, mail_stays, node, lost), looks in steps:
        for _look in range(looks):
            made.look(*sorted(keys), mail_stays=mail_stays, node=node, lost=lost == 4)
            for key, seen in there.items():
                # What a killed process saw is not known to anybody.
                seen.append(key in keys and lost != 4)
    for _look in range(2 * END + 10):
        made.look()
    assert made.stored == []
    counts = Counter(made.told())
    for key, seen in there.items():
        told = [word[0] for word in made.told() if word[1:] == key]
        # A begin that could not be sent is left out, an end never; no begin and no end comes twice.
        assert "++" not in "".join(told)
        assert "--" not in "".join(told) or counts[f"-{key}"] <= episodes(seen)
        assert counts[f"+{key}"] <= counts[f"-{key}"] <= episodes(seen)
        announced = "".join(word[0] for word in made.announced if word[1:] == key)
        assert announced == "+-" * (len(announced) // 2)


def episodes(seen: list[bool]) -> int:
    """Return the number of times that a problem was there, times with less than END looks between them counted as one."""
    places = [place for place, is_there in enumerate(seen) if is_there]
    return sum(later - earlier > END for earlier, later in pairwise(places)) + bool(places)


@given(st.integers(BEGIN + 6, 60), st.integers(END + 6, 60), st.integers(1, 4))
def test_what_lasts_is_told_with_begin_and_end(present: int, absent: int, times: int) -> None:
    assert course(("x" * present + "." * absent) * times).mails == ["+x", "-x"] * times
