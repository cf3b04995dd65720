# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any bytes get a decision: real messages of many mail programs, damaged at random."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.replies.decision import ProbeArrival, Reading, ReplyContext, decide, read
from catalog_mail.domain.replies.mailbox import Place, RawMessage
from catalog_mail.domain.replies.reply import Answered, NotPosted, Origin, Reason, Reply
from helpers.service.decision_cost import INTENT, NOW, POLICY, SHAPES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parents[2] / "replies").glob("*.eml"))]
JANE = User("j" * 26, "jane", "Jane Doe", "jane@corp.test")
ANSWERED = Answered("d" * 26, "n" * 26, Kind.MENTION, NOW - timedelta(days=1), JANE.email, JANE.id, "c", "c" * 26)
KNOWN = ReplyContext(ANSWERED, JANE, JANE, embedded=True)
ORIGIN = Origin(Place("imap://x/INBOX", "1"), "7")
# With a valid intent, so that the text is read; with a server's verdict, so that it is checked.
HEAD = f"X-Catalog-Intent: {INTENT}\r\nAuthentication-Results: mx.corp.test; dmarc=pass header.from=corp.test\r\n".encode()
NASTY = [
    b"\x00", b"\xff\xfe", b"\r", b"\r\n", b"\r\n\r\n", b"--", b"=", b"=?utf-8?b?", b"?=", b"(", b")", b'"', b"<", b">", b"\\",
    b"Content-Type: multipart/mixed; boundary=\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
    b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: text/html; charset=utf-7\r\n\r\n",
    b"Content-Type: text/plain; charset=idna\r\n", b"Content-Type: text/plain; charset=hex\r\n", b"charset*0*=utf-8''%FF",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 644 x\r\n",
    b"From: \r\n", b"From: a@b, c@d\r\n", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"Please type your reply above this line",
    b"<blockquote", b"<!--", b"<![CDATA[", b"&#x110000;", b"&#xD800;", b"<p style=", b"> " * 200, b"<div>" * 200, b"=\r\n" * 200,
    b"On Mon wrote:\r\n", b"-----Original Message-----\r\n", b"\xe2\x80\xae", b"Date: 99999999999999999999\r\n",
    b"Message-ID: <\xff>\r\n", b"In-Reply-To: \xff\xff\r\n", b"References: <a@b> <c@d>\r\n",
]  # fmt: skip

damage = st.tuples(st.integers(0, 2**20), st.integers(0, 400), st.sampled_from(NASTY) | st.binary(max_size=20))


def decided(content: bytes) -> Reply | NotPosted | ProbeArrival:
    """Run all pure steps of the decision."""
    raw = RawMessage("7", content, len(content), NOW)
    reading = read(raw, POLICY)
    return decide(reading, KNOWN, ORIGIN, POLICY) if isinstance(reading, Reading) else reading


def sound(content: bytes) -> None:
    found = decided(content)
    assert isinstance(found, Reply | NotPosted | ProbeArrival)
    if isinstance(found, Reply):
        assert found.text.strip()
        assert "\x00" not in found.text
        found.text.encode("utf-8")


@given(st.sampled_from(CORPUS), st.lists(damage, max_size=6))
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_message_is_decided(original: bytes, damages: list[tuple[int, int, bytes]]) -> None:
    content = HEAD + original
    for place, length, put in damages:
        at = place % (len(content) + 1)
        content = content[:at] + put + content[at + length :]
    sound(content)


@given(st.lists(st.sampled_from([*NASTY, HEAD, b"From: jane@corp.test\r\n", b"x"]) | st.binary(max_size=30), max_size=40))
@settings(max_examples=60)
def test_bytes_of_any_kind_are_decided(pieces: list[bytes]) -> None:
    sound(b"".join(pieces))


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable", "uuencode"])
@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "hex", "unicode_escape"])
def test_an_unknown_charset_is_decided(charset: str, encoding: str) -> None:
    header = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    sound(HEAD + header.encode() + b"Hello \xff there\r\n")


@pytest.mark.parametrize("shape", SHAPES)
def test_expensive_messages_are_decided(shape: str) -> None:
    sound(SHAPES[shape](60_000))


@pytest.mark.parametrize("value", ["(" * 5000, "<" * 5000, '"' * 5000, "a@b," * 5000, "=?" * 5000, ":;" * 5000, "a." * 5000])
@pytest.mark.parametrize(
    "name", ["From", "To", "Subject", "References", "In-Reply-To", "Content-Type", "Date", "Delivered-To", "Message-ID"]
)
def test_a_hostile_header_is_decided(name: str, value: str) -> None:
    sound(f"{name}: {value}\r\n".encode() + HEAD + b"From: jane@corp.test\r\n\r\nHello\r\n")


@pytest.mark.parametrize("shape", ["many parts", "blank lines", "many headers"])
def test_too_many_parts_or_lines_are_not_parsed(shape: str) -> None:
    """Parsing each would take up to a hundred times its size in memory."""
    content = HEAD + SHAPES[shape](5_000_000)
    tracemalloc.start()
    found = decided(content)
    _now, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(found, NotPosted)
    assert found.reason in {Reason.TOO_COMPLEX, Reason.MALFORMED}
    assert highest < 40_000_000
