# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An incoming message: its sender, its identity, and the headers used for the decision."""

from __future__ import annotations

import pytest
from catalog_mail.domain.replies.incoming import fingerprint, parse
from hypothesis import given
from hypothesis import strategies as st

JANE = "jane@corp.test"


def message(*headers: str, body: str = "Yes.") -> bytes:
    return "\r\n".join([*headers, "", body, ""]).encode("utf-8")


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("From: jane@corp.test", JANE),
        ("From: Jane Doe <Jane@Corp.Test>", JANE),
        ('From: "Doe, Jane" <jane@corp.test>', JANE),
        ("From: =?utf-8?Q?J=C3=A4ne?= <jane@corp.test>", JANE),
        ("From: J\u00e4ne <jane@corp.test>", JANE),
        ("From: Jane\r\n Doe\r\n <jane@corp.test>", JANE),
        ("From: jane@corp.test, joe@corp.test", None),
        ("From: jane@corp.test\r\nFrom: joe@corp.test", None),
        ("From: Jane", None),
        ("From: <>", None),
        ("From:", None),
        ("From: a@b@corp.test", None),
        ("From: j\u00e4ne@corp.test", None),
        ("Subject: nobody", None),
    ],
)
def test_the_sender_is_one_address_or_none(header: str, sender: str | None) -> None:
    assert parse(message(header))[0].sender == sender


def test_headers_that_may_hold_an_intent() -> None:
    incoming, _contents = parse(
        message(
            "Delivered-To: replies+one@x", "To: two@x", "Cc: three@x", "In-Reply-To: <four@x>",
            "References: <five@x>\r\n <six@x>", "X-Catalog-Intent: seven",
        )
    )
    assert incoming.recipients == ("replies+one@x", "two@x", "three@x")
    assert incoming.answered == ("<four@x>", "seven")
    assert incoming.references == ("<five@x>\r\n <six@x>",)


def test_the_end_of_a_long_thread_counts() -> None:
    references = " ".join(f"<{number}@x>" for number in range(10_000))
    assert parse(message(f"References: {references}"))[0].references[0].endswith("<9999@x>")


def test_a_subject_is_decoded() -> None:
    assert parse(message("Subject: =?utf-8?B?w4RyZ2Vy?= and =?x-none?Q?more?="))[0].decoded_subject()
    assert parse(message("Subject: =?utf-8?B?w4RyZ2Vy?="))[0].decoded_subject() == "\u00c4rger"


def test_copies_of_a_reply_have_one_identity() -> None:
    original = parse(message("From: jane@corp.test", "Message-ID: <1@x>", "Received: here"))[0]
    copy = parse(message("Received: there", "From: Jane <JANE@corp.test>", "Message-ID: <1@x>"))[0]
    assert fingerprint(original, "d", "Yes.") == fingerprint(copy, "d", "Yes.")
    others = {
        fingerprint(original, "d", "No."),
        fingerprint(original, "e", "Yes."),
        fingerprint(parse(message("From: joe@corp.test", "Message-ID: <1@x>"))[0], "d", "Yes."),
        fingerprint(parse(message("From: jane@corp.test", "Message-ID: <2@x>"))[0], "d", "Yes."),
        fingerprint(parse(message("From: jane@corp.test", "Date: today"))[0], "d", "Yes."),
        fingerprint(parse(message("From: jane@corp.test", "Date: tomorrow"))[0], "d", "Yes."),
    }
    assert len(others) == 6
    assert fingerprint(original, "d", "Yes.") not in others


@given(st.binary(max_size=2000))
def test_any_bytes_are_parsed(content: bytes) -> None:
    incoming, _contents = parse(content)
    incoming.decoded_subject()
    assert len(fingerprint(incoming, "d", "text")) == 52


@given(st.text(max_size=300))
def test_any_header_text_is_read(text: str) -> None:
    content = "".join(f"{name}: {text}\r\n" for name in ("From", "To", "Subject", "Message-ID", "References")) + "\r\nYes.\r\n"
    incoming, _contents = parse(content.encode("utf-8", "surrogatepass"))
    incoming.decoded_subject()
    assert incoming.sender is None or incoming.sender.count("@") == 1


def test_endlessly_nested_parts_are_not_parsed() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2000))
    incoming, _contents = parse(b"From: jane@corp.test\r\n" + nested + b"text")
    assert incoming.exceeds_limits
    assert incoming.sender == JANE
    assert not parse(message("From: jane@corp.test", "Content-Type: multipart/mixed; boundary=x"))[0].exceeds_limits
    assert parse(message("From: " + "(" * 5000 + "jane@corp.test"))[0].sender is None
