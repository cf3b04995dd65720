# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One service on each database for read-only tests: its start takes longer than most of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from catalog_mail.adapters.database import tables
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.domain.notifications.retry import Backoff
from emulator.running import Running
from helpers.service import postgres
from helpers.service.catalog_users import add_user
from helpers.service.graph_tenant import GraphWorld
from helpers.service.process import RunningService, started_service, through
from helpers.service.process_pool import ServicePool
from helpers.service.queue_node import QUICK, QueueNode
from helpers.service.settings_api import HUNTER2, Guard, audited
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until
from sqlalchemy import Engine

# By name; includes the two administrators and a user who has left.
USERS: dict[str, dict[str, Any]] = {
    "jane": {},
    "joe": {},
    "adam": {"server_admin": True},
    "anna": {"server_admin": True},
    "old": {"server_admin": True, "active": False},
}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def catalog_node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Run a service with USERS."""
    settings: dict[str, Any] = {"queue": {"retry_first_seconds": 1}}
    if request.param == "postgresql":
        server: str = request.getfixturevalue("postgresql_server")
        settings["database_url"] = postgres.create_database(server, "catalog_of_all")
    service = RunningService(tmp_path_factory.mktemp(request.param), settings)
    service.prepare()
    service.start()
    for name, change in USERS.items():
        add_user(service, name, **change)
    yield service
    service.stop()


@pytest.fixture
def catalog(catalog_node: RunningService, sink: MailSink) -> Iterator[RunningService]:
    """Return the same service, sending to this test's own mail server; its queue is empty at the end of the test."""
    assert catalog_node.save(through(sink.port)).status_code == 200
    yield catalog_node
    assert catalog_node.save(through(sink.port)).status_code == 200
    sink.answer = lambda _envelope: "250 2.0.0 Ok: taken"
    wait_until(
        lambda: "catalog_mail_oldest_open_seconds 0.0" in catalog_node.call("GET", "/metrics", role=None).text,
        "a message is not sent",
    )


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run an emulator of Entra and Graph for the tests of one file."""
    with Running(tmp_path_factory.mktemp("entra")) as running:
        yield running


@pytest.fixture(scope="module")
def service_pool(tmp_path_factory: pytest.TempPathFactory, prepared: RunningService) -> Iterator[ServicePool]:
    """Start services ahead, for the tests of one file."""
    made = ServicePool(tmp_path_factory.mktemp("service_pool"), prepared)
    yield made
    made.close()


@pytest.fixture
def take_service(service_pool: ServicePool) -> Iterator[Callable[..., RunningService]]:
    """Return new, ready services with keyword arguments for their configuration files; they are killed at the end."""
    taken: list[RunningService] = []

    def take(**settings: Any) -> RunningService:
        taken.append(service_pool.take(**settings))
        return taken[-1]

    yield take
    for service in taken:
        if service.process and service.process.poll() is None:
            service.kill()


@pytest.fixture
def world(emulator: Running) -> GraphWorld:
    """Return a new tenant with mailboxes and a registration."""
    found = GraphWorld(emulator)
    found.begin()
    return found


@pytest.fixture
def guard() -> Guard:
    return Guard(HUNTER2)


@pytest.fixture
def guarded(guard: Guard) -> Iterator[MailSink]:
    """Run a mail server that requires a login."""
    with MailSink(authenticator=guard, auth_required=True, auth_require_tls=False) as running:
        yield running


@pytest.fixture(scope="session")
def settings_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Run one service for the tests of the settings: its start takes longer than a request."""
    with started_service(tmp_path_factory.mktemp("settings")) as running:
        yield running


@pytest.fixture
def emptied(settings_service: RunningService) -> RunningService:
    """Return that service, with all settings and secrets reset to their defaults."""
    done = settings_service.save({"notifications": {"enabled": False}})
    assert done.status_code == 200, done.text
    assert done.json()["settings"]["notifications"]["smtp"]["host"] is None
    return settings_service


@pytest.fixture
def settings_log(emptied: RunningService) -> Callable[[], list[dict[str, Any]]]:
    """Return a function for the audit log's entries about the settings since the test began, oldest first."""
    begin = len(audited(emptied))
    return lambda: audited(emptied)[begin:]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url)
    tables.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def make_node(engine: Engine, sink: MailSink) -> Callable[..., QueueNode]:
    """Make a node that sends to the sink, or to `port`."""

    def make(*, port: int | None = None, backoff: Backoff = QUICK, **options: Any) -> QueueNode:
        return QueueNode(engine, port or sink.port, backoff=backoff, **options)

    return make
