# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies to another catalog, over real connections."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.adapters.webhook import WebhookConversations
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.domain.replies.reply import Origin, Reply
from catalog_mail.ports.conversations import Posted, PostFailed, PostRefused
from helpers.service.certificates import Authority
from helpers.service.process import free_port
from helpers.service.webhook_sink import SECRET, Answer, WebhookSink
from helpers.waiting import PATIENCE
from standardwebhooks.webhooks import Webhook


def reply(number: int = 1, **change: Any) -> Reply:
    values: dict[str, Any] = {
        "key": f"{number:052}",
        "delivery_id": "d1",
        "notification_id": "n1",
        "conversation_id": None,
        "thread": "ticket 7",
        "address": "jane@corp.test",
        "user_id": None,
        "text": "Ja, einverstanden \U0001f44d\nbis morgen",
        "message_id": "<a\udce9@corp.test>",
        "origin": Origin(Place("imap://x", "1"), "7"),
        **change,
    }
    return Reply(**values)


@pytest.fixture
def catalog() -> Iterator[WebhookSink]:
    with WebhookSink() as running:
        yield running


def to(
    sink: WebhookSink | str, *, workers: int = 4, timeout: float = PATIENCE, ca_file: Path | None = None
) -> WebhookConversations:
    url = sink if isinstance(sink, str) else sink.url
    return WebhookConversations(url, SECRET, workers=workers, timeout=timeout, ca_file=str(ca_file) if ca_file else None)


def test_a_reply_is_a_signed_standard_webhook(catalog: WebhookSink):
    begun = datetime.now(UTC).replace(microsecond=0)
    assert to(catalog).post([reply()]) == [Posted("post-00000000")]
    [request] = catalog.requests
    event = Webhook(SECRET).verify(request.body, request.headers)
    assert event["type"] == "reply.received"
    assert begun <= datetime.fromisoformat(event["timestamp"]) <= datetime.now(UTC)
    assert event["data"] == {
        "id": "0" * 51 + "1",
        "notification_id": "n1",
        "delivery_id": "d1",
        "thread": "ticket 7",
        "conversation_id": None,
        "user": {"address": "jane@corp.test", "id": None},
        "text": "Ja, einverstanden \U0001f44d\nbis morgen",
        "message_id": "<a?@corp.test>",
    }
    assert request.headers["webhook-id"] == request.headers["idempotency-key"] == event["data"]["id"]
    assert request.headers["content-type"] == "application/json"


ANSWERS: list[tuple[Answer, Any]] = [
    (Answer(200), Posted("post-00000000")),
    (Answer(201, body=b'{"id": 7}'), Posted("7")),
    (Answer(202, body=b'{"id": {"a": 1}}'), Posted(None)),
    (Answer(204, body=b""), Posted(None)),
    (Answer(200, body=b"[" * 60_000), Posted(None)),
    (Answer(200, body=b"\xff" * 200_000), Posted(None)),
    (Answer(409), Posted("post-00000000", already=True)),
    *((Answer(status), PostRefused(f"the catalog answered {status}")) for status in (400, 410, 413, 415, 422)),
    *((Answer(status), PostFailed(f"The catalog answered {status}.")) for status in (408, 425, 500, 502, 504)),
    (Answer(429), PostFailed("The catalog answered 429.", None, everywhere=True)),
    (Answer(429, headers=(("Retry-After", "7"),)), PostFailed("The catalog answered 429.", 7.0, everywhere=True)),
    (Answer(503, headers=(("Retry-After", "999999"),)), PostFailed("The catalog answered 503.", 3600.0, everywhere=True)),
    (Answer(503, headers=(("Retry-After", "soon"),)), PostFailed("The catalog answered 503.", None, everywhere=True)),
    (Answer(500, headers=(("Retry-After", "-5"),)), PostFailed("The catalog answered 500.")),
    (Answer(500, headers=(("Retry-After", "Sat, 01 Jan 2000 00:00:00 GMT"),)), PostFailed("The catalog answered 500.", 0.0)),
]


@pytest.mark.parametrize("answer, posting", ANSWERS, ids=range(len(ANSWERS)))
def test_the_meaning_of_each_response(catalog: WebhookSink, answer: Answer, posting: Any):
    catalog.plan = lambda _request: answer
    assert to(catalog).post([reply()]) == [posting]


@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 404, 405, 406, 451])
def test_a_missing_endpoint_loses_no_reply(catalog: WebhookSink, status: int):
    catalog.plan = lambda _request: Answer(status, keep=False, headers=(("Location", catalog.url),))
    [posting] = to(catalog).post([reply()])
    assert isinstance(posting, PostFailed)
    assert posting.everywhere
    assert f"answered {status}:" in posting.detail
    assert len(catalog.requests) == 1, "a redirect is not followed"


def test_a_date_in_retry_after(catalog: WebhookSink):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=3000), usegmt=True)
    catalog.plan = lambda _request: Answer(429, headers=(("Retry-After", later),))
    [posting] = to(catalog).post([reply()])
    assert isinstance(posting, PostFailed)
    assert posting.retry_after is not None
    assert 2700 < posting.retry_after <= 3000


def test_a_wrong_secret_is_refused_by_the_catalog_and_waits(catalog: WebhookSink):
    other = WebhookConversations(catalog.url, SECRET.replace("AAAA=", "BBBA="), workers=1, timeout=PATIENCE)
    [posting] = other.post([reply()])
    assert isinstance(posting, PostFailed)
    assert "it does not take the secret" in posting.detail


@pytest.mark.parametrize("secret", ["", "whsec_", "secret", "whsec_!", "whsec_a"])
def test_a_malformed_secret_is_refused_at_once(secret: str):
    with pytest.raises(Misconfigured) as caught:
        WebhookConversations("http://127.0.0.1:1/", secret, workers=1, timeout=1)
    assert caught.value.field == "replies.webhook_secret_file"


