# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retries of a message, their end, and the liveness of nodes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.failures.retry_after import LONGEST_PAUSE
from catalog_mail.domain.notifications.retry import LONGEST_WAIT, NOT_THE_MESSAGES_FAULT, Backoff, concerns_all, next_attempt

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EVEN = Backoff(spread=0)


def failure(code: Cause = Cause.OTHER_ANSWER, *, temporary: bool = True) -> Failure:
    return Failure(code, "It failed.", "Mend it.", temporary)


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [(0, 30), (1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 960), (7, 1920), (8, 3600), (100, 3600), (10**6, 3600)],
)
def test_the_pause_doubles_up_to_an_hour(tries: int, seconds: int) -> None:
    assert EVEN.pause(tries, 0.5) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 80), (0.25, 90), (0.5, 100), (0.75, 110), (0.999999, 120)])
def test_jitter_spreads_the_pause_evenly(chance: float, seconds: int) -> None:
    pause = Backoff(first=timedelta(seconds=100), spread=0.4).pause(1, chance)
    assert pause.total_seconds() == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(
    ("code", "temporary", "again"),
    [
        (Cause.RECIPIENT_REFUSED, False, False),
        (Cause.RECIPIENT_REFUSED, True, True),
        (Cause.OTHER_ANSWER, False, False),
        (Cause.OTHER_ANSWER, True, True),
        (Cause.CONNECTION_LOST, True, True),
        (Cause.NOT_RENDERED, True, True),
        # The settings are at fault, not the message: it waits until the settings are corrected.
        (Cause.LOGIN_REFUSED, False, True),
        (Cause.SENDER_REFUSED, False, True),
        (Cause.CERTIFICATE_NOT_TRUSTED, False, True),
        (Cause.NAME_NOT_FOUND, False, True),
        (Cause.NOT_CONFIGURED, True, True),
    ],
)
def test_the_failures_that_are_retried(code: Cause, temporary: bool, again: bool) -> None:
    at = next_attempt(
        failure(code, temporary=temporary), tries=1, waited=timedelta(0), now=START, backoff=EVEN, chance=0.5
    )
    assert at == (START + timedelta(seconds=30) if again else None)


@pytest.mark.parametrize(
    ("waited", "pause"),
    [
        (timedelta(hours=71), timedelta(hours=1)),
        (timedelta(hours=71, minutes=30), timedelta(minutes=30)),  # the last attempt is not skipped
        (timedelta(hours=72), None),
        (timedelta(days=30), None),
    ],
)
def test_the_last_attempt_is_at_the_end_of_keep_trying(waited: timedelta, pause: timedelta | None) -> None:
    at = next_attempt(failure(), tries=50, waited=waited, now=START, backoff=EVEN, chance=0.5)
    assert at == (None if pause is None else START + pause)


@pytest.mark.parametrize(
    "now", [START.replace(year=1970), START - timedelta(days=9), START + timedelta(days=9), START.replace(year=9998)]
)
def test_no_reading_of_the_clock_ends_the_retries(now: datetime) -> None:
    at = next_attempt(failure(), tries=1, waited=timedelta(0), now=now, backoff=EVEN, chance=0.5)
    assert at == now + timedelta(seconds=30)


def test_a_retry_respects_retry_after() -> None:
    asked = replace(failure(Cause.THROTTLED), retry_after=300.0)
    at = next_attempt(asked, tries=1, waited=timedelta(0), now=START, backoff=EVEN, chance=0.5)
    assert at == START + timedelta(seconds=300)


def test_retries_over_days_are_few_and_end() -> None:
    now, tries = START, 0
    while now is not None and tries < 1000:
        tries += 1
        last = now
        now = next_attempt(failure(), tries=tries, waited=now - START, now=now, backoff=EVEN, chance=0.5)  # type: ignore[assignment]
    assert last == START + timedelta(hours=72)
    assert 70 < tries < 90


def test_no_pause_is_taken_for_a_wrong_clock() -> None:
    longest = max(Backoff().pause(100, 0.999999), timedelta(seconds=LONGEST_PAUSE))
    assert longest < LONGEST_WAIT


def test_a_failing_message_does_not_delay_others() -> None:
    alone = {Cause.RECIPIENT_REFUSED, Cause.OTHER_ANSWER, Cause.CONNECTION_LOST, Cause.NOT_RENDERED, Cause.INTERNAL_ERROR}
    alone |= {Cause.OTHER_GRAPH_ANSWER, Cause.RELAY_DENIED, Cause.GREYLISTED, Cause.BOUNCED, Cause.UNDELIVERED}
    of_receiving = {Cause.NOT_IMAP, Cause.MAILBOX_MISSING, Cause.MAILBOX_READ_ONLY, Cause.OTHER_IMAP_ANSWER, Cause.CATALOG_FAILED}
    assert NOT_THE_MESSAGES_FAULT | alone | of_receiving == set(Cause), "every cause is classified"
    assert not any(concerns_all(failure(code)) for code in alone)
    assert all(concerns_all(failure(code)) for code in NOT_THE_MESSAGES_FAULT)
