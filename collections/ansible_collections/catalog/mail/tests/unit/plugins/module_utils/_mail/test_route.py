# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of a message through Postfix: tables of parameters, delivery attempts and findings."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.broken_table import broken_table
from ansible_collections.catalog.mail.plugins.module_utils._mail.maillog import Attempt, read_log
from ansible_collections.catalog.mail.plugins.module_utils._mail.relay_match import takes
from ansible_collections.catalog.mail.plugins.module_utils._mail.route import items, read_route
from ansible_collections.catalog.mail.plugins.module_utils._mail.route_findings import described, flaw
from ansible_collections.catalog.mail.plugins.module_utils._mail.table_keys import sender_keys, transport_keys

RELAYS = [
    # next hop in main.cf, relay in the log, whether it is the same
    ("[mail.c.test]:587", "mail.c.test[192.0.2.1]:587", True),
    ("[MAIL.c.test.]:submission", "mail.c.test[192.0.2.1]:587", True),
    ("[mail.c.test]", "mail.c.test[192.0.2.1]:25", True),
    ("[mail.c.test]:587", "mail.c.test[192.0.2.1]:25", False),
    ("[mail.c.test]:587", "other.c.test[192.0.2.1]:587", False),
    ("[192.0.2.1]:2525", "192.0.2.1[192.0.2.1]:2525", True),
    ("[2001:db8:0::1]:25", "2001:db8::1[2001:db8::1]:25", True),
    ("[ipv6:2001:db8::1]:25", "2001:db8::1[2001:db8::1]:25", True),
    ("[a.test]:587, [b.test]:587", "b.test[192.0.2.1]:587", True),
    ("c.test:587", "mx1.c.test[192.0.2.1]:587", True),
    ("c.test:587", "mx1.c.test[192.0.2.1]:25", False),
    ("[mail.c.test]:587", "local", False),
    ("[mail.c.test]:587", "h[private/dovecot-lmtp]", False),
]


@pytest.mark.parametrize(("hop", "relay", "same"), RELAYS)
def test_a_relay_is_compared_with_the_log(hop, relay, same):
    assert takes(hop, relay) is same


def test_the_keys_of_tables_follow_the_manuals():
    assert transport_keys("Al+x@a.b.test", "+") == ["al+x@a.b.test", "al@a.b.test", "a.b.test", ".b.test", ".test", "*"]
    assert sender_keys("al@b.test", "") == ["al@b.test", "@b.test"]
    assert sender_keys("", "+") == ["<>"]
    assert items("inline:{a=b, c=d}, hash:/x  y.test") == ("inline:{a=b, c=d}", "hash:/x", "y.test")


RELAYED = {"relayhost": "[mail.c.test]:587"}
MX = "mx.corp.test[192.0.2.9]:25"
OURS = "mail.c.test[192.0.2.1]:587"
ROUTES = [
    # settings, tables, agent, relay, final recipient, flaw, chosen by
    (RELAYED, {}, "smtp", OURS, "a@corp.test", None, "relayhost"),
    ({}, {}, "smtp", MX, "a@corp.test", None, None),
    (RELAYED, {}, "smtp", MX, "a@corp.test", "relay_not_used", None),
    ({**RELAYED, "transport_maps": "t:x"}, {("t:x", "corp.test"): "smtp:[mx.corp.test]"}, "smtp", MX, "a@corp.test",
     "relay_not_used", "transport_maps"),
    ({**RELAYED, "transport_maps": "t:x"}, {("t:x", ".test"): "smtp:"}, "smtp", MX, "a@corp.test", "relay_not_used",
     "transport_maps"),
    ({**RELAYED, "transport_maps": "t:x"}, {("t:x", "*"): "relay:[mail.c.test]:587"}, "smtp", OURS, "a@corp.test", None,
     "relayhost"),
    ({**RELAYED, "transport_maps": "t:x"}, {("t:x", "corp.test"): ":", ("t:x", "*"): "smtp:[no]"}, "smtp", OURS, "a@corp.test",
     None, "relayhost"),
    ({"transport_maps": "t:x"}, {("t:x", "corp.test"): "smtp:[mx.corp.test]"}, "smtp", MX, "a@corp.test", None,
     "transport_maps"),
    ({"relayhost": "c.test:25", "transport_maps": "t:x"}, {("t:x", "corp.test"): "smtp:[mx.corp.test]"}, "smtp", MX,
     "a@corp.test", "relay_not_used", "transport_maps"),
    ({"relayhost": "c.test:25"}, {}, "smtp", MX, "a@corp.test", None, "relayhost"),
    ({**RELAYED, "mydestination": "x.test, corp.test"}, {}, "local", "local", "a@corp.test", "not_left", "mydestination"),
    ({"mydestination": "hash:/d"}, {("hash:/d", "corp.test"): "1"}, "local", "local", "a@corp.test", "not_left",
     "mydestination"),
    ({**RELAYED, "virtual_mailbox_domains": "corp.test"}, {}, "lmtp", "h[private/dovecot-lmtp]", "a@corp.test", "not_left",
     "virtual_mailbox_domains"),
    ({"transport_maps": "t:x"}, {("t:x", "corp.test"): "discard:"}, "discard", None, "a@corp.test", "not_left",
     "transport_maps"),
    ({**RELAYED, "virtual_alias_maps": "v:x"}, {("v:x", "@corp.test"): "b@corp.test"}, "smtp", OURS, "b@corp.test",
     "recipient_rewritten", "relayhost"),
    ({**RELAYED, "sender_dependent_relayhost_maps": "s:x"}, {("s:x", "@own.test"): "[mx.corp.test]"}, "smtp", MX,
     "a@corp.test", None, "sender_dependent_relayhost_maps"),
    ({**RELAYED, "sender_dependent_relayhost_maps": "s:x"}, {("s:x", "@own.test"): "DUNNO"}, "smtp", OURS, "a@corp.test", None,
     "relayhost"),
    ({"default_transport": "smtp:[mail.c.test]:587"}, {}, "smtp", OURS, "a@corp.test", None, "default_transport"),
    ({**RELAYED, "relay_domains": "corp.test", "relay_transport": "relay:[mx.corp.test]"}, {}, "smtp", MX, "a@corp.test",
     "relay_not_used", "relay_transport"),
    ({**RELAYED, "smtp_fallback_relay": "[mx.corp.test]"}, {}, "smtp", MX, "a@corp.test", None, "smtp_fallback_relay"),
]


