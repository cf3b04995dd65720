# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication-Results are read in the form of RFC 8601 and of Exchange."""

from __future__ import annotations

import time

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.authentication_results import (
    MAX_HEADERS,
    AuthenticationResults,
    Result,
    authentication_results,
    read_header,
)
from hypothesis import given
from hypothesis import strategies as st

HEADERS = [
    ("nothing was judged", "m.example; none", "m.example", []),
    ("a version", "m.example 1; none", "m.example", []),
    ("no results at all", "m.example", "m.example", []),
    (
        "one result with a property",
        "m.example; spf=pass smtp.mailfrom=c.example",
        "m.example", [Result("spf", "pass", None, {"smtp.mailfrom": "c.example"})],
    ),
    (
        "several, folded, with comments",
        "m.example;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=c.example header.i=@c.example\r\n"
        "\t header.b=pcTL/R0d+=;\r\n\tdmarc=fail (p=reject dis=none) header.from=c.example",
        "m.example",
        [
            Result("dkim", "pass", None, {"header.d": "c.example", "header.i": "@c.example", "header.b": "pcTL/R0d+="}),
            Result("dmarc", "fail", None, {"header.from": "c.example"}),
        ],
    ),
    (
        "a reason with a semicolon and an equals sign in quotation marks",
        'm.example; dkim=fail reason="bad; signature = \\"x\\"" header.d=c.example',
        "m.example", [Result("dkim", "fail", 'bad; signature = "x"', {"header.d": "c.example"})],
    ),
    (
        "white space and comments wherever the RFC allows them",
        "foo.example (a comment) 1 (really) ; dkim (method) / 1 = pass (good) policy (x) . expired (y) = 1362471462",
        "foo.example", [Result("dkim", "pass", None, {"policy.expired": "1362471462"})],
    ),
    (
        "a method's version",
        "m.example; dkim/1=pass",
        "m.example", [Result("dkim", "pass")],
    ),
    (
        "upper case",
        "m.example; SPF=Pass SMTP.MailFrom=C.example",
        "m.example", [Result("spf", "pass", None, {"smtp.mailfrom": "C.example"})],
    ),
    (
        "an empty value does not take the next property",
        "m.example; spf=none smtp.mailfrom= smtp.helo=c.example; iprev=pass",
        "m.example",
        [Result("spf", "none", None, {"smtp.mailfrom": "", "smtp.helo": "c.example"}), Result("iprev", "pass")],
    ),
    (
        "a quoted local part",
        'm.example; auth=pass smtp.auth="a b"@c.example',
        "m.example", [Result("auth", "pass", None, {"smtp.auth": "a b@c.example"})],
    ),
    (
        "Exchange: no server, a property without a type",
        "spf=pass (sender IP is 192.0.2.12)\r\n smtp.mailfrom=c.example; dkim=none (message not signed)\r\n"
        " header.d=none;dmarc=bestguesspass action=none header.from=c.example;compauth=pass reason=109",
        None,
        [
            Result("spf", "pass", None, {"smtp.mailfrom": "c.example"}),
            Result("dkim", "none", None, {"header.d": "none"}),
            Result("dmarc", "bestguesspass", None, {"action": "none", "header.from": "c.example"}),
            Result("compauth", "pass", "109"),
        ],
    ),
    (
        "the first of two equal properties counts",
        "m; spf=pass a.b=1 a.b=2",
        "m", [Result("spf", "pass", None, {"a.b": "1"})],
    ),
    ("empty parts", ";;; ;", None, []),
    ("nothing", "", None, []),
]


@pytest.mark.parametrize(("header", "server", "results"), [row[1:] for row in HEADERS], ids=[row[0] for row in HEADERS])
def test_a_header_is_read(header, server, results):
    assert read_header(header) == AuthenticationResults(server, tuple(results))


def test_the_result_is_plain_data():
    assert read_header("m.example; dkim=pass reason=ok header.d=c.example").as_result() == {
        "authserv_id": "m.example",
        "results": [{"method": "dkim", "result": "pass", "reason": "ok", "properties": {"header.d": "c.example"}}],
    }


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    for result in read_header(text).results:
        assert result.method == result.method.lower()
        assert result.result


@given(st.lists(st.sampled_from(["m.example", ";", "=", ".", "/", "(", ")", '"', "\\", "spf", "pass", " ", "a.b=c"])))
def test_any_order_of_the_parts_is_read_without_an_error(parts):
    assert authentication_results(["".join(parts)])[0] is not None


@pytest.mark.parametrize("piece", ["(", ")", "\\", ";", '"', "=", "a=b ", ". ", "/ ", "a=b;", "(;"])
def test_a_huge_hostile_header_costs_little(piece):
    begun = time.process_time()
    read = authentication_results([piece * 200_000] * 1000)
    assert time.process_time() - begun < 5  # about 0.05 s; quadratic time would take hours
    assert len(read) == MAX_HEADERS
