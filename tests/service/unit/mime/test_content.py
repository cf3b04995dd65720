# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a mail: the same bytes as the standard library writes, which reads them back to the same texts."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from catalog_mail.domain.mime.content import alternatives, encoded
from catalog_mail.domain.mime.text import body
from hypothesis import example, given
from hypothesis import strategies as st

BOUNDARY = "=abcdefghijklmnopqrstuvwxyz="
POLICY = email.policy.SMTP.clone(cte_type="7bit")
# Around the longest line, where a line is broken, and a space at its end may need a line of its own.
LENGTHS = st.sampled_from([0, 1, 72, 73, 74, 75, 76, 77, 78, 79, 80, 152, 153, 154, 155, 156])
ENDS = st.sampled_from(["", " ", "\t", ".", "  "])
LINES = st.tuples(LENGTHS, st.sampled_from(["", "=", "\u00e9", "\U0001f600"]), LENGTHS, ENDS)
DOCUMENTS = st.one_of(
    st.text(),
    st.text(st.sampled_from("ab =.\t\n\r\u00e9\u05d0\u4e2d\U0001f600\u2028\u202e\x85\x00<>")),
    st.lists(LINES.map(lambda line: "a" * line[0] + line[1] + "b" * line[2] + line[3]), max_size=15).map("\n".join),
)


def as_the_library_writes(text: str, html: str) -> bytes:
    message = EmailMessage(policy=POLICY)
    message.set_content(with_end(text))
    message.add_alternative(with_end(html), subtype="html")
    message.set_boundary(BOUNDARY)
    return message.as_bytes()


def with_end(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


@given(DOCUMENTS, DOCUMENTS)
@example("", "")
@example(".\r\n..\r\nFrom here\r\n", "--=zyxwvutsrqponmlkjihgfedcba=--\n")  # not its own boundary
@example("x" * 5000, "\u00e9" * 5000)
@example("word " * 1000, "\U0001f600 " * 1000)
@example("a\n" * 10, "=" * 78 + "\n" + "a\n" * 10)
@example("\n" * 9 + "\u4e2d" * 100, "\n" * 10 + "\u4e2d" * 100)
def test_the_bytes_are_those_of_the_library(text: str, html: str) -> None:
    text, html = body(text), body(html)
    written = alternatives(text, html, BOUNDARY)
    assert written == as_the_library_writes(text, html)
    message = email.message_from_bytes(written, policy=POLICY)
    assert not message.defects
    assert [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()] == [with_end(text), with_end(html)]


@pytest.mark.parametrize(
    ("text", "encoding", "lines"),
    [
        ("", "7bit", [b""]),
        ("a\n\nb\n", "7bit", [b"a", b"", b"b"]),
        ("a", "7bit", [b"a"]),
        ("x" * 78, "7bit", [b"x" * 78]),
        ("x" * 79, "quoted-printable", [b"x" * 77 + b"=", b"xx"]),
        ("x" * 76 + "\u00e9", "quoted-printable", [b"x" * 76 + b"=", b"=C3=A9"]),
        ("a latte in the caf\u00e9 = 3 ", "quoted-printable", [b"a latte in the caf=C3=A9 =3D 3=20"]),
        ("\u4e2d\u6587", "base64", [b"5Lit5paHDQo="]),
    ],
)
def test_the_shorter_encoding_is_chosen(text: str, encoding: str, lines: list[bytes]) -> None:
    assert encoded(text) == (encoding, lines)
