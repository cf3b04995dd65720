# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test and Save of the e-mail settings through the running service, and its plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from helpers.service.process import ADMIN, RunningService, free_port, through
from helpers.service.settings_api import PASSWORD, PATH, logged_in, problem, put, revision, without_password
from helpers.service.settings_bodies import with_value
from helpers.service.smtp_sink import MailSink

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

Log = Callable[[], list[dict[str, Any]]]


def test_the_test_message_is_accepted_before_the_save(emptied: RunningService, sink: MailSink) -> None:
    service, before, seen = emptied, revision(emptied), []

    def look(_envelope: object) -> str:
        seen.append(revision(service))
        return "250 2.0.0 Ok: queued as 4F1"

    sink.answer = look
    answer = put(service, through(sink.port))
    assert answer.status_code == 200, answer.text
    assert (seen, answer.headers["ETag"]) == ([before], f'"{before + 1}"')
    body = answer.json()
    [message] = sink.messages
    assert (message["To"], message["Message-ID"]) == (ADMIN, body["test"]["message_id"])
    assert body["test"]["recipient"] == ADMIN
    assert body["test"]["response"] == "250 2.0.0 Ok: queued as 4F1"
    assert 0 < body["test"]["seconds"] < 10
    assert {"path": "notifications.smtp.port", "before": 587, "after": sink.port} in body["changes"]
    assert body["settings"] == service.call("GET", PATH).json()
    assert body["settings"]["changed_by"] == "server_admin"


def test_the_test_message_goes_to_the_given_address(emptied: RunningService, sink: MailSink) -> None:
    answer = emptied.call("PUT", PATH, {"settings": through(sink.port), "test": {"recipient": "alice@corp.test"}})
    assert answer.json()["test"]["recipient"] == "alice@corp.test"
    assert [recipients for _, recipients, _ in sink.taken] == [["alice@corp.test"]]


@pytest.mark.parametrize(
    ("fault", "code", "field", "smtp"),
    [
        ("refused", "connection-refused", "notifications.smtp.port", None),
        ("login", "login-refused", PASSWORD, 535),
        ("message", "other-smtp-answer", None, 554),
    ],
)
def test_settings_that_fail_their_test_are_not_saved(
    emptied: RunningService,
    settings_log: Log,
    sink: MailSink,
    guarded: MailSink,
    fault: str,
    code: str,
    field: str | None,
    smtp: int | None,
) -> None:
    service = emptied
    assert put(service, through(sink.port)).status_code == 200
    before = service.call("GET", PATH)
    guarded.answer = lambda _envelope: "554 5.7.1 Not wanted here"
    candidate = {
        "refused": through(free_port()),
        "login": logged_in(guarded.port, password="wrong-pass"),
        "message": logged_in(guarded.port),
    }[fault]
    body = problem(put(service, candidate), 422, field)
    assert (body["code"], body["type"]) == (code, f"/problems/{code}")
    assert body.get("smtp", {}).get("code") == smtp
    after = service.call("GET", PATH)
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])
    sink.clear()
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200
    assert len(sink.taken) == 1
    entry = settings_log()[-2]
    assert (entry["outcome"], entry["detail"]["code"]) == ("refused", code)
    assert any(change["path"] == "notifications.smtp.port" for change in entry["detail"]["changes"])
    assert "wrong-pass" not in json.dumps(settings_log())


def test_other_changes_need_no_mail_server(emptied: RunningService) -> None:
    service, document = emptied, through(free_port())
    assert service.save(document).status_code == 200
    switched = service.call(
        "PUT", PATH, {"settings": with_value(document, "notifications.enabled", False), "test": {"recipient": "alice@corp.test"}}
    )
    assert (switched.status_code, switched.json()["test"]) == (200, None)
    assert switched.json()["changes"] == [{"path": "notifications.enabled", "before": True, "after": False}]
    replies = with_value(switched.json()["settings"], "interactions.sync_interval", 60)
    assert put(service, replies).json()["test"] is None
    untested = service.save(with_value(replies, "notifications.smtp.timeout", 7))
    assert (untested.status_code, untested.json()["test"]) == (200, None)
    problem(put(service, with_value(replies, "notifications.smtp.timeout", 8)), 422, "notifications.smtp.port")


def test_a_test_without_a_save_saves_nothing(emptied: RunningService, sink: MailSink) -> None:
    service = emptied
    before = revision(service)
    problem(service.call("POST", f"{PATH}/test", {}), 409, "notifications.from.address")
    tested = service.call("POST", f"{PATH}/test", {"settings": through(sink.port), "recipient": "alice@corp.test"})
    assert tested.json()["test"]["recipient"] == "alice@corp.test"
    assert revision(service) == before


def test_a_plan_predicts_a_save_and_saves_nothing(
    emptied: RunningService, sink: MailSink, settings_log: Log
) -> None:
    service, before = emptied, revision(emptied)
    planned = service.call("POST", f"{PATH}/plan", {"settings": logged_in(sink.port)})
    assert (planned.status_code, sink.taken) == (200, [])
    assert (revision(service), settings_log()) == (before, [])
    assert service.save(logged_in(sink.port)).json()["changes"] == planned.json()["changes"]
    assert {"path": PASSWORD, "before": "absent", "after": "changed"} in planned.json()["changes"]
    for same in (logged_in(sink.port), without_password(logged_in(sink.port)), service.call("GET", PATH).json()):
        assert service.call("POST", f"{PATH}/plan", {"settings": same}).json() == {"changes": []}
    refused = service.call("POST", f"{PATH}/plan", {"settings": with_value({}, "notifications.smtp.port", 0)})
    problem(refused, 422, "notifications.smtp.port")
