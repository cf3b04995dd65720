# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The problems that the service tells its administrators about, drawn from the reasons of its health."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog_mail.domain.health import About, Reason

# With one of these, an e-mail would not leave the service.
_NEEDED_FOR_MAIL = frozenset({About.STORAGE, About.QUEUE, About.SETTINGS, About.SENDING})
# Reasons of these parts with which e-mails do leave: single recipients are concerned.
_MAIL_LEAVES = frozenset({"recipients-bounce"})
# A storage that fails cannot keep what was told, and a new installation without settings is no problem.
_NOT_TOLD = frozenset({About.STORAGE, About.SETTINGS})
# Those that each node has for itself, and not all nodes of a database together.
_OF_A_NODE = frozenset({About.QUEUE, About.DISK})
# The times before an end at which it is told again.
_STAGES = (timedelta(days=30), timedelta(days=7), timedelta(days=1), timedelta(0))


@dataclass(frozen=True)
class Problem:
    """A problem that there is now. The same problem has the same key; a higher stage is worse.

    `node` is the node whose problem it is; None for one of all nodes. `kind` and `about` are those of the health's reason.
    """

    key: str
    node: str | None
    about: str
    code: str
    cause: str
    remedy: str
    field: str | None = None
    stage: int = 0


def problems(reasons: Iterable[Reason], node: str, now: datetime) -> Sequence[Problem]:
    """Return the problems to tell of, each key once."""
    found = {problem.key: problem for problem in _problems(reasons, node, now)}
    return list(found.values())


def keeps_mail(reasons: Iterable[Reason]) -> bool:
    """Return whether an e-mail would stay in the service now, so that none is to be written about this."""
    return any(reason.about in _NEEDED_FOR_MAIL and reason.code not in _MAIL_LEAVES for reason in reasons)


def _problems(reasons: Iterable[Reason], node: str, now: datetime) -> Iterator[Problem]:
    for reason in reasons:
        if reason.about in _NOT_TOLD:
            continue
        own = node if reason.about in _OF_A_NODE else None
        parts = [reason.about.value, reason.code, reason.field or ""]
        if reason.ends_at is not None:  # a new secret is a new problem, and an expired one the old problem, grown worse
            parts[1] = f"{reason.ends_at:%Y-%m-%dT%H:%M:%S}"
        yield Problem(
            key=" ".join([*parts, own or ""]).strip()[:400],
            node=own,
            about=reason.about.value,
            code=reason.code,
            cause=reason.cause,
            remedy=reason.remedy,
            field=reason.field,
            stage=0 if reason.ends_at is None else stage(reason.ends_at - now),
        )


def stage(left: timedelta) -> int:
    """Return how many of the times before an end have come: 30, 7 and 1 days, and the end itself."""
    return sum(left <= time for time in _STAGES)
