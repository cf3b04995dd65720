# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Valid and invalid values of main.cf parameters."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._postfix.parameter_pairs import check_pairs
from ansible_collections.catalog.mail.plugins.module_utils._postfix.parameters import (
    check_known,
    check_values,
    named_tables,
    postfix_values,
)

DEFAULTS = {
    "biff": "yes", "message_size_limit": "10240000", "maximal_queue_lifetime": "5d", "relayhost": "",
    "smtp_tls_security_level": "", "smtp_tls_wrappermode": "no", "inet_protocols": "all", "lmtp_tcp_port": "24",
    "smtp_sasl_password_maps": "", "transport_maps": "", "default_database_type": "hash",
    "default_destination_concurrency_positive_feedback": "1", "compatibility_level": "0",
}
TYPES = ("hash", "btree", "texthash", "regexp", "static", "inline")


@pytest.mark.parametrize("value,expected", [
    (True, "yes"), (False, "no"), (0, "0"), (20480000, "20480000"), (None, None), ("a  b", "a b"), ("", ""),
    (["a", "b"], "a, b"), ([1, "x y"], "1, x y"), ([], ""), ("a\n", "a"), ("#a", "#a"), ("$myhostname", "$myhostname"),
])
def test_yaml_becomes_postfix(value, expected):
    assert postfix_values({"name": value}) == {"name": expected}


@pytest.mark.parametrize("name,value,words", [
    ("a", "x\ny = z", "newline"), ("a", "x\0", "control"), ("a", {"b": 1}, "dict"), ("a", 1.5, "float"),
    ("a", ["x", ""], "list holds"), ("a", ["x", None], "list holds"), ("a", ["x\ny"], "newline"),
    ("a b", "x", "not the name"), ("", "x", "not the name"), ("#a", "x", "not the name"), ("a=b", "x", "not the name"),
    ("a\n", "x", "not the name"), (1, "x", "not the name"),
])
def test_values_that_main_cf_cannot_hold_are_refused(name, value, words):
    with pytest.raises(InputRefused) as refusal:
        postfix_values({name: value})
    assert words in str(refusal.value)
    assert refusal.value.details["remedy"]


def test_a_typo_is_refused_with_a_proposal():
    with pytest.raises(InputRefused, match="did you mean 'relayhost'"):
        check_known(["relay_host"], DEFAULTS, allow_unknown=False)
    check_known(["relay_host"], DEFAULTS, allow_unknown=True)
    check_known(["relayhost"], DEFAULTS, allow_unknown=False)


def check(**parameters):
    effective = {**DEFAULTS, **{name: value for name, value in parameters.items() if value is not None}}
    check_values(parameters, effective, DEFAULTS, TYPES)


@pytest.mark.parametrize("parameters", [
    {"biff": "no"}, {"biff": "$other"}, {"message_size_limit": "0"}, {"maximal_queue_lifetime": "90"},
    {"maximal_queue_lifetime": "2h"}, {"inet_protocols": "ipv4, ipv6"}, {"relayhost": ""}, {"relayhost": None},
    {"relayhost": "[a.example]:587, b.example"}, {"lmtp_tcp_port": "lmtp"}, {"compatibility_level": "3.6"},
    {"default_destination_concurrency_positive_feedback": "1/concurrency"},
    {"relayhost": "[a.example]:465", "smtp_tls_wrappermode": "yes", "smtp_tls_security_level": "encrypt"},
    {"transport_maps": "hash:/etc/postfix/transport, inline:{{a=b}}"}, {"smtp_tls_security_level": "dane-only"},
    {"smtp_sasl_password_maps": "hash:/etc/postfix/sasl_passwd"}, {"smtp_tls_security_level": ""},
    {"smtpd_milters": "unix:/run/opendkim.sock, inet:127.0.0.1:8891"}, {"virtual_transport": "lmtp:unix:/run/dovecot"},
    {"smtpd_sender_restrictions": "check_policy_service unix:private/policy, check_sender_access hash:/etc/postfix/senders"},
    {"mynetworks": "127.0.0.0/8 [::1]/128 [fe80::]/64 /etc/postfix/networks"}, {"maillog_file": "/var/log/mail"},
    {"debug_peer_list": "inline:{a=b}"}, {"smtpd_tls_cert_file": "/etc/ssl/a:b"},
])
def test_right_values_pass(parameters):
    check(**parameters)


