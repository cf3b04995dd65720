# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage that fails for a while and works again loses no accepted message, and needs no restart."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from catalog_mail.adapters.database import tables
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.errors import StorageFailed
from helpers.service.notification_client import NotificationPoster, delivery_of
from helpers.service.outages import (
    PostgresStorage,
    Storage,
    UnwritableFiles,
    connection_to,
    postgres_on_small_disk,
    storage_of,
)
from helpers.service.postgres import PostgreSQL
from helpers.service.process import RunningService, through
from helpers.service.small_disk import SmallDisk
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until
from sqlalchemy import insert, text

CONCURRENCY = 4
# A lock is held longer than the service waits for one.
SECONDS = {"full": 6, "read-only": 6, "locked": 40, "away": 6}


@pytest.fixture(scope="module")
def postgres_disk() -> Iterator[tuple[PostgreSQL, SmallDisk]]:
    with postgres_on_small_disk() as made:
        yield made


@pytest.fixture
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "postgresql":
        yield PostgresStorage(*request.getfixturevalue("postgres_disk"), request.node.callspec.params["outage"])
    elif request.param == "unwritable":
        folder = tmp_path / "files"
        folder.mkdir()
        yield UnwritableFiles(folder)
    else:
        with storage_of("sqlite", tmp_path) as made:
            yield made


def states(storage: Storage) -> dict[str, int]:
    with connection_to(storage) as connection:
        found = connection.execute(text("SELECT state, count(*) FROM deliveries GROUP BY state"))
        return {str(state): int(count) for state, count in found}


def slow(_envelope: object) -> str:
    time.sleep(0.02)
    return "250 2.0.0 Ok: taken"


@pytest.mark.parametrize(
    ("storage", "outage"),
    [
        ("sqlite", "full"),
        ("sqlite", "locked"),
        ("unwritable", "read-only"),
        ("postgresql", "full"),
        ("postgresql", "read-only"),
        ("postgresql", "locked"),
        ("postgresql", "away"),
    ],
    indirect=["storage"],
)
def test_an_outage_loses_no_message(
    storage: Storage, outage: str, make_service: Callable[..., RunningService], sink: MailSink
) -> None:
    limits = {"concurrency": CONCURRENCY, "takeover_after": 5, "retry_first_seconds": 1}
    service = make_service(database_url=storage.url, queue=limits)
    assert service.save(through(sink.port)).status_code == 200
    sink.answer = slow
    with NotificationPoster(service) as poster:
        sink.wait_for(20)
        with storage.outages()[outage]():
            time.sleep(SECONDS[outage])
        sent = len(sink.taken)
        wait_until(lambda: len(sink.taken) > sent + 20, lambda: f"nothing is sent\n{service.log.read_text()[-3000:]}")
    expected = len(poster.deliveries)
    wait_until(lambda: states(storage) == {"sent": expected}, lambda: f"{states(storage)}\n{service.log.read_text()[-3000:]}")
    arrived = Counter(delivery_of(message["Message-ID"]) for message in sink.messages)
    assert set(arrived) == poster.deliveries
    assert sum(count - 1 for count in arrived.values()) <= CONCURRENCY, "only messages whose outcome could not be recorded"
    assert service.process and service.process.poll() is None, "the service went on by itself"


def test_connections_of_a_read_only_time_are_replaced(tmp_path: Path) -> None:
    storage = UnwritableFiles(tmp_path)
    engine = make_engine(storage.url)
    tables.metadata.create_all(engine)
    row = {"address": "a@corp.test", "kind": "mention", "at": datetime(2026, 3, 1, tzinfo=UTC)}
    with engine.connect() as other_process:  # keeps SQLite's log in place
        other_process.exec_driver_sql("SELECT 1")
        pooled = make_engine(storage.url)
        with storage.outages()["read-only"](), pytest.raises(StorageFailed):
            write(pooled, lambda connection: connection.execute(insert(tables.opt_outs).values(row)))
    write(pooled, lambda connection: connection.execute(insert(tables.opt_outs).values(row)))
    pooled.dispose()
    engine.dispose()
