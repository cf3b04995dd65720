# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of outgoing mail: its entries, the reasons why a mail was not sent, and what an administrator may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from catalog_mail.domain.errors import Conflict
from catalog_mail.domain.failures.failure import Cause
from catalog_mail.domain.notifications.notification import Delivery, Kind, State
from catalog_mail.domain.notifications.recipients import INACTIVE, SWITCHED_OFF, UNKNOWN_NAME, UNSUBSCRIBED

CANCELLED = "cancelled"
# How long a request may be repeated with its idempotency key, at least.
KEY_DAYS = 30
# A reply that arrived in time may be read this much later, after an outage of the mailbox or of its reader.
LATE_READING = timedelta(days=30)


@dataclass(frozen=True)
class Explanation:
    """The cause and the remedy, as two sentences."""

    cause: str
    remedy: str


# Why a mail was suppressed, and what helps.
SUPPRESSED: Mapping[str, Explanation] = {
    SWITCHED_OFF: Explanation(
        "E-mail notifications were switched off for all users.",
        "Set notifications.enabled in the e-mail settings, then retry the mail if it is still of use.",
    ),
    UNSUBSCRIBED: Explanation(
        "The recipient has unsubscribed from this kind of notification.",
        "Only the recipient can undo this, by the link at the end of an earlier mail.",
    ),
    INACTIVE: Explanation(
        "The recipient is a user of the catalog who is not active.", "Make the user active, then retry the mail."
    ),
    UNKNOWN_NAME: Explanation(
        "The text mentions a name that no user of the catalog has.", "Mention the user again, by the user's name."
    ),
    CANCELLED: Explanation("An administrator has cancelled the mail.", "Retry the mail if it shall be sent after all."),
}

# The codes of all causes by which mail can be listed and retried.
CauseCode = StrEnum("CauseCode", {code.upper().replace("-", "_"): code for code in (*Cause, *SUPPRESSED)})  # type: ignore[misc]


@dataclass(frozen=True)
class Selection:
    """The deliveries that a list shows; None is no condition. `recipient` is an address, or @ and a name of no user."""

    state: State | None = None
    kind: Kind | None = None
    recipient: str | None = None
    cause: str | None = None


@dataclass(frozen=True)
class Entry:
    """A delivery without its text, as the log shows it.

    `cause` is the code of the last failure or the reason of the suppression; `ended_at` is None while the delivery is open.
    """

    delivery: Delivery
    kind: Kind
    accepted_at: datetime
    ended_at: datetime | None = None
    cause: str | None = None

    @property
    def explanation(self) -> Explanation | None:
        """Why the mail is not sent, or not yet, and what helps."""
        failure = self.delivery.failure
        if failure is not None:
            return Explanation(failure.cause, failure.remedy)
        return SUPPRESSED.get(self.delivery.reason or "")

    @property
    def server_response(self) -> str | None:
        """The mail server's last words about this mail, as far as they are known."""
        delivery, failure = self.delivery, self.delivery.failure
        if delivery.response is not None or failure is None or failure.smtp_code is None:
            return delivery.response
        return f"{failure.smtp_code} {failure.smtp_text or ''}".rstrip()


@dataclass(frozen=True)
class Retention:
    """How long the log keeps a mail: after its end, and after it was accepted while an answer or a repetition may come."""

    log: timedelta
    answers: timedelta
    keys: timedelta = timedelta(days=KEY_DAYS)

    @classmethod
    def of_days(cls, log: int, intents: int) -> Retention:
        """Return the retention for `mail_log_days` and `intent_days`."""
        return cls(timedelta(days=log), timedelta(days=intents) + LATE_READING)


def check_retry(entry: Entry, *, suppressed_now: str | None) -> None:
    """Raise Conflict unless the mail can be tried again.

    `suppressed_now` is the reason for which a new mail of this kind to this recipient would be suppressed at present.
    """
    state = entry.delivery.state
    if state is State.SENT:
        raise Conflict(
            "The mail was sent: a mail server has accepted it.", "Look for it on that server, or send a new notification."
        )
    if state is State.BOUNCED:
        raise Conflict(
            "The mail was sent, and came back.", "Remove the cause that the mail's failure names, then send a new notification."
        )
    if state in (State.ACCEPTED, State.QUEUED, State.SENDING):
        raise Conflict("The mail is on its way already.", "Wait for the end of the attempt, then look at it again.")
    if suppressed_now is not None:
        why = SUPPRESSED[suppressed_now]
        raise Conflict(f"The mail would be suppressed again. {why.cause}", why.remedy)


def refuse_cancel(state: State) -> Conflict:
    """Return the error of a cancellation that comes too late."""
    if state is State.SENT:
        return Conflict("The mail was sent: a mail server has accepted it.", "A mail that has left cannot be called back.")
    if state is State.SENDING:
        return Conflict(
            "The mail is being sent at this moment.", "Look at it again in a minute: if it was not sent, cancel it then."
        )
    return Conflict(f"The mail is {state} already; nothing is left to cancel.", "Leave it as it is.")
