# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the e-mail that tells of problems, and of the events."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog_mail.domain.events import Event, EventKind
from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.trouble.plan import Episode

_TIME = "%Y-%m-%d %H:%M UTC"
# The health's code for messages that something else marks as read.
_TAKEN = "taken-by-others"


def title(began: Sequence[Episode], ended: Sequence[Episode]) -> str:
    """Return the e-mail's title: the problem itself, or how many there are."""
    if len(began) + len(ended) == 1:
        word = "has begun" if began else "has ended"
        return one_line(f"A problem {word}: {[*began, *ended][0].problem.cause}", limit=200)
    parts = [f"{len(found)} {word}" for found, word in ((began, "begun"), (ended, "ended")) if found]
    return f"Problems: {', '.join(parts)}"


def text(began: Sequence[Episode], ended: Sequence[Episode]) -> str:
    """Return the e-mail's text: each problem with its cause, what helps, and its times."""
    parts = []
    if began:
        parts.append("\n\n".join(["Begun:", *map(_begun, began)]))
    if ended:
        parts.append("\n\n".join(["Ended:", *map(_over, ended)]))
    parts.append("You get this once when a problem begins, and once when it has ended.")
    return "\n\n".join(parts)


def key(began: Sequence[Episode], ended: Sequence[Episode]) -> str:
    """Return the idempotency key of the e-mail: the same for the same begins and ends of the same episodes."""
    names = [*(f"began {_name(one)} {one.problem.stage}" for one in began), *(f"ended {_name(one)}" for one in ended)]
    return "problems-" + hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:40]


def events(began: Sequence[Episode], ended: Sequence[Episode], now: datetime) -> Iterator[Event]:
    """Yield the events of problems that have begun or ended."""
    for state, found in (("began", began), ("ended", ended)):
        for episode in found:
            yield Event(EventKind.HEALTH, now, _data(episode, state))
            if state == "began" and episode.problem.code == _TAKEN:
                yield Event(EventKind.MAILBOX_READ_BY_OTHERS, now, {"cause": episode.problem.cause})


def _name(episode: Episode) -> str:
    return f"{episode.problem.key} {episode.began_at.isoformat()}"


def _begun(episode: Episode) -> str:
    return f"{episode.problem.cause}\n{episode.problem.remedy}\nSince {episode.began_at:{_TIME}}."


def _over(episode: Episode) -> str:
    end = f"{episode.absent_since:{_TIME}}" if episode.absent_since else "now"
    return f"{episode.problem.cause}\nFrom {episode.began_at:{_TIME}} to {end}."


def _data(episode: Episode, state: str) -> Mapping[str, Any]:
    problem = episode.problem
    return {
        "state": state,
        "about": problem.about,
        "code": problem.code,
        "cause": problem.cause,
        "remedy": problem.remedy,
        "field": problem.field,
        "node": problem.node,
        "since": episode.began_at.isoformat(),
    }