@pytest.mark.parametrize(("settings", "tables", "agent", "relay", "final", "name", "parameter"), ROUTES)
def test_the_route_names_the_parameter(settings, tables, agent, relay, final, name, parameter):
    attempt = Attempt("sent", relay, "ok", agent, final, "a@corp.test" if final != "a@corp.test" else "")
    route = read_route(attempt, "a@corp.test", "no@own.test", settings, lambda table, key: tables.get((table, key)))
    finding = flaw(route)
    assert (finding and finding.name) == name
    assert (route.chosen and route.chosen.parameter) == parameter
    assert described(route)


LOG = """\
h postfix/cleanup[1]: AAAAA1: message-id=<m@c.test>
h postfix/qmgr[1]: AAAAA1: from=<no@own.test>, size=284, nrcpt=2 (queue active)
h postfix/smtp[1]: AAAAA1: to=<a@corp.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, status=sent (250 queued as AAAAA2)
h postfix/smtp[1]: AAAAA1: to=<copy@corp.test>, relay=127.0.0.1[127.0.0.1]:10024, delay=1, status=sent (250 queued as AAAAA2)
h postfix/cleanup[1]: AAAAA2: message-id=<m@c.test>
h postfix/smtp[1]: AAAAA2: to=<b@corp.test>, orig_to=<a@corp.test>, relay=m[192.0.2.1]:25, delay=1, status=sent (250 ok)
h postfix/local[1]: AAAAA2: to=<copy@corp.test>, relay=local, delay=1, status=sent (delivered to mailbox)
"""


def test_the_last_attempt_counts_behind_a_filter():
    log = read_log(LOG, "<m@c.test>")
    [attempt] = log.last_attempts("A@corp.test")
    assert (attempt.process, attempt.relay, attempt.recipient, attempt.original) == (
        "smtp", "m[192.0.2.1]:25", "b@corp.test", "a@corp.test")
    assert log.sender == "no@own.test"


TABLES = [
    # lines of the log, settings, cause
    (["h postfix/trivial-rewrite[1]: error: open database /etc/x.db: No such file or directory",
      "h postfix/trivial-rewrite[1]: warning: hash:/etc/x is unavailable. open database /etc/x.db: No such file or directory",
      "h postfix/trivial-rewrite[1]: warning: transport_maps lookup failure"],
     {"virtual_alias_maps": "hash:/etc/x", "transport_maps": "hash:/etc/x"},
     "table hash:/etc/x of transport_maps: open database /etc/x.db: No such file or directory"),
    (["h postfix/local[1]: warning: hash:/etc/a: lookup of 'ops' failed"], {"alias_maps": "hash:/etc/a, nis:a"},
     "table hash:/etc/a of alias_maps: warning: hash:/etc/a: lookup of 'ops' failed"),
    (["h postfix/cleanup[1]: warning: ldap:/etc/l.cf lookup error for \"a@b\""], {}, "table ldap:/etc/l.cf: warning"),
    (["h postfix/smtp[1]: fatal: open database /etc/s.db: Permission denied"], {"smtp_sasl_password_maps": "hash:/etc/s"},
     "table /etc/s of smtp_sasl_password_maps: "),
    (["h postfix/smtp[1]: warning: SASL authentication failure: No worthy mechs found"], {}, None),
]


@pytest.mark.parametrize(("lines", "settings", "cause"), TABLES)
def test_a_broken_table_is_read_from_the_log(lines, settings, cause):
    finding = broken_table(lines, lambda: settings)
    assert (cause in finding.cause) if cause else finding is None
