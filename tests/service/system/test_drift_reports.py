# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports about drift: who may post and read them, their form, and their pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from catalog_mail.adapters.database.drift import DatabaseDrift
from catalog_mail.api.pages import cursor
from catalog_mail.domain.drift import DriftReport
from catalog_mail.ports.pages import Position
from helpers.service.process import RunningService
from sqlalchemy import Engine

CHANGE = {
    "host": "catalog1", "role": "postfix", "thing": "/etc/postfix/main.cf", "field": "relayhost", "is": "",
    "should_be": "[mail.corp.test]:587",
}  # fmt: skip


@pytest.fixture(scope="module")
def drift_node(catalog_node: RunningService) -> RunningService:
    """Return the service, with a token of the role drift."""
    catalog_node.create_token("drift")
    return catalog_node


def report(**more: Any) -> dict[str, Any]:
    return {
        "hosts": ["catalog1", "catalog2"], "unreachable": ["catalog2"], "corrected": False, "stopped_by_limit": False,
        "changes": [CHANGE], "started_at": "2026-11-21T05:30:00Z", **more,
    }  # fmt: skip


def test_a_report_is_stored_and_listed(drift_node: RunningService) -> None:
    posted = drift_node.call("POST", "/drift-reports", report(), role="drift")
    assert posted.status_code == 201, posted.text
    newest = drift_node.call("GET", "/drift-reports?limit=1", role="viewer").json()["items"][0]
    assert newest.pop("at")
    assert newest == {**report(), "id": posted.json()["id"], "reporter": "drift"}


def test_each_role_may_do_its_own(drift_node: RunningService) -> None:
    expected = {"drift": (201, 403), "server_admin": (201, 200), "viewer": (403, 200), "catalog": (403, 403), None: (401, 401)}
    found = {
        role: (
            drift_node.call("POST", "/drift-reports", report(), role=role).status_code,
            drift_node.call("GET", "/drift-reports", role=role).status_code,
        )
        for role in expected
    }
    assert found == expected
    paths = ("/audit", "/conversations", "/users", "/replies/status", "/settings/email-server", "/events")
    assert {drift_node.call("GET", path, role="drift").status_code for path in paths} <= {403, 404}
    assert drift_node.call("POST", "/notifications", {}, role="drift").status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hosts": "catalog1"}, "hosts"),
        ({"changes": [{**CHANGE, "thing": "x" * 501}]}, "changes.0.thing"),
        ({"changes": [{**CHANGE, "more": "x"}]}, "changes.0.more"),
        ({"changes": [CHANGE] * 501}, "changes"),
        ({"changes": [{**CHANGE, "is": "\0"}]}, "changes.0.is"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"started_at": "2026-11-21T05:30:00"}, "started_at"),
        ({"started_at": "2063-02-29T13:21:42.152594Z"}, "started_at"),
        ({"started_at": "2026-11-21T24:00:00Z"}, "started_at"),
        ({"started_at": "9999-12-31T23:00:00-05:00"}, "started_at"),
        ({"corrected": "no"}, "corrected"),
    ],
)
def test_a_wrong_report_is_refused_by_its_field(drift_node: RunningService, change: dict[str, Any], field: str) -> None:
    refused = drift_node.call("POST", "/drift-reports", report(**change), role="drift")
    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert refused.json()["cause"] and refused.json()["remedy"]


def test_the_reports_are_paged_newest_first(drift_node: RunningService) -> None:
    largest = report(changes=[dict.fromkeys(CHANGE, "x" * 500)] * 500, started_at="2026-11-21T05:30:00.123456+02:00")
    small = report(hosts=["catalog3"], unreachable=[], changes=[])
    posted = [drift_node.call("POST", "/drift-reports", body, role="drift") for body in (small, small, largest, small, small)]
    newest = [answer.json()["id"] for answer in reversed(posted)]
    first = drift_node.call("GET", "/drift-reports?limit=3").json()
    second = drift_node.call("GET", f"/drift-reports?limit=2&cursor={first['next']}").json()
    assert [item["id"] for item in [*first["items"], *second["items"]]] == newest
    assert (first["limit"], first["items"][2]["changes"]) == (3, largest["changes"])
    for wrong in ("x", cursor(Position(datetime.now(UTC), "x"))):
        assert drift_node.call("GET", f"/drift-reports?cursor={wrong}").json()["field"] == "query.cursor"


def test_only_the_newest_reports_are_kept(engine: Engine) -> None:
    store, now = DatabaseDrift(engine, kept=3), datetime.now(UTC)
    numbers = [store.add(DriftReport([], [], False, False, [], now), reporter="drift", at=now) for _report in range(5)]
    assert [stored.id for stored in store.reports(limit=10)] == numbers[:1:-1]
