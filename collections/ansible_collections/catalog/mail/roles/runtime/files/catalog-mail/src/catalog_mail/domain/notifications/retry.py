# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide when the next attempt to send a message is made, and when the delivery fails for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog_mail.domain.failures.failure import Cause, Failure

# Causes that concern the server or the settings, not the message: every message waits until an administrator has corrected
# them, even when the server calls its refusal permanent.
NOT_THE_MESSAGES_FAULT = frozenset(
    {
        Cause.NOT_CONFIGURED,
        Cause.NAME_NOT_FOUND,
        Cause.CONNECTION_REFUSED,
        Cause.TIMED_OUT,
        Cause.UNREACHABLE,
        Cause.TLS_NOT_OFFERED,
        Cause.TLS_FAILED,
        Cause.TLS_REQUIRED,
        Cause.CERTIFICATE_NOT_TRUSTED,
        Cause.CERTIFICATE_WRONG_NAME,
        Cause.LOGIN_REFUSED,
        Cause.LOGIN_REQUIRED,
        Cause.SENDER_REFUSED,
        Cause.HOST_REFUSED,
        Cause.ACCOUNT_BLOCKED,
        Cause.PROXY_FAILED,
        Cause.PROXY_LOGIN_REFUSED,
        Cause.NOT_SMTP,
        Cause.TENANT_UNKNOWN,
        Cause.CLIENT_UNKNOWN,
        Cause.CLIENT_DISABLED,
        Cause.SECRET_WRONG,
        Cause.SECRET_EXPIRED,
        Cause.CERTIFICATE_NOT_REGISTERED,
        Cause.CERTIFICATE_UNUSABLE,
        Cause.CLOUD_WRONG,
        Cause.CONDITIONAL_ACCESS,
        Cause.OTHER_ENTRA_ANSWER,
        Cause.TOKEN_REFUSED,
        Cause.PERMISSION_MISSING,
        Cause.ACCESS_BLOCKED,
        Cause.MAILBOX_UNKNOWN,
        Cause.MAILBOX_NOT_LICENSED,
        Cause.SEND_AS_DENIED,
        Cause.THROTTLED,
        Cause.MICROSOFT_UNAVAILABLE,
    }
)


# No pause is longer than this, with its random part and with Retry-After. A delivery that would wait longer was scheduled while
# the clock was wrong.
LONGEST_WAIT = timedelta(hours=2)


@dataclass(frozen=True)
class Backoff:
    """The pause before each further attempt: `first`, doubled each time up to `longest`, until all pauses take `keep_trying`.

    `spread` is the random part of a pause, so that messages that failed together are not retried together.
    """

    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=1)
    keep_trying: timedelta = timedelta(hours=72)
    spread: float = 0.4

    def pause(self, tries: int, chance: float) -> timedelta:
        """Return the pause after `tries` attempts (1 or more); `chance` in [0, 1) varies it around the middle."""
        doublings = min(max(tries, 1) - 1, 40)  # `longest` is reached long before; more would overflow
        pause = min(self.first * (1 << doublings), self.longest)
        return pause * (1 + self.spread * (chance - 0.5))


def concerns_all(failure: Failure) -> bool:
    """Return whether the next message would fail in the same way."""
    return failure.code in NOT_THE_MESSAGES_FAULT


def next_attempt(
    failure: Failure, *, tries: int, waited: timedelta, now: datetime, backoff: Backoff, chance: float
) -> datetime | None:
    """Return the time of the next attempt; None when the failure is final.

    `waited` is the length of all pauses before this attempt. They are counted, and not the time since the delivery was accepted,
    so that no wrong reading of the clock ends a delivery. The time is not before the one that the server asked for. The last
    attempt is made at the end of `keep_trying`.
    """
    if not failure.temporary and not concerns_all(failure):
        return None
    left = backoff.keep_trying - waited
    if left <= timedelta(0):
        return None
    asked_for = timedelta(seconds=failure.retry_after or 0)
    return now + min(max(backoff.pause(tries, chance), asked_for), left)
