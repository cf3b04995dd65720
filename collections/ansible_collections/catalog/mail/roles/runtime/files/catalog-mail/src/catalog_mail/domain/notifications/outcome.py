# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of one attempt to send a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.notifications.notification import State


@dataclass(frozen=True)
class Outcome:
    """The new state of a delivery, and the reason.

    `failure` is set for failed and retrying, `next_attempt_at` for retrying, `reason` for suppressed, `response` for sent.
    """

    state: State
    at: datetime
    failure: Failure | None = None
    next_attempt_at: datetime | None = None
    reason: str | None = None
    response: str | None = None

    @property
    def cause(self) -> str | None:
        """The code of the failure, or the reason."""
        return self.failure.code.value if self.failure else self.reason

    @property
    def pause(self) -> float:
        """The seconds until the next attempt; 0 when there is none."""
        return (self.next_attempt_at - self.at).total_seconds() if self.next_attempt_at else 0.0


def sent(response: str, at: datetime) -> Outcome:
    """A server accepted the message with this reply."""
    return Outcome(State.SENT, at, response=response)


def suppressed(reason: str, at: datetime) -> Outcome:
    """The message is not sent; `reason` is one word such as `switched_off`."""
    return Outcome(State.SUPPRESSED, at, reason=reason)


def failed(failure: Failure, at: datetime) -> Outcome:
    """The delivery failed for good."""
    return Outcome(State.FAILED, at, failure=failure)


def retrying(failure: Failure, at: datetime, next_attempt_at: datetime) -> Outcome:
    """The attempt failed; the next one is at `next_attempt_at`."""
    return Outcome(State.RETRYING, at, failure=failure, next_attempt_at=next_attempt_at)
