# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Valid values of each field of the settings, and the errors for invalid ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from catalog_mail.domain.settings import fields
from catalog_mail.domain.settings.fields import InvalidValue

CONTROL = ["\r", "\n", "\r\n", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"]


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "smtp.example.com",
        "smtp.example.com.",
        "SMTP.Example.COM",
        "mail-1.example.com",
        "my_relay.corp.test",
        "xn--mnchen-3ya.example",
        "a" * 63 + ".example",
        "192.0.2.7",
        "2001:db8::7",
        "fe80::1%eth0",
    ],
)
def test_a_host_is_kept_unchanged(name: str) -> None:
    assert fields.host(name) == name


@pytest.mark.parametrize(
    ("given", "bare"),
    [("[2001:db8::7]", "2001:db8::7"), ("[192.0.2.7]", "192.0.2.7"), ("2001:DB8:0:0::7", "2001:db8::7")],
)
def test_an_ip_address_is_kept_in_its_short_form(given: str, bare: str) -> None:
    assert fields.host(given) == bare


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "a..example",
        ".example",
        "-a.example",
        "a-.example",
        "a" * 64 + ".example",
        "a." * 127 + "a",
        "smtp.example.com:587",
        "192.0.2.7:25",
        "smtp://smtp.example.com",
        "user@smtp.example.com",
        "smtp.example.com/",
        "smtp example.com",
        "[smtp.example.com]",
        "[2001:db8::7]:25",
        "[2001:db8::7",
        "2001:db8::7::1",
        "m\u00fcnchen.example",
        "smtp\u3002example\u3002com",
        "fe80::1%",
        "fe80::1%eth0 x",
        *(f"smtp{character}.example.com" for character in CONTROL),
        *(f"smtp.example.com{character}" for character in CONTROL),
        *(f"fe80::1%{character}" for character in CONTROL),
    ],
)
def test_an_invalid_host_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="neither a host name nor an IP address"):
        fields.host(name)


@pytest.mark.parametrize("address", ["a@b", "noreply@example.com", "a.b+c@xn--mnchen-3ya.example", "o'neill/x=y@example.com"])
def test_a_bare_address_is_accepted(address: str) -> None:
    assert fields.address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "noreply",
        "@example.com",
        "noreply@",
        "a@b@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        "a b@example.com",
        '"a b"@example.com',
        "Data Catalog <noreply@example.com>",
        "<noreply@example.com>",
        "noreply@example.com, other@example.com",
        "noreply@-example.com",
        "noreply@example..com",
        "noreply@[192.0.2.7]",
        "a" * 65 + "@example.com",
        "a@" + "b" * 253,
        *(f"noreply{character}@example.com" for character in CONTROL),
        *(f"noreply@example.com{character}" for character in CONTROL),
        "noreply@example.com\r\nBcc: victim@example.com",
    ],
)
def test_an_invalid_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidValue):
        fields.address(address)


@pytest.mark.parametrize("address", ["m\u00fcller@example.com", "noreply@m\u00fcnchen.example"])
def test_an_international_address_is_refused_with_a_remedy(address: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        fields.address(address)
    assert "plain SMTP" in refusal.value.cause
    assert "xn--" in refusal.value.remedy


@pytest.mark.parametrize("name", ["", "Data Catalog", 'The "Catalog", <x@y>', "Datenkatalog M\u00fcnchen \U0001f4d6", "x" * 200])
def test_a_display_name_may_be_any_line(name: str) -> None:
    assert fields.display_name(name) == name


@pytest.mark.parametrize("name", ["x" * 201, *(f"Data{character}Catalog" for character in CONTROL)])
def test_an_invalid_display_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue):
        fields.display_name(name)


@pytest.mark.parametrize("character", CONTROL)
def test_single_line_fields_refuse_control_characters(character: str) -> None:
    for check in (fields.one_line, fields.absolute_path, fields.calendar):
        with pytest.raises(InvalidValue):
            check(f"/etc/x{character}y")


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (fields.absolute_path, "relative.pem"),
        (fields.absolute_path, ""),
        (fields.absolute_path, "/" + "x" * 1000),
        (fields.secret, ""),
        (fields.secret, "a\0b"),
        (fields.secret, "\ud800"),
        (fields.secret, "x" * 10_001),
        (fields.pem, "no PEM at all"),
        (fields.pem, "-----BEGIN CERTIFICATE-----\0"),
        (fields.calendar, ""),
        (fields.calendar, "Sun; rm"),
        (fields.calendar, "x" * 101),
    ],
)
def test_other_fields_refuse(check: Callable[[str], str], text: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        check(text)
    assert refusal.value.cause.endswith(".")
    assert refusal.value.remedy.endswith(".")


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (fields.absolute_path, "/etc/ssl/certs/company ca.pem"),
        (fields.secret, "p\u00e4ss w\u00f6rd\n"),
        (fields.secret, "x" * 10_000),
        (fields.pem, "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"),
        (fields.calendar, "Sun 02:00"),
        (fields.calendar, "*-*-* 00/2:00:00"),
        (fields.calendar, "Mon..Fri *-*~1 02:00 America/New_York"),
        (fields.calendar, "weekly"),
    ],
)
def test_other_fields_accept(check: Callable[[str], str], text: str) -> None:
    assert check(text) == text


@pytest.mark.parametrize("text", ["hunter2\0", "\ud800hunter2", "hunter2" + "x" * 10_000])
def test_a_refused_secret_is_not_repeated(text: str) -> None:
    for check in (fields.secret, fields.pem):
        with pytest.raises(InvalidValue) as refusal:
            check(text)
        assert "hunter2" not in str(refusal.value)
