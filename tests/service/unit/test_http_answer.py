# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers to POST requests, from catalogs that write HTTP in all its forms, and from others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from catalog_mail.adapters.http_answer import MOST_BODY, MOST_LINES, AnswerReader, MalformedAnswer
from hypothesis import given
from hypothesis import strategies as st

OK = b"HTTP/1.1 200 OK\r\n"
# An answer, its status, its body, whether the body is whole, and whether another answer may follow.
ANSWERS: list[tuple[bytes, int, bytes, bool, bool]] = [
    (OK + b"Content-Length: 2\r\n\r\nok", 200, b"ok", True, True),
    (OK + b"Content-Length: 2\r\n\r\nok and more", 200, b"ok", True, True),
    (OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk", 200, b"ok", True, True),
    (b"HTTP/1.1 201\nCONTENT-LENGTH:0\n\n", 201, b"", True, True),
    (b"HTTP/1.1 204 No Content\r\n\r\nrest", 204, b"", True, True),
    (b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Hint\r\n\r\n" + OK + b"Content-Length: 0\r\n\r\n", 200, b"", True, True),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True, False),
    (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True, True),
    (OK + b"Connection: close\r\nContent-Length: 1\r\n\r\nx", 200, b"x", True, False),
    (OK + b"\r\nup to the end", 200, b"up to the end", False, True),
    (OK + b"Content-Length: 9\r\n\r\nx", 200, b"x", False, True),
    (OK + b"Content-Length: two\r\n\r\nok", 200, b"ok", False, True),
    (OK + b"Content-Length: \xb2\r\n\r\nok", 200, b"ok", False, True),
    (OK + b"Content-Length: 70000\r\n\r\n" + b"x" * 70_000, 200, b"x" * MOST_BODY, False, True),
    (OK + b"Transfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n3 ;x=y\r\ncde\r\n00\r\nTrailer: t\r\n\r\n", 200, b"abcde", True, True),
    (OK + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"x" * 70_000, 200, b"x" * MOST_BODY, False, True),
    (OK, 200, b"", False, True),
]  # fmt: skip
BROKEN = [
    b"\r\n",
    b"220 mail.corp.test ESMTP\r\n",
    b"HTTP/2 200 OK\r\n\r\n",
    b"HTTP/1.1 20 OK\r\n\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n",
    b"x" * (MOST_LINES + 1),
    OK + b"X: y\r\n" * 101 + b"\r\n",
    OK + b"X: " + b"y" * MOST_LINES + b"\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * MOST_LINES,
]
BROKEN_BODIES = [
    b"", b"two\r\nab\r\n", b"-2\r\nab\r\n", b"0x2\r\nab\r\n", b"2\r\nabc\r\n", b"3\r\na", b"1\r\na\r\n" * 20_000,
    b"0\r\n" + b"X: y\r\n" * 101,
]  # fmt: skip


def pieces(content: bytes, size: int) -> Callable[[], bytes]:
    """Return a function that returns the next bytes of a content, as a connection does."""
    left = iter([content[start : start + size] for start in range(0, len(content), size)])
    return lambda: next(left, b"")


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_an_answer_is_read_however_it_arrives(answer: tuple[bytes, int, bytes, bool, bool], size: int) -> None:
    content, status, body, is_whole, may_follow = answer
    reader = AnswerReader(pieces(content, size))
    head = reader.head()
    assert (head.status, head.ends_connection) == (status, not may_follow)
    assert reader.body(head) == (body, is_whole)


def test_headers_are_found_by_any_case_of_their_name() -> None:
    head = AnswerReader(pieces(OK + b"Retry-AFTER:  7 \r\nX: 1\r\nx: 2\r\n\r\n", 9)).head()
    assert head.headers == {"retry-after": ["7"], "x": ["1", "2"]}
    assert (head.first("x"), head.first("y")) == ("1", None)


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_anything_else_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        AnswerReader(pieces(content, 65_536)).head()


@pytest.mark.parametrize("content", BROKEN_BODIES, ids=range(len(BROKEN_BODIES)))
def test_chunks_that_are_none_are_malformed(content: bytes) -> None:
    reader = AnswerReader(pieces(OK + b"Transfer-Encoding: chunked\r\n\r\n" + content, 65_536))
    head = reader.head()
    with pytest.raises(MalformedAnswer):
        reader.body(head)


def test_the_end_of_the_connection_is_no_answer() -> None:
    with pytest.raises(ConnectionError):
        AnswerReader(pieces(b"", 1)).head()


@given(st.lists(st.sampled_from([OK, b"HTTP/1.1 100 x\r\n", b"\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n",
                                 b"2\r\nab\r\n", b"0\r\n", b"abc", b"\xff", b"Connection: close\r\n"]), max_size=12),
       st.integers(1, 50))  # fmt: skip
def test_the_size_of_pieces_makes_no_difference(lines: list[bytes], size: int) -> None:
    def result(size: int) -> object:
        reader = AnswerReader(pieces(b"".join(lines), size))
        try:
            head = reader.head()
            return head, reader.body(head)
        except (MalformedAnswer, ConnectionError) as error:
            return type(error)

    assert result(size) == result(1_000_000)
