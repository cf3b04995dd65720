# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the service's tests: the real service, a mail server that stores received messages, PostgreSQL."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.service import postgres
from helpers.service.alation import Alation, AlationBase
from helpers.service.dovecot import Dovecot
from helpers.service.forked_services import forked_services
from helpers.service.process import RunningService
from helpers.service.smtp_sink import MailSink
from hypothesis import settings

_numbers = itertools.count(1)
# No property is bound to the clock.
settings.register_profile("service", deadline=None)
settings.load_profile("service")


@pytest.fixture(scope="session", autouse=True)
def _forked_services() -> Iterator[None]:
    with forked_services():
        yield


@pytest.fixture
def sink() -> Iterator[MailSink]:
    """Run an SMTP server that accepts everything."""
    with MailSink() as running:
        yield running


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> RunningService:
    """Create key, SQLite database and tokens once; each service on SQLite starts with a copy."""
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
    """Return a ready service with SQLite, without settings."""
    return make_service()


@pytest.fixture(scope="session")
def alation_base(tmp_path_factory: pytest.TempPathFactory) -> AlationBase:
    """Return the files that the stand-ins for Alation share."""
    return AlationBase(tmp_path_factory.mktemp("alation"))


@pytest.fixture
def make_alation(alation_base: AlationBase, tmp_path: Path) -> Callable[..., Alation]:
    """Make a stand-in for Alation that behaves in the given modes; one a test."""
    return lambda **modes: alation_base.make(tmp_path / "chroot", **modes)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Return the URL of a PostgreSQL server for these tests, without a database."""
    with postgres.server() as running:
        yield running.url


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """Return the URL of a new, empty PostgreSQL database."""
    return postgres.create_database(postgresql_server, f"catalog{next(_numbers)}")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database of either kind, in SQLAlchemy's form."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog-mail.db'}"
    address: str = request.getfixturevalue("postgresql")
    return address.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Run an IMAP server for all tests; each test adds its own user (`add_user`)."""
    with Dovecot() as running:
        yield running


@pytest.fixture
def make_dovecot() -> Iterator[Callable[..., Dovecot]]:
    """Make running IMAP servers for a single test, which may stop them or disable a capability."""
    with contextlib.ExitStack() as made:
        yield lambda **options: made.enter_context(Dovecot(**options))
