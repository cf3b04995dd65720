# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulator and one service for all tests; each test begins with neither registration nor settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator.running import Running
from helpers.rotation import Registered, World
from helpers.service.forked_services import forked_services
from helpers.service.process import RunningService


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, RunningService]]:
    with forked_services(), Running(tmp_path_factory.mktemp("entra")) as emulator:
        access = {"authority_url": emulator.url, "graph_url": emulator.url, "ca_file": str(emulator.ca_file)}
        service = RunningService(tmp_path_factory.mktemp("service"), {"microsoft": access})
        service.prepare()
        service.start()
        yield emulator, service
        service.kill()


@pytest.fixture
def world(shared: tuple[Running, RunningService], tmp_path: Path) -> World:
    made = World(*shared, tmp_path, {})
    made.begin()
    return made


@pytest.fixture(scope="session")
def first_run(shared: tuple[Running, RunningService], tmp_path_factory: pytest.TempPathFactory) -> Registered:
    """Run the role for the first time; it takes longer than to restore what it has made for each test."""
    made = World(*shared, tmp_path_factory.mktemp("first"), {})
    made.begin()
    run = made.whole()
    assert run.failed == 0, run.output
    return made.keep(tmp_path_factory.mktemp("registered") / "state")


@pytest.fixture
def registered(shared: tuple[Running, RunningService], first_run: Registered, tmp_path: Path) -> World:
    """Return the environment after a first run of the role."""
    made = World(*shared, tmp_path, {})
    made.restore(first_run)
    return made
