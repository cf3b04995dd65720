"""How one try to send a message ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.notifications.notification import State


@dataclass(frozen=True)
class Outcome:
    """The state that a delivery has reached, and why.

    `failure` belongs to failed and retrying, `next_attempt_at` to retrying, `reason` to suppressed, `response` to sent.
    """

    state: State
    at: datetime
    failure: Failure | None = None
    next_attempt_at: datetime | None = None
    reason: str | None = None
    response: str | None = None


def sent(response: str, at: datetime) -> Outcome:
    """A server has taken the message, with this answer."""
    return Outcome(State.SENT, at, response=response)


def suppressed(reason: str, at: datetime) -> Outcome:
    """The message is not to be sent; the reason is one word such as `switched_off`."""
    return Outcome(State.SUPPRESSED, at, reason=reason)


def failed(failure: Failure, at: datetime) -> Outcome:
    """It failed, and that is final."""
    return Outcome(State.FAILED, at, failure=failure)


def retrying(failure: Failure, at: datetime, next_attempt_at: datetime) -> Outcome:
    """It failed for now."""
    return Outcome(State.RETRYING, at, failure=failure, next_attempt_at=next_attempt_at)
