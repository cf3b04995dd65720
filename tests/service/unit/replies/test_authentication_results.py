# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The senders that a mail server authenticates, and headers that are not trusted."""

from __future__ import annotations

import time
from email import message_from_bytes
from email.message import Message

import pytest
from catalog_mail.domain.replies.authentication_results import Finding, Result, parse, verified
from hypothesis import given
from hypothesis import strategies as st

MX = "mx.corp.test"
JANE = "jane@corp.test"


def mail(*values: str) -> Message:
    lines = [f"Authentication-Results: {value}" for value in values]
    return message_from_bytes("\r\n".join(["Received: from x", *lines, "From: jane@corp.test", "", "Hi"]).encode())


RESULTS = [
    # one of the three methods is enough
    ("mx.corp.test; dmarc=pass header.from=corp.test", Finding.PASS, "DMARC passed"),
    ("MX.Corp.Test 1; DMARC=Pass (p=reject dis=none) header.from=Corp.Test", Finding.PASS, "DMARC passed"),
    ("mx.corp.test; spf=fail smtp.mailfrom=x@y.test; dkim=none; dmarc=pass header.from=corp.test", Finding.PASS, "DMARC passed"),
    ("mx.corp.test; dkim=pass header.d=corp.test", Finding.PASS, "DKIM passed"),
    ("mx.corp.test; dkim=pass (2048-bit key; ok) header.d=corp.test header.i=@corp.test header.b=abc", Finding.PASS, "DKIM"),
    ("mx.corp.test; dkim=pass header.i=@mail.corp.test", Finding.PASS, "DKIM"),
    ("mx.corp.test; dkim=fail header.d=corp.test; dkim=pass header.d=corp.test", Finding.PASS, "DKIM"),
    ("mx.corp.test; spf=pass smtp.mailfrom=jane@corp.test", Finding.PASS, "SPF"),
    ("mx.corp.test; spf=pass (a) smtp.mailfrom=corp.test smtp.helo=x", Finding.PASS, "SPF"),
    ("mx.corp.test; spf=pass smtp.mailfrom=<jane@corp.test>", Finding.PASS, "SPF"),
    ('mx.corp.test; spf=pass smtp.mailfrom="odd; dmarc=fail"@bounces.corp.test', Finding.PASS, "SPF"),
    ("mx.corp.test/2; dkim=pass header.d=corp.test", Finding.MISSING, "not by the configured"),
    ('mx.corp.test;\r\n\tdkim / 1 = pass\r\n\treason = "good = one" header . d = corp.test', Finding.PASS, "DKIM"),
    # DMARC has no result, or not for this domain
    ("mx.corp.test; dmarc=none header.from=corp.test; spf=pass smtp.mailfrom=corp.test", Finding.PASS, "SPF"),
    ("mx.corp.test; dmarc=temperror header.from=corp.test; dkim=pass header.d=corp.test", Finding.PASS, "DKIM"),
    ("mx.corp.test; dmarc=pass header.from=evil.test", Finding.FAIL, "neither"),
    ("mx.corp.test; dmarc=pass", Finding.FAIL, "neither"),
    # failures
    ("mx.corp.test; dmarc=fail header.from=corp.test; spf=pass smtp.mailfrom=corp.test", Finding.FAIL, "DMARC failed"),
    ("mx.corp.test; dmarc=pass header.from=corp.test; dmarc=fail header.from=corp.test", Finding.FAIL, "DMARC failed"),
    ("mx.corp.test; spf=pass smtp.mailfrom=evil.test; dkim=pass header.d=evil.test", Finding.FAIL, "neither"),
    ("mx.corp.test; dkim=pass header.d=evil.test header.i=@corp.test", Finding.FAIL, "neither"),
    ("mx.corp.test; dkim=pass header.d=notcorp.test", Finding.FAIL, "neither"),
    ("mx.corp.test; dkim=pass header.d=test", Finding.FAIL, "neither"),
    ("mx.corp.test; spf=pass smtp.helo=corp.test", Finding.FAIL, "neither"),
    ("mx.corp.test; spf=softfail smtp.mailfrom=corp.test", Finding.FAIL, "neither"),
    ("mx.corp.test; none", Finding.FAIL, "neither"),
    ("mx.corp.test", Finding.FAIL, "neither"),
    ("mx.corp.test; (dmarc=pass header.from=corp.test)", Finding.FAIL, "neither"),
    ('mx.corp.test; x="; dmarc=pass header.from=corp.test"', Finding.FAIL, "neither"),
    ("mx.corp.test; dmarc=(pass) header.from=corp.test", Finding.FAIL, "neither"),
    # headers of other servers
    ("mx.evil.test; dmarc=pass header.from=corp.test", Finding.MISSING, "not by the configured"),
    ("(mx.corp.test) mx.evil.test; dmarc=pass header.from=corp.test", Finding.MISSING, "not by the configured"),
    ("dmarc=pass header.from=corp.test", Finding.MISSING, "not by the configured"),
    ("", Finding.MISSING, "not by the configured"),
]


