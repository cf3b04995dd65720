# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encryption of stored secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalog_mail.adapters.cipher import Cipher, new_key
from catalog_mail.domain.errors import Misconfigured
from hypothesis import given
from hypothesis import strategies as st

KEY = new_key()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_an_encrypted_text_is_hidden_and_decrypted(text: str):
    cipher = Cipher([KEY])
    ciphertext = cipher.encrypt(text)
    assert cipher.decrypt(ciphertext) == text
    assert len(text) < 4 or text.encode() not in ciphertext


def test_a_replaced_key_still_decrypts_and_the_new_one_encrypts():
    old, new = new_key(), new_key()
    ciphertext = Cipher([old]).encrypt("secret")
    assert Cipher([new, old]).decrypt(ciphertext) == "secret"
    assert Cipher([old]).decrypt(Cipher([new, old]).encrypt("secret")) is None


def test_derived_keys_differ_by_purpose_and_from_the_key():
    cipher = Cipher([KEY, new_key()])
    assert len(cipher.derived(b"a")) == 2
    assert cipher.derived(b"a") == cipher.derived(b"a") != cipher.derived(b"b")
    assert KEY.encode() not in cipher.derived(b"a")


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xff", KEY.encode() + b"\nnot a key\n"])
def test_a_file_without_keys_is_refused_and_not_quoted(tmp_path: Path, content: bytes):
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        Cipher.from_file(path)
    assert caught.value.field == "key_file"
    assert str(path) in caught.value.cause
    assert KEY not in str(caught.value)


def test_a_missing_file_names_the_command_that_makes_one(tmp_path: Path):
    with pytest.raises(Misconfigured, match="catalog-mail key"):
        Cipher.from_file(tmp_path / "none")
