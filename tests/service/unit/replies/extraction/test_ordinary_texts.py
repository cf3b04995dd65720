# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every ordinary text comes back whole from every form in which clients and gateways send it."""

from __future__ import annotations

import email

import pytest
from catalog_mail.domain.replies.extraction import extract
from helpers.service.ordinary_texts import TEXTS
from helpers.service.reply_wrappings import BARE, WRAPPINGS
from hypothesis import given, settings
from hypothesis import strategies as st

# Directly above the quoted mail, without a line of a client's between: these end like a client's own lines.
_LIKE_A_CLIENT = {"times"}
# In the middle of a quote, and at the begin of a mail without a known quote, a line with one mark may be the rest of the quote.
_MARKED = {"here document", "prompt of npm", "own quote", "own quote at the end", "own quote on top", "nested quote",
           "comparison", "diff of ed", "mail pasted from Gmail", "mail pasted as a quote"}
_AMBIGUOUS = {**dict.fromkeys(BARE, _LIKE_A_CLIENT), "text: between": _MARKED, "client: no quote": {"own quote on top"}}


def text_of(wrapping: str, text: str) -> str:
    return extract(email.message_from_bytes(WRAPPINGS[wrapping](text))).text


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_an_ordinary_text_comes_back_whole(wrapping: str) -> None:
    texts = {name: text for name, text in TEXTS.items() if name not in _AMBIGUOUS.get(wrapping, ())}
    assert {name: text_of(wrapping, text) for name, text in texts.items()} == texts


@settings(max_examples=150)
@given(
    wrapping=st.sampled_from(sorted(WRAPPINGS.keys() - _AMBIGUOUS.keys())),
    names=st.lists(st.sampled_from(sorted(TEXTS)), min_size=2, max_size=4),
)
def test_several_ordinary_texts_come_back_whole(wrapping: str, names: list[str]) -> None:
    text = "\n\n".join(TEXTS[name] for name in names)
    assert text_of(wrapping, text) == text
