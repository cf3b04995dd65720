# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token of an unsubscribe link: it names recipient and kind, and cannot be forged."""

from __future__ import annotations

import re

import pytest
from catalog_mail.domain.mime.addresses import checked_address
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.notifications.unsubscribe import LONGEST, make_token, read_token
from hypothesis import given
from hypothesis import strategies as st

KEY, OLD_KEY, FOREIGN_KEY = b"k" * 32, b"o" * 32, b"f" * 32
TOKEN = make_token([KEY], "jane@corp.test", Kind.MENTION)
ADDRESSES = st.builds(
    "{}@{}".format,
    st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}", fullmatch=True),
    st.from_regex(r"([a-z0-9]{1,20}\.){0,7}[A-Za-z0-9]{1,20}", fullmatch=True),
)


@given(ADDRESSES, st.sampled_from(Kind), st.binary(min_size=16, max_size=64))
def test_a_signed_token_is_read_back(address: str, kind: Kind, key: bytes) -> None:
    token = make_token([key], checked_address("to", address), kind)
    assert read_token([key], token) == (address, kind)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token), "the token needs no escaping in a URL"
    assert len(token) <= LONGEST
    assert make_token([key], address, kind) == token, "the link of a mail rendered again is the same"


def test_each_address_and_kind_has_its_own() -> None:
    tokens = {make_token([KEY], address, kind) for address in ("jane@corp.test", "joe@corp.test") for kind in Kind}
    assert len(tokens) == 2 * len(Kind)


def test_links_in_old_mails_survive_a_new_key() -> None:
    old = make_token([OLD_KEY], "jane@corp.test", Kind.MENTION)
    assert read_token([KEY, OLD_KEY], old) == ("jane@corp.test", Kind.MENTION)
    assert make_token([KEY, OLD_KEY], "jane@corp.test", Kind.MENTION) == TOKEN, "the first key signs"


def test_tokens_of_a_removed_key_are_refused() -> None:
    assert read_token([FOREIGN_KEY], TOKEN) is None
    assert read_token([], TOKEN) is None


@pytest.mark.parametrize("position", range(len(TOKEN)))
def test_each_changed_character_is_refused(position: int) -> None:
    for other in "A_-z9":
        changed = TOKEN[:position] + other + TOKEN[position + 1 :]
        assert changed == TOKEN or read_token([KEY], changed) is None


@pytest.mark.parametrize(
    "token",
    ["", "A", "=", TOKEN[:-1], TOKEN + "A", TOKEN + "=", TOKEN + "==", TOKEN + "\n", f" {TOKEN}", TOKEN + "\x00",
     "\ud800", "\u00e9" * 20, "A" * LONGEST, "A" * 10**6, TOKEN.replace("-", "+").replace("_", "/") + "=" * 3],
)  # fmt: skip
def test_other_spellings_are_refused(token: str) -> None:
    assert token == TOKEN or read_token([KEY], token) is None


@given(st.text(st.characters()))
def test_any_other_text_is_refused_without_an_error(token: str) -> None:
    assert read_token([KEY, OLD_KEY], token) is None
