# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenPGP in the text of a reply (RFC 9580): signed text is posted without its armour, an encrypted block is not posted."""

from __future__ import annotations

import email

import pytest
from catalog_mail.domain.replies.extraction import Extracted, extract
from helpers.service.reply_forms import ATTRIBUTION, HEADERS, MENTION, QUOTED
from helpers.service.reply_wrappings import both, plain

ENCRYPTED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA1q2w3e4r5t6AQf/Xa0b\nabcd\n=aB3d\n-----END PGP MESSAGE-----"
SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEE1vz9\n=aB3d\n-----END PGP SIGNATURE-----"
BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"


def read(raw: bytes) -> Extracted:
    return extract(email.message_from_bytes(raw))


@pytest.mark.parametrize("head", ["Hash: SHA256\n", "Hash: SHA512\nComment: signed\n", "", "Version: GnuPG v2\nHash: SHA1\n"])
@pytest.mark.parametrize("quote", [f"{ATTRIBUTION}\n{QUOTED}", f"{HEADERS}\n{MENTION}".replace("\n-- ", "\n- -- "), ""])
def test_signed_text_is_posted_without_the_armour(head: str, quote: str) -> None:
    body = f"{BEGIN}\n{head}\nYes.\n\n- - one\n- - two\n\n{quote}\n{SIGNATURE}\n"
    assert read(plain(body)).text == "Yes.\n\n- one\n- two"
    assert read(plain(body.replace("\n", "\r\n"))).text == "Yes.\n\n- one\n- two"


def test_the_quote_may_follow_the_signature() -> None:
    assert read(plain(f"{BEGIN}\nHash: SHA256\n\nYes.\n{SIGNATURE}\n\n{ATTRIBUTION}\n{QUOTED}")).text == "Yes."


@pytest.mark.parametrize("text", [
    f"What is this?\n{BEGIN}\nIt begins so.",
    f"{BEGIN}\nHash: SHA256\n\nA signature is missing.",
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n-----END PGP PUBLIC KEY BLOCK-----",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "It says BEGIN PGP MESSAGE there.",
])
def test_text_about_armour_is_kept(text: str) -> None:
    assert read(plain(f"{text}\n\n{ATTRIBUTION}\n{QUOTED}")) == Extracted(text, True)


@pytest.mark.parametrize("body, text", [
    (ENCRYPTED, ""),
    (ENCRYPTED.replace("\n\n", "\nVersion: GnuPG v2\nCharset: utf-8\n\n"), ""),
    (f"{ENCRYPTED}\n\n{ATTRIBUTION}\n{QUOTED}", ""),
    (f"Hello,\n\n{ENCRYPTED}\n\nJane\n\n{ATTRIBUTION}\n{QUOTED}", "Hello,\n\n\n\nJane"),
    (ENCRYPTED.partition("-----END")[0] + "\nThe rest.", "The rest."),
    (ENCRYPTED.replace("MESSAGE", "MESSAGE, PART 1/2"), ""),
])
def test_an_encrypted_block_is_left_out_and_told(body: str, text: str) -> None:
    found = read(plain(body))
    assert (found.text.split(), found.encrypted) == (text.split(), True)


def test_the_encrypted_text_of_both_parts_is_told() -> None:
    shown = f"<pre>{ENCRYPTED}</pre>"
    assert read(both(ENCRYPTED, shown)) == Extracted("", False, True)
    assert read(both("", shown)) == Extracted("", False, True)


def test_an_encrypted_block_in_the_quote_does_not_matter() -> None:
    quoted = ENCRYPTED.replace("\n", "\n> ")
    assert read(plain(f"Yes.\n\n{ATTRIBUTION}\n{QUOTED}\n> {quoted}")) == Extracted("Yes.", True)
