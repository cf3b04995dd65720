# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of the DNS, SPF, and the small resolver: answers of every kind, hostile ones too."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis import dns_message
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.diagnosis import checked_dns
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.dns_answer import (
    FAILED,
    MISSING,
    Answer,
    name_server,
    same_address,
)
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.dns_checks import sender_findings, sender_of
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.dns_client import Resolver
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.dns_message import Malformed, Reply, parse, question
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.spf import check_spf
from hypothesis import given
from hypothesis import strategies as st

NAME = b"\x01x\x04test\x00"


def message(*records, flags=0x8180, number=7, asked=NAME, kind=16, count=None):
    """Return an answer to a question about x.test."""
    head = struct.pack(">HHHHHH", number, flags, 1, len(records) if count is None else count, 0, 0)
    return head + asked + struct.pack(">HH", kind, 1) + b"".join(records)


def record(data, kind=16, owner=b"\xc0\x0c"):
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


@pytest.mark.parametrize("kind, data, expected", [
    ("TXT", b"\x03abc\x02de", "abcde"),
    ("TXT", b"", ""),
    ("TXT", b"\x02\xff\xc3", "\ufffd\ufffd"),
    ("A", bytes([192, 0, 2, 1]), "192.0.2.1"),
    ("AAAA", bytes(15) + b"\x01", "::1"),
    ("MX", b"\x00\x0a\x04mail\xc0\x0c", "10 mail.x.test"),
    ("MX", b"\x00\x00\x00", "0 ."),
    ("PTR", b"\x01y\xc0\x0e", "y.test"),
])
def test_a_record_is_read(kind, data, expected):
    number = dns_message.TYPES[kind]
    cname = record(b"\x01z\x00", kind=5)
    assert parse(message(cname, record(data, kind=number), kind=number), 7, "X.test.", kind) == Reply((expected,))


@pytest.mark.parametrize("flags, expected", [
    (0x8183, Reply(exists=False)), (0x8182, Reply(failed=True)), (0x8185, Reply(failed=True)), (0x8380, Reply(truncated=True)),
])
def test_an_answer_without_records_is_read(flags, expected):
    assert parse(message(flags=flags), 7, "x.test", "TXT") == expected


@pytest.mark.parametrize("data", [
    b"", b"\x00" * 11, message(number=8), message(flags=0x0100), message(asked=b"\x01y\x04test\x00"), message(kind=1),
    message(record(b"\x05abc")), message(record(b"\x03abc")[:-1]), message(count=1), message(b"\xc0\xff" + b"\x00" * 10, count=1),
    message(record(b"\x03abc", owner=b"\xc0\x18")), message(record(b"\x03abc", owner=b"\x80")),
    message(record(b"\x03abc", owner=b"\x3fab")),
], ids=range(13))
def test_a_malformed_answer_is_refused(data):
    with pytest.raises(Malformed):
        parse(data, 7, "x.test", "TXT")


@given(st.binary(max_size=200))
def test_no_answer_makes_the_parser_fail_otherwise(data):
    for kind in dns_message.TYPES:
        with contextlib.suppress(Malformed):
            assert len(parse(message(count=3, kind=dns_message.TYPES[kind]) + data, 7, "x.test", kind).records) <= 3


def test_the_number_of_records_is_bounded():
    assert len(parse(message(*[record(b"\x01a")] * 999), 7, "x.test", "TXT").records) == dns_message.MAX_RECORDS


@pytest.mark.parametrize("name", ["", ".", "a..b", "a" * 64, ".".join(["a" * 60] * 5), "\u00e4.test"])
def test_a_name_that_cannot_be_asked_for_is_refused(name):
    with pytest.raises(Malformed):
        question(1, name, "A")
    assert Resolver([("127.0.0.1", 9)]).look_up(name, "A") == FAILED


@pytest.mark.parametrize("text, expected", [
    ("192.0.2.53", ("192.0.2.53", 53)), ("192.0.2.53:5353", ("192.0.2.53", 5353)), ("2001:db8::53", ("2001:db8::53", 53)),
    ("[2001:db8::53]:5353", ("2001:db8::53", 5353)), ("[2001:db8::53]", ("2001:db8::53", 53)),
])
def test_a_name_server_is_read(text, expected):
    assert name_server(text) == expected


@pytest.mark.parametrize("text", ["", "ns.example.com", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "[::1]x", ":53"])
def test_what_is_no_name_server_is_refused(text):
    with pytest.raises(ValueError, match=r"port|address"):
        name_server(text)


def test_addresses_are_compared_as_such():
    assert same_address("::1", "0:0::1") and not same_address("::1", "x") and not same_address("192.0.2.1", "192.0.2.2")


class Zone:
    """A DNS of a table; names without any record do not exist."""

    def __init__(self, **records):
        self.records = {tuple(name.rsplit(" ", 1)): values for name, values in records.items()}
        self.asked = 0

    def look_up(self, name, kind):
        self.asked += 1
        if ("fails", kind) == (name, kind):
            return FAILED
        if not any(one == name for one, _kind in self.records):
            return MISSING
        return Answer(tuple(self.records.get((name, kind), ())))


