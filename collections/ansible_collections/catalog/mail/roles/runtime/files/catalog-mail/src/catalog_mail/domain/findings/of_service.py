# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make findings from what the service knows: reasons of its health, failures of its servers, counts of its replies.

Each has the words of the reason or failure that it is made from; the catalogue adds severity and how to look by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from catalog_mail.domain.errors import CatalogMailError, StorageFailed
from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.health import Reason
from catalog_mail.domain.replies.mailbox import Disposition
from catalog_mail.domain.replies.reply import Reason as ReplyReason
from catalog_mail.from_collection._diagnosis.catalogue import BY_ID
from catalog_mail.from_collection._diagnosis.finding import SERVICE, Finding, found

# A server's certificate that ends within this time is reported.
CERTIFICATE_NOTICE = timedelta(days=14)
# A clock that differs by more than this from a server's is wrong: tokens are accepted within five minutes.
CLOCK_TOLERANCE = timedelta(minutes=2)
# Failures of deliveries that ended within this time are reported.
LATELY = timedelta(days=1)
_STORAGE = "storage-"
_UNKNOWN = "internal-error"


def finding(
    code: str, *evidence: str, cause: str = "", remedy: str = "", field: str | None = None, count: int | None = None
) -> Finding:
    """Return the finding of the service for a code of a reason, failure or error."""
    entry_id = code if code in BY_ID else "database-failed" if code.startswith(_STORAGE) else _UNKNOWN
    return replace(found(entry_id, *evidence, cause=cause, remedy=remedy, count=count), source=SERVICE, field=field)


def of_reason(reason: Reason) -> Finding:
    """Return the finding for a reason of the health."""
    return finding(reason.code, cause=reason.cause, remedy=reason.remedy, field=reason.field, count=reason.count)


def of_failure(failure: Failure, *evidence: str, count: int | None = None) -> Finding:
    """Return the finding for a failure of a server."""
    said = f"The server said: {failure.smtp_code or ''} {failure.smtp_text}" if failure.smtp_text else ""
    return finding(
        failure.code.value, *evidence, said, cause=failure.cause, remedy=failure.remedy, field=failure.field, count=count
    )  # fmt: skip


def of_error(error: CatalogMailError | StorageFailed) -> Finding:
    """Return the finding for an error that ended a check."""
    return finding(error.code, cause=error.cause, remedy=error.remedy, field=getattr(error, "field", None))


def of_lost_messages(failures: Iterable[Failure]) -> Iterator[Finding]:
    """Yield a finding for each cause for which messages were given up lately."""
    listed = list(failures)
    counts = Counter((failure.code, failure.field) for failure in listed)
    examples = {(failure.code, failure.field): failure for failure in listed}
    for key, count in counts.items():
        yield of_failure(examples[key], f"Messages given up since yesterday for this cause: {count}", count=count)


def of_outcomes(outcomes: Mapping[tuple[Disposition, str], int]) -> Iterator[Finding]:
    """Yield a finding when users answered notifications that take no replies."""
    count = outcomes.get((Disposition.REJECTED, ReplyReason.NOT_ANSWERABLE.value), 0)
    if count:
        yield finding("not-answerable", f"Such replies so far: {count}", count=count)


def of_certificate(server: str, expires_at: datetime | None, now: datetime) -> Iterator[Finding]:
    """Yield a finding when the certificate of a server ends soon; None is a connection without TLS."""
    if expires_at is not None and expires_at - now <= CERTIFICATE_NOTICE:
        yield finding(
            "server-certificate-expires-soon", cause=f"The certificate of {server} expires on {expires_at:%Y-%m-%d %H:%M} UTC."
        )


def of_clock(server: str, its_time: datetime | None, now: datetime) -> Iterator[Finding]:
    """Yield a finding when the clock of this host differs from that of a server; None is a server that tells no time."""
    if its_time is not None and abs(now - its_time) > CLOCK_TOLERANCE:
        seconds = abs(now - its_time).total_seconds()
        direction = "ahead of" if now > its_time else "behind"
        yield finding("clock-wrong", f"This host is {seconds:.0f} seconds {direction} {server}.")


def notifications_off() -> Finding:
    """Return the finding for the switch that turns notifications off."""
    return finding("notifications-off", field="notifications.enabled")


def not_answering(address: str) -> Finding:
    """Return the finding for a service that does not answer at its own address."""
    return finding("service-not-asked", cause=f"The service catalog-mail does not answer at {address} on this host.")
