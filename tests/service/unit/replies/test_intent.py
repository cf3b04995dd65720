# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intents: created, found, verified, and refused in any other form."""

from __future__ import annotations

import base64
import string
import time

import pytest
from catalog_mail.domain.identifiers import base32, new_id
from catalog_mail.domain.replies import intent
from catalog_mail.domain.replies.intent import Purpose
from hypothesis import given
from hypothesis import strategies as st

OLD, NEW = b"o" * 32, b"n" * 32
BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
ids = st.text(BASE32, min_size=26, max_size=26)


@given(st.binary(max_size=40))
def test_base32_is_that_of_the_standard_library(raw: bytes) -> None:
    assert base32(raw) == base64.b32encode(raw).decode("ascii").rstrip("=").lower()


@given(ids, st.sampled_from(Purpose))
def test_an_intent_is_verified_and_names_its_delivery(delivery_id: str, purpose: Purpose) -> None:
    made = intent.make(NEW, delivery_id, purpose)
    assert len(made) == intent.LENGTH
    assert set(made) <= set(BASE32)
    assert intent.verified([OLD, NEW], made, purpose) == delivery_id[: intent.HANDLE_LENGTH]
    other = Purpose.SUBADDRESS_PROBE if purpose is Purpose.REPLY else Purpose.REPLY
    assert intent.verified([NEW], made, other) is None


@given(ids, st.integers(0, 31), st.sampled_from(BASE32))
def test_an_intent_with_a_changed_character_is_refused(delivery_id: str, place: int, letter: str) -> None:
    made = intent.make(NEW, delivery_id)
    altered = made[:place] + letter + made[place + 1 :]
    assert (intent.verified([NEW], altered) is None) == (altered != made)


def test_an_intent_is_valid_while_its_key_is_kept() -> None:
    made = intent.make(OLD, new_id())
    assert intent.verified([NEW, OLD], made)
    assert intent.verified([NEW], made) is None
    assert intent.verified([], made) is None


@pytest.mark.parametrize(
    "value",
    [
        "replies+{}@example.com",
        "Replies <REPLIES+{}@EXAMPLE.COM>",
        "<{}@example.com>",
        "<one@x> <{}@example.com>\r\n <two@x>",
        '"Jane (replies+{}@example.com)" <replies+{}@example.com>',
        "<x_{}@example.com>",
    ],
)
def test_an_intent_is_found_in_each_place(value: str) -> None:
    made = intent.make(NEW, new_id())
    shown = made.upper() if value.isupper() else made
    assert intent.candidates([value.format(shown, shown)]) == [made]


@pytest.mark.parametrize("text", ["", "a" * 31, "a" * 33, "1" * 32, "z" + "a" * 31, "9" + "a" * 32 + "9"])
def test_similar_text_is_no_intent(text: str) -> None:
    assert intent.candidates([f"<{text}@example.com>"]) == []


def test_candidates_are_ordered_and_limited() -> None:
    many = [intent.make(NEW, new_id()) for _number in range(80)]
    assert intent.candidates([f"<{one}@x>" for one in many]) == many[: intent.MOST_CANDIDATES]
    assert intent.candidates([many[0], many[0], many[1]]) == many[:2]


@pytest.mark.parametrize("unit", ["a", "a2", "<a", "@" * 3 + "a" * 31, "a" * 31 + ".", string.printable])
def test_the_cost_of_a_hostile_header_is_linear(unit: str) -> None:
    value = unit * (10_000_000 // len(unit))
    begin = time.process_time()
    intent.candidates([value] * 20)
    # Only the first 16,000 characters of each header are read: far below a second, even on a busy machine.
    assert time.process_time() - begin < 2


def test_the_sub_address() -> None:
    assert intent.subaddress("replies@example.com", "abc") == "replies+abc@example.com"
    assert intent.subaddress("a+b@example.com", "abc") == "a+b+abc@example.com"
