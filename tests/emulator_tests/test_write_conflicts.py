# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quick successive writes to one application are refused, as Entra refuses them now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator.running import Running
from helpers.graph_requests import create, error
from requests import Response

Graph = Callable[..., Response]
SECONDS = 1.0
CONFLICT = (409, "Directory_ConcurrencyViolation")


@pytest.fixture(autouse=True)
def _conflicts(entra: Running) -> Iterator[None]:
    entra.options(write_conflict_seconds=SECONDS)
    yield
    entra.options(write_conflict_seconds=0)


def test_a_second_write_is_refused_and_has_no_effect(graph: Graph, application: dict[str, Any]) -> None:
    path = f"/v1.0/applications/{application['id']}"
    assert graph("POST", f"{path}/addPassword", {}).status_code == 200
    for method, where, body in (
        ("PATCH", path, {"displayName": "x"}), ("POST", f"{path}/addPassword", {}), ("DELETE", path, None),
    ):  # fmt: skip
        assert error(graph(method, where, body))[:2] == CONFLICT
    present = graph("GET", path).json()
    assert (present["displayName"], len(present["passwordCredentials"])) == (application["displayName"], 1)
    time.sleep(SECONDS)
    assert graph("PATCH", path, {"displayName": "x"}).status_code == 204


def test_writes_to_several_objects_do_not_meet(graph: Graph, application: dict[str, Any]) -> None:
    paths = [f"/v1.0/applications/{one['id']}" for one in (application, create(graph, "another").json())]
    for path in paths:
        assert graph("PATCH", path, {"displayName": "x"}).status_code == 204


def test_an_upsert_meets_a_write(graph: Graph, unique: str) -> None:
    path = f"/v1.0/applications(uniqueName='{unique}')"
    made = graph("PATCH", path, {"displayName": "x"}, headers={"Prefer": "create-if-missing"})
    assert made.status_code == 201
    assert graph("PATCH", path, {"displayName": "y"}).status_code == 204
    assert error(graph("PATCH", path, {"displayName": "z"}))[:2] == CONFLICT
