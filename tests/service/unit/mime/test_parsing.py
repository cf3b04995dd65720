# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsed messages: the same as the standard library parses, for ordinary messages without the library's parser."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.domain.mime.parsing import ordinary, parsed, parsed_header
from hypothesis import example, given
from hypothesis import strategies as st

MAILS = sorted((Path(__file__).parents[2] / "replies").glob("**/*.eml"))
ALTERNATIVE = (
    b"From: jane@corp.test\nSubject: =?utf-8?q?a?=\n b\nX-Empty:\nContent-Type: multipart/alternative;\n"
    b' charset=utf-8; boundary="b"\n\n\n--b\nContent-Type: text/plain\n\none\n--b\n\ntwo\n--b--\n'
)
LINES = [
    b"", b" ", b"\t", b" folded", b"From jane", b"From: jane@corp.test", b"Subject: J\xc3\xa4ne", b"Subject:", b"Subject: ", b":",
    b"Content-Type: text/plain", b"Content-Type: Text/HTML; charset=utf-8", b"content-type:", b"Content-Type: text",
    b"Content-Type: multipart/mixed; boundary=b", b'Content-Type: multipart/mixed; boundary="b"; x=y;',
    b"Content-Type: MULTIPART/Alternative;", b' type="text/plain"; boundary=c', b"\tboundary=bc", b" boundary=\"b c\"",
    b"Content-Type: multipart/digest; boundary=b", b"Content-Type: multipart/mixed", b"Content-Type: message/rfc822",
    b"Content-Type: message/delivery-status", b"Content-Type: multipart/mixed; boundary*=us-ascii''b",
    b"Content-Type: multipart/mixed; boundary=b; boundary=c", b"Content-Type: multipart/mixed; boundary=",
    b"Content-Type: multipart/mixed; boundary=<b>", b"Content-Type: multipart/mixed; boundary='b'",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: 8bit",
    b"--b", b"--b--", b"--b  ", b"--b-- \t", b"--bc", b"--bc--", b"--c", b"--c--", b"--b-", b" --b", b"--", b"--'b'",
    b"text", b"text\r", b"\x0b", b"\x00", b"J\xe4ne", b"\r",
]  # fmt: skip


def form(message: Message) -> list[Any]:
    """Return all that a message holds, its parts included."""
    parts: Any = message.get_payload()
    content = [form(part) for part in parts] if message.is_multipart() else [parts, message.get_payload(decode=True)]
    defects = [type(defect) for defect in message.defects]
    kinds = [message.get_unixfrom(), message.get_default_type(), message.get_charset()]
    return [list(message.raw_items()), message.preamble, message.epilogue, defects, kinds, content]


def of_library(content: bytes) -> Message:
    return BytesParser().parsebytes(content)


def messages() -> st.SearchStrategy[bytes]:
    """Return messages of lines that matter to a parser, with the line ends of each system."""
    ends = st.sampled_from([b"\n", b"\r\n"])
    lines = st.lists(st.sampled_from(LINES), max_size=30)
    return st.builds(lambda end, found, last: end.join(found) + last, ends, lines, st.sampled_from([b"", b"\n", b"\r\n", b"\r"]))


def well_formed() -> st.SearchStrategy[bytes]:
    """Return messages with parts in parts."""
    leaf = st.builds(
        lambda head, text: b"\n".join([*head, b"", *text]),
        st.lists(st.sampled_from([line for line in LINES if b":" in line[1:] and b"multipart" not in line]), max_size=3),
        st.lists(st.sampled_from(LINES), max_size=4),
    )

    def around(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
        return st.builds(
            lambda mark, before, parts, after: b"\n".join([
                b"X: y", b"Content-Type: multipart/mixed; boundary=%b" % mark, b"", *before,
                *(line for part in parts for line in (b"--%b" % mark, part)), b"--%b--" % mark, *after,
            ]),
            st.sampled_from([b"b", b"c", b"bc", b"d"]),
            st.lists(st.sampled_from([b"", b"preamble"]), max_size=2),
            st.lists(inner, max_size=3),
            st.lists(st.sampled_from([b"", b"epilogue", b"--b"]), max_size=2),
        )  # fmt: skip

    mixed = st.recursive(leaf, around, max_leaves=6)
    ends = st.sampled_from([b"\n", b"\r\n"])
    return st.builds(lambda content, end: content.replace(b"\r", b"").replace(b"\n", end), mixed, ends)


@given(st.one_of(messages(), well_formed()))
@example(ALTERNATIVE)
@example(ALTERNATIVE.replace(b"\n", b"\r\n"))
@example(ALTERNATIVE[:-1])
@example(ALTERNATIVE.replace(b"--b--\n", b""))
@example(b"Subject:\n folded\n\n")
def test_a_message_is_parsed_as_by_the_library(content: bytes) -> None:
    assert form(parsed(content)) == form(of_library(content))


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_as_by_the_library(content: bytes) -> None:
    assert form(parsed(content)) == form(of_library(content))


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_mails_of_clients_are_parsed_as_by_the_library(path: Path) -> None:
    content = path.read_bytes().replace(b"\r\n", b"\n")
    for each in (content, content.replace(b"\n", b"\r\n")):
        assert form(parsed(each)) == form(of_library(each))


def test_ordinary_messages_do_without_the_library() -> None:
    left = [path.stem for path in MAILS if ordinary(path.read_bytes()) is None]
    assert len(MAILS) > 50
    assert set(left) <= {"mime-forwarded-attached", "mime-empty-text-part"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Subject: a",
        b"Subject:\n a\n\n",
        b"From jane\nSubject: a\n\n",
        b"Subject: a\rX: y\n\n",
        b"Content-Type: message/rfc822\n\n\n",
        b"Content-Type: multipart/mixed\n\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b--\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\na\n--b--\n",
        b'Content-Type: multipart/mixed; boundary="b;c"\n\n--b;c\n\na\n--b;c--\n',
        b"Content-Type: multipart/mixed; boundary=\xe4\n\n--\xe4\n\na\n--\xe4--\n",
    ],
)
def test_unusual_messages_are_left_to_the_library(content: bytes) -> None:
    assert ordinary(content) is None


def test_deeply_nested_parts_are_left_to_the_library() -> None:
    content = b"\n\ntext\n"
    for number in range(30):
        mark = b"b%dx" % number
        content = b"Content-Type: multipart/mixed; boundary=" + mark + b"\n\n--" + mark + b"\n" + content + b"--" + mark + b"--\n"
    assert ordinary(content) is None
    assert form(parsed(content)) == form(of_library(content))


def test_only_the_header_is_parsed_on_request() -> None:
    message = parsed_header(ALTERNATIVE)
    assert message["From"] == "jane@corp.test"
    assert not message.is_multipart()