@pytest.mark.parametrize("value, finding, detail", RESULTS, ids=[row[0] for row in RESULTS])
def test_verdict(value: str, finding: Finding, detail: str):
    verdict = verified(mail(value), MX, JANE)
    assert (verdict.finding, verdict.passed) == (finding, finding is Finding.PASS)
    assert detail in verdict.detail


def test_only_the_topmost_header_counts():
    good, bad = "mx.corp.test; dmarc=pass header.from=corp.test", "mx.corp.test; dmarc=fail header.from=corp.test"
    assert verified(mail(good, bad), MX, JANE).passed
    assert verified(mail(bad, good), MX, JANE).finding is Finding.FAIL
    assert verified(mail("relay.evil.test; none", good), MX, JANE).finding is Finding.MISSING, "the sender may have added it"
    assert verified(mail(), MX, JANE).finding is Finding.MISSING


def test_the_server_name_may_be_quoted_and_in_any_case():
    assert verified(mail('"mx.corp.test"; dmarc=pass header.from=corp.test'), " MX.corp.TEST ", "Jane@CORP.test").passed


def exchange(*headers: str) -> Message:
    """Compose a message in a mailbox of Exchange Online, with these headers from the top."""
    return message_from_bytes("\r\n".join([*headers, "From: jane@corp.test", "", "Hi"]).encode())


RESULTS_LINE = "Authentication-Results: "
AUTHENTIC = (
    f"{RESULTS_LINE}spf=pass (sender IP is 192.0.2.12)\r\n smtp.mailfrom=corp.test; dkim=pass (signature was verified)\r\n"
    " header.d=corp.test;dmarc=pass action=none header.from=corp.test;compauth=pass\r\n reason=100"
)
SPOOFED = (
    f"{RESULTS_LINE}spf=fail (sender IP is 198.51.100.7)\r\n smtp.mailfrom=corp.test; dkim=none (message not signed)\r\n"
    " header.d=none;dmarc=fail action=quarantine header.from=corp.test;compauth=fail\r\n reason=000"
)
WITHIN = f"{RESULTS_LINE}dkim=none (message not signed)\r\n header.d=none;dmarc=none action=none header.from=corp.test;"
INTERNAL, ANONYMOUS = (f"X-MS-Exchange-Organization-AuthAs: {value}" for value in ("Internal", "Anonymous"))
FORGED = f"{RESULTS_LINE}spf=pass smtp.mailfrom=corp.test; dkim=pass header.d=corp.test;dmarc=pass header.from=corp.test"

