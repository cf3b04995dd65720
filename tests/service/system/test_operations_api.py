# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health, metrics, the audit log, tokens and roles, and the form of errors."""

from __future__ import annotations

import requests
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE, wait_until


def test_health_and_metrics_need_no_token(service: RunningService, sink: MailSink):
    health = service.call("GET", "/health", role=None)
    assert (health.status_code, health.json()["live"], health.json()["ready"], health.json()["configured"]) == (
        200, True, True, False,
    )  # fmt: skip
    service.save(through(sink.port))
    assert service.call("GET", "/health", role=None).json()["configured"] is True
    metrics = service.call("GET", "/metrics", role=None).text
    assert 'catalog_mail_deliveries{state="sent"} 0.0' in metrics
    assert "catalog_mail_oldest_open_seconds 0.0" in metrics
    service.call("POST", "/notifications", {
        "kind": "message", "subject": "One", "text": "One.", "recipients": [{"address": "alice@corp.test"}],
    })  # fmt: skip
    sink.wait_for(1)
    wait_until(
        lambda: 'catalog_mail_deliveries{state="sent"} 1.0' in service.call("GET", "/metrics", role=None).text,
        "the metrics do not count the sent message",
    )


def test_the_audit_log_is_paged_newest_first(service: RunningService, sink: MailSink):
    for name in ("One", "Two", "Three"):
        settings = through(sink.port)
        settings["notifications"]["from"]["display_name"] = name
        assert service.save(settings).status_code == 200
    entries = service.call("GET", "/audit?limit=2").json()["entries"]
    assert [entry["actor"] for entry in entries] == ["server_admin", "server_admin"]
    assert "Three" in str(entries[0]["detail"])
    older = service.call("GET", f"/audit?limit=2&before={entries[-1]['id']}").json()["entries"]
    assert len(older) == 1


def test_only_a_server_admin_reads_the_audit_log(service: RunningService):
    for role, status in (("viewer", 403), ("catalog", 403), (None, 401)):
        refused = service.call("GET", "/audit", role=role)
        assert refused.status_code == status
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.json()["remedy"]
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_tells_its_owner(service: RunningService):
    file = service.folder / "owned-token"
    ensure = ("token", "ensure", "--name", "owner", "--role", "viewer", "--file", str(file))
    assert service.command(*ensure).returncode == 0
    service.tokens["owner"] = file.read_text().strip()
    assert service.call("GET", "/token", role="owner").json() == {"name": "owner", "role": "viewer", "email": None}
    assert service.command(*ensure, "--email", "ann@corp.test").stdout.strip() == "changed"
    assert service.call("GET", "/token", role="owner").json()["email"] == "ann@corp.test"
    assert service.call("GET", "/token", role=None).status_code == 401


def test_an_unknown_token_is_refused_and_not_repeated(service: RunningService):
    refused = service.call("GET", "/audit", role=None, headers={"Authorization": "Bearer cmail_wrong-token"})
    assert refused.status_code == 401
    assert "cmail_wrong-token" not in refused.text


def test_an_unknown_path_is_a_problem_too(service: RunningService):
    answer = service.call("GET", "/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    answer = service.call("DELETE", "/health")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


def test_a_body_other_than_json_is_reported(service: RunningService):
    headers = {"Authorization": f"Bearer {service.tokens['server_admin']}", "Content-Type": "application/json"}
    answer = requests.put(f"{service.url}/api/v1/settings/email-server", data=b"{", headers=headers, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["cause"]) == (422, "The body is not JSON.")


def test_a_body_that_is_too_large_is_refused(service: RunningService):
    headers = {"Authorization": f"Bearer {service.tokens['server_admin']}", "Content-Type": "application/json"}
    body = b'{"kind": "' + b"x" * 8_000_000 + b'"}'
    answer = requests.post(f"{service.url}/api/v1/notifications", data=body, headers=headers, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["code"]) == (413, "content-too-large")


def test_an_attempt_without_the_role_is_recorded(service: RunningService, sink: MailSink):
    for role in ("viewer", "catalog"):
        assert service.save(through(sink.port), role=role).status_code == 403
    entries = service.call("GET", "/audit").json()["entries"]
    assert [(entry["actor"], entry["outcome"], entry["detail"]["code"]) for entry in entries] == [
        ("catalog", "refused", "not-permitted"), ("viewer", "refused", "not-permitted"),
    ]  # fmt: skip
