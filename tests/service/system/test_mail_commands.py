# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands `catalog-mail mail ...` beside a running service."""

from __future__ import annotations

import json

from helpers.service.catalog_users import notify, settled
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

SECRET = "nobody may read this in a list"


def run(service: RunningService, *words: str, status: int = 0) -> str:
    done = service.command("mail", *words)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stdout
    return done.stderr if status else done.stdout


def test_the_commands(service: RunningService, sink: MailSink) -> None:
    assert service.save(through(sink.port)).status_code == 200
    sink.answer = lambda _envelope: "552 5.3.4 Too big"
    people = [{"address": f"{name}@corp.test"} for name in ("jane", "joe")]
    settled(service, notify(service, "message", subject="A subject", text=SECRET, recipients=people))
    header, *lines = [line.split() for line in run(service, "list").splitlines()]
    assert header == ["ACCEPTED_AT", "STATE", "KIND", "TO", "REASON", "ID", "SUBJECT"]
    assert sorted((state, kind, to, subject) for _at, state, kind, to, _reason, _id, _a, subject in lines) == [
        ("failed", "message", "jane@corp.test", "subject"),
        ("failed", "message", "joe@corp.test", "subject"),
    ]
    accepted, reason, key = lines[0][0], lines[0][4], lines[0][5]
    filters = ["--state", "failed", "--reason", reason, "--since", accepted]
    some = json.loads(run(service, "list", "--json", "--limit", "1", *filters))
    (other,) = json.loads(run(service, "list", "--json", "--cursor", some["next"]))["items"]
    assert other["id"] != key == some["items"][0]["id"]
    assert json.loads(run(service, "list", "--json", "--until", "2020-01-01"))["items"] == []
    (shown,) = json.loads(run(service, "list", "--json", "--recipient", "Jane@corp.test"))["items"]
    assert shown == json.loads(run(service, "show", "--json", shown["id"]))
    assert shown == service.call("GET", f"/deliveries/{shown['id']}").json()
    assert "recipient        jane@corp.test" in run(service, "show", shown["id"])

    sink.answer = lambda _envelope: "250 2.0.0 Ok: taken"
    assert run(service, "retry", key) == f"{key} is tried again\n"
    wait_until(lambda: json.loads(run(service, "show", "--json", key))["state"] == "sent", lambda: run(service, "list"))
    assert run(service, "retry", "--reason", reason).startswith("1 mails are tried again; 0 ")
    wait_until(lambda: len(run(service, "list", "--state", "sent").splitlines()) == 3, lambda: run(service, "list"))
    assert "was sent" in run(service, "retry", key, status=1)
    assert "was sent" in run(service, "cancel", key, status=1)
    assert "id: " in run(service, "show", "x", status=1)
    assert "--reason" in run(service, "retry", status=1)
    assert "removed: 1 mails" in run(service, "forget", "JANE@corp.test")
    assert "address: " in run(service, "forget", "jane", status=1)
    for wrong in (["--since", "yesterday"], ["--limit", "0"], ["--recipient", "jane"], ["--cursor", "x"]):
        assert wrong[0].strip("-") in run(service, "list", *wrong, status=1)
    for wrong in (["--state", "gone"], ["--kind", "letter"], ["--reason", "weather"]):
        assert wrong[0] in run(service, "list", *wrong, status=2)
