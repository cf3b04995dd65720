# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names by which mail clients mark the signature in their HTML."""

from __future__ import annotations

import pytest
from catalog_mail.domain.replies.extraction.rich import names_signature

NAMES = [
    "gmail_signature", "moz-signature", "protonmail_signature_block", "ms-outlook-mobile-signature", "AppleMailSignature",
    "_rc_sig", "bloop_sign", "Zm-_Id_-Sgn", "messageSignatureSection", "front-signature",
    "-x-evo-signature", "-x-evo-signature-wrapper", "ydp1a2b3c4dsignature", "x_gmail_signature", "x_x_moz-signature",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_client_is_known(name: str) -> None:
    assert names_signature(f'<p>Yes.</p><div class="{name}">Jane</div>')
    assert names_signature(f"<p>Yes.</p><div id='{name}' class=x>Jane</div>")


@pytest.mark.parametrize("element", ['<div id="signature">', "<div id=Signature>", "<div id='x_signature'>"])
def test_an_element_may_have_the_word_as_its_id(element: str) -> None:
    assert names_signature(element)


@pytest.mark.parametrize("text", ["", "my signature", '<div class="signatures">', '<div class="gmail_quote">'])
def test_other_text_names_none(text: str) -> None:
    assert not names_signature(text)