def spf(record_text, address="192.0.2.25", **more):
    return check_spf(Zone(**{"d.test TXT": [record_text], "m.test A": ["192.0.2.25"], "m.test AAAA": ["2001:db8::25"],
                             "d.test MX": ["10 m.test"], "ok.test TXT": ["v=spf1 ip4:192.0.2.25 -all"],
                             "no.test TXT": ["v=spf1 -all"], "other.test TXT": ["hello"], **more}), "d.test", address)


@pytest.mark.parametrize("text, result", [
    ("v=spf1 -all", "fail"), ("v=spf1 ~all", "softfail"), ("v=spf1 ?all", "neutral"), ("v=spf1 +all", "pass"),
    ("v=spf1", "neutral"),
    ("v=spf1 ip4:192.0.2.25 -all", "pass"), ("v=spf1 ip4:192.0.2.0/24 -all", "pass"), ("v=spf1 ip4:192.0.2.26 -all", "fail"),
    ("v=spf1 -ip4:192.0.2.25 +all", "fail"), ("v=spf1 ip6:2001:db8::/32 -all", "fail"), ("V=SPF1 MX -ALL", "pass"),
    ("v=spf1 a:m.test -all", "pass"), ("v=spf1 a:m.test/24 -all", "pass"), ("v=spf1 a -all", "fail"),
    ("v=spf1 include:ok.test -all", "pass"), ("v=spf1 include:no.test ~all", "softfail"), ("v=spf1 redirect=ok.test", "pass"),
    ("v=spf1 redirect=ok.test -all", "fail"), ("v=spf1 include:other.test -all", "permerror"),
    ("v=spf1 redirect=gone.test", "permerror"),
    ("v=spf1 ip4:192.0.2.999 -all", "permerror"), ("v=spf1 foo -all", "permerror"), ("v=spf1 include:d.test -all", "permerror"),
    ("v=spf1 exists:%{i}.x.test -all", "unknown"), ("v=spf1 include:%{d}.x.test -all", "unknown"), ("v=spf1 ptr -all", "fail"),
    ("v=spf1 exp=why.test -all", "fail"), ("v=spf1 include:fails -all", "temperror"), ("v=spf1 mx:fails -all", "temperror"),
    ("v=spf10 -all", "none"), ("v=spf1" + " a:m.test" * 11 + " -all", "pass"),
    ("v=spf1" + " a:x.test" * 11 + " -all", "permerror"),
])
def test_spf_has_this_result(text, result):
    assert spf(text).result == result


def test_spf_for_an_address_of_ipv6():
    assert spf("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::25").result == "pass"
    assert spf("v=spf1 a:m.test -all", "2001:db8::25").result == "pass"
    assert spf("v=spf1 mx//64 -all", "2001:db8::99").result == "pass"


def test_spf_without_an_address_is_checked_for_its_form():
    assert spf("v=spf1 ip4:198.51.100.1 -all", None).result == "neutral"
    assert spf("v=spf1 foo -all", None).result == "permerror"


@pytest.mark.parametrize("policy, envelope, expected", [
    ("v=DMARC1; p=none", "bounces@d.test", set()),
    ("v=DMARC1; p=none", "bounces@mail.d.test", {"spf-missing", "dmarc-not-aligned"}),
    ("v=DMARC1; p=none; aspf=s", "bounces@e.d.test", {"dmarc-not-aligned"}),
    ("v=DMARC1; p=none", "bounces@e.d.test", set()),
    ("v=DMARC1; p=none", "bounces@ok.test", {"dmarc-not-aligned"}),
])
def test_dmarc_compares_the_domains_of_envelope_and_header(policy, envelope, expected):
    zone = Zone(**{"d.test TXT": ["v=spf1 mx -all"], "d.test MX": ["10 m.test"], "m.test A": ["192.0.2.25"],
                   "_dmarc.d.test TXT": [policy], "e.d.test TXT": ["v=spf1 ip4:192.0.2.25 -all"],
                   "ok.test TXT": ["v=spf1 ip4:192.0.2.25 -all"]})
    assert {one.id for one in sender_findings(zone, sender_of("a@D.Test", envelope, "192.0.2.25"))} == expected


def test_the_domain_of_the_sender_is_asked_for_as_the_dns_has_it():
    assert sender_of("a@B\u00fccher.test", "b@x.test.").from_domain == "xn--bcher-kva.test"


@pytest.fixture
def deaf():
    """Return the address of a server that answers each question with rubbish, and then with the number of another."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def answer():
        while True:
            try:
                data, sender = server.recvfrom(512)
            except OSError:
                return
            if data == b"end":
                return
            server.sendto(b"rubbish", sender)
            server.sendto(bytes([data[0] ^ 1]) + data[1:], sender)

    thread = threading.Thread(target=answer)
    thread.start()
    yield server.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"end", server.getsockname())
    thread.join()
    server.close()


def test_answers_to_other_questions_are_dropped(deaf):
    assert Resolver([deaf], seconds=0.1).look_up("x.test", "A") == FAILED


PARAMS = {"public_address": None, "helo_name": None, "sender": None, "dkim_selectors": [], "name_servers": []}


@pytest.mark.parametrize("change", [
    {"public_address": "x"}, {"helo_name": "a b"}, {"sender": "nobody"}, {"dkim_selectors": ["ok", "-"]}, {"name_servers": ["x"]},
])
def test_a_wrong_option_is_refused_by_name(change):
    [name] = change
    with pytest.raises(InputRefused, match=rf"{name}: .*\. Write"):
        checked_dns({**PARAMS, **change})
