# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of the service: ok, degraded or failing, with the reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from catalog_mail.domain.errors import CatalogMailError, StorageFailed
from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.notifications.retry import concerns_all
from catalog_mail.domain.replies.problems import ReplyProblem
from catalog_mail.domain.settings.expiry import Expiry

# A delivery that is due for longer than this waits too long.
OVERDUE = timedelta(minutes=10)
# Messages sent within this time show that the mail server works.
_LATELY = timedelta(minutes=5)
# An expiry within this time is reported.
_EXPIRY_NOTICE = timedelta(days=30)
# Recipients whose mail came back within this time are reported.
BOUNCES_NAMED = timedelta(days=7)
_MOST_NAMED = 3
# A disk is nearly full with less free than a tenth, or than this number of bytes if that is less.
_LEAST_FREE = 1 << 30
# Hosts that a reason names.
_HOSTS_NAMED = 5


class Status(StrEnum):
    """`degraded`: notifications are accepted, but something needs an administrator. `failing`: they are not, or not sent."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


class About(StrEnum):
    """The part of the service that a reason is about."""

    STORAGE = "storage"
    QUEUE = "queue"
    SETTINGS = "settings"
    SENDING = "sending"
    REPLIES = "replies"
    CREDENTIALS = "credentials"
    DISK = "disk"
    DRIFT = "drift"


@dataclass(frozen=True)
class Reason:
    """A reason why the status is not ok. `cause` and `remedy` are sentences without a secret.

    `field` is the setting to check, `count` the number of messages or hosts concerned, both if any. `fails`: the status is
    failing. `ends_at` is when a credential expires.
    """

    about: About
    code: str
    cause: str
    remedy: str
    field: str | None = None
    count: int | None = None
    fails: bool = False
    ends_at: datetime | None = None

    @property
    def sentence(self) -> str:
        """Return cause and remedy as one text."""
        return f"{self.cause} {self.remedy}"


@dataclass(frozen=True)
class Report:
    """The health at one moment.

    `ready`: a notification would be accepted now. `retry_after`: seconds until another attempt makes sense, when it would not.
    `last_good_poll_age` is in seconds; None without a poll, or with replies off.
    """

    ready: bool
    configured: bool
    reasons: tuple[Reason, ...] = ()
    last_good_poll_age: float | None = None
    retry_after: int | None = None

    @property
    def status(self) -> Status:
        """Return the status that the reasons amount to."""
        if not self.ready or any(reason.fails for reason in self.reasons):
            return Status.FAILING
        return Status.DEGRADED if self.reasons else Status.OK


@dataclass(frozen=True)
class FailedAttempt:
    """The last attempt of a delivery that waits for its next one; `at` is None while the next one is being made."""

    failure: Failure
    at: datetime | None


@dataclass(frozen=True)
class OpenDeliveries:
    """The deliveries that are not final, as far as they show trouble.

    `failed` are some of those whose last attempt failed; `retrying` counts the deliveries that wait for another attempt, up to
    a limit. `last_sent` is when a message was sent last. `due` is since when the delivery that has waited longest is due.
    """

    failed: Sequence[FailedAttempt] = ()
    retrying: int = 0
    last_sent: datetime | None = None
    due: datetime | None = None


@dataclass(frozen=True)
class DiskSpace:
    """Bytes of the disk that holds a folder."""

    folder: str
    free: int
    total: int


def storage_reason(error: StorageFailed) -> Reason:
    """Return the reason for storage that fails."""
    return Reason(About.STORAGE, error.code, error.cause, error.remedy, fails=True)


def queue_reason() -> Reason:
    """Return the reason for a queue that does not run."""
    return Reason(
        About.QUEUE,
        "queue-not-running",
        "The queue is not running: accepted messages are stored, but not sent.",
        "systemd restarts a service that hangs for longer than WatchdogSec; the service's journal names the error.",
        fails=True,
    )


def settings_reason(error: CatalogMailError) -> Reason:
    """Return the reason for settings that are not complete enough to send or to receive."""
    return Reason(About.SETTINGS, error.code, error.cause, error.remedy, error.field)


def sending_reasons(found: OpenDeliveries, now: datetime) -> Iterator[Reason]:
    """Yield a reason for each cause that stops all messages, or one for messages that wait though they are due."""
    failures = [attempt.failure for attempt in found.failed if _still_fails(attempt, found.last_sent, now)]
    causes = Counter((failure.code, failure.field) for failure in failures)
    examples = {(failure.code, failure.field): failure for failure in failures}
    for (code, field), count in causes.items():
        failure = examples[code, field]
        waiting = max(found.retrying, count) if len(causes) == 1 else count
        cause = f"Messages wait because each attempt to send fails: {failure.cause}{_said(failure)}"
        yield Reason(About.SENDING, code.value, cause, failure.remedy, field, waiting)
    if not causes and found.due is not None and now - found.due > OVERDUE:
        yield Reason(
            About.SENDING,
            "deliveries-overdue",
            f"A message has been due since {found.due:%Y-%m-%d %H:%M} UTC and is not sent yet.",
            "If many messages were accepted at once, they take their time; else the service's journal names the error.",
        )


def _still_fails(attempt: FailedAttempt, last_sent: datetime | None, now: datetime) -> bool:
    """Return whether the failure concerns all messages, and nothing was sent since."""
    if not concerns_all(attempt.failure):
        return False
    if last_sent is None:
        return True
    return last_sent < attempt.at if attempt.at is not None else now - last_sent > _LATELY


def _said(failure: Failure) -> str:
    """Return the server's words, unless the cause has them."""
    if not failure.smtp_text or failure.smtp_text in failure.cause:
        return ""
    return f' The server said: "{failure.smtp_code or ""} {failure.smtp_text}".'.replace('" ', '"')


