# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts that requests may name: the catalog's, the loopback's, the address listened on, and those allowed besides."""

from __future__ import annotations

import pytest
from catalog_mail.api.hosts import AcceptedHosts
from catalog_mail.host_names import HostName, find_host, parse_host

ALLOWED = ["proxy", "mail.example.com:8443", "192.0.2.9", "[2001:db8::9]:8025", "usual.example.com:443"]
HOSTS = AcceptedHosts.of("https://Catalog.Example.com/catalog", "192.0.2.1", ALLOWED)

READ = {
    "catalog.example.com": HostName("catalog.example.com"),
    "Catalog.Example.COM.": HostName("catalog.example.com"),
    "a_b:80": HostName("a_b", 80),
    "192.0.2.1:8025": HostName("192.0.2.1", 8025),
    "[2001:DB8:0::1]": HostName("2001:db8::1"),
    "[::1]:8025": HostName("::1", 8025),
}
NOT_READ = [
    "", " ", "*", "*.example.com", "a..b", "-a", "a-", "a b", "a,b", "a/b", "a@b", "a:", ":80", "a:0", "a:65536", "a:99999999",
    "a:b", "http://a", "2001:db8::1", "[2001:db8::1", "[::1]x", "[::1%eth0]", "[a]", "[]", "[:::]", "a\n", "a\x00", "x" * 64,
    "a." * 130 + "a", "a:\u0661",
]  # fmt: skip


@pytest.mark.parametrize(("text", "host"), READ.items())
def test_a_host_is_read(text: str, host: HostName):
    assert parse_host(text) == host
    assert parse_host(str(host)) == host


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_no_host_is_refused(text: str):
    assert find_host(text) is None
    with pytest.raises(ValueError, match=r"host|port|IPv6"):
        parse_host(text)


@pytest.mark.parametrize("text", ["catalog.example.com", "CATALOG.example.com:8443", "localhost", "localhost:1", "127.0.0.1:8025",
    "127.8.8.8", "[::1]:8025", "[::ffff:127.0.0.1]", "192.0.2.1", "192.0.2.1:1", "proxy", "proxy:8025", "mail.example.com:8443",
    "192.0.2.9:1", "[2001:db8:0::9]:8025", "usual.example.com", "198.51.100.7:8025", "ip6-localhost"])  # fmt: skip
def test_names_of_this_service_are_accepted(text: str):
    assert HOSTS.accept(parse_host(text), "198.51.100.7")


@pytest.mark.parametrize("text", ["evil.example", "example.com", "x.catalog.example.com", "catalog.example.com.evil.example",
    "mail.example.com", "mail.example.com:443", "192.0.2.2", "[2001:db8::9]", "localhost.evil.example", "10.127.0.1",
    "usual.example.com:80", "proxy2"])  # fmt: skip
def test_other_names_are_not_accepted(text: str):
    assert not HOSTS.accept(parse_host(text), "198.51.100.7")


@pytest.mark.parametrize(("text", "arrived_at"), [("[2001:db8::5]:8025", "2001:db8::5"), ("192.0.2.5", "::ffff:192.0.2.5"),
    ("[fe80::1]", "fe80::1%eth0")])  # fmt: skip
def test_the_address_that_a_connection_came_in_on(text: str, arrived_at: str):
    everywhere = AcceptedHosts.of("https://catalog.example.com", "::", [])
    assert everywhere.accept(parse_host(text), arrived_at)
    assert not everywhere.accept(parse_host(text), "192.0.2.77")
    assert not everywhere.accept(parse_host(text), None)


@pytest.mark.parametrize(("base_url", "listen", "named"), [
    ("https://m\u00fcller.example", "127.0.0.1", "xn--mller-kva.example"), ("http://[2001:db8::1]:80/x", "::", "[2001:db8::1]"),
    ("https://catalog.example.com", "mail.example.com", "mail.example.com:8025"),
    ("https://a*b", "2001:db8::2", "[2001:db8::2]:1"),
])  # fmt: skip
def test_hosts_of_unusual_configurations(base_url: str, listen: str, named: str):
    assert AcceptedHosts.of(base_url, listen, []).accept(parse_host(named), None)
