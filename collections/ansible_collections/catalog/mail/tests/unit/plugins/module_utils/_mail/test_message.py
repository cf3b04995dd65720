# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test e-mail and its valid and invalid addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._mail.message import (
    checked_address,
    compose,
    default_sender,
    is_domain,
)
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def test_the_message_has_its_token_and_its_purpose():
    mail = compose("noreply@c.test", "alice@m.test", "0123abcd", "host.c.test", NOON)
    read = message_from_bytes(mail.content, policy=default)
    assert mail.message_id == "<catalog-mail-test.0123abcd@c.test>" == read["Message-ID"]
    assert read["Subject"] == "Test e-mail from host.c.test [0123abcd]"
    assert (read["From"], read["To"]) == ("noreply@c.test", "alice@m.test")
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Date"].datetime == NOON
    assert "0123abcd" in read.get_content()
    assert mail.content.isascii()
    assert b"\n" not in mail.content.replace(b"\r\n", b"")


def test_a_host_name_brings_no_header_of_its_own():
    mail = compose("a@c.test", "b@m.test", "0123", "host\r\nBcc: victim@x.test", NOON)
    assert "Bcc" not in message_from_bytes(mail.content)


def test_an_address_literal_is_not_in_a_message_id():
    mail = compose("root@[192.0.2.1]", "b@m.test", "0123", "h", NOON)
    assert mail.message_id == "<catalog-mail-test.0123@catalog-mail.invalid>"


@pytest.mark.parametrize(
    "address",
    ["a@b.test", "first.last+tag@sub.b.test", "o'neil@b.test", "a=b{c}@b-c.test", "root@localhost", "a@[192.0.2.1]",
     "a@[IPv6:2001:db8::1]", "x" * 64 + "@b.test", "_@b_c.test"],
)
def test_an_ordinary_address_is_taken(address):
    assert checked_address("recipient", address) == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("alice", "no @"),
        ("", "no @"),
        ("a@b.test\nBcc: c@d.test", "could change the meaning"),
        ("a@b.test\r\nDATA", "could change the meaning"),
        ("a@b.test, c@d.test", "could change the meaning"),
        ("Alice <a@b.test>", "could change the meaning"),
        ("a b@b.test", "could change the meaning"),
        ('"a b"@b.test', "could change the meaning"),
        ("a@b.test> SIZE=1", "could change the meaning"),
        ("a@", "could change the meaning"),
        ("@b.test", "could change the meaning"),
        ("a@b..test", "could change the meaning"),
        ("a@b.test\0", "could change the meaning"),
        ("a@-b.test", "could change the meaning"),
        ("a@" + "b" * 300, "could change the meaning"),
        ("x" * 65 + "@b.test", "could change the meaning"),
        ("-fevil@b.test", "begins with a hyphen"),
        ("j\u00fcrgen@b.test", "plain SMTP"),
        ("a@b\u00fccher.test", "plain SMTP"),
    ],
)
def test_a_dangerous_address_is_refused_with_the_reason(address, reason):
    with pytest.raises(InputRefused, match="sender: ") as refused:
        checked_address("sender", address)
    assert refused.value.details["field"] == "sender"
    assert reason in refused.value.details["cause"]
    assert refused.value.details["remedy"]


@given(st.text())
def test_no_accepted_address_can_end_a_line_or_a_bracket(text):
    try:
        address = checked_address("recipient", text)
    except InputRefused:
        return
    assert not set(address) & set("\r\n\0<>() ,;\"\\\t")
    assert not address.startswith("-")


@pytest.mark.parametrize(
    ("domains", "sender"),
    [
        (("catalog.test", "", ""), "noreply@catalog.test"),
        (("Catalog.Test.", "", ""), "noreply@catalog.test"),
        (("localdomain", "corp.test", "h.corp.test"), "noreply@corp.test"),
        (("", "test", "h.test"), "noreply@h.test"),
        (("host.localdomain", "localdomain", "b.test"), "noreply@b.test"),
    ],
)
def test_the_sender_has_the_first_valid_domain(domains, sender):
    assert default_sender(*domains) == sender


@pytest.mark.parametrize("domains", [(), ("", ""), ("localdomain", "", "localhost"), ("1.0.0.127.in-addr.arpa",)])
def test_a_host_without_a_domain_needs_a_sender(domains):
    with pytest.raises(InputRefused, match="Give an address as sender"):
        default_sender(*domains)


@pytest.mark.parametrize(
    ("name", "is_one"), [("a.test", True), ("a.test.", True), ("a", False), ("", False), ("a b.test", False)]
)
def test_a_domain_has_a_dot(name, is_one):
    assert is_domain(name) is is_one