def reply_reasons(problems: Iterable[ReplyProblem]) -> Iterator[Reason]:
    """Yield the reasons for problems with receiving replies."""
    for found in problems:
        yield Reason(About.REPLIES, found.code, found.cause, found.remedy, found.field, found.count)


def credential_reasons(found: Iterable[Expiry], now: datetime) -> Iterator[Reason]:
    """Yield a reason for each credential that has expired or is about to."""
    for expiry in found:
        name = f"The {expiry.credential.replace('_', ' ')} of {expiry.use}.microsoft"
        field = f"{expiry.use}.microsoft.{expiry.credential}"
        remedy = "Make a new one (the playbook rotate_secret does so for a client secret), and save the settings with it."
        if expiry.at <= now:
            cause = f"{name} expired on {expiry.at:%Y-%m-%d}."
            yield Reason(About.CREDENTIALS, "credential-expired", cause, remedy, field, ends_at=expiry.at)
        elif expiry.at - now <= _EXPIRY_NOTICE:
            cause = f"{name} expires on {expiry.at:%Y-%m-%d}."
            yield Reason(About.CREDENTIALS, "credential-expires-soon", cause, remedy, field, ends_at=expiry.at)


def bounce_reason(recipients: Sequence[str]) -> Reason | None:
    """Return the reason for recipients whose mail comes back for good; None without one.

    Everybody who reaches the service may read the health, so only the first letter of a mailbox is shown.
    """
    if not recipients:
        return None
    shown = ", ".join(f"{address[:1]}***@{address.rpartition('@')[2]}" for address in recipients[:_MOST_NAMED])
    more = f" and {len(recipients) - _MOST_NAMED} more" if len(recipients) > _MOST_NAMED else ""
    return Reason(
        About.SENDING,
        "recipients-bounce",
        f"The e-mails of the last week to {shown}{more} came back: these recipients cannot get any.",
        "List them ('catalog-mail mail list --state bounced' has the servers' words), and correct their addresses in the catalog "
        "or make the users inactive.",
        count=len(recipients),
    )


def disk_reason(space: DiskSpace | None) -> Reason | None:
    """Return the reason for a disk that is nearly full; None otherwise."""
    if space is None or space.free >= min(space.total // 10, _LEAST_FREE):
        return None
    return Reason(
        About.DISK,
        "disk-nearly-full",
        f"The disk of {space.folder} has only {space.free // (1 << 20)} MiB left of {space.total // (1 << 20)} MiB.",
        "Free space or enlarge the disk, before nothing can be stored.",
    )


def drift_reason(changes: Mapping[str, int]) -> Reason | None:
    """Return the reason for hosts whose drift is left to correct, with the numbers of changes by host; None without one."""
    if not changes:
        return None
    names = ", ".join(sorted(changes)[:_HOSTS_NAMED]) + (", ..." if len(changes) > _HOSTS_NAMED else "")
    return Reason(
        About.DRIFT,
        "drift-found",
        f"{len(changes)} hosts differ from their playbook in {sum(changes.values())} places: {names}.",
        "Look at the report (GET /api/v1/drift-reports), and run the playbook to correct them.",
        count=len(changes),
    )
