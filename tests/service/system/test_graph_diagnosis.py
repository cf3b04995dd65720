# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnosis with Microsoft: the emulator's tenant has one fault after the other, and each is a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator.running import Running
from helpers.dns_faults import FAULTS
from helpers.name_server import NameServer
from helpers.service.graph_tenant import CATALOG, DOMAIN, JANE, REPLIES, GraphWorld, post
from helpers.service.process import RunningService, started_service
from helpers.waiting import wait_until

UNKNOWN = "00000000-1111-4222-8333-444444444444"
Prepare = Callable[[GraphWorld], Any]


@pytest.fixture(scope="module")
def service(emulator: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    access = GraphWorld(emulator).access
    with started_service(tmp_path_factory.mktemp("graph"), microsoft=access, queue={"retry_first_seconds": 3600}) as running:
        yield running


def diagnose(service: RunningService) -> dict[str, dict[str, Any]]:
    """Return the findings by id; the name server knows the sender's domain as faultless."""
    with NameServer(FAULTS["none"].zone) as names:
        answer = service.call("GET", f"/diagnosis?name_server={names.address}")
    assert answer.status_code == 200, answer.text
    found = {one["id"]: one for one in answer.json()["findings"]}
    return {name: one for name, one in found.items() if name not in ("no-reader", "disk-nearly-full", "bounces-not-read")}


def failing(path: str, **fault: Any) -> Prepare:
    return lambda world: world.emulator.fault("fail", path=path, **fault)


def expired(world: GraphWorld) -> None:
    world.begin(secret_days=1)
    world.emulator.advance(2 * 86400)


@pytest.mark.parametrize("finding, prepare, change", [
    ("tenant-unknown", None, {"tenant_id": UNKNOWN}),
    ("client-unknown", None, {"client_id": UNKNOWN}),
    ("secret-wrong", None, {"client_secret": "hunter2"}),
    ("secret-expired", expired, {}),
    ("client-disabled", lambda world: world.begin(disabled=True), {}),
    ("conditional-access", lambda world: world.emulator.fault("conditional_access", number=53003), {}),
    ("other-entra-answer", lambda world: world.emulator.fault("conditional_access", number=999999), {}),
    ("cloud-wrong", lambda world: world.emulator.fault("conditional_access", number=900382), {}),
    ("microsoft-unavailable", failing("/oauth2/", status=503), {}),
    ("clock-wrong", lambda world: world.emulator.advance(600), {}),
])
def test_a_fault_of_the_login_is_found(
    service: RunningService, world: GraphWorld, finding: str, prepare: Prepare | None, change: dict[str, Any]
) -> None:
    world.begin()
    if prepare:
        prepare(world)
    assert service.save(world.sending(**change)).status_code == 200
    found = diagnose(service)
    assert set(found) == {finding} | ({"clock-wrong"} if finding == "secret-expired" and "clock-wrong" in found else set()), found


@pytest.mark.parametrize("finding, prepare, field", [
    ("mailbox-unknown", lambda world: world.user(REPLIES, mailbox=False, mailbox_error="ErrorNonExistentMailbox"),
     "interactions.reply_to"),
    ("mailbox-not-licensed", lambda world: world.user(REPLIES, mailbox=False), "interactions.reply_to"),
    ("permission-missing", lambda world: world.emulator.revoke(world.app["app_id"], "Mail.Read", "Mail.ReadWrite"),
     "interactions.microsoft.client_id"),
    ("access-blocked", lambda world: world.emulator.fault("access_policy"), "interactions.reply_to"),
    ("token-refused", failing("/mailFolders", status=401, code="InvalidAuthenticationToken"), None),
    ("other-graph-answer", failing("/mailFolders", status=418, code="Teapot"), None),
    ("throttled", lambda world: world.emulator.fault("throttle", path="/mailFolders", retry_after=40), None),
])
def test_a_fault_of_the_mailbox_is_found(
    service: RunningService, world: GraphWorld, finding: str, prepare: Prepare, field: str | None
) -> None:
    world.begin()
    prepare(world)
    assert service.save(world.receiving()).status_code == 200
    found = diagnose(service)
    assert set(found) == {finding}, found
    assert field is None or found[finding]["field"] == field


@pytest.mark.parametrize("finding, prepare, sender", [
    ("permission-missing", lambda world: world.emulator.revoke(world.app["app_id"], "Mail.Send"), None),
    ("send-as-denied", lambda world: world.user(f"shop@{DOMAIN}"), f"shop@{DOMAIN}"),
    ("mailbox-unknown", lambda world: world.user(CATALOG, mailbox=False, mailbox_error="ErrorNonExistentMailbox"), None),
])
def test_a_fault_that_only_sending_shows_is_found(
    service: RunningService, world: GraphWorld, finding: str, prepare: Prepare, sender: str | None
) -> None:
    """Graph tells it to a message, so the diagnosis takes it from the messages that wait or were given up."""
    world.begin()
    prepare(world)
    assert service.save(world.sending(sender=sender)).status_code == 200
    post(service, JANE)
    found = wait_until(lambda: diagnose(service).get(finding), lambda: str(diagnose(service)))
    assert found["count"] >= 1 and found["remedy"]
