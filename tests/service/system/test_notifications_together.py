# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications that arrive together share look-ups and a transaction; each is answered as if it had come alone."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.domain.errors import Conflict
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.ports.catalog import Notice
from helpers.service.catalog_users import add_user
from helpers.service.process import RunningService
from helpers.service.store_calls import NOW
from helpers.waiting import PATIENCE
from sqlalchemy import Engine, event

PATH = "/api/v1/notifications"
MESSAGE: dict[str, Any] = {"kind": "message", "subject": "Hello", "text": "A text.", "recipients": [{"address": "a@corp.test"}]}


def make_notice(key: str | None = None, fingerprint: str = "f", recipients: int = 2, id_: str = "") -> Notice:
    notification = Notification(id_ or new_id(), Kind.MESSAGE, NOW, "test", idempotency_key=key, fingerprint=fingerprint)
    people = [Recipient(f"user{number}@corp.test") for number in range(recipients)]
    return Notice(notification, [Delivery(new_id(), notification.id, person, State.ACCEPTED) for person in people])


def test_notices_are_stored_with_two_statements(engine: Engine) -> None:
    store, notices = DatabaseNotifications(engine), [make_notice(recipients=number) for number in (1, 0, 3)]
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *words: statements.append(words[2]))
    assert store.add([]) == []
    assert store.add(notices) == [(notice.notification, True) for notice in notices]
    assert [statement.split()[2] for statement in statements if statement.startswith("INSERT")] == ["notifications", "deliveries"]
    for notice in notices:
        assert store.notification(notice.notification.id) == notice.notification
        assert [delivery.id for delivery in store.deliveries(notice.notification.id)] == [one.id for one in notice.deliveries]


def test_a_repeated_key_leaves_the_others_stored(engine: Engine) -> None:
    store = DatabaseNotifications(engine)
    (earlier,) = store.add([make_notice("earlier")])
    assert isinstance(earlier, tuple)
    new, same, other = make_notice(), make_notice("twice"), make_notice("own")
    results = store.add([new, make_notice("earlier"), same, make_notice("twice"), make_notice("earlier", "g"), other])
    assert [results[0], results[2], results[5]] == [(one.notification, True) for one in (new, same, other)]
    assert results[1] == (earlier[0], False)
    assert results[3] == (same.notification, False)
    assert isinstance(results[4], Conflict)
    assert sum(store.counts().values()) == 2 * 4


def test_an_unexpected_error_leaves_the_others_stored(engine: Engine) -> None:
    store = DatabaseNotifications(engine)
    results = store.add([make_notice(), make_notice(id_="same"), make_notice(id_="same"), make_notice()])
    assert [isinstance(result, Exception) for result in results] == [False, False, True, False]
    assert sum(store.counts().values()) == 2 * 3


@contextlib.contextmanager
def locked(service: RunningService) -> Iterator[None]:
    """Hold the lock of the service's database, so that posts gather."""
    with contextlib.closing(sqlite3.connect(service.database, timeout=PATIENCE, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield
        database.execute("ROLLBACK")


def post(service: RunningService, body: Any, role: str = "catalog", content_type: str = "application/json") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {service.tokens[role]}", "Content-Type": content_type}
    connection.request("POST", PATH, content, headers)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_each_of_many_is_answered_as_if_alone(service: RunningService) -> None:
    add_user(service, "jane")
    keyed = {**MESSAGE, "idempotency_key": "one"}
    mention = {"kind": "mention", "data": {"author": "joe", "conversation": "Sales", "text": "@x", "mentioned": ["nobody"]}}
    cases: list[tuple[Any, str, int, str]] = [
        (MESSAGE, "catalog", 202, ""),
        (MESSAGE, "server_admin", 202, ""),
        (keyed, "catalog", 202, ""),
        (keyed, "catalog", 202, ""),
        ({**MESSAGE, "recipients": [{"address": "JANE@corp.test"}, {"address": "b@corp.test"}]}, "catalog", 202, ""),
        (mention, "catalog", 404, "data.mentioned"),
        ({"kind": "mention"}, "catalog", 422, "data"),
        ({**MESSAGE, "more": 1}, "catalog", 422, "more"),
        (b"{", "catalog", 422, "body"),
        (b"", "catalog", 422, "body"),
        (MESSAGE, "viewer", 403, ""),
        (MESSAGE, "unknown", 401, ""),
        ({**MESSAGE, "html": "x" * 100_000}, "catalog", 202, ""),  # too large to be judged with others
        ({**MESSAGE, "recipients": [{"address": "no address"}]}, "catalog", 422, "recipients.0.address"),
    ]
    service.tokens["unknown"] = "cmail_unknown"
    for role in ("catalog", "server_admin"):  # from now on their bodies are read at once
        assert post(service, MESSAGE, role)[0] == 202
    with ThreadPoolExecutor(len(cases)) as pool:
        with locked(service):
            found = [pool.submit(post, service, body, role) for body, role, _status, _field in cases]
            time.sleep(0.5)
        answers = [one.result() for one in found]
    assert [(status, answer.get("field", "")) for status, answer in answers] == [(status, field) for *_, status, field in cases]
    assert answers[2][1] == answers[3][1]
    assert len({answer["id"] for status, answer in answers if status == 202}) == 5
    assert post(service, {**keyed, "text": "Another."})[0] == 409
    for status, answer in answers:
        if status == 202:
            stored = service.call("GET", f"/notifications/{answer['id']}").json()
            assert [one["id"] for one in stored["deliveries"]] == [one["id"] for one in answer["deliveries"]]


def test_every_post_of_many_clients_is_stored_once(catalog: RunningService) -> None:
    """On either database; each key is posted twice, at about the same time."""
    with ThreadPoolExecutor(16) as pool:
        bodies = [{**MESSAGE, "text": str(number // 2), "idempotency_key": f"together{number // 2}"} for number in range(160)]
        answers = list(pool.map(lambda body: post(catalog, body), bodies))
    assert {status for status, _answer in answers} == {202}
    assert len({answer["id"] for _status, answer in answers}) == 80
    assert all(first[1]["id"] == second[1]["id"] for first, second in zip(answers[::2], answers[1::2], strict=True))


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_revoked_token_is_refused_at_once(service: RunningService, content_type: str) -> None:
    """Also by a process that knows the token; from then on no body of its owner is waited for."""
    service.tokens["gone"] = service.command("token", "create", "--name", "gone", "--role", "catalog").stdout.strip()
    for _time in range(3):
        assert post(service, MESSAGE, "gone")[0] == 202
    assert service.command("token", "revoke", "gone").returncode == 0
    assert post(service, MESSAGE, "gone", content_type)[0] == 401
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {service.tokens['gone']}\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")


def test_a_body_that_does_not_end_keeps_no_other_waiting(service: RunningService) -> None:
    assert post(service, MESSAGE)[0] == 202
    with socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE) as connection:
        head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {service.tokens['catalog']}\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{{".encode())
        assert post(service, MESSAGE)[0] == 202
    assert post(service, MESSAGE)[0] == 202
    assert "Traceback" not in service.log.read_text()
