# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host of a server: what is accepted, and what is said of small flaws."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._mail.host import checked_host


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("smtp.example.com", "smtp.example.com"),
        (" smtp.example.com\n", "smtp.example.com"),
        ("smtp.example.com\u00a0", "smtp.example.com"),
        ("smtp.example.com.", "smtp.example.com."),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_a_host_is_accepted(given, host):
    assert checked_host("smtp.host", given) == host


@pytest.mark.parametrize(
    ("given", "flaw", "right"),
    [
        ("smtp .example.com", "a blank", "smtp.example.com"),
        ("smtp\u200b.example.com", "invisible", "smtp.example.com"),
        ("\ufeffsmtp.example.com", "invisible", "smtp.example.com"),
        ("smtp.example.com:587", "a port", "smtp.example.com"),
        ("[2001:db8::7]:25", "a port", "2001:db8::7"),
        ("smtps://u:hunter2@smtp.example.com:465", "a URL", "smtp.example.com"),
        ("app@smtp.example.com", "a user name", "smtp.example.com"),
        ("smtp.example.com/", "a path", "smtp.example.com"),
        ("m\u00fcnchen.example", "outside ASCII", "xn--mnchen-3ya.example"),
        ("smtp\uff0eexample\uff0ecom", "outside ASCII", "smtp.example.com"),
    ],
)
def test_a_small_flaw_is_named(given, flaw, right):
    with pytest.raises(InputRefused) as refused:
        checked_host("smtp.host", given)
    assert flaw in str(refused.value)
    assert f"Write {right}" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("given", ["", " ", "[]", "stra\u00dfe.example"])
def test_other_texts_are_refused(given):
    with pytest.raises(InputRefused, match="is not a host name"):
        checked_host("smtp.host", given)
