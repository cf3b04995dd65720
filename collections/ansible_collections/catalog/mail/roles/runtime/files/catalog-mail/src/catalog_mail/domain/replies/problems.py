# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe problems with receiving replies, each with cause and remedy for an administrator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from catalog_mail.domain.failures.failure import Failure

# A process without a heartbeat for this time counts as ended.
SILENT = timedelta(seconds=90)
# Tolerance beyond the interval before a missing poll is reported.
_GRACE = timedelta(seconds=60)


@dataclass(frozen=True)
class Observed:
    """The state of the processes that read the mailbox; `alive` counts those with a recent heartbeat.

    `misplaced` are the numbers of replies in other folders; `mailbox` is a name of the mailbox for people. `foreign_intents`
    counts the unread messages whose intent no key of this installation signed; the first was seen at `foreign_since`.
    """

    alive: int
    last_good_poll: datetime | None
    oldest_unread: datetime | None
    backlog: int
    taken_by_others: int
    quarantined: int
    errors: tuple[Failure, ...]
    misplaced: Mapping[str, int] = field(default_factory=dict)
    mailbox: str = ""
    foreign_intents: int = 0
    foreign_since: datetime | None = None


@dataclass(frozen=True)
class ReplyProblem:
    """A problem. `cause` and `remedy` are one or more sentences; `field` is the setting to check, `count` counts messages."""

    code: str
    cause: str
    remedy: str
    field: str | None = None
    count: int | None = None

    @property
    def sentence(self) -> str:
        """Return cause and remedy as one text."""
        return f"{self.cause} {self.remedy}"


def problems(observed: Observed, sync_interval: timedelta, now: datetime) -> list[ReplyProblem]:
    """Return the problems, empty when there are none. `sync_interval` is the longest time between two polls."""
    return [*_of_reading(observed, sync_interval, now), *_of_messages(observed)]


def _of_reading(observed: Observed, sync_interval: timedelta, now: datetime) -> Iterator[ReplyProblem]:
    if not observed.alive:
        yield ReplyProblem(
            "no-reader",
            "No process reads the mailbox of replies.",
            "Start it: 'systemctl start catalog-mail-reply-sync', and read its journal if it ends again.",
        )
    for error in observed.errors:
        yield ReplyProblem(error.code.value, error.cause, error.remedy, error.field)
    last = observed.last_good_poll
    if observed.alive and not observed.errors and (last is None or now - last > 2 * sync_interval + _GRACE):
        when = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "so far"
        yield ReplyProblem(
            "mailbox-not-read",
            f"The mailbox was not read {when}.",
            "The journal of catalog-mail-reply-sync tells the reason.",
        )
    waiting = observed.backlog - observed.foreign_intents
    if waiting > 0 and observed.oldest_unread and last and now - observed.oldest_unread > 2 * sync_interval + 5 * _GRACE:
        yield ReplyProblem(
            "replies-waiting",
            f"{waiting} messages wait in the mailbox, the oldest since {observed.oldest_unread:%Y-%m-%d %H:%M} UTC.",
            "The journal names the reason for each; most often the catalog does not accept them.",
            count=waiting,
        )


def _of_messages(observed: Observed) -> Iterator[ReplyProblem]:
    if observed.taken_by_others:
        yield ReplyProblem(
            "taken-by-others",
            f"{observed.taken_by_others} messages of the mailbox were marked as read by something else, so they are not posted.",
            f"Find what marks them (a rule or other automatic processing of {observed.mailbox}, a mail program, a person, "
            "another catalog or another installation of this one), let nothing else read the mailbox, and mark those messages "
            "as unread: then they are posted.",
            count=observed.taken_by_others,
        )
    if observed.foreign_intents:
        yield _foreign_intents(observed)
    if observed.misplaced:
        yield _misplaced(observed)
    if observed.quarantined:
        yield ReplyProblem(
            "put-aside",
            f"{observed.quarantined} messages of the last week could not be handled, so they were set aside "
            "(keyword $CatalogQuarantined).",
            "The journal has the details; mark them as unread to have them tried again.",
            count=observed.quarantined,
        )


def _foreign_intents(observed: Observed) -> ReplyProblem:
    """Describe replies to mail that this installation did not send, or whose intent was altered."""
    since = f", the first since {observed.foreign_since:%Y-%m-%d %H:%M} UTC" if observed.foreign_since else ""
    return ReplyProblem(
        "foreign-intents",
        f"{observed.foreign_intents} unread messages of the mailbox {observed.mailbox} answer e-mails that no key of this "
        f"installation signed{since}. Another installation reads the same mailbox, this one has lost its key, or the messages "
        "were altered. Each stays unread for a day, and at most 100 at once; then it is rejected as forged.",
        "Give each installation a mailbox of its own, or let the hosts share a database and its key; after the loss of a key, "
        "restore the key file.",
        count=observed.foreign_intents,
    )


def _misplaced(observed: Observed) -> ReplyProblem:
    """Describe replies in Junk or in folders to which a rule moved them."""
    folders = ", ".join(f"{count} in {folder!r}" for folder, count in sorted(observed.misplaced.items()))
    count = sum(observed.misplaced.values())
    return ReplyProblem(
        "misplaced",
        f"{count} replies of the last week are in other folders than the one that is read: {folders}. They are not posted. "
        f"The automatic processing of the mailbox {observed.mailbox} moved them (its filter for junk mail, a rule, a script), "
        "or a person did.",
        "Exempt replies from the filter, switch off the rule, and move the replies back as unread: then they are posted.",
        count=count,
    )
