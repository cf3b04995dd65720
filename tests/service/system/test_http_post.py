# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""POST requests over kept connections, to servers that answer in all the forms of HTTP/1.1."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator

import pytest
from catalog_mail.adapters.http_answer import MalformedAnswer
from catalog_mail.adapters.http_post import Answer, Destination, PostConnection
from helpers.waiting import PATIENCE

LENGTH = re.compile(rb"Content-Length: (\d+)\r\n")


class Server:
    """Answers each request with the next of `answers`; closes the connection after one that ends with CLOSE."""

    CLOSE = b"<close>"

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self.listener.accept()
                self.connections += 1
                with connection, contextlib.suppress(ConnectionError):
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        while request := self._request(connection):
            self.requests.append(request)
            answer = self.answers.pop(0)
            connection.sendall(answer.removesuffix(self.CLOSE))
            if answer.endswith(self.CLOSE):
                return

    def _request(self, connection: socket.socket) -> bytes:
        data = b""
        while True:
            head, end, body = data.partition(b"\r\n\r\n")
            length = LENGTH.search(head + b"\r\n")
            if end and length and len(body) >= int(length[1]):
                return data
            block = connection.recv(65_536)
            if not block:
                return b""
            data += block


@pytest.fixture
def answers() -> list[bytes]:
    return []


@pytest.fixture
def server(answers: list[bytes]) -> Iterator[Server]:
    running = Server(answers)
    yield running
    running.listener.close()


OK = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
KEPT: list[tuple[bytes, Answer]] = [
    (OK, Answer(201, None, b"ok")),
    (b"HTTP/1.1 204 \r\n\r\n", Answer(204, None, b"")),
    (b"HTTP/1.1 200\r\nretry-after:  7 \r\ncontent-length:0\r\n\r\n", Answer(200, "7", b"")),
    (b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx", Answer(200, None, b"x")),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, Answer(201, None, b"ok")),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nTrailer: t\r\n\r\n",
     Answer(200, None, b"abcde")),
    (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", Answer(200, None, b"x")),
    # What follows a whole answer is not the answer to the next request.
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 500 Smuggled\r\n\r\n", Answer(200, None, b"x")),
]  # fmt: skip
ENDED: list[tuple[bytes, Answer]] = [
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", Answer(200, None, b"x")),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", Answer(200, None, b"x")),
    (b"HTTP/1.1 200 OK\r\n\r\nuntil the end" + Server.CLOSE, Answer(200, None, b"until the end")),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx" + Server.CLOSE, Answer(200, None, b"x")),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -9\r\n\r\nx" + Server.CLOSE, Answer(200, None, b"x")),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsoon\r\n", Answer(200, None, b"")),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900_000, Answer(200, None, b"x" * 65_536)),
]


@pytest.mark.parametrize("answer, expected", KEPT, ids=range(len(KEPT)))
def test_the_connection_is_kept_after_a_whole_answer(server: Server, answer: bytes, expected: Answer) -> None:
    server.answers += [answer, OK]
    connection = PostConnection(Destination(server.url), PATIENCE)
    assert connection.post({}, b"one") == expected
    assert connection.post({}, b"two") == Answer(201, None, b"ok")
    assert server.connections == 1


@pytest.mark.parametrize("answer, expected", ENDED, ids=range(len(ENDED)))
def test_a_new_connection_is_made_after_any_other(server: Server, answer: bytes, expected: Answer) -> None:
    server.answers += [answer, OK]
    connection = PostConnection(Destination(server.url), PATIENCE)
    assert connection.post({}, b"one") == expected
    assert connection.post({}, b"two") == Answer(201, None, b"ok")
    assert server.connections == 2


def test_the_request(server: Server) -> None:
    server.answers += [OK]
    url = server.url.replace("://", "://jane:p%40ss@") + "/a b/\u00fc?x=1 2"
    PostConnection(Destination(url), PATIENCE).post({"webhook-id": "7"}, b"{}")
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *headers = head.decode("ascii").split("\r\n")
    assert (first, body) == ("POST /a%20b/%C3%BC?x=1%202 HTTP/1.1", b"{}")
    assert f"Host: {server.url.removeprefix('http://')}" in headers
    assert "Authorization: Basic amFuZTpwQHNz" in headers
    assert {"webhook-id: 7", "Content-Length: 2"} <= set(headers)


@pytest.mark.parametrize("answer", [b"220 mail.corp.test ESMTP\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 20, b"x" * 100_000])
def test_what_is_no_http_is_tried_twice(server: Server, answer: bytes) -> None:
    server.answers += [answer + Server.CLOSE] * 2
    with pytest.raises((MalformedAnswer, ConnectionError)):
        PostConnection(Destination(server.url), PATIENCE).post({}, b"")
    assert len(server.requests) == 2


def test_a_request_whose_answer_is_late_is_not_repeated(server: Server) -> None:
    server.answers += [b"HTTP/1.1 200 OK\r\n"]
    with pytest.raises(TimeoutError):
        PostConnection(Destination(server.url), 0.2).post({}, b"")
    assert len(server.requests) == 1