@pytest.mark.parametrize("parameters,words", [
    ({"biff": "True"}, "not a boolean"), ({"biff": ""}, "not a boolean"), ({"message_size_limit": "abc"}, "not a number"),
    ({"maximal_queue_lifetime": "5 days"}, "not a time"), ({"inet_protocols": "ipv9"}, "not one of the values"),
    ({"smtp_tls_security_level": "bogus"}, "not one of the values"),
    ({"relayhost": "[smtp.example.com:587]"}, "[smtp.example.com]:587"),
    ({"relayhost": "[a.example]:465"}, "smtp_tls_wrappermode"),
    ({"relayhost": "[a.example]:smtps"}, "smtp_tls_wrappermode"),
    ({"relayhost": "[a.example]:465", "smtp_tls_wrappermode": "yes"}, "encrypt"),
    ({"smtp_tls_wrappermode": "yes", "smtp_tls_security_level": "may"}, "encrypt"),
    ({"transport_maps": "lmdb:/etc/postfix/transport"}, "not installed"),
    ({"transport_maps": "proxy:pcre:/etc/postfix/transport"}, "not installed"),
    ({"default_database_type": "lmdb"}, "not installed"), ({"default_database_type": "hsah"}, "not installed"),
    ({"transport_maps": "hsah:/etc/postfix/transport"}, "did you mean 'hash'"),
    ({"transport_maps": "proxy:hsah:/etc/postfix/transport"}, "did you mean 'hash'"),
    ({"transport_maps": "hash:/etc/postfix/transport, regex:/etc/postfix/more"}, "did you mean 'regexp'"),
    ({"header_checks": "pcer:/etc/postfix/header_checks"}, "did you mean 'pcre'"),
    ({"mydestination": "localhost, hsah:/etc/postfix/domains"}, "no table type 'hsah'"),
    ({"smtpd_sender_restrictions": "reject_unknown_sender_domain, check_sender_access hsah:/etc/postfix/senders"},
     "no table type 'hsah'"),
    ({"transport_maps": "nonsense:/etc/postfix/transport"}, "no table type 'nonsense'"),
    ({"smtp_sasl_password_maps": "static:user:password"}, "every user"),
    ({"smtp_sasl_password_maps": "hash:/x inline:{{a=b:c}}"}, "every user"),
])
def test_values_that_fail_only_at_run_time_are_refused(parameters, words):
    with pytest.raises(InputRefused) as refusal:
        check(**parameters)
    assert words in str(refusal.value)


def test_new_values_are_checked_together_with_main_cf():
    effective = {**DEFAULTS, "relayhost": "[a.example]:465", "smtp_tls_wrappermode": "no"}
    with pytest.raises(InputRefused, match="wrappermode"):
        check_values({"smtp_tls_wrappermode": "no"}, effective, DEFAULTS, TYPES)


@pytest.mark.parametrize("value,expected", [
    ("", []), ("hash:/etc/postfix/a", [("hash", "/etc/postfix/a")]),
    ("proxy:hash:/a, regexp:/b", [("hash", "/a"), ("regexp", "/b")]),
    ("check_sender_access hash:/a, reject", [("hash", "/a")]), ("hash:$config_directory/a", []), ("hash:/a$b", []),
    ("static:/a", [("static", "/a")]), ("inline:{a=b}", []), ("unix:/run/a", [("unix", "/run/a")]),
    ("unionmap:{hash:/a, hash:/b}", [("hash", "/a"), ("hash", "/b")]),
])
def test_the_tables_that_a_value_names(value, expected):
    assert named_tables(value) == expected


PAIRS = {**DEFAULTS, "myhostname": "a.test", "mailbox_size_limit": "51200000",
         "virtual_mailbox_limit": "51200000", "virtual_mailbox_domains": "",
         "mydestination": "$myhostname, localhost", "queue_minfree": "0", "smtpd_restriction_classes": "",
         "smtpd_relay_restrictions": "${{$compatibility_level} <level {1} ? {} : {permit_mynetworks}}",
         "smtpd_recipient_restrictions": "", "smtp_tls_session_cache_database": "", "smtpd_tls_session_cache_database": "",
         "lmtp_tls_session_cache_database": "", "smtp_dns_support_level": "", "virtual_alias_domains": "", "relay_domains": ""}


