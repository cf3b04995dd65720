# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide which problems to tell of now: each once when it begins, once when it ends, and several in one e-mail."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from catalog_mail.domain.trouble.problem import Problem


@dataclass(frozen=True)
class Episode:
    """A problem from its begin to its end, as it is stored; `problem` is as it was told last.

    `absent_since` is when it was missing first, None while it is there. `announced`: its begin is in the log and the events;
    `ended`: its end is too. `told` is the stage that an e-mail told of; None before.
    """

    problem: Problem
    began_at: datetime
    absent_since: datetime | None = None
    announced: bool = False
    ended: bool = False
    told: int | None = None


@dataclass(frozen=True)
class Timing:
    """A problem is told once it has lasted for `begin_after`, and has ended once it was away for `end_after`.

    A problem that comes and goes within `end_after` is one problem. Between two e-mails are at least `pause`.
    """

    begin_after: timedelta
    end_after: timedelta
    pause: timedelta


@dataclass(frozen=True)
class Present:
    """The problems at one moment, as one node sees them. `mail_stays`: an e-mail would not leave the service now."""

    problems: Sequence[Problem]
    node: str
    mail_stays: bool
    now: datetime
    last_mail: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """The episodes to store, those whose begin or end is to be announced, and those that an e-mail is to tell of."""

    episodes: Sequence[Episode]
    began: Sequence[Episode] = ()
    ended: Sequence[Episode] = ()
    tell_began: Sequence[Episode] = ()
    tell_ended: Sequence[Episode] = ()


def plan(stored: Collection[Episode], present: Present, timing: Timing) -> Plan:
    """Return what to tell, and the episodes afterwards. With the same problems a second time, the plan tells nothing."""
    before = {episode.problem.key: episode for episode in stored}
    there = {problem.key: problem for problem in present.problems}
    after = [_observed(before.get(key), there.get(key), present, timing) for key in dict.fromkeys([*before, *there])]
    seen = [episode for episode in after if episode is not None]
    running = {key for key, one in before.items() if one.announced and not one.ended}
    began = [one for one in seen if one.announced and not one.ended and one.problem.key not in running]
    ended = [one for one in seen if one.ended and one.problem.key in running]
    may_mail = not present.mail_stays and (present.last_mail is None or present.now - present.last_mail >= timing.pause)
    if not may_mail:
        return Plan(seen, began, ended)
    tell_ended = [one for one in seen if one.ended]
    tell_began = [one for one in seen if _is_to_be_told(one)]
    told = {one.problem.key for one in tell_began}
    left = [replace(one, told=one.problem.stage) if one.problem.key in told else one for one in seen if not one.ended]
    return Plan(left, began, ended, tell_began, tell_ended)


def _observed(episode: Episode | None, problem: Problem | None, present: Present, timing: Timing) -> Episode | None:
    """Return the episode after this look; None when it is forgotten."""
    if problem is not None:
        return _of_present(episode, problem, present.now, timing)
    assert episode is not None  # noqa: S101  # a key is of an episode, of a problem, or of both
    if episode.problem.node not in (None, present.node):
        return episode  # another node sees it
    if episode.absent_since is None:
        return replace(episode, absent_since=present.now)
    if present.now - episode.absent_since < timing.end_after:
        return episode
    return replace(episode, ended=True) if episode.announced else None


def _of_present(episode: Episode | None, problem: Problem, now: datetime, timing: Timing) -> Episode:
    if episode is None:
        episode = Episode(problem, began_at=now)
    elif episode.ended:  # it has begun again before its end could be told
        episode = replace(episode, ended=False, announced=False)
    episode = replace(episode, absent_since=None)
    if not episode.announced and now - episode.began_at >= timing.begin_after:
        return replace(episode, announced=True, problem=problem)
    return replace(episode, problem=problem) if problem.stage > episode.problem.stage else episode


def _is_to_be_told(episode: Episode) -> bool:
    is_worse = episode.told is None or episode.problem.stage > episode.told
    return episode.announced and episode.absent_since is None and is_worse


def changed(before: Collection[Episode], after: Collection[Episode]) -> Iterator[Episode]:
    """Yield the episodes that are new or different."""
    known = {episode.problem.key: episode for episode in before}
    return (episode for episode in after if known.get(episode.problem.key) != episode)
