# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax of a relay, and the parameters and tables of a desired relay."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._postfix.main_cf import MainCf
from ansible_collections.catalog.mail.plugins.module_utils._postfix.relay_obstacles import message, obstacles
from ansible_collections.catalog.mail.plugins.module_utils._postfix.relay_options import (
    DesiredRelay,
    SenderRelay,
    desired_relay_of,
)
from ansible_collections.catalog.mail.plugins.module_utils._postfix.relay_syntax import Relay, parse_relay
from ansible_collections.catalog.mail.plugins.module_utils._postfix.relayhost import desired_state
from ansible_collections.catalog.mail.plugins.module_utils._postfix.state import Present

DEFAULTS = {"smtp_tls_wrappermode": "no", "smtp_sasl_auth_enable": "no"}


@pytest.mark.parametrize("text,expected", [
    ("[smtp.example.com]:587", Relay("smtp.example.com", "587", mx=False)),
    ("[smtp.example.com]:submission", Relay("smtp.example.com", "submission", mx=False)),
    ("[smtp.example.com]", Relay("smtp.example.com", None, mx=False)),
    ("example.com", Relay("example.com", None, mx=True)),
    ("example.com:25", Relay("example.com", "25", mx=True)),
    ("[192.0.2.25]:2525", Relay("192.0.2.25", "2525", mx=False)),
    ("[2001:db8::25]:587", Relay("2001:db8::25", "587", mx=False)),
    ("[ipv6:2001:db8::25]", Relay("ipv6:2001:db8::25", None, mx=False)),
])
def test_relay(text, expected):
    assert parse_relay("relayhost", text) == expected
    assert str(expected) == text


@pytest.mark.parametrize("text,words", [
    ("[smtp.example.com:587]", "Write [smtp.example.com]:587"), ("[192.0.2.25:25]", "Write [192.0.2.25]:25"),
    ("[smtp.example.com", "no closing bracket"), ("2001:db8::25", "without brackets"),
    ("192.0.2.25", "Write [192.0.2.25]"), ("192.0.2.25:587", "Write [192.0.2.25]:587"),
    ("[a b]", "neither a host name"), ("[]", "neither"), ("[a.example]587", "without a colon"),
    ("[a.example]:0", "not a TCP port"), ("[a.example]:70000", "not a TCP port"), ("a.example:", "not a TCP port"),
    ("['a.example']", "neither"), ("smtp://a.example", "is no"), ("", "is no relay"), ("-a.example", "is no relay"),
])
def test_a_relay_that_cannot_work(text, words):
    with pytest.raises(InputRefused) as refusal:
        parse_relay("relayhost", text)
    assert words in str(refusal.value)
    assert str(refusal.value).startswith("relayhost: ")


def decide(desired, main_cf="", table_type="hash"):
    present = Present("/etc/postfix", MainCf(main_cf), DEFAULTS, ("hash", "lmdb"), table_type)
    return desired_state(desired, present)


def test_relay_with_login():
    desired = decide(DesiredRelay(("[smtp.example.com]:587",), "catalog", "pa ss:#$", ca_file="/ca.crt"))
    assert desired.parameters == {
        "relayhost": "[smtp.example.com]:587",
        "smtp_tls_security_level": "secure",
        "smtp_tls_CAfile": "/ca.crt",
        "smtp_sasl_auth_enable": "yes",
        "smtp_sasl_password_maps": "hash:/etc/postfix/sasl_passwd",
        "smtp_sasl_tls_security_options": "noanonymous",
    }
    passwords, senders, policy = desired.tables
    assert [(row.key, row.value, row.secret) for row in passwords.entries] == [
        ("[smtp.example.com]:587", "catalog:pa ss:#$", True)]
    assert passwords.mode == 0o600
    assert not senders.present and not policy.present


def test_several_relays_each_have_the_password():
    desired = decide(DesiredRelay(("[a.example]:587", "b.example:587"), "u", "p"), table_type="lmdb")
    assert desired.parameters["relayhost"] == "[a.example]:587, b.example:587"
    assert desired.parameters["smtp_sasl_password_maps"] == "lmdb:/etc/postfix/sasl_passwd"
    assert [row.key for row in desired.tables[0].entries] == ["[a.example]:587", "b.example:587"]


def test_port_465_is_implicit_tls():
    desired = decide(DesiredRelay(("[a.example]:465",), tls_level="encrypt"))
    assert desired.parameters["smtp_tls_wrappermode"] == "yes"


def test_without_a_login_nothing_of_one_stays():
    before = (
        "relayhost = [old.example]:465\nsmtp_tls_wrappermode = yes\nsmtp_sasl_auth_enable = yes\n"
        "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\nsmtp_tls_security_level = secure\n")
    desired = decide(DesiredRelay(("[new.example]:25",), tls_level="may"), before)
    assert desired.parameters["smtp_sasl_auth_enable"] is None
    assert desired.parameters["smtp_sasl_password_maps"] is None
    assert desired.parameters["smtp_tls_wrappermode"] is None
    assert not desired.tables[0].present


