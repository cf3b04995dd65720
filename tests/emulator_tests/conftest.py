# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulator for all of these tests, and a tenant with an automation that has every permission."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.graph_requests import AsApplication, create
from requests import Response

ALL_RIGHTS = (
    "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Exchange", "User.Read.All",
    "Mail.Send", "Mail.ReadWrite",
)  # fmt: skip
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run the emulator as a process, with a tenant that takes quick successive writes."""
    with Running(tmp_path_factory.mktemp("entra")) as running:
        running.options(write_conflict_seconds=0)
        running.user("anna", display_name="Anna")
        yield running


@pytest.fixture(autouse=True)
def _no_faults_left(entra: Running) -> Iterator[None]:
    yield
    entra.clear_faults()


@pytest.fixture(scope="session")
def automation(entra: Running) -> dict[str, Any]:
    return entra.application("automation", roles=ALL_RIGHTS)


@pytest.fixture(scope="session")
def token(entra: Running, automation: dict[str, Any]) -> str:
    return entra.token(automation)


@pytest.fixture
def graph(entra: Running, token: str) -> Callable[..., Response]:
    """Call Graph as the automation: graph(method, path, body)."""
    return lambda method, path, body=None, **options: entra.graph(token, method, path, body, **options)


@pytest.fixture
def graph_with(entra: Running) -> Callable[..., AsApplication]:
    """Call Graph as an application with only these roles: graph_with(*roles)."""

    def made(*roles: str, **given: Any) -> AsApplication:
        return AsApplication(entra, entra.application(f"with {' '.join(roles)} {next(_numbers)}", roles=roles, **given))

    return made


@pytest.fixture
def mailbox(entra: Running) -> str:
    """Return the address of a new, empty mailbox."""
    name = f"box{next(_numbers)}"
    entra.user(name)
    return f"{name}@{DOMAIN}"


@pytest.fixture
def application(graph: Callable[..., Response]) -> dict[str, Any]:
    """Return a new application."""
    made: dict[str, Any] = create(graph, f"app {next(_numbers)}").json()
    return made


@pytest.fixture
def principal(graph: Callable[..., Response], application: dict[str, Any]) -> dict[str, Any]:
    """Return the service principal of a new application."""
    made: dict[str, Any] = graph("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]}).json()
    return made


@pytest.fixture
def unique() -> str:
    return f"unique-{next(_numbers)}"
