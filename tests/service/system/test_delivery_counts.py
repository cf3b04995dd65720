# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of deliveries by state are those of the rows, after any changes, rollbacks and kills, on both databases."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from catalog_mail.adapters.database import delivery_counts, tables
from catalog_mail.adapters.database.bounces import DatabaseBounces
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.leases import DatabaseLeases
from catalog_mail.adapters.database.migrate import _config, migrate
from catalog_mail.adapters.database.notifications import DatabaseNotifications, insert_notification
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications import outcome
from catalog_mail.domain.notifications.notification import FINAL, Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.notifications.outcome import Outcome
from catalog_mail.domain.replies.bounced import BounceReport
from catalog_mail.ports.catalog import Notice
from helpers.service import postgres
from helpers.service.process import SOURCE
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, delete, func, select, text, update

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAILURE = Failure(Cause.TIMED_OUT, "It took too long.", "Wait.", temporary=True)
OUTCOMES = [
    outcome.sent("250 Ok", NOW),
    outcome.failed(FAILURE, NOW),
    outcome.suppressed("unsubscribed", NOW),
    outcome.retrying(FAILURE, NOW, NOW + timedelta(seconds=5)),
]
NODE = "node1"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Return a migrated database; the tests add to what is in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('counts') / 'x.db'}"
    if request.param == "postgresql":
        url = postgres.create_database(request.getfixturevalue("postgresql_server"), "counts")
    made = make_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    migrate(made)
    yield made
    made.dispose()


def counted(engine: Engine) -> Mapping[State, int]:
    """Return the numbers as COUNT finds them."""
    query = select(tables.deliveries.c.state, func.count()).group_by(tables.deliveries.c.state)
    with engine.connect() as connection:
        return {State(state): number for state, number in connection.execute(query)}


def make(states: list[State]) -> tuple[Notification, list[Delivery]]:
    notification = Notification(new_id(), Kind.MESSAGE, NOW, "test")
    return notification, [Delivery(new_id(), notification.id, Recipient("a@corp.test"), state) for state in states]


class _Killed(Exception):
    pass


class Work:
    """The changes that the service makes, on whatever the database holds; each may find nothing to do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = DatabaseDeliveries(engine)
        self._leases = DatabaseLeases(engine)
        self._batch = new_id()
        self._message_id = ""

    def accept(self) -> None:
        DatabaseNotifications(self._engine).add([Notice(*make([State.ACCEPTED, State.SUPPRESSED, State.ACCEPTED]))])

    def claim(self) -> None:
        self._batch = new_id()
        self._leases.claim(self._batch, node=NODE, at=NOW + timedelta(days=1), limit=3)

    def begin(self) -> None:
        for delivery, _notification in self._store.held(self._batch)[:1]:
            self._message_id = f"<{delivery.id}@corp.test>"
            began = replace(delivery, attempts=delivery.attempts + 1, message=b"x", message_id=self._message_id)
            self._store.begin(self._batch, began)

    def finish(self, found: Outcome) -> None:
        for delivery, _notification in self._store.held(self._batch)[:1]:
            self._store.finish(delivery, found)
            if found.state in FINAL:
                self._store.finish(delivery, OUTCOMES[0])  # changes nothing

    def bounce(self) -> None:
        """Record that the e-mail begun last came back; nothing changes unless it was sent."""
        DatabaseBounces(self._engine).bounced(BounceReport(None, self._message_id, "5.1.1"), NOW)

    def postpone(self) -> None:
        self._store.postpone(self._batch, OUTCOMES[-1])

    def retry(self) -> None:
        self._store.retry_now(NOW)

    def take_over(self) -> None:
        self._leases.end(self._leases.leases())

    def end_all(self) -> None:
        self._leases.end_all(NODE)

    def forget(self) -> None:
        self._store.forget_messages(ended_before=NOW + timedelta(days=1), limit=2)

    def kill(self) -> None:
        """Change every delivery, and end before the commit."""

        def change(connection: Connection) -> None:
            insert_notification(connection, *make([State.ACCEPTED]))
            connection.execute(update(tables.deliveries).values(state=State.SENT.value))
            raise _Killed

        with pytest.raises(_Killed):
            write(self._engine, change)

    def delete(self) -> None:
        """Delete deliveries, as an administrator may do by hand."""
        with self._engine.begin() as connection:
            connection.execute(delete(tables.deliveries).where(tables.deliveries.c.state == State.FAILED.value))


STEPS: dict[str, Callable[[Work], None]] = {
    **{f"finish {one.state}": (lambda work, one=one: work.finish(one)) for one in OUTCOMES},
    **{
        step.__name__: step
        for step in (Work.accept, Work.claim, Work.begin, Work.bounce, Work.postpone, Work.retry, Work.take_over, Work.end_all,
                     Work.forget, Work.kill, Work.delete)
    },
}  # fmt: skip


@settings(max_examples=25)
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=15))
def test_the_counts_are_those_of_the_rows(engine: Engine, steps: list[str]) -> None:
    work = Work(engine)
    work.accept()
    for step in steps:
        STEPS[step](work)
        assert DatabaseNotifications(engine).counts() == counted(engine), step


def test_all_states_are_reached_and_counted(engine: Engine) -> None:
    work = Work(engine)
    for found in [OUTCOMES[0], *OUTCOMES[:-1], None, OUTCOMES[-1]]:
        work.accept()
        work.claim()
        work.begin()
        if found:
            work.finish(found)
        if State.BOUNCED not in DatabaseNotifications(engine).counts():
            work.bounce()
    work.accept()
    assert set(DatabaseNotifications(engine).counts()) == set(State)
    assert DatabaseNotifications(engine).counts() == counted(engine)


def test_changes_at_the_same_time_are_all_counted(engine: Engine) -> None:
    store, before = DatabaseNotifications(engine), DatabaseNotifications(engine).counts()
    mixed = [State.ACCEPTED, State.SUPPRESSED, State.SENT, State.FAILED]

    def change(number: int) -> None:
        def several(connection: Connection) -> None:
            # In another order in each transaction: they must not wait for each other in a circle.
            for place in range(4):
                insert_notification(connection, *make([mixed[(number + place * (1 + number % 2 * 2)) % 4]]))
            if number % 5 == 0:
                raise _Killed

        try:
            write(engine, several)
        except _Killed:
            assert number % 5 == 0

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(change, range(200)))
    after = store.counts()
    assert {state: after[state] - before.get(state, 0) for state in mixed} == dict.fromkeys(mixed, 160)
    assert after == counted(engine)


WRITER = """
import sys
sys.path[:0] = sys.argv[2:]
from catalog_mail.adapters.database.engine import make_engine
from system.test_delivery_counts import Work
work = Work(make_engine(sys.argv[1]))
print("ready", flush=True)
while True:
    work.accept(), work.claim(), work.begin(), work.postpone(), work.retry()
