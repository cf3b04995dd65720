# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the emulator as a process; an automation that has every permission."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator.running import Running
from helpers.modules.graph_modules import AUTOMATION, HOST, Modules

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("entra")) as running:
        for name in ("noreply", "replies"):
            running.user(name)
        yield running
    HOST.stop()


@pytest.fixture(autouse=True)
def _as_new(entra: Running) -> Iterator[None]:
    """Reset faults, clock and log before each test."""
    entra.forget_requests()
    yield
    entra.clear_faults()
    entra.advance(-entra.state()["offset"])


@pytest.fixture(scope="session")
def automation(entra: Running) -> dict[str, Any]:
    return entra.application("automation", roles=AUTOMATION)


@pytest.fixture
def modules(entra: Running, automation: dict[str, Any]) -> Modules:
    return Modules(entra, automation)


@pytest.fixture
def name() -> str:
    """Return a unique name."""
    return f"catalog-{next(_numbers)}"


@pytest.fixture
def app(modules: Modules, name: str) -> dict[str, Any]:
    """Return a registration with a service principal, as entra_app creates it; seeded, to save time."""
    made = modules.emulator.application(name, unique_name=name, secret=False)
    return {**made, "unique_name": name}


@pytest.fixture
def automation_with(entra: Running) -> Callable[..., Modules]:
    """Return the modules with an automation that has only these roles."""
    return lambda *roles: Modules(entra, entra.application(f"automation {next(_numbers)}", roles=roles))
