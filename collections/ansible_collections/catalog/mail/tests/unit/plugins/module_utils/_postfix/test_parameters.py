# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Valid and invalid values of main.cf parameters."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._postfix.parameters import (
    check_known,
    check_values,
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
    ({"default_database_type": "lmdb"}, "not installed"),
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
