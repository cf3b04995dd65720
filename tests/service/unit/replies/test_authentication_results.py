"""Whom a mail server vouches for, and whose word is not taken."""

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
    # one of the three is enough
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
    # DMARC says nothing, or not about this domain
    ("mx.corp.test; dmarc=none header.from=corp.test; spf=pass smtp.mailfrom=corp.test", Finding.PASS, "SPF"),
    ("mx.corp.test; dmarc=temperror header.from=corp.test; dkim=pass header.d=corp.test", Finding.PASS, "DKIM"),
    ("mx.corp.test; dmarc=pass header.from=evil.test", Finding.FAIL, "neither"),
    ("mx.corp.test; dmarc=pass", Finding.FAIL, "neither"),
    # and what fails
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
    # others' words
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


def test_only_the_topmost_counts():
    good, bad = "mx.corp.test; dmarc=pass header.from=corp.test", "mx.corp.test; dmarc=fail header.from=corp.test"
    assert verified(mail(good, bad), MX, JANE).passed
    assert verified(mail(bad, good), MX, JANE).finding is Finding.FAIL
    assert verified(mail("relay.evil.test; none", good), MX, JANE).finding is Finding.MISSING, "it may have come with the mail"
    assert verified(mail(), MX, JANE).finding is Finding.MISSING


def test_the_server_is_known_in_any_case_and_in_quotes():
    assert verified(mail('"mx.corp.test"; dmarc=pass header.from=corp.test'), " MX.corp.TEST ", "Jane@CORP.test").passed


def test_no_name_and_no_domain_vouch_for_nobody():
    assert not verified(mail("mx.corp.test; spf=pass smtp.mailfrom="), MX, "jane").passed
    assert not verified(mail("mx.corp.test; dmarc=pass header.from="), MX, "").passed
    assert not verified(mail("; dmarc=pass header.from=corp.test"), "", JANE).passed


def test_a_subdomain_may_be_vouched_for_by_its_parent():
    assert verified(mail("mx.corp.test; dkim=pass header.d=corp.test"), MX, "jane@sales.corp.test").passed


def test_all_that_a_server_says_is_read():
    server, results = parse('mx (v) 1; dkim/1=pass (x) reason="a b" header.d=Corp.Test header.b="a=b"; spf=none;;=x; odd')
    assert server == "mx"
    assert results == [
        Result("dkim", "pass", {"reason": "a b", "header.d": "corp.test", "header.b": "a=b"}),
        Result("spf", "none", {}),
        Result("", "x", {}),
    ]


@pytest.mark.parametrize("value", ["(" * 10**6, ";" * 10**6, "a=" * 10**6, "mx.corp.test; " + "dkim=pass " * 10**5, '"' * 10**6])
def test_a_long_value_costs_nothing(value: str):
    message = mail(value)
    start = time.perf_counter()
    assert not verified(message, MX, JANE).passed
    assert time.perf_counter() - start < 0.5


@given(st.text(alphabet='()<>"\\,;:@=/. abmx\x00\udce9', max_size=60))
def test_whatever_it_says_there_is_a_verdict(value: str):
    message = Message()
    message._headers.append(("Authentication-Results", value))  # as the parser would
    assert not verified(message, MX, JANE).passed