def pairs(**parameters):
    return check_pairs(parameters, {**PAIRS, **{name: value for name, value in parameters.items() if value is not None}})


@pytest.mark.parametrize("parameters,words", [
    ({"message_size_limit": "60000000", "mydestination": "localhost"}, "mailbox_size_limit to 0"),
    ({"message_size_limit": "0", "mydestination": "localhost"}, "no limit"),
    ({"mailbox_size_limit": "1000", "mydestination": "localhost"}, "message_size_limit"),
    ({"virtual_mailbox_limit": "1000", "virtual_mailbox_domains": "corp.test"}, "virtual(8)"),
    ({"virtual_mailbox_domains": "corp.test", "virtual_mailbox_limit": "5"}, "virtual(8)"),
    ({"virtual_mailbox_domains": "$virtual_mailbox_maps", "virtual_mailbox_maps": "hash:/a", "virtual_mailbox_limit": "5"},
     "virtual(8)"),
    ({"mailbox_size_limit": "5", "mydestination": "$myhostname"}, "local(8)"),
    ({"smtpd_relay_restrictions": "permit_mynetworks"}, "reject_unauth_destination"),
    ({"smtpd_relay_restrictions": "", "smtpd_recipient_restrictions": "permit_mynetworks, permit"}, "reject_unauth_destination"),
    ({"smtp_tls_session_cache_database": "btree:/var/lib/postfix/cache",
      "smtpd_tls_session_cache_database": "btree:/var/lib/postfix/cache"}, "same file"),
])
def test_combinations_that_stop_mail_are_refused(parameters, words):
    with pytest.raises(InputRefused) as refusal:
        pairs(**parameters)
    assert words in f"{refusal.value} {refusal.value.details['remedy']}"
    assert refusal.value.details["field"].partition(".")[2] in parameters


@pytest.mark.parametrize("parameters", [
    {"message_size_limit": "60000000", "mailbox_size_limit": "0", "mydestination": "localhost"},
    {"message_size_limit": "60000000", "mailbox_size_limit": "60000000", "mydestination": "localhost"},
    {"message_size_limit": "0", "mailbox_size_limit": "0", "mydestination": "localhost"},
    {"message_size_limit": "60000000", "mydestination": ""}, {"message_size_limit": "$other", "mydestination": "localhost"},
    {"virtual_mailbox_limit": "1000"}, {"virtual_mailbox_limit": "1000", "virtual_mailbox_domains": "$virtual_mailbox_maps"},
    {"biff": "no"}, {"smtpd_recipient_restrictions": "permit_mynetworks"},
    {"smtpd_relay_restrictions": "permit_mynetworks,reject_unauth_destination"},
    {"smtpd_relay_restrictions": "permit_mynetworks", "smtpd_recipient_restrictions": "reject"},
    {"smtpd_relay_restrictions": "my_class", "smtpd_restriction_classes": "my_class"},
    {"smtp_tls_session_cache_database": "btree:/a", "smtpd_tls_session_cache_database": "btree:/b"},
    {"smtp_tls_security_level": "dane", "smtp_dns_support_level": "dnssec"},
    {"mydestination": "a.test", "relay_domains": "b.test", "virtual_alias_domains": "hash:/etc/postfix/virtual"},
    {"relay_domains": None}, {"queue_minfree": "20000000", "message_size_limit": "10000000"},
])
def test_other_combinations_pass_without_a_warning(parameters):
    assert pairs(**parameters) == []


@pytest.mark.parametrize("parameters,words", [
    ({"queue_minfree": "1000"}, "1.5 times"), ({"smtp_tls_security_level": "dane"}, "smtp_dns_support_level = dnssec"),
    ({"mydestination": "localhost, Corp.test", "virtual_alias_domains": "corp.test"}, "both list corp.test"),
    ({"mydestination": "corp.test", "relay_domains": "corp.test"}, "mydestination and relay_domains"),
])
def test_combinations_that_may_be_meant_are_warned_of(parameters, words):
    warned = pairs(**parameters)
    assert len(warned) == 1 and words in warned[0]


def test_what_main_cf_holds_already_is_left_alone():
    effective = {**PAIRS, "mailbox_size_limit": "1", "mydestination": "localhost", "queue_minfree": "1"}
    assert check_pairs(["biff"], effective) == []
