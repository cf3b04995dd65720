# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Valid addresses of the API, and invalid ones, each with its reason."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.url import Address, api_address, listener
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._core.loopback import is_loopback


@pytest.mark.parametrize("url,address", [
    ("http://127.0.0.1:8025", Address(False, "127.0.0.1", 8025, "/api/v1", "http://127.0.0.1:8025")),
    ("http://127.0.0.1:8025/", Address(False, "127.0.0.1", 8025, "/api/v1", "http://127.0.0.1:8025")),
    ("http://localhost", Address(False, "localhost", 80, "/api/v1", "http://localhost")),
    ("http://[::1]:8025", Address(False, "::1", 8025, "/api/v1", "http://[::1]:8025")),
    ("https://catalog.example.com", Address(True, "catalog.example.com", 443, "/api/v1", "https://catalog.example.com")),
    ("https://c.example:8443/mail/", Address(True, "c.example", 8443, "/mail/api/v1", "https://c.example:8443/mail")),
    ("https://c.example/api/v1", Address(True, "c.example", 443, "/api/v1", "https://c.example/api/v1")),
])
def test_an_address(url, address):
    assert api_address(url) == address


@pytest.mark.parametrize("url,words", [
    ("http://catalog.example.com", "readable by anyone"),
    ("http://192.0.2.1:8025", "readable by anyone"),
    ("127.0.0.1:8025", "not an HTTP address"),
    ("ftp://127.0.0.1", "not an HTTP address"),
    ("http://", "not an HTTP address"),
    ("http://127.0.0.1:0", "not an HTTP address"),
    ("http://127.0.0.1:99999", "no address"),
    ("http://[::1", "no address"),
    ("https://a b.example", "not an HTTP address"),
    ("https://c.example/?x=1", "a query, a fragment or invalid"),
    ("https://c.example/#x", "a query, a fragment or invalid"),
    ("https://c.example/a b", "a query, a fragment or invalid"),
    ("https://c.example/a\r\nX-Y: z", ""),
    ("", "not an HTTP address"),
])
def test_invalid_addresses(url, words):
    with pytest.raises(InputRefused) as refusal:
        api_address(url)
    assert refusal.value.details["field"] == "api_url"
    assert words in str(refusal.value)


def test_a_login_in_the_address_is_refused_and_not_repeated():
    with pytest.raises(InputRefused, match="contains a login") as refusal:
        api_address("https://user:hunter2@c.example")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("host,expected", [
    ("localhost", True), ("LOCALHOST", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True),
    ("localhost.example.com", False), ("127.example.com", False), ("192.0.2.1", False), ("", False),
])
def test_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize("listen,expected", [
    ("127.0.0.1:8025", ("127.0.0.1", 8025)), ("192.0.2.1:80", ("192.0.2.1", 80)),
    ("catalog.example:8025", ("catalog.example", 8025)),
    ("0.0.0.0:8025", ("127.0.0.1", 8025)), ("[::]:8025", ("::1", 8025)), ("[2001:db8::1]:8025", ("2001:db8::1", 8025)),
])
def test_listener(listen, expected):
    assert listener(listen) == expected


@pytest.mark.parametrize("listen", ["", "8025", ":8025", "127.0.0.1", "127.0.0.1:", "127.0.0.1:smtp", "127.0.0.1:123456"])
def test_invalid_listeners(listen):
    with pytest.raises(InputRefused, match="is not a host with a port"):
        listener(listen)
