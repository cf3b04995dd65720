# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path of a message is read from Received headers of every kind, and from malformed ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.received import (
    MAX_HEADER,
    MAX_HOPS,
    Hop,
    Tls,
    hops,
    read_received,
    with_delays,
)
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
DATE = "Mon, 1 Jun 2026 12:00:00 +0200"
AES = "TLS_AES_256_GCM_SHA384"

HEADERS = [
    # case, header, by, from, protocol, TLS
    (
        "Postfix with TLS and login",
        "from c.example (c.example [192.0.2.12])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"
        "\r\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\r\n"
        "\t(No client certificate requested)\r\n\t(Authenticated sender: u@m.example)\r\n"
        "\tby m.example (Postfix) with ESMTPSA id 4cXyZ\r\n\tfor <a@m.example>; " + DATE + " (CEST)",
        "m.example", "c.example", "ESMTPSA", Tls("TLSv1.3", AES),
    ),
    (
        "Postfix in clear",
        "from c.example (unknown [192.0.2.12]) by m.example (Postfix) with ESMTP id 4c; " + DATE,
        "m.example", "c.example", "ESMTP", None,
    ),
    (
        "Postfix, given on the host",
        "by c.example (Postfix, from userid 0)\n\tid 93AAB1BC871; " + DATE,
        "c.example", None, None, None,
    ),
    (
        "Dovecot LMTP",
        "from m.example ([192.0.2.25])\n\tby m.example with LMTP\n\tid QK\n\t(envelope-from <s@c.example>)\n"
        "\tfor <a@m.example>; " + DATE,
        "m.example", "m.example", "LMTP", None,
    ),
    (
        "Dovecot LMTP with TLS",
        "from m.example ([192.0.2.25]) (using TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))\n"
        "\tby b.example with LMTPS id QK for <a@m.example>; " + DATE,
        "b.example", "m.example", "LMTPS", Tls("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"),
    ),
    (
        "Exchange",
        "from A.eurprd01.example (2603:10a6:10:2::1) by\r\n B.eurprd02.example (2603:10a6::2) with Microsoft SMTP\r\n"
        " Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\r\n 15.20.1.2 via Frontend"
        " Transport; " + DATE,
        "B.eurprd02.example", "A.eurprd01.example", "Microsoft SMTP Server",
        Tls("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    ),
    (
        "Exchange inside",
        "from A.example (2603::1) by B.example with HTTPS; " + DATE,
        "B.example", "A.example", "HTTPS", Tls(None, None),
    ),
    (
        "Gmail",
        "from c.example (c.example. [192.0.2.12])\n        by mx.google.example with ESMTPS id x5-2.1\n        for"
        " <a@m.example>\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\n        " + DATE,
        "mx.google.example", "c.example", "ESMTPS", Tls("TLSv1.3", AES),
    ),
    (
        "Gmail inside",
        "by 2002:a05:6402:1234:b0:400 with SMTP id abc; Mon, 1 Jun 2026 03:00:00 -0700 (PDT)",
        "2002:a05:6402:1234:b0:400", None, "SMTP", None,
    ),
    (
        "Gmail's own name for SMTP with TLS",
        "from x.google.example (x. [192.0.2.4]) by mx.google.example with SMTPS id x for <a@m.example>"
        " (Google Transport Security); " + DATE,
        "mx.google.example", "x.google.example", "SMTPS", Tls(None, None),
    ),
    (
        "Exim",
        "from c.example ([192.0.2.12] helo=x) by m.example with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384"
        " (Exim 4.96) (envelope-from <s@c.example>) id 1x; " + DATE,
        "m.example", "c.example", "esmtps", Tls("TLSv1.3", AES),
    ),
    (
        "an older Exim",
        "from c.example by m.example with esmtps (TLSv1.2:ECDHE-RSA-AES256-GCM-SHA384:256) (Exim 4.80); " + DATE,
        "m.example", "c.example", "esmtps", Tls("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"),
    ),
    (
        "sendmail",
        "from c.example (c.example [192.0.2.12]) by m.example (8.17.1/8.17.1) with ESMTPS id 1"
        " (version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO); " + DATE,
        "m.example", "c.example", "ESMTPS", Tls("TLSv1.3", AES),
    ),
    (
        "a name that ends with a dot",
        "from c.example. by m.example. with SMTP; " + DATE,
        "m.example", "c.example", "SMTP", None,
    ),
    (
        "TLS that only the protocol tells of",
        "from c.example by m.example with UTF8SMTPSA id 1; " + DATE,
        "m.example", "c.example", "UTF8SMTPSA", Tls(None, None),
    ),
    ("qmail", "(qmail 123 invoked by uid 0); " + DATE, None, None, None, None),
    (
        "a client that calls itself by a keyword",
        "from by (by [192.0.2.12]) by m.example with SMTP id 1; " + DATE,
        "m.example", "by", "SMTP", None,
    ),
    (
        "a client that boasts of TLS in its name",
        "from c.example (HELO using TLSv1.3 with cipher AES) by m.example with SMTP; " + DATE,
        "m.example", "c.example", "SMTP", None,
    ),
    (
        "a semicolon in a comment, a bracket that is escaped",
        "from c.example (a;b (c) \\( d) by m.example (x;y) with SMTP; " + DATE,
        "m.example", "c.example", "SMTP", None,
    ),
]


@pytest.mark.parametrize(
    ("header", "by", "sender", "protocol", "tls"), [row[1:] for row in HEADERS], ids=[row[0] for row in HEADERS]
)
def test_host_protocol_and_tls_of_a_header(header, by, sender, protocol, tls):
    hop = read_received(header)
    assert (hop.by, hop.sender, hop.protocol, hop.tls) == (by, sender, protocol, tls)
    assert hop.time == NOON


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("1 Jun 2026 10:00:00 -0000", NOON),
        ("Mon, 01 Jun 2026 10:00 +0000", NOON),
        ("Mon, 1 Jun 2026 10:00:00 GMT", NOON),
        ("Mon, 1 Jun 2026 25:00:00 +0000", None),
        ("Mon, 1 Jun 2026 10:00:00 +9999999999", None),
        ("1 Jun 99999 10:00:00 +0000", None),
        ("Fri, 31 Dec 9999 23:00:00 -1200", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_date_is_utc_or_nothing(date, expected):
    assert read_received(f"from a by b with SMTP; {date}").time == expected


def test_the_path_begins_at_the_oldest_header():
    newest_first = [f"by host{number} with SMTP; Mon, 1 Jun 2026 10:00:0{number} +0000" for number in (3, 2, 1)]
    way = hops(newest_first)
    assert [hop.by for hop in way] == ["host1", "host2", "host3"]
    assert [hop.delay for hop in way] == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("seconds", "delays"),
    [
        ([0, 1, 3], [0.0, 1.0, 2.0]),
        ([10, 5, 12], [0.0, 0.0, 2.0]),   # a slow clock does not reduce the delay of the next hop
        ([0, None, 4], [0.0, None, 4.0]),
        ([None, None], [None, None]),
        ([], []),
    ],
)
def test_delays_with_clocks_that_differ(seconds, delays):
    way = [Hop(time=None if one is None else NOON + timedelta(seconds=one)) for one in seconds]
    assert [hop.delay for hop in with_delays(way)] == delays


def test_the_result_is_plain_data():
    hop = read_received("from a by b with ESMTPS (version=TLS1_3 cipher=X); " + DATE)
    assert hop.as_result() == {
        "by": "b", "from": "a", "protocol": "ESMTPS", "tls": {"version": "TLSv1.3", "cipher": "X"},
        "time": "2026-06-01T10:00:00+00:00", "delay": None,
    }


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    hop = read_received(text)
    assert hop.time is None or hop.time.tzinfo is not None


@given(st.lists(st.sampled_from(
    ["from", "by", "with", "id", "for", "tls", ";", "(", ")", "\\", "a.test", "ESMTPS", "version=TLS1_3", DATE, "\r\n"]
)))
def test_any_order_of_the_parts_is_read_without_an_error(parts):
    for hop in hops([" ".join(parts), "".join(parts)]):
        assert hop.delay is None or hop.delay >= 0


@pytest.mark.parametrize("piece", ["(", ")", "\\", "(;", "from ", "by by ", "((a) ", " ", "TLS ", "1 ", '"', ";"])
def test_a_huge_hostile_header_costs_little(piece):
    begun = time.process_time()
    way = hops([piece * 200_000] * 1000)
    assert time.process_time() - begun < 3  # about 0.15 s; quadratic time would take hours
    assert len(way) == MAX_HOPS
    assert all(len(hop.by or "") <= MAX_HEADER for hop in way)
