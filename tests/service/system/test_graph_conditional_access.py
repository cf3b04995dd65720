# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Conditional Access policy that blocks the application: it is reported, nothing is lost, and work resumes without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.service.catalog_users import settled
from helpers.service.graph_roundtrip import POSTED, GraphRoundTrip
from helpers.service.graph_tenant import CATALOG, JANE, GraphWorld, deliveries, post
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import answer
from helpers.waiting import wait_until

REMEDY = (
    "Let the tenant's administrator look at the sign-in log of this service principal, and leave it or this host out of the "
    "policy."
)


@pytest.fixture
def roundtrip(take_service: Callable[..., RunningService], world: GraphWorld) -> GraphRoundTrip:
    made = GraphRoundTrip(take_service(microsoft=world.access, queue={"retry_first_seconds": 1}), world)
    made.set_up()
    return made


def expected_problem(world: GraphWorld, number: int = 53003) -> dict[str, Any]:
    begin = f"Error connecting to Tenant ID: {world.registration()['tenant_id']} with Client: {world.app['app_id']} credentials."
    cause = f"{begin} A Conditional Access policy of the tenant blocks this application (AADSTS{number})."
    return {"code": "conditional-access", "cause": cause, "remedy": REMEDY}


@pytest.mark.parametrize("number, status, error", [(53003, 400, "invalid_grant"), (530032, 401, "unauthorized_client")])
def test_test_and_save_reports_it(
    take_service: Callable[..., RunningService], world: GraphWorld, number: int, status: int, error: str
) -> None:
    service = take_service(microsoft=world.access)
    fault = world.emulator.fault("conditional_access", number=number, status=status, error=error)
    cases = [(world.sending(), "notifications"), (world.receiving(), "interactions")]
    for document, section in cases:
        refused = service.save(document, test={})
        assert refused.status_code == 422, refused.text
        body = refused.json()
        assert {name: body[name] for name in ("code", "cause", "remedy")} == expected_problem(world, number)
        assert body["field"] in {f"{section}.microsoft.client_id", "notifications.microsoft.client_id"}
        assert world.app["client_secret"] not in refused.text + service.log.read_text()
    world.emulator.control("DELETE", "faults", {"id": fault})
    assert service.save(world.receiving(), test={}).status_code == 200


def test_messages_are_sent_once_after_the_policy_is_gone(roundtrip: GraphRoundTrip) -> None:
    service, world = roundtrip.service, roundtrip.world
    assert settled(service, post(service, JANE))[JANE]["state"] == "sent"
    fault = world.emulator.fault("conditional_access")
    world.emulator.advance(3 * 3600)  # the current token expires
    notification = post(service, JANE, f"joe@{CATALOG.partition('@')[2]}")


    def failures() -> list[dict[str, Any]]:
        """Return the failures of waiting messages. A new token is requested once after the first refusal."""
        found = [one["failure"] for one in deliveries(service, notification) if one["state"] == "retrying"]
        return [one for one in found if one["code"] == "conditional-access"]

    wait_until(lambda: len(failures()) == 2, "the messages do not wait")
    for failure in failures():
        assert {name: failure[name] for name in ("code", "cause", "remedy")} == expected_problem(world)
    tries = len(world.asked("POST", "/oauth2/"))
    wait_until(lambda: len(world.asked("POST", "/oauth2/")) > tries, "no retry")
    assert {one["state"] for one in deliveries(service, notification)} <= {"retrying", "queued", "sending"}
    world.emulator.control("DELETE", "faults", {"id": fault})
    assert {one["state"] for one in settled(service, notification).values()} == {"sent"}
    assert len(world.mails(JANE)) == 2
    assert len(world.found(CATALOG, "sentitems")) == 3


def test_replies_are_posted_once_after_the_policy_is_gone(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    fault = roundtrip.world.emulator.fault("conditional_access")
    roundtrip.receive(answer(mail, "Late."))
    with roundtrip.syncing():
        wait_until(lambda: roundtrip.state()["workers"] and roundtrip.state()["workers"][0]["error"], "no error was reported")
        error = roundtrip.state()["workers"][0]["error"]
        assert {name: error[name] for name in ("code", "cause", "remedy")} == expected_problem(roundtrip.world)
        assert roundtrip.categories() == [None]
        roundtrip.world.emulator.control("DELETE", "faults", {"id": fault})
        wait_until(lambda: roundtrip.texts(conversation) == ["Late."], "the reply was not posted")
        wait_until(lambda: roundtrip.state()["workers"][0]["error"] is None, "the error stayed")
    assert roundtrip.categories() == [[POSTED]]