def test_parameters_equal_to_the_default_stay():
    desired = decide(DesiredRelay(("[a.example]:587",)), "smtp_tls_wrappermode = no\nsmtp_sasl_auth_enable = no\n")
    assert "smtp_tls_wrappermode" not in desired.parameters
    assert "smtp_sasl_auth_enable" not in desired.parameters


@pytest.mark.parametrize("before,expected", [
    ("", {}),
    ("relayhost =\nsmtp_tls_security_level = may\n", {}),
    ("relayhost = [a.example]\n", {"relayhost": None}),
    ("relayhost = [a.example]\nsmtp_tls_security_level = secure\nsmtp_tls_CAfile = /ca.crt\n",
     {"relayhost": None, "smtp_tls_CAfile": None, "smtp_tls_security_level": "may"}),
])
def test_absent(before, expected):
    desired = decide(DesiredRelay(), before)
    assert desired.parameters == expected
    assert not any(table.present for table in desired.tables)


def test_senders_with_relays_and_accounts_of_their_own():
    rows = (SenderRelay("a@x.example", "[mx.x.example]:587", "ua", "pa"), SenderRelay("@y.example", "[mx.y.example]:587"))
    desired = decide(DesiredRelay(("[r.example]:587",), "u", "p", sender_dependent=rows))
    passwords, senders, policy = desired.tables
    assert [(row.key, row.value) for row in passwords.entries] == [
        ("a@x.example", "ua:pa"), ("[r.example]:587", "u:p")]
    assert [(row.key, row.value) for row in senders.entries] == [
        ("a@x.example", "[mx.x.example]:587"), ("@y.example", "[mx.y.example]:587")]
    assert not policy.present
    assert desired.parameters["smtp_sender_dependent_authentication"] == "yes"
    assert desired.parameters["sender_dependent_relayhost_maps"] == "hash:/etc/postfix/sender_relay"


@pytest.mark.parametrize("desired,words", [
    (DesiredRelay(("[a.example]:465", "[b.example]:587")), "one mode for all"),
    (DesiredRelay(("[a.example]:465",), tls_level="may"), "needs a higher level"),
    (DesiredRelay(("[a.example]:587",), "u", "p", tls_level="none"), "readable by anyone"),
    (DesiredRelay(("[a.example]:587",), "u:v", "p"), "colon"),
    (DesiredRelay(("[a.example]:587",), "", ""), "empty"),
    (DesiredRelay(("[a.example]:587",), "u", None), "go together"),
    (DesiredRelay(("[a.example:587]",)), "inside the brackets"),
    (DesiredRelay(sender_dependent=(SenderRelay("a@b.example", "[c:1]"),)), "inside the brackets"),
])
def test_a_relay_that_cannot_work_is_refused(desired, words):
    with pytest.raises(InputRefused) as refusal:
        decide(desired)
    assert words in str(refusal.value)


def test_a_password_may_go_to_this_host_without_tls():
    desired = decide(DesiredRelay(("[127.0.0.1]:2525",), "u", "p", tls_level="none"))
    assert desired.parameters["smtp_sasl_security_options"] == "noanonymous"


OWN = {
    "sender_dependent_relayhost_maps": "hash:/etc/postfix/sender_relay",
    "smtp_tls_policy_maps": "hash:/etc/postfix/sender_relay_policy",
    "smtp_sasl_auth_enable": "yes",
    "smtp_sasl_password_maps": "hash:/etc/postfix/sasl_passwd",
    "smtp_sasl_tls_security_options": "noanonymous",
    "smtp_sender_dependent_authentication": "yes",
    "smtp_tls_CAfile": "/ca.crt",
}
ONE = (SenderRelay("a@x.example", "[mx.x.example]:587", "ua", "pa"),)


@pytest.mark.parametrize("before,keeps,expected", [
    ("", False, {}),
    ("smtp_tls_security_level = may\nsmtp_tls_loglevel = 1\n", False, {}),
    ("smtp_tls_security_level = encrypt\n", False, {}),
    ("relayhost = [o.example]\n", True, {}),
    ("relayhost = [o.example]\nsmtp_tls_security_level = secure\n", False,
     {"relayhost": None, "smtp_tls_security_level": "may"}),
    ("smtp_tls_policy_maps = hash:/o\nsender_dependent_relayhost_maps = hash:/s\nsmtp_sasl_password_maps = hash:/p\n", False,
     {"smtp_tls_policy_maps": "hash:/etc/postfix/sender_relay_policy, hash:/o",
      "sender_dependent_relayhost_maps": "hash:/etc/postfix/sender_relay, hash:/s",
      "smtp_sasl_password_maps": "hash:/etc/postfix/sasl_passwd, hash:/p"}),
    ("smtp_tls_CAfile = /other.crt\nsmtp_tls_security_level = may\n", False, {}),
])
def test_a_relay_of_some_senders_leaves_all_other_mail(before, keeps, expected):
    desired = decide(DesiredRelay(sender_dependent=ONE, ca_file="/ca.crt", keeps_others=keeps), before)
    assert desired.parameters == {**OWN, **expected}
    assert [(row.key, row.value) for row in desired.tables[2].entries] == [("[mx.x.example]:587", "secure")]


