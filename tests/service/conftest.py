"""Fixtures of the service's tests: the real service, a mail server that keeps what it takes, PostgreSQL."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.service import postgres
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.smtp_sink import MailSink

_numbers = itertools.count(1)


@pytest.fixture
def sink() -> Iterator[MailSink]:
    """An SMTP server that takes everything."""
    with MailSink() as running:
        yield running


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> RunningService:
    """Key, SQLite database and tokens, made once: each service on SQLite begins with a copy of them."""
    service = RunningService(tmp_path_factory.mktemp("prepared"))
    service.prepare()
    return service


@pytest.fixture
def make_service(tmp_path: Path, prepared: RunningService) -> Iterator[Callable[..., RunningService]]:
    """Make services with keyword arguments for their configuration files; they are ready, and killed at the end."""
    made: list[RunningService] = []

    def make(*, start: bool = True, **settings: Any) -> RunningService:
        folder = tmp_path / f"node{len(made) + 1}"
        folder.mkdir()
        service = RunningService(folder, settings)
        made.append(service)
        if start:
            if "database_url" in settings:
                service.prepare()
            else:
                service.adopt(prepared)
            service.start()
        return service

    yield make
    for service in made:
        if service.process and service.process.poll() is None:
            service.kill()


@pytest.fixture
def service(make_service: Callable[..., RunningService]) -> RunningService:
    """One service with SQLite, ready, without settings."""
    return make_service()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, without a database."""
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """The URL of a new, empty PostgreSQL database."""
    return postgres.create_database(postgresql_server, f"catalog{next(_numbers)}")


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """An IMAP server for all tests; each adds a user of its own (`add_user`)."""
    with Dovecot() as running:
        yield running


@pytest.fixture
def make_dovecot() -> Iterator[Callable[..., Dovecot]]:
    """Make IMAP servers of a test's own, to be stopped or without some capability; they run."""
    with contextlib.ExitStack() as made:
        yield lambda **options: made.enter_context(Dovecot(**options))
