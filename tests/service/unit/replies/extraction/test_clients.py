# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that people write above, in or below a quoted mention mail is extracted in full, without any of the quoted mail."""

from __future__ import annotations

import email
import html
import random
from email.message import Message

import pytest
from catalog_mail.domain.replies.extraction import TooComplex, extract
from helpers.service.reply_forms import MAILS, PAGES, TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st

# Words that people use, some of which clients use as well.
_word = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("Lu", "Ll", "Lo", "Nd", "So")), min_size=1, max_size=12),
    st.sampled_from(["From", "from:", "wrote", "wrote:", "On", "schrieb", "Sent", "marker", "reply", "line", "(see)",
                     "a@corp.test", "https://wiki.corp.test/x?y=1&z=2", "<b>", "&amp;", "\u201equoted\u201c", "--",
                     "*bold*", "e.g."]))
_end = st.sampled_from(["", ".", "?", "!", ",", ";", " \U0001f44d"])
# The line's first word prevents text that no person writes: a signature mark, a header, a complete attribution.
_line = st.builds(lambda words, end: "Well " + " ".join(words) + end, st.lists(_word, min_size=1, max_size=9), _end)
own_text = st.lists(st.lists(_line, min_size=1, max_size=4).map("\n".join), min_size=1, max_size=4).map("\n\n".join)

SPLINTERS = [b"\x00", b"\r", b"\n\n", b"<div>", b"=\n", b'"', b"\xff\xfe", b"\x1b$B", b"&#x110000;"]


def message(content: str, kind: str = "plain", charset: str = "utf-8") -> Message:
    head = f"Content-Type: text/{kind}; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    return email.message_from_bytes((head + content).encode(charset, "replace"))


def as_html(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


@pytest.mark.parametrize("client", TEXTS)
@settings(max_examples=15)
@given(text=own_text)
def test_plain_text_comes_back_in_full(client: str, text: str) -> None:
    assert extract(message(TEXTS[client].format(text))).text == text


@pytest.mark.parametrize("client", PAGES)
@settings(max_examples=15)
@given(text=own_text)
def test_html_comes_back_in_full(client: str, text: str) -> None:
    assert extract(message(PAGES[client].format(as_html(text)), "html")).text == text


@pytest.mark.parametrize("client", TEXTS)
def test_an_empty_reply_has_no_text(client: str) -> None:
    assert extract(message(TEXTS[client].format(""))).text == ""


@pytest.mark.parametrize("client", PAGES)
def test_an_empty_html_reply_has_no_text(client: str) -> None:
    assert extract(message(PAGES[client].format(""), "html")).text == ""


@settings(max_examples=150)
@given(raw=st.binary(max_size=2000))
def test_random_bytes_raise_no_error(raw: bytes) -> None:
    extract(email.message_from_bytes(raw))


@settings(max_examples=150)
@given(index=st.integers(0, len(MAILS) - 1), seed=st.integers(0, 1 << 32))
def test_a_damaged_mail_raises_no_error(index: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    raw = bytearray(MAILS[index].read_bytes())
    for _ in range(chance.randint(1, 30)):
        at = chance.randrange(len(raw))
        match chance.randint(0, 3):
            case 0:
                raw[at] = chance.randrange(256)
            case 1:
                del raw[at:at + chance.randint(1, 200)]
            case 2:
                raw[at:at] = raw[chance.randrange(len(raw)):][:300]
            case _:
                raw[at:at] = chance.choice(SPLINTERS)
        raw = raw or bytearray(b"x")
    try:
        text = extract(email.message_from_bytes(bytes(raw))).text
    except TooComplex:
        return
    assert "\x00" not in text and "\r" not in text
    text.encode()
