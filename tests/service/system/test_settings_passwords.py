# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stored secret of the e-mail settings is kept, changed and removed, and goes to no other server."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from helpers.service.process import RunningService, free_port
from helpers.service.settings_api import HUNTER2, PASSWORD, PATH, Guard, logged_in, problem, put, without_password
from helpers.service.settings_bodies import with_value
from helpers.service.smtp_sink import MailSink

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def test_a_secret_is_kept_changed_and_removed(emptied: RunningService, guarded: MailSink, guard: Guard) -> None:
    service = emptied
    document = logged_in(guarded.port)
    assert put(service, document).status_code == 200
    read = service.call("GET", PATH).json()
    state = read["notifications"]["smtp"]["password"]
    assert state["present"] is True
    for same in (read, without_password(document), document):
        answer = put(service, same)  # the stored secret logs in
        assert (answer.status_code, answer.json()["changes"]) == (200, [])
    assert service.call("GET", PATH).json()["notifications"]["smtp"]["password"] == state
    guard.password = "another-hunter2"
    replaced = put(service, with_value(document, PASSWORD, "another-hunter2"))
    assert replaced.json()["changes"] == [{"path": PASSWORD, "before": "present", "after": "changed"}]
    assert replaced.json()["settings"]["notifications"]["smtp"]["password"]["changed_at"] > state["changed_at"]
    assert guard.offered == [HUNTER2, HUNTER2, HUNTER2, HUNTER2, "another-hunter2"]
    problem(service.save(with_value(document, PASSWORD, None)), 422, PASSWORD)
    removed = service.save(with_value(with_value(document, PASSWORD, None), "notifications.smtp.username", None))
    assert {"path": PASSWORD, "before": "present", "after": "removed"} in removed.json()["changes"]
    assert removed.json()["settings"]["notifications"]["smtp"]["password"]["present"] is False


@pytest.mark.parametrize("how", [{}, {"password": {"present": True}}])
def test_a_stored_secret_is_not_sent_to_another_server(
    emptied: RunningService, guarded: MailSink, how: dict[str, Any]
) -> None:
    service, stolen = emptied, Guard("")
    assert put(service, logged_in(guarded.port)).status_code == 200
    with MailSink(authenticator=stolen, auth_required=True, auth_require_tls=False) as thief:
        elsewhere = without_password(logged_in(thief.port))
        elsewhere["notifications"]["smtp"] |= how
        for method, path in (("PUT", PATH), ("POST", f"{PATH}/plan"), ("POST", f"{PATH}/test")):
            body = problem(service.call(method, path, {"settings": elsewhere}), 422, PASSWORD)
            assert "port" in body["cause"]
        assert stolen.offered == []
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200


def test_no_response_log_or_file_has_a_secret(service: RunningService, guarded: MailSink) -> None:
    answers: list[requests.Response] = []
    document = logged_in(guarded.port)
    document["notifications"]["microsoft"] = {"tenant_id": "t", "client_id": "c", "client_secret": HUNTER2}
    document["interactions"] = {"imap": {"host": "imap.corp.test", "username": "r", "password": HUNTER2}}
    for path in (PATH, f"{PATH}/plan", f"{PATH}/test"):
        method = "PUT" if path == PATH else "POST"
        for body in (
            {"settings": document},
            {"settings": with_value(document, "notifications.smtp.port", free_port())},
            {"settings": with_value(document, "notifications.smtp.port", HUNTER2)},
            {"settings": with_value(document, PASSWORD, {"value": HUNTER2})},
            {"settings": with_value(document, PASSWORD, [HUNTER2])},
            {"settings": with_value(document, PASSWORD, HUNTER2 + "\0")},
            {"settings": document, "test": HUNTER2},
            {"settings": [HUNTER2]},
            {"settings": document, "nonsense": HUNTER2},
        ):
            answers.append(service.call(method, path, body))
    assert put(service, document).status_code == 200
    answers += [service.call("GET", path) for path in (PATH, "/audit?limit=500")]
    for answer in answers:
        assert answer.status_code < 500
        assert "hunter2" not in answer.text
    service.stop()
    for file in service.folder.rglob("*"):
        if file.is_file():
            assert b"hunter2" not in file.read_bytes(), file


def test_a_lost_key_is_the_cause_and_a_new_secret_helps(service: RunningService, guarded: MailSink) -> None:
    assert put(service, logged_in(guarded.port)).status_code == 200
    service.stop()
    (service.folder / "key").unlink()
    assert service.command("key").returncode == 0
    service.start()
    read = service.call("GET", PATH).json()
    assert read["notifications"]["smtp"]["password"]["present"] is True
    assert "decrypted" in problem(service.call("POST", f"{PATH}/test", {}), 409, PASSWORD)["cause"]
    assert "decrypted" in problem(put(service, read), 422, PASSWORD)["cause"]
    assert put(service, logged_in(guarded.port)).status_code == 200
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200
