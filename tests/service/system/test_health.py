# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The health of a running service: ready in every trouble but that of its storage, and never silent about one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from aiosmtpd.smtp import AuthResult
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.health import DatabaseProbe
from catalog_mail.adapters.database.migrate import migrate
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.adapters.database.tables import deliveries, notifications
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.ports.replies import Handled
from helpers.service.process import RunningService, free_port, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until
from sqlalchemy import event, func, select

QUEUE = {"retry_first_seconds": 3600}
PEOPLE = [{"address": f"user{number}@corp.test"} for number in range(200)]


def health(service: RunningService) -> dict[str, Any]:
    answer = service.call("GET", "/health", role=None)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["ready"] is found["live"] is True
    assert service.call("GET", "/health/ready", role=None).status_code == 200
    assert (found["status"] == "ok") == (found["reasons"] == []) == (found["problems"] == [])
    return found


def only_reason(service: RunningService, code: str) -> dict[str, Any]:
    """Wait until health is degraded for this reason alone; return the reason."""

    def told() -> dict[str, Any]:
        reasons = health(service)["reasons"]
        found: dict[str, Any] = reasons[0] if [one["code"] for one in reasons] == [code] else {}
        return found

    return wait_until(told, lambda: str(health(service)))


def send(service: RunningService) -> None:
    body = {"kind": "message", "subject": "One", "text": "One.", "recipients": PEOPLE}
    assert service.call("POST", "/notifications", body, role="catalog").status_code == 202


def refusing(_server: object, _session: object, _envelope: object, _mechanism: str, _data: object) -> AuthResult:
    return AuthResult(success=False, handled=False, message="535 5.7.8 Error: authentication failed")


def test_sending_in_trouble(make_service: Callable[..., RunningService], sink: MailSink):
    service = make_service(queue=QUEUE)
    new = only_reason(service, "not-configured")
    assert (new["about"], new["field"]) == ("settings", "notifications.from.address")
    assert health(service)["configured"] is False

    assert service.save(through(free_port())).status_code == 200
    assert health(service)["status"] == "ok"
    send(service)
    down = only_reason(service, "connection-refused")
    assert (down["about"], down["field"]) == ("sending", "notifications.smtp.port")
    wait_until(lambda: only_reason(service, "connection-refused")["count"] == len(PEOPLE), "not all messages are counted")
    (sentence,) = health(service)["problems"]
    assert down["cause"] in sentence and down["remedy"] in sentence

    with MailSink(authenticator=refusing, auth_required=True, auth_require_tls=False) as strict:
        settings = through(strict.port)
        settings["notifications"]["smtp"] |= {"username": "app", "password": "wrong"}
        assert service.save(settings).status_code == 200
        refused = only_reason(service, "login-refused")
    assert refused["field"].startswith("notifications.smtp.")
    assert "authentication failed" in refused["cause"]
    assert refused["remedy"]

    settings = through(sink.port)
    settings["notifications"]["smtp"]["password"] = None
    assert service.save(settings).status_code == 200
    sink.wait_for(len(PEOPLE))
    wait_until(lambda: health(service)["status"] == "ok", "health is not ok although everything was sent")


def test_replies_and_credentials_in_trouble(service: RunningService, sink: MailSink):
    settings = through(sink.port)
    soon = (datetime.now(UTC) + timedelta(days=3)).isoformat(timespec="seconds")
    settings["interactions"] = {
        "enabled": True, "receiver": "microsoft", "reply_to": "replies@corp.test", "intent_tracking": "message_id",
        "microsoft": {
            "tenant_id": "11111111-2222-4333-8444-555555555555", "client_id": "21111111-2222-4333-8444-555555555555",
            "client_secret": "a-secret", "client_secret_expires_at": soon,
        },
    }  # fmt: skip
    saved = service.save(settings)
    assert saved.status_code == 200, saved.text
    found = health(service)
    assert [(one["about"], one["code"]) for one in found["reasons"]] == [
        ("replies", "no-reader"),
        ("credentials", "credential-expires-soon"),
    ]
    assert found["configured"] is True
    assert found["last_good_poll_age_seconds"] is None


def test_a_flood_of_health_checks_is_answered(service: RunningService):
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _number: service.call("GET", "/health", role=None).status_code, range(200)))
    assert set(answers) == {200}


def test_the_questions_use_indexes(database_url: str):
    engine = make_engine(database_url)
    migrate(engine)
    if engine.dialect.name != "sqlite":
        DatabaseProbe(engine).try_to_store(datetime.now(UTC))
        assert DatabaseProbe(engine).open_deliveries().retrying == 0
        return
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _k, text, values, *_: asked.append((text, values)))
    DatabaseProbe(engine).open_deliveries()
    DatabaseReplies(engine).put_aside(datetime.now(UTC))
    selects = [(text, values) for text, values in asked if text.startswith("SELECT")]
    assert len(selects) >= 7
    with sqlite3.connect(engine.url.database or "") as plain:
        for text, values in selects:
            plan = " ".join(row[3] for row in plain.execute(f"EXPLAIN QUERY PLAN {text}", values))
            assert "USING" in plan and "INDEX" in plan, plan
            assert "SCAN deliveries" not in plan and "SCAN handled" not in plan and "TEMP B-TREE" not in plan, plan


def test_messages_set_aside_count_for_a_time(database_url: str):
    engine = make_engine(database_url)
    migrate(engine)
    store, now, place = DatabaseReplies(engine), datetime.now(UTC), Place("a mailbox", "1")
    store.record(place, [Handled("1", Disposition.QUARANTINED, "undecidable", None)], now - timedelta(days=8))
    for key, disposition in (("2", Disposition.QUARANTINED), ("3", Disposition.REJECTED)):
        store.record(place, [Handled(key, disposition, "undecidable", None)], now)
    assert store.put_aside(now - timedelta(days=7)) == 1
    assert store.put_aside(now - timedelta(days=9)) == 2


def test_the_probe_leaves_nothing_behind(database_url: str):
    engine = make_engine(database_url)
    migrate(engine)
    probe = DatabaseProbe(engine)
    probe.try_to_store(datetime.now(UTC))
    with engine.begin() as connection:
        for table in (notifications, deliveries):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0