def test_the_password_of_a_relay_that_stays_is_kept():
    desired = DesiredRelay(sender_dependent=ONE, keeps_others=True)
    present = Present("/etc/postfix", MainCf("relayhost = [o.example]:25\n"), DEFAULTS, ("hash",), "hash")
    kept = desired_state(desired, present, password_text="[o.example]:25 u:p\n[gone.example] u:q\n")
    assert [(row.key, row.secret) for row in kept.tables[0].entries] == [("a@x.example", True), ("[o.example]:25", True)]


@pytest.mark.parametrize("main_cf,desired,words", [
    ("", DesiredRelay(sender_dependent=(SenderRelay("a@x.example", "[m.example]:465"),)), "Use port 587"),
    ("relayhost = [o.example]:465\nsmtp_tls_wrappermode = yes\n",
     DesiredRelay(sender_dependent=ONE, keeps_others=True), "Use port 465"),
    ("smtp_tls_CAfile = /other.crt\nsmtp_tls_security_level = secure\n",
     DesiredRelay(sender_dependent=ONE, ca_file="/ca.crt"), "into one file"),
    ("", DesiredRelay(sender_dependent=(SenderRelay("a@x.example", None, "u", "p"),)), "Name the relay"),
])
def test_what_would_change_all_other_mail_is_refused(main_cf, desired, words):
    with pytest.raises(InputRefused, match=words):
        decide(desired, main_cf)


def test_a_policy_of_senders_goes_with_them():
    before = "smtp_tls_policy_maps = hash:/etc/postfix/sender_relay_policy, hash:/o\n"
    assert decide(DesiredRelay(), before).parameters == {"smtp_tls_policy_maps": "hash:/o"}
    assert decide(DesiredRelay(("[r.example]:587",)), before).parameters["smtp_tls_policy_maps"] == "hash:/o"


@pytest.mark.parametrize("parameters,master_cf,words", [
    ({"transport_maps": "hash:/t"}, "", "do not go through the relay"),
    ({"smtp_tls_policy_maps": "hash:/t"}, "", "replaces the TLS level"),
    ({"smtp_tls_policy_maps": "hash:/etc/postfix/sender_relay_policy"}, "", ""),
    ({"smtp_sasl_mechanism_filter": "!plain, static:all"}, "", ""),
    ({"smtp_sasl_mechanism_filter": "gssapi, ntlm"}, "", "neither PLAIN nor LOGIN"),
    ({"smtp_sasl_mechanism_filter": "!plain, !login, static:all"}, "", "neither PLAIN nor LOGIN"),
    ({"smtp_sasl_mechanism_filter": "login"}, "", ""),
    ({"content_filter": "smtp:[127.0.0.1]:10024"}, "", "this filter first"),
    ({"default_transport": "smtp"}, "", ""),
    ({"default_transport": "uucp:x"}, "", "default_transport = uucp:x"),
    ({}, "relay unix - - y - - smtp\n  -o syslog_name=x\n# c\n  -o smtp_tls_security_level=none\n", "for relay"),
    ({}, "smtp inet n - y - - smtpd\n  -o smtp_tls_security_level=none\n", ""),
])
def test_what_stands_in_the_way_of_a_relay_is_named(parameters, master_cf, words):
    text = message(obstacles(DesiredRelay(("[a.example]:587",), "u", "p"), parameters, master_cf, ()))
    assert words in text if words else text == ""


def test_options_become_a_desired_relay():
    params = {
        "state": "present", "relayhost": ["[a.example]:587"], "username": "u", "password": "p", "tls_level": "encrypt",
        "ca_file": None, "sender_dependent": [{"sender": "s@x.example", "relayhost": None, "username": "v", "password": "w"}]}
    found = desired_relay_of(params)
    assert found.has_account
    assert found.sender_dependent == (SenderRelay("s@x.example", None, "v", "w"),)
    assert desired_relay_of({"state": "absent"}) == DesiredRelay()
    with pytest.raises(InputRefused, match="no relay is named"):
        desired_relay_of({**params, "relayhost": [], "sender_dependent": []})
