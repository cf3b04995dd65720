# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log changes while a process sends, and what an upgrade makes of earlier deliveries, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.leases import DatabaseLeases
from catalog_mail.adapters.database.mail_log import DatabaseMailLog
from catalog_mail.adapters.database.migrate import _config, migrate
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications import outcome
from catalog_mail.domain.notifications.mail_log import Selection
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.ports.catalog import Notice
from catalog_mail.ports.pages import PageRequest
from sqlalchemy import Engine, text

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = outcome.retrying(Failure(Cause.TIMED_OUT, "It took too long.", "Wait.", temporary=True), NOW, NOW + timedelta(hours=1))


@pytest.fixture
def accepted(engine: Engine) -> Delivery:
    """Store a delivery; return it."""
    notification = Notification(new_id(), Kind.MESSAGE, NOW, "test")
    delivery = Delivery(new_id(), notification.id, Recipient("Jane@corp.test"), State.ACCEPTED)
    DatabaseNotifications(engine).add([Notice(notification, [delivery])])
    return delivery


def attempt(delivery: Delivery) -> Delivery:
    return replace(delivery, attempts=delivery.attempts + 1, message=b"x", message_id="<x@x>", subject="A subject")


def test_a_cancelled_delivery_is_not_begun(engine: Engine, accepted: Delivery) -> None:
    store, log, batch = DatabaseDeliveries(engine), DatabaseMailLog(engine), new_id()
    DatabaseLeases(engine).claim(batch, node="n", at=NOW, limit=1)
    ((held, _notification),) = store.held(batch)
    assert log.cancel([accepted.id], NOW) == 1
    assert not store.begin(batch, attempt(held))
    store.finish(attempt(held), LATER)  # of a worker that has not noticed
    assert (log.entry(accepted.id).delivery.state, log.entry(accepted.id).cause) == (State.SUPPRESSED, "cancelled")
    assert log.retry([accepted.id], NOW) == 1
    assert not store.begin(batch, attempt(held)), "the delivery belongs to no batch any more"
    assert DatabaseLeases(engine).claim(new_id(), node="n", at=NOW, limit=1).deliveries == 1


def test_only_what_may_change_is_changed(engine: Engine, accepted: Delivery) -> None:
    store, log, batch = DatabaseDeliveries(engine), DatabaseMailLog(engine), new_id()
    assert log.retry([accepted.id], NOW) == 0
    DatabaseLeases(engine).claim(batch, node="n", at=NOW, limit=1)
    assert log.retry([accepted.id], NOW) == 0
    ((held, _notification),) = store.held(batch)
    assert store.begin(batch, attempt(held))
    assert log.retry([accepted.id], NOW) == log.cancel([accepted.id], NOW) == 0
    store.finish(attempt(held), LATER)
    waiting = log.entry(accepted.id)
    assert (waiting.cause, waiting.ended_at, waiting.delivery.subject) == ("timed-out", None, "A subject")
    assert waiting.delivery.message is None, "no list reads the text"
    assert log.retry([accepted.id], NOW) == 1
    store.finish(attempt(held), outcome.sent("250 Ok", NOW))
    assert log.retry([accepted.id], NOW) == log.cancel([accepted.id], NOW) == 0
    assert log.entry(accepted.id).ended_at == NOW


def test_a_delivery_that_ended_is_tried_for_the_whole_time_again(engine: Engine, accepted: Delivery) -> None:
    store, log, batch = DatabaseDeliveries(engine), DatabaseMailLog(engine), new_id()
    DatabaseLeases(engine).claim(batch, node="n", at=NOW, limit=1)
    last = replace(attempt(accepted), waited=72 * 3600.0)
    assert store.begin(batch, attempt(accepted))
    failure = LATER.failure
    assert failure
    store.finish(last, outcome.failed(failure, NOW))
    assert log.entry(accepted.id).delivery.waited == 72 * 3600.0
    assert log.retry([accepted.id], NOW) == 1
    again = log.entry(accepted.id)
    assert (again.delivery.waited, again.delivery.attempts, again.cause) == (0, 1, "timed-out")


NOTIFICATION = """
INSERT INTO notifications (id, kind, created_at, created_by, data)
VALUES (:id, :kind, '2026-03-01 12:00:00', 'test', '{"subject": "A subject", "text": "A text"}')
"""
DELIVERY = """
INSERT INTO deliveries
    (id, notification_id, number, address, display_name, state, accepted_at, attempts, failure, reason, sent_at, handle)
VALUES (:id, :of, 0, 'Jane@corp.test', '', :state, '2026-03-01 12:00:00', 0, :failure, :reason, :sent_at, NULL)
"""
FAILURE = '{"code": "timed-out", "cause": "It took too long.", "remedy": "Wait.", "temporary": true}'
ROWS = {
    "sent": (None, None, "2026-03-01 12:05:00"), "failed": (FAILURE, None, None), "suppressed": (None, "inactive", None),
    "accepted": (None, None, None), "retrying": (FAILURE, None, None),
}  # fmt: skip


def test_an_upgrade_lists_what_is_there(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        for key, kind in (("n1", "message"), ("n2", "mention")):
            connection.execute(text(NOTIFICATION), {"id": key, "kind": kind})
        for state, (failure, reason, sent_at) in ROWS.items():
            values = {"id": state, "of": "n1", "state": state, "failure": failure, "reason": reason, "sent_at": sent_at}
            connection.execute(text(DELIVERY), values)
        values = {"id": "mention", "of": "n2", "state": "sent", "failure": None, "reason": None, "sent_at": None}
        connection.execute(text(DELIVERY), values)
    migrate(engine)
    found = {entry.delivery.id: entry for entry in DatabaseMailLog(engine).page(Selection(), PageRequest()).items}
    assert {key: entry.cause for key, entry in found.items()} == {
        "sent": None, "failed": "timed-out", "suppressed": "inactive", "accepted": None, "retrying": "timed-out", "mention": None,
    }  # fmt: skip
    assert [key for key, entry in found.items() if entry.ended_at is None] == ["retrying", "accepted"]
    assert found["sent"].ended_at == NOW + timedelta(minutes=5) and found["failed"].ended_at == NOW
    assert (found["mention"].kind, found["mention"].delivery.subject) == (Kind.MENTION, None)
    assert (found["sent"].kind, found["sent"].delivery.subject) == (Kind.MESSAGE, "A subject")
    assert len(DatabaseMailLog(engine).page(Selection(recipient="JANE@corp.test"), PageRequest()).items) == 6
    engine.dispose()
