# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The e-mail settings through the running service: roles, malformed requests, the cloud edition, the audit log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from helpers.service.dovecot import Dovecot
from helpers.service.process import ADMIN, RunningService, free_port, through
from helpers.service.settings_api import PATH, PROBLEM, audited, problem, put, revision
from helpers.service.settings_bodies import imap_mailbox, interactions, with_value
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE

MakeService = Callable[..., RunningService]
Log = Callable[[], list[dict[str, Any]]]


# -- roles ------------------------------------------------------------------------------------------------------------


def test_the_defaults_are_read_before_the_first_save(service: RunningService) -> None:
    answer = service.call("GET", PATH, role="viewer")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"0"')
    document = answer.json()
    assert (document["deployment"], document["changed_at"], document["changed_by"]) == ("on_premises", None, None)
    assert document["notifications"]["enabled"] is False
    assert document["notifications"]["from"] == {"address": None, "display_name": ""}
    assert document["notifications"]["smtp"]["password"] == {"present": False, "changed_at": None}


@pytest.mark.parametrize(
    ("method", "path", "role", "status"),
    [
        ("GET", PATH, None, 401),
        ("GET", PATH, "catalog", 403),
        ("PUT", PATH, None, 401),
        ("PUT", PATH, "viewer", 403),
        ("PUT", PATH, "catalog", 403),
        ("POST", f"{PATH}/plan", "viewer", 403),
        ("POST", f"{PATH}/test", "viewer", 403),
        ("POST", f"{PATH}/test", "catalog", 403),
    ],
)
def test_only_server_admins_change_the_settings(
    settings_service: RunningService, sink: MailSink, method: str, path: str, role: str | None, status: int
) -> None:
    before = revision(settings_service)
    problem(settings_service.call(method, path, {"settings": through(sink.port)}, role=role), status)
    assert revision(settings_service) == before
    assert sink.taken == []


# -- the cloud edition ------------------------------------------------------------------------------------------------


def test_in_the_cloud_edition_sending_is_the_providers(
    make_service: MakeService, sink: MailSink, dovecot: Dovecot
) -> None:
    service = make_service(
        deployment="cloud",
        cloud={"from_address": "noreply@provider.test", "display_name": "Data Catalog"},
        builtin={"host": "127.0.0.1", "port": sink.port},
    )
    read = service.call("GET", PATH).json()
    assert (read["deployment"], list(read["notifications"])) == ("cloud", ["enabled"])
    for name, value in through(sink.port)["notifications"].items():
        if name != "enabled":
            body = problem(put(service, {"notifications": {name: value}}), 403, f"notifications.{name}")
            assert body["code"] == "managed-by-provider"
    problem(service.call("POST", f"{PATH}/plan", {"settings": through(sink.port)}), 403, "notifications.transport")
    assert [entry["outcome"] for entry in audited(service)] == ["refused"] * 3
    user = dovecot.add_user()
    replies = interactions(imap_mailbox(dovecot, user))
    saved = put(service, {"notifications": {"enabled": True}, "interactions": replies})
    assert saved.status_code == 200, saved.text
    assert (saved.json()["test"], sink.taken) == (None, [])
    assert saved.json()["settings"]["interactions"]["enabled"] is True
    assert saved.json()["tested_mailbox"]["server"] == f"localhost:{dovecot.imaps}"  # the mailbox belongs to the customer
    assert put(service, service.call("GET", PATH).json()).json()["changes"] == []
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200
    assert sink.messages[0]["From"].addresses[0].addr_spec == "noreply@provider.test"


# -- malformed requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"settings": null}',
        b'{"settings": {"\\ud800": 1}}',
        b'{"settings": {"notifications": {"\\ud800": 1, "\\u0000": 2}}}',
        b'{"settings": {"notifications": {"smtp": {"username": "\\ud800"}}}}',
        b'{"settings": {"notifications": {"smtp": {"password": "\\ud800"}}}}',
        b'{"settings": {"notifications": {"smtp": {"host": "fe80::1%\\r\\n\\u0000"}}}}',
        b'{"settings": {"notifications": {"smtp": {"port": NaN, "timeout": 1e400}}}}',
        b'{"settings": {"notifications": {"smtp": {"port": ' + b"9" * 5000 + b"}}}}",
        b'{"settings": {"notifications": {"from": {"address": "' + b"\xc3\xa9" * 100_000 + b'"}}}}',
        b'{"settings": {"' + b"x" * 300_000 + b'": 1}}',
        b'{"settings": {' + b", ".join(b'"x%d": 1' % number for number in range(50_000)) + b"}}",
        b"{" + b", ".join(b'"x%d": 1' % number for number in range(50_000)) + b"}",
        b'{"settings": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
        b'{"settings": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"settings": {}, "test": {"recipient": "\\ud800"}}',
        b'{"settings": {}, "test": {"recipient": "a@b\\r\\nBcc: c@d"}}',
        b'{"settings": {}, "test": true}',
        b"\xff\xfe",
    ],
)
def test_malformed_requests_are_refused(settings_service: RunningService, body: bytes) -> None:
    before = revision(settings_service)
    headers = {"Authorization": f"Bearer {settings_service.tokens['server_admin']}", "Content-Type": "application/json"}
    for method, path in (("PUT", PATH), ("POST", f"{PATH}/plan"), ("POST", f"{PATH}/test")):
        answer = requests.request(method, f"{settings_service.url}/api/v1{path}", data=body, headers=headers, timeout=PATIENCE)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        assert answer.headers["Content-Type"] == PROBLEM
        assert len(answer.content) < 100_000
    assert revision(settings_service) == before
    assert len(settings_service.call("GET", "/audit?limit=5").content) < 100_000


def test_the_audit_log_shows_every_attempt(
    emptied: RunningService, sink: MailSink, tmp_path: Path, settings_log: Log
) -> None:
    service = emptied
    assert put(service, through(sink.port)).status_code == 200
    put(service, through(free_port()))
    service.call("POST", f"{PATH}/test", {"recipient": "alice@corp.test"})
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(with_value(through(sink.port), "notifications.smtp.timeout", 7)))
    assert service.command("settings", "import", str(file), "--no-test").returncode == 0
    entries = settings_log()
    assert [(entry["action"], entry["outcome"]) for entry in entries] == [
        ("email_settings.save", "saved"),
        ("email_settings.save", "refused"),
        ("email_settings.test", "sent"),
        ("email_settings.save", "saved"),
    ]
    assert [entry["actor"] for entry in entries[:3]] == ["server_admin"] * 3
    assert entries[3]["actor"].startswith("command line (")
    assert entries[3]["detail"]["changes"] == [{"path": "notifications.smtp.timeout", "before": round(PATIENCE), "after": 7}]
    assert entries[0]["detail"]["tested"] == ADMIN
    assert all(entry["at"].endswith("Z") for entry in entries)
