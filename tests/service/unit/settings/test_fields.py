# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Valid values of each field of the settings, and the errors for invalid ones."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from catalog_mail.domain.settings import fields
from catalog_mail.domain.settings.fields import InvalidValue

BLANKS = [" ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u200b", "\ufeff", "\u2028"]
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
        "192.0.2.256",
        "192.0.2",
        "010.0.0.1",
        "example.123",
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


FLAWS = [
    # a text that was copied or typed with a small flaw, what is said of it, and the right text where it can be told
    ("smtp.example.com ", "ends with a blank", "smtp.example.com"),
    (" smtp.example.com", "begins with a blank", "smtp.example.com"),
    ("smtp .example.com", "has a blank in it", "smtp.example.com"),
    ("smtp.example.com\t", "ends with a tab", "smtp.example.com"),
    ("smtp.example.com\n", "ends with a line end", "smtp.example.com"),
    ("smtp.example.com\r\n", "ends with a line end", "smtp.example.com"),
    ("smtp.example.com\u00a0", "ends with a non-breaking space", "smtp.example.com"),
    ("\ufeffsmtp.example.com", "begins with a byte order mark", "smtp.example.com"),
    ("smtp\u200b.example.com", "has a zero-width space in it", "smtp.example.com"),
    ("smtp.exam\u00adple.com", "has a soft hyphen in it", "smtp.example.com"),
    ("smtp.example.com\u200e", "ends with an invisible character (U+200E)", "smtp.example.com"),
    ("smtp..example.com", "a dot too many", "smtp.example.com"),
    (".smtp.example.com", "a dot too many", "smtp.example.com"),
    ("smtp.example.com..", "a dot too many", "smtp.example.com"),
    ("smtp.example.com:", "has a port in it", "smtp.example.com"),
    (" 192.0.2.7 ", "ends with a blank", "192.0.2.7"),
    ('"smtp.example.com"', "quotation marks", "smtp.example.com"),
    ("\u201esmtp.example.com\u201c", "quotation marks", "smtp.example.com"),
    ("smtp.example.com,smtp2.example.com", "names several", "smtp.example.com"),
    ("smtp.example.com;", "names several", "smtp.example.com"),
    ("smtp://smtp.example.com", "is a URL", "smtp.example.com"),
    ("https://user:hunter2@smtp.example.com:465/x?y", "is a URL", "smtp.example.com"),
    ("app@smtp.example.com", "user name", "smtp.example.com"),
    ("smtp.example.com:587", "has a port in it", "smtp.example.com"),
    ("192.0.2.7:25", "has a port in it", "192.0.2.7"),
    ("[2001:db8::7]:25", "has a port in it", "2001:db8::7"),
    ("[smtp.example.com]", "brackets", "smtp.example.com"),
    ("<smtp.example.com>", "brackets", "smtp.example.com"),
    ("smtp.example.com/", "has a path in it", "smtp.example.com"),
    ("m\u00fcnchen.example", "outside ASCII", "xn--mnchen-3ya.example"),
    ("smtp.m\u00fcnchen.example", "outside ASCII", "smtp.xn--mnchen-3ya.example"),
    ("smtp\u3002example\u3002com", "outside ASCII", "smtp.example.com"),
    ("smtp\uff0eexample\uff0ecom", "outside ASCII", "smtp.example.com"),
    ("\uff53mtp.example.com", "outside ASCII", "smtp.example.com"),
]


@pytest.mark.parametrize(("text", "flaw", "right"), FLAWS)
def test_a_small_flaw_of_a_host_is_named(text: str, flaw: str, right: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        fields.host(text)
    assert refusal.value.cause.startswith("It is neither a host name nor an IP address: ")
    assert flaw in refusal.value.cause
    assert refusal.value.remedy == f"Write {right}."
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("flaw", [" ", "\t", "\n", "\r\n", "\u00a0", "\u200b", "\ufeff"])
def test_an_identifier_with_a_blank_is_refused(flaw: str) -> None:
    for text in (f"11111111-2222{flaw}", f"{flaw}11111111-2222", f"1111{flaw}1111-2222"):
        with pytest.raises(InvalidValue, match="It is not an ID") as refusal:
            fields.identifier(text)
        assert "11111111-2222" in refusal.value.remedy
    for text in (f"app{flaw}", f"{flaw}app"):
        with pytest.raises(InvalidValue):
            fields.user_name(text)
    assert fields.user_name("CORP\\app user") == "CORP\\app user"
    assert fields.identifier("contoso.onmicrosoft.com") == "contoso.onmicrosoft.com"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
def test_a_password_with_a_line_end_is_refused(end: str) -> None:
    with pytest.raises(InvalidValue, match="ends with a line end") as refusal:
        fields.login_secret(f"hunter2{end}")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("text", ["hunter2 ", "\thunter2", "p\u00e4ss w\u00f6rd", "two\nlines\n"])
def test_a_password_may_have_blanks(text: str) -> None:
    assert fields.login_secret(text) == text


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
    assert re.search("plain SMTP|outside ASCII", refusal.value.cause)
    assert "xn--" in refusal.value.remedy


ADDRESSES = [
    # a text that was copied or typed with a small flaw, what is said of it, and the right text
    ("noreply@example.com ", "ends with a blank", "noreply@example.com"),
    ("\u00a0noreply@example.com", "begins with a non-breaking space", "noreply@example.com"),
    ("noreply@example.com\u200b", "ends with a zero-width space", "noreply@example.com"),
    ("noreply@exam\u00adple.com", "soft hyphen", "noreply@example.com"),
    ("noreply@example.com\n", "ends with a line end", "noreply@example.com"),
    ("<noreply@example.com>", "more than the address", "noreply@example.com"),
    ("Data Catalog <noreply@example.com>", "more than the address", "noreply@example.com"),
    ("mailto:noreply@example.com", "more than the address", "noreply@example.com"),
    ("noreply@example.com.", "more than the address", "noreply@example.com"),
    ("noreply@m\u00fcnchen.example", "outside ASCII", "noreply@xn--mnchen-3ya.example"),
]


@pytest.mark.parametrize(("text", "flaw", "right"), ADDRESSES)
def test_a_small_flaw_of_an_address_is_named(text: str, flaw: str, right: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        fields.address(text)
    assert flaw in refusal.value.cause
    assert refusal.value.remedy == f"Write {right}."


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    ("check", "value"),
    [
        (fields.user_name, "app@example.com"), (fields.mailbox_name, "Archive"), (fields.server_name, "mx.example.com"),
        (fields.absolute_path, "/etc/ssl/ca.pem"), (fields.client_secret, "x8Q~secret"),
    ],
)  # fmt: skip
def test_a_blank_at_an_end_is_refused(check: Callable[[str], str], value: str, blank: str) -> None:
    assert check(value) == value
    for text in (f"{value}{blank}", f"{blank}{value}"):
        with pytest.raises(InvalidValue) as refusal:
            check(text)
        assert value not in str(refusal.value)


@pytest.mark.parametrize("check", [fields.user_name, fields.mailbox_name])
def test_a_name_has_blanks_inside_and_nothing_invisible(check: Callable[[str], str]) -> None:
    assert check("Sent Items") == "Sent Items"
    for character in ("\u00a0", "\u200b", "\u00ad", "\ufeff", "\t"):
        with pytest.raises(InvalidValue):
            check(f"Sent{character}Items")


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
