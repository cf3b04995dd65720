# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No form of a password is left in messages of servers, libraries and logs."""

from __future__ import annotations

from base64 import b64encode

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.redaction import (
    MASK,
    MAX_WORDS,
    Secrets,
    hide_login_commands,
)
from hypothesis import given
from hypothesis import strategies as st

PASSWORD = 'p:#$x{y}%\'"\\\u00e9; q'


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "form",
    [
        PASSWORD,
        PASSWORD.replace("\\", "\\\\").replace('"', '\\"'),
        repr(PASSWORD.encode())[2:-1],
        base64(PASSWORD),
        base64("\0u@corp.test\0" + PASSWORD),
    ],
    ids=["as it is", "quoted for IMAP", "bytes in Python", "SASL LOGIN", "SASL PLAIN"],
)
def test_every_form_of_a_password_is_hidden(form):
    words = Secrets([("u@corp.test", PASSWORD)]).words(f"BAD cannot parse {form} here")
    assert words == f"BAD cannot parse {MASK} here"


@pytest.mark.parametrize("password", ["it's", 'say "x"', "both ' and \"", "back\\slash", "\u00e9\u00df"])
@pytest.mark.parametrize("around", ["", "'", '"', "'\""])
def test_a_password_in_the_repr_of_bytes_is_hidden(password, around):
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    shown = str([f'BAD LOGIN u {around}"{quoted}"'.encode()])
    assert Secrets([("u", password)]).hide(shown).count(MASK) == 1


def test_a_password_that_holds_another_is_hidden_whole():
    assert Secrets([("u", "abc"), ("v", "abcdef")]).hide("x abcdef y") == f"x {MASK} y"


def test_nothing_is_hidden_without_a_password():
    assert Secrets([("u", None), (None, "")]).hide("535 no") == "535 no"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("> mail[192.0.2.1]:587: AUTH PLAIN AHUAcA==", f"> mail[192.0.2.1]:587: AUTH PLAIN {MASK}"),
        ("A1 AUTHENTICATE PLAIN AHUAcA== x", f"A1 AUTHENTICATE PLAIN {MASK}"),
        ("250-AUTH PLAIN LOGIN", f"250-AUTH PLAIN {MASK}"),
        ("LOGIN failed.", "LOGIN failed."),
        ("status=sent (250 2.0.0 Ok)", "status=sent (250 2.0.0 Ok)"),
    ],
)
def test_a_login_in_a_trace_is_hidden_without_its_password(line, shown):
    assert hide_login_commands(line) == shown


def test_words_are_one_printable_line_of_bounded_length():
    words = Secrets([("u", "secret")]).words(b"250-a\r\n250 \x1b[31mb\xff " + b"x" * 5000)
    assert "\n" not in words
    assert words.isprintable()
    assert len(words) <= MAX_WORDS + 4


@given(st.text(min_size=1, alphabet=st.characters(codec="utf-8")), st.text(alphabet=st.characters(codec="utf-8")))
def test_no_text_keeps_a_password(password, around):
    shown = Secrets([("u", password)]).hide(around + base64("\0u\0" + password) + around)
    assert base64("\0u\0" + password) not in shown