EXCHANGE = [
    ("all three passed", [AUTHENTIC, ANONYMOUS], Finding.PASS, "DMARC passed"),
    (
        "the domain has no DMARC, DKIM passed",
        [f"{RESULTS_LINE}spf=none smtp.mailfrom=x.test; dkim=pass header.d=corp.test;dmarc=bestguesspass action=none "
         "header.from=corp.test;compauth=pass reason=109"], Finding.PASS, "DKIM passed",
    ),
    ("within the organization", [INTERNAL, WITHIN], Finding.PASS, "one of its own organization"),
    ("within the organization, without results", [INTERNAL], Finding.PASS, "one of its own organization"),
    ("within the organization, in other capitals", [INTERNAL.lower(), WITHIN.lower()], Finding.PASS, "its own organization"),
    # attacks
    ("a spoofed sender", [SPOOFED, ANONYMOUS], Finding.FAIL, "DMARC failed"),
    ("a forged header below Exchange's own", [SPOOFED, ANONYMOUS, FORGED], Finding.FAIL, "DMARC failed"),
    ("results for another domain", [AUTHENTIC.replace("corp.test", "evil.test")], Finding.FAIL, "neither"),
    ("a lookalike that only ends like it", [AUTHENTIC.replace("=corp.test", "=notcorp.test")], Finding.FAIL, "neither"),
    ("compauth alone", [f"{RESULTS_LINE}spf=none smtp.mailfrom=x.test;compauth=pass reason=703"], Finding.FAIL, "neither"),
    ("the words of another server on top", [f"{RESULTS_LINE}mx.evil.test; dmarc=pass header.from=corp.test", AUTHENTIC],
     Finding.MISSING, "not in the form"),
    ("a server that calls itself so", [f"{RESULTS_LINE}exchange_online; dmarc=pass header.from=corp.test"],
     Finding.MISSING, "not in the form"),
    ("a method that Exchange does not begin with", [f"{RESULTS_LINE}auth=pass smtp.auth=jane; dmarc=pass header.from=corp.test"],
     Finding.MISSING, "not in the form"),
    ("the renamed header of the way before", [f"Authentication-Results-Original: {FORGED.partition(': ')[2]}"],
     Finding.MISSING, "no Authentication-Results"),
    ("ARC's copy of results", [f"ARC-Authentication-Results: i=1; {FORGED.partition(': ')[2]}"],
     Finding.MISSING, "no Authentication-Results"),
    ("an empty header", [RESULTS_LINE, INTERNAL], Finding.MISSING, "not in the form"),
    ("internal for another tenant", ["X-MS-Exchange-CrossTenant-AuthAs: Internal", WITHIN], Finding.FAIL, "neither"),
    ("a second internal beside Exchange's own", [ANONYMOUS, INTERNAL, WITHIN], Finding.FAIL, "neither"),
    ("internal, and DMARC failed", [INTERNAL, SPOOFED], Finding.FAIL, "DMARC failed"),
    ("internal in a comment", ["X-MS-Exchange-Organization-AuthAs: Anonymous (Internal)", WITHIN], Finding.FAIL, "neither"),
    ("internal, and another server's words", [INTERNAL, f"{RESULTS_LINE}mx.evil.test; none"], Finding.MISSING, "not in the form"),
    ("nothing", [], Finding.MISSING, "no Authentication-Results"),
]


@pytest.mark.parametrize("headers, finding, detail", [row[1:] for row in EXCHANGE], ids=[row[0] for row in EXCHANGE])
def test_the_verdict_of_exchange_online(headers: list[str], finding: Finding, detail: str):
    verdict = verified(exchange(*headers), "Exchange_Online", JANE)
    assert verdict.finding is finding
    assert detail in verdict.detail


@pytest.mark.parametrize("server", [MX, "spf=pass", "dkim=none", ""])
@pytest.mark.parametrize("headers", [[AUTHENTIC], [INTERNAL, WITHIN], [INTERNAL], [FORGED]])
def test_a_named_server_needs_its_name(server: str, headers: list[str]):
    assert verified(exchange(*headers), server, JANE).finding is Finding.MISSING


def test_an_empty_name_or_domain_authenticates_no_sender():
    assert not verified(mail("mx.corp.test; spf=pass smtp.mailfrom="), MX, "jane").passed
    assert not verified(mail("mx.corp.test; dmarc=pass header.from="), MX, "").passed
    assert not verified(mail("; dmarc=pass header.from=corp.test"), "", JANE).passed


def test_a_parent_domain_authenticates_its_subdomain():
    assert verified(mail("mx.corp.test; dkim=pass header.d=corp.test"), MX, "jane@sales.corp.test").passed


def test_all_results_of_a_server_are_read():
    server, results = parse('mx (v) 1; dkim/1=pass (x) reason="a b" header.d=Corp.Test header.b="a=b"; spf=none;;=x; odd')
    assert server == "mx"
    assert results == [
        Result("dkim", "pass", {"reason": "a b", "header.d": "corp.test", "header.b": "a=b"}),
        Result("spf", "none", {}),
        Result("", "x", {}),
    ]


@pytest.mark.parametrize("value", ["(" * 10**6, ";" * 10**6, "a=" * 10**6, "mx.corp.test; " + "dkim=pass " * 10**5, '"' * 10**6])
def test_a_long_value_is_cheap(value: str):
    message = mail(value)
    start = time.process_time()
    assert not verified(message, MX, JANE).passed
    assert time.process_time() - start < 0.5


@given(st.text(alphabet='()<>"\\,;:@=/. abmx\x00\udce9', max_size=60))
def test_any_value_has_a_verdict(value: str):
    message = Message()
    message._headers.append(("Authentication-Results", value))  # as the parser would
    assert not verified(message, MX, JANE).passed
