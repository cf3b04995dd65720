# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After settings are saved that work, deliveries that wait for their next attempt are tried at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope
from helpers.service.catalog_users import notify
from helpers.service.process import RunningService, free_port, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

LATER = "451 4.3.0 Try again later"
TAKEN = "250 2.0.0 Ok: taken"
QUEUE = {"retry_first_seconds": 3600}  # a test that waits for it fails
JANE = "jane@corp.test"


@pytest.fixture(params=["sqlite", "postgresql"])
def node(
    request: pytest.FixtureRequest, make_service: Callable[..., RunningService], tmp_path: Path
) -> RunningService:
    """Return a ready service whose retries come after an hour."""
    if request.param == "sqlite":
        return make_service(queue=QUEUE)
    return make_service(queue=QUEUE, database_url=request.getfixturevalue("postgresql"), key_file=str(tmp_path / "key"))


def accept(service: RunningService, *addresses: str) -> str:
    people = [{"address": address} for address in addresses or (JANE,)]
    return str(notify(service, "message", subject="Hello", text="A text.", recipients=people)["id"])


def deliveries(service: RunningService, notification: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.call("GET", f"/notifications/{notification}").json()["deliveries"]
    return found


def wait_for(service: RunningService, notification: str, state: str) -> list[dict[str, Any]]:
    def arrived() -> list[dict[str, Any]]:
        found = deliveries(service, notification)
        return found if all(one["state"] == state for one in found) else []

    return wait_until(arrived, lambda: deliveries(service, notification))


def test_a_corrected_setting_sends_what_waited(node: RunningService, sink: MailSink) -> None:
    assert node.save(through(free_port())).status_code == 200
    notification = accept(node, *(f"user{number}@corp.test" for number in range(30)))
    wait_for(node, notification, "retrying")
    assert node.save(through(sink.port)).status_code == 200
    assert max(one["attempts"] for one in wait_for(node, notification, "sent")) == 2
    assert len(sink.taken) == 30


def test_test_and_save_without_a_change_sends_what_waited(node: RunningService, sink: MailSink) -> None:
    sink.answer = lambda _envelope: LATER
    assert node.save(through(sink.port)).status_code == 200
    notification = accept(node)
    wait_for(node, notification, "retrying")
    sink.answer = lambda _envelope: TAKEN  # the server's administrator mended it
    answer = node.save(through(sink.port), test=None)
    assert (answer.status_code, answer.json()["changes"]) == (200, [])
    wait_for(node, notification, "sent")


def test_settings_that_fail_their_test_wake_nothing(service_with_hour: RunningService, sink: MailSink) -> None:
    service = service_with_hour
    sink.answer = lambda _envelope: LATER
    assert service.save(through(sink.port)).status_code == 200
    notification = accept(service)
    [waiting] = wait_for(service, notification, "retrying")
    assert service.save(through(free_port()), test=None).status_code == 422
    replies = {**through(sink.port), "interactions": {"sync_interval": 60}}
    assert service.save(replies).status_code == 200, "replies are no matter of deliveries"
    later = accept(service, "joe@corp.test")
    wait_for(service, later, "retrying")  # the queue has looked for due deliveries meanwhile
    assert deliveries(service, notification) == [waiting]


@pytest.fixture
def service_with_hour(make_service: Callable[..., RunningService]) -> RunningService:
    return make_service(queue=QUEUE)


def test_an_attempt_in_progress_is_repeated_at_once(service_with_hour: RunningService, sink: MailSink) -> None:
    """The attempt fails, with the old settings, after the new ones were saved."""
    service = service_with_hour
    begun: list[Envelope] = []

    def later(envelope: Envelope) -> str:
        begun.append(envelope)
        return LATER

    with MailSink() as old:
        old.answer = later
        old.holding = True
        assert service.save(through(old.port)).status_code == 200
        notification = accept(service)
        wait_for(service, notification, "sending")
        assert service.save(through(sink.port)).status_code == 200
        old.holding = False
        wait_for(service, notification, "sent")
    assert (len(begun), len(sink.taken)) == (1, 1)


def test_the_command_line_wakes_the_service(service_with_hour: RunningService, sink: MailSink, tmp_path: Path) -> None:
    service = service_with_hour
    assert service.save(through(free_port())).status_code == 200
    notification = accept(service)
    wait_for(service, notification, "retrying")
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(through(sink.port)))
    done = service.command("settings", "import", "--no-test", str(path))
    assert done.returncode == 0, done.stderr
    wait_for(service, notification, "sent")


def test_settings_saved_on_one_node_wake_the_other(
    make_service: Callable[..., RunningService], postgresql: str, sink: MailSink, tmp_path: Path
) -> None:
    common = {"queue": QUEUE, "database_url": postgresql, "key_file": str(tmp_path / "key")}
    first = make_service(**common)
    assert first.save(through(free_port())).status_code == 200
    notification = accept(first)
    wait_for(first, notification, "retrying")
    second = make_service(start=False, **common)
    second.tokens = first.tokens
    second.start()
    assert second.save(through(sink.port)).status_code == 200
    wait_for(first, notification, "sent")