def test_one_failing_reply_does_not_delay_others(catalog: WebhookSink):
    catalog.plan = lambda request: Answer(500, keep=False) if request.key.endswith("3") else None
    postings = to(catalog).post([reply(number) for number in range(8)])
    assert [isinstance(posting, Posted) for posting in postings] == [number != 3 for number in range(8)]


def test_a_throttling_catalog_gets_a_pause(catalog: WebhookSink):
    catalog.plan = lambda _request: Answer(429, keep=False, headers=(("Retry-After", "30"),))
    postings = to(catalog, workers=2).post([reply(number) for number in range(100)])
    assert postings == [PostFailed("The catalog answered 429.", 30.0, everywhere=True)] * 100
    assert len(catalog.requests) <= 4


def test_each_worker_keeps_its_connection(catalog: WebhookSink):
    together = threading.Barrier(8, timeout=PATIENCE)

    def answer_eight_at_once(_request: object) -> None:
        together.wait()

    catalog.plan = answer_eight_at_once
    conversations = to(catalog, workers=8)
    replies = [reply(number, thread=f"{number}") for number in range(80)]
    assert all(isinstance(posting, Posted) for posting in conversations.post(replies))
    assert catalog.connections == 8
    assert [len(catalog.requests), len(catalog.taken)] == [80, 80]


def test_replies_of_a_conversation_keep_their_order(catalog: WebhookSink):
    """Those of several conversations are posted beside each other: a reply of each is under way at the same time."""
    together = threading.Barrier(3, timeout=PATIENCE)

    def answer_three_at_once(_request: object) -> None:
        together.wait()

    catalog.plan = answer_three_at_once
    replies = [reply(number, thread=f"{number % 3}") for number in range(30)]
    assert to(catalog, workers=8).post(replies) == [Posted("post-00000000")] * 30
    for thread in "012":
        keys = [request.key for request in catalog.requests if request.data["thread"] == thread]
        assert keys == [item.key for item in replies if item.thread == thread]
    assert catalog.connections == 3


def test_a_repeated_reply_counts_as_posted(catalog: WebhookSink):
    conversations = to(catalog)
    conversations.post([reply()])
    assert conversations.post([reply()]) == [Posted("post-00000000", already=True)]


def test_a_closed_connection_is_reopened(catalog: WebhookSink):
    conversations = to(catalog, workers=1)
    for number in range(5):
        assert isinstance(conversations.post([reply(number)])[0], Posted)
        catalog.drop_connections()


def test_a_timeout_is_retried_without_a_duplicate(catalog: WebhookSink):
    conversations = to(catalog, workers=1, timeout=0.3)
    catalog.plan = lambda _request: Answer(seconds=1)
    [posting] = conversations.post([reply()])
    assert isinstance(posting, PostFailed)
    assert not posting.everywhere, "the cause may be this reply"
    catalog.plan = lambda _request: None
    assert conversations.post([reply()]) == [Posted("post-00000000", already=True)]


def test_a_hanging_catalog_costs_few_timeouts(catalog: WebhookSink):
    catalog.plan = lambda _request: Answer(seconds=2)
    postings = to(catalog, workers=2, timeout=0.3).post([reply(number) for number in range(200)])
    assert len(catalog.requests) <= 4
    assert all(isinstance(posting, PostFailed) for posting in postings)
    assert postings[-1].everywhere  # type: ignore[union-attr]


def test_an_endless_response_is_cut_after_its_status(catalog: WebhookSink):
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        connection.recv(100_000)
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 1000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x")
                time.sleep(0.05)

    threading.Thread(target=drip, daemon=True).start()
    conversations = to(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=0.5)
    assert conversations.post([reply()]) == [Posted(None)]
    listener.close()


def test_an_unreachable_catalog():
    [posting] = to(f"http://user:hunter2@127.0.0.1:{free_port()}/x?token=hunter3").post([reply()])
    assert isinstance(posting, PostFailed)
    assert posting.everywhere
    assert "onnection refused" in posting.detail
    assert "hunter" not in posting.detail


def test_a_server_other_than_http():
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            connection.sendall(b"220 mail.corp.test ESMTP\r\n")
            connection.close()

    threading.Thread(target=talk, daemon=True).start()
    [posting] = to(f"http://127.0.0.1:{listener.getsockname()[1]}/").post([reply()])
    assert isinstance(posting, PostFailed)
    assert posting.everywhere
    listener.close()


def test_tls_is_verified(tmp_path: Path):
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "Other CA")
    with WebhookSink(authority.server("127.0.0.1")) as catalog:
        assert to(catalog, ca_file=authority.file).post([reply()]) == [Posted("post-00000000")]
        for ca_file in (None, stranger.file):
            [posting] = to(catalog, ca_file=ca_file).post([reply(2)])
            assert isinstance(posting, PostFailed)
            assert posting.everywhere
            assert "certificate" in posting.detail
    assert len(catalog.taken) == 1
    with WebhookSink(authority.server("catalog.corp.test")) as catalog:
        [posting] = to(catalog, ca_file=authority.file).post([reply()])
        assert isinstance(posting, PostFailed), "a certificate of another name"


def test_the_environment_changes_nothing(catalog: WebhookSink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert to(catalog).post([reply()]) == [Posted("post-00000000")]


def test_the_largest_reply(catalog: WebhookSink):
    assert isinstance(to(catalog).post([reply(text="ä" * 1_000_000)])[0], Posted)
    assert len(json.loads(catalog.requests[0].body)["data"]["text"]) == 1_000_000
