# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs wait for events: a long poll, many at once, and a stop that answers them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import requests
from catalog_mail.adapters.database.events import DatabaseEvents, add_events
from catalog_mail.domain.events import Event, EventKind
from catalog_mail.services.events import MOST_WAITING, EventStream
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE, wait_until
from sqlalchemy import Engine

REPORT = {"hosts": ["catalog1"], "corrected": False, "started_at": "2026-11-21T05:30:00Z"}
CHANGE = {"host": "catalog1", "role": "postfix", "thing": "main.cf", "field": "relayhost", "is": "a", "should_be": "b"}


def ask(service: RunningService, query: str) -> dict[str, Any]:
    answer = service.call("GET", f"/events?{query}", role="viewer")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def post_drift(service: RunningService) -> None:
    assert service.call("POST", "/drift-reports", {**REPORT, "changes": [CHANGE]}).status_code == 201


def test_a_waiting_client_gets_the_event(catalog_node: RunningService, sink: MailSink) -> None:
    now = ask(catalog_node, "")
    assert now["events"] == []
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(ask, catalog_node, f"after={now['next']}&wait=55")
        post_drift(catalog_node)
        found = waiting.result()
    (event,) = found["events"]
    assert (event["kind"], event["id"], found["next"]) == ("drift", event["id"], event["id"])
    assert event["data"] == {"report": event["data"]["report"], "hosts": ["catalog1"], "changes": 1, "corrected": False}

    settings = through(sink.port)
    settings["notifications"]["smtp"] |= {"username": "app", "password": "a-secret-word"}
    assert catalog_node.save(settings).status_code == 200
    (saved,) = [event for event in ask(catalog_node, f"after={found['next']}")["events"] if event["kind"] == "settings"]
    assert "notifications.smtp.password" in saved["data"]["paths"]
    assert saved["data"]["by"] == "server_admin"
    assert "a-secret-word" not in str(saved)
    assert [event["kind"] for event in ask(catalog_node, f"after={now['next']}")["events"]] == ["drift", "settings"]
    # Without the login, which would be refused with the mail server of the next test.
    settings["notifications"]["smtp"] |= {"username": None, "password": None}
    assert catalog_node.save(settings).status_code == 200


def test_a_wrong_query_is_refused(catalog_node: RunningService) -> None:
    for query, field in (("after=x", "query.after"), ("wait=56", "query.wait"), ("wait=-1", "query.wait")):
        refused = catalog_node.call("GET", f"/events?{query}")
        assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert ask(catalog_node, "after=999999999")["events"] == []


@contextlib.contextmanager
def waiting_clients(service: RunningService, number: int) -> Iterator[list[socket.socket]]:
    request = (
        f"GET /api/v1/events?wait=55 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {service.tokens['viewer']}\r\n\r\n"
    )
    with contextlib.ExitStack() as opened:
        clients = [
            opened.enter_context(socket.create_connection(("127.0.0.1", service.port), PATIENCE)) for _number in range(number)
        ]
        for client in clients:
            client.sendall(request.encode())
        yield clients


def test_many_waiting_clients_take_no_threads(service: RunningService) -> None:
    """More clients wait than the API has threads, and others are answered; then all get the event."""
    with waiting_clients(service, MOST_WAITING) as clients:
        with ThreadPoolExecutor(5) as threads:
            health = threads.map(lambda _number: service.call("GET", "/token", role="viewer").status_code, range(50))
            assert set(health) == {200}
        seen: set[socket.socket] = set()

        def all_answered() -> bool:
            # A client that began to wait only after an event waits for the next one.
            post_drift(service)
            for client in set(clients) - seen:
                client.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    if b'"drift"' in client.recv(65536):
                        seen.add(client)
            return len(seen) == len(clients)

        wait_until(all_answered, lambda: f"{len(seen)} of {len(clients)} clients got the event")


def test_a_stop_answers_the_waiting(service: RunningService) -> None:
    """A client that waits for longer than a stop takes gets its answer, not the end of its connection."""
    headers = {"Authorization": f"Bearer {service.tokens['viewer']}"}
    with ThreadPoolExecutor(1) as thread, requests.Session() as session:
        url = f"{service.url}/api/v1/events?wait=55"
        waiting = thread.submit(session.get, url, headers=headers, timeout=PATIENCE)
        wait_until(lambda: b"0100007F" in open_connections(service), "the client is not connected")
        # The handler has begun once another request, sent later, is answered.
        assert service.call("GET", "/token", role="viewer").status_code == 200
        assert service.stop() == 0
        answer = waiting.result()
    assert (answer.status_code, answer.json()["events"]) == (200, [])


def open_connections(service: RunningService) -> bytes:
    """Return the lines of the kernel's table for connections to the service's port."""
    port = f":{service.port:04X}".encode()
    with open("/proc/net/tcp", "rb") as table:
        return b"".join(line for line in table if line.split()[1].endswith(port) and line.split()[3] == b"01")


def happened(engine: Engine, number: int, kept: int = 1000) -> None:
    events = [Event(EventKind.HEALTH, datetime.now(UTC), {"number": place}) for place in range(number)]
    with engine.begin() as connection:
        add_events(connection, events, kept)


def test_only_the_newest_events_are_kept(engine: Engine) -> None:
    store = DatabaseEvents(engine)
    assert (store.last(), store.events(0, limit=5)) == (0, [])
    happened(engine, 7, kept=3)
    assert [event.id for event in store.events(0, limit=5)] == [5, 6, 7]
    assert [event.data["number"] for event in store.events(5, limit=1)] == [5]
    assert store.last() == 7


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    pass


def test_clients_that_stop_are_forgotten_and_the_database_is_asked_no_more(engine: Engine) -> None:
    async def come_and_go() -> None:
        stream = EventStream(DatabaseEvents(engine), interval=0.01)
        gone = await stream.after(None, 55, at_once)
        timed_out = await stream.after(None, 0.05, never)
        assert (gone.events, timed_out.events, stream._clients) == ((), (), [])
        assert stream._asking
        await stream._asking  # ends when no client waits

    asyncio.run(come_and_go())


def test_one_client_too_many_takes_the_place_of_the_longest_waiting(engine: Engine) -> None:
    async def crowd() -> None:
        stream = EventStream(DatabaseEvents(engine), interval=0.01)
        waiting = [asyncio.create_task(stream.after(None, 55, never)) for _client in range(MOST_WAITING)]
        while len(stream._clients) < MOST_WAITING:
            await asyncio.sleep(0.01)
        last = asyncio.create_task(stream.after(None, 55, never))
        done, left = await asyncio.wait([*waiting, last], return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), last in left) == (1, True)
        happened(engine, 3)
        found = [task.result() for task in (await asyncio.wait(left))[0]]
        assert {(len(one.events), one.next) for one in found} == {(3, 3)}
        # What came after an id is told at once, though it is old.
        assert [event.id for event in (await stream.after(1, 55, never)).events] == [2, 3]

    asyncio.run(crowd())


def test_after_the_end_nobody_waits(engine: Engine) -> None:
    async def close() -> None:
        stream = EventStream(DatabaseEvents(engine))
        waiting = asyncio.create_task(stream.after(None, 55, never))
        while not stream._clients:
            await asyncio.sleep(0.01)
        stream.close()
        assert (await waiting).events == (await stream.after(None, 55, never)).events == ()

    asyncio.run(close())
