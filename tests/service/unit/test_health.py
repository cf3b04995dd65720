# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three answers of the health check, and the reasons for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog_mail.domain import health
from catalog_mail.domain.errors import NotConfigured, StorageFailed
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.health import DiskSpace, FailedAttempt, OpenDeliveries, Reason, Report, Status
from catalog_mail.domain.replies.problems import ReplyProblem
from catalog_mail.domain.settings.expiry import Expiry
from catalog_mail.services import health as checking
from catalog_mail.services.health import Health
from catalog_mail.services.single_check import SingleCheck

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GIB = 1 << 30
LOGIN = Failure(
    Cause.LOGIN_REFUSED, "The server refuses the login.", "Correct the password.", temporary=False,
    field="notifications.smtp.password", smtp_code=535, smtp_text="5.7.8 Bad credentials",
)  # fmt: skip
REFUSED = Failure(Cause.CONNECTION_REFUSED, "Nothing listens.", "Start it.", temporary=True, field="notifications.smtp.host")
RECIPIENT = Failure(Cause.RECIPIENT_REFUSED, "No such user.", "Correct the address.", temporary=True)


def failed(*failures: Failure, at: datetime | None = NOW - MINUTE) -> list[FailedAttempt]:
    return [FailedAttempt(failure, at) for failure in failures]


def sending(**found: Any) -> list[Reason]:
    return list(health.sending_reasons(OpenDeliveries(**found), NOW))


def test_a_login_that_is_refused_is_named_with_its_words():
    (reason,) = sending(failed=failed(LOGIN, LOGIN, RECIPIENT), retrying=8000)
    assert (reason.code, reason.field, reason.count) == ("login-refused", "notifications.smtp.password", 8000)
    assert 'The server said: "535 5.7.8 Bad credentials".' in reason.cause
    assert reason.remedy == "Correct the password."
    assert not reason.fails


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        ({}, []),
        ({"failed": failed(RECIPIENT), "retrying": 1}, []),
        ({"failed": failed(LOGIN), "last_sent": NOW}, []),  # it works again; the delivery only waits for its turn
        ({"failed": failed(LOGIN), "last_sent": NOW - 2 * MINUTE}, ["login-refused"]),
        ({"failed": failed(LOGIN, at=None), "last_sent": NOW - 2 * MINUTE}, []),
        ({"failed": failed(LOGIN, at=None), "last_sent": NOW - 6 * MINUTE}, ["login-refused"]),
        ({"failed": failed(LOGIN, at=None)}, ["login-refused"]),
        ({"failed": failed(LOGIN, REFUSED)}, ["login-refused", "connection-refused"]),
        ({"due": NOW - 9 * MINUTE}, []),
        ({"due": NOW - 11 * MINUTE}, ["deliveries-overdue"]),
        ({"due": NOW + timedelta(days=2)}, []),
        ({"due": NOW - 11 * MINUTE, "failed": failed(REFUSED)}, ["connection-refused"]),
    ],
)
def test_which_deliveries_are_a_reason(found: dict[str, Any], codes: list[str]):
    assert [reason.code for reason in sending(**found)] == codes


@pytest.mark.parametrize(
    ("days", "code"), [(-1, "credential-expired"), (29, "credential-expires-soon"), (31, None), (400, None)]
)
def test_credentials(days: int, code: str | None):
    found = list(health.credential_reasons([Expiry("notifications", "client_secret", NOW + timedelta(days=days))], NOW))
    assert [(reason.code, reason.field) for reason in found] == (
        [(code, "notifications.microsoft.client_secret")] if code else []
    )


@pytest.mark.parametrize(
    ("free", "total", "told"),
    [(GIB // 2, 100 * GIB, True), (2 * GIB, 100 * GIB, False), (1 << 20, 8 << 20, False), (1 << 19, 8 << 20, True)],
)
def test_a_disk_that_is_nearly_full(free: int, total: int, *, told: bool):
    reason = health.disk_reason(DiskSpace("/var/lib/catalog-mail", free, total))
    assert (reason is not None) == told
    assert reason is None or "/var/lib/catalog-mail" in reason.cause
    assert health.disk_reason(None) is None


def test_the_status_follows_from_the_reasons():
    incomplete = health.settings_reason(NotConfigured("No sender.", "Name one.", field="notifications.from.address"))
    aside = next(health.reply_reasons([ReplyProblem("put-aside", "2 messages.", "Look.", count=2)]))
    assert (aside.about, aside.count) == ("replies", 2)
    assert Report(ready=True, configured=True).status is Status.OK
    assert Report(ready=True, configured=False, reasons=(incomplete, aside)).status is Status.DEGRADED
    assert Report(ready=True, configured=True, reasons=(health.queue_reason(),)).status is Status.FAILING
    full = health.storage_reason(StorageFailed("Full.", "Free.", code="storage-disk-full"))
    assert Report(ready=False, configured=False, reasons=(full,)).status is Status.FAILING


# -- the check itself, in any trouble


class Storage:
    """A database that fails or hangs as a test wants."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.action = action

    def try_to_store(self, _at: datetime) -> None:
        self.action()

    def bouncing(self, since: datetime) -> list[str]:
        return []

    def open_deliveries(self) -> OpenDeliveries:
        return OpenDeliveries()

    def space(self) -> DiskSpace | None:
        return None

    def alive(self) -> bool:
        return False

    def now(self) -> datetime:
        return NOW


def checked(action: Callable[[], None]) -> Report:
    part: Any = Storage(action)
    made = Health(store=part, probe=part, disk=part, worker=part, settings=part, replies=part, drift=part, clock=part)
    return asyncio.run(made.report())


def test_storage_that_fails_is_the_first_reason():
    def fail() -> None:
        raise StorageFailed("The disk is full.", "Free space.", code="storage-disk-full", retry_after=60)

    report = checked(fail)
    assert (report.status, report.ready, report.retry_after) == (Status.FAILING, False, 60)
    assert [reason.code for reason in report.reasons] == ["storage-disk-full", "queue-not-running"]


def test_an_unexpected_error_is_an_answer_too():
    report = checked(lambda: 1 / 0)
    assert (report.status, report.ready, report.reasons[0].code) == (Status.FAILING, False, "storage-failed")


def test_storage_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checking, "PATIENCE", 0.05)
    end = threading.Event()
    try:
        report = checked(lambda: end.wait() and None)
    finally:
        end.set()
    assert (report.status, report.ready, report.reasons[0].code) == (Status.FAILING, False, "storage-slow")


def test_a_flood_costs_two_checks():
    counted: list[int] = []
    begun, go = threading.Event(), threading.Event()

    def check() -> int:
        begun.set()
        go.wait()
        counted.append(1)
        return len(counted)

    single = SingleCheck(check)

    async def flood() -> list[int | None]:
        first = asyncio.create_task(single.result(60))
        await asyncio.to_thread(begun.wait)
        others = [asyncio.create_task(single.result(60)) for _ in range(500)]
        await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(first, *others)

    found = asyncio.run(flood())
    assert found == [1] + [2] * 500
    assert asyncio.run(single.result(60)) == 3