"""


def test_a_kill_leaves_the_counts_right(engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    for _kill in range(3):
        tests = Path(__file__).parents
        words = [sys.executable, "-c", WRITER, url, str(SOURCE), str(tests[1]), str(tests[2])]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            before = sum(DatabaseNotifications(engine).counts().values())
            while sum(DatabaseNotifications(engine).counts().values()) < before + 9:
                pass
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert DatabaseNotifications(engine).counts() == counted(engine)


NOTIFICATION = """
INSERT INTO notifications (id, kind, created_at, created_by, data) VALUES ('n', 'message', '2026-03-01 12:00:00', 'test', '{}')
"""
DELIVERY = """
INSERT INTO deliveries (id, notification_id, number, address, display_name, state, accepted_at, attempts)
VALUES (:id, 'n', :number, 'a@corp.test', '', :state, '2026-03-01 12:00:00', 0)
"""


@pytest.fixture
def old(database_url: str) -> Iterator[Engine]:
    """Return a database as the version before left it, with a sent and a waiting delivery."""
    engine = make_engine(database_url)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.execute(text(NOTIFICATION))
        for number, state in enumerate(("sent", "sent", "accepted")):
            connection.execute(text(DELIVERY), {"id": f"d{number}", "number": number, "state": state})
    yield engine
    engine.dispose()


def test_an_upgrade_counts_what_is_there(old: Engine) -> None:
    migrate(old)
    assert DatabaseNotifications(old).counts() == {State.SENT: 2, State.ACCEPTED: 1}
    DatabaseLeases(old).claim(new_id(), node=NODE, at=NOW, limit=3)
    assert DatabaseNotifications(old).counts() == {State.SENT: 2, State.QUEUED: 1}
    with old.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


TAKE_ALL_BUT_ONE = "SELECT pg_advisory_xact_lock(:lock, n) FROM generate_series(0, :last) AS n WHERE n <> 7"


def test_a_transaction_takes_a_slot_of_its_own(postgresql: str) -> None:
    engine = make_engine(postgresql.replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    with engine.begin() as first:
        first.execute(text(TAKE_ALL_BUT_ONE), {"lock": delivery_counts._LOCK, "last": delivery_counts.SLOTS - 1})
        with engine.begin() as second:
            insert_notification(second, *make([State.SENT]))
            assert second.execute(select(tables.delivery_counts.c.slot)).scalars().all() == [7]
    engine.dispose()
