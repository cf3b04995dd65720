# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_relayhost against real Postfix on both Debians."""
from __future__ import annotations

from typing import Any

import pytest
from helpers.modules.lab_host import LabHost

PASSWORD = "p w:#$x{y}%'\"\\\u00e9;"
RELAY = {
    "relayhost": ["[smtp.corp.test]:587"], "username": "catalog@corp.test", "password": PASSWORD,
    "ca_file": "/etc/ssl/lab-ca.crt", "reload": True}


@pytest.fixture(autouse=True)
def authority(prepared: dict[str, LabHost]) -> None:
    """Write the file of certificate authorities, also on a host outside the lab's own."""
    for host in prepared.values():
        host.sh("test -e /etc/ssl/lab-ca.crt || cp /etc/ssl/certs/ca-certificates.crt /etc/ssl/lab-ca.crt")


def relay(host: LabHost, options: dict[str, Any], check: bool = False) -> dict[str, Any]:
    result = host.module("postfix_relayhost", options, check=check)
    assert PASSWORD not in str(result) and "hunter2" not in str(result)
    return result


def state(host: LabHost) -> str:
    return host.sh("cat /etc/postfix/main.cf; cd /etc/postfix; ls -l --time-style=+")


def test_check_apply_again_change_remove(host: LabHost) -> None:
    pristine = state(host)
    shown = relay(host, RELAY, check=True)
    assert shown["changed"] and state(host) == pristine
    applied = relay(host, RELAY)
    assert applied["diff"] == shown["diff"] and applied["reloaded"]
    assert host.sh("postconf -h relayhost smtp_tls_security_level smtp_sasl_auth_enable smtp_tls_CAfile") == (
        "[smtp.corp.test]:587\nsecure\nyes\n/etc/ssl/lab-ca.crt\n")
    assert host.sh("postmap -q '[smtp.corp.test]:587' hash:/etc/postfix/sasl_passwd") == f"catalog@corp.test:{PASSWORD}\n"
    assert host.sh("stat -c %a /etc/postfix/sasl_passwd /etc/postfix/sasl_passwd.db") == "600\n600\n"
    assert not relay(host, RELAY)["changed"]

    other = {**RELAY, "password": "hunter2"}
    changed = relay(host, other)
    assert [change["name"] for change in changed["changes"]] == [
        "/etc/postfix/sasl_passwd: entries", "/etc/postfix/sasl_passwd: compiled"]
    assert not relay(host, other)["changed"]

    gone = relay(host, {"state": "absent", "reload": True})
    assert gone["changed"] and not relay(host, {"state": "absent", "reload": True})["changed"]
    left = host.sh("grep -rlaE 'corp[.]test.:587|hunter2|catalog@corp' /etc/postfix || true")
    assert left == "" and "sasl_passwd" not in state(host) and "sasl" not in host.sh("postconf -n | grep smtp_sasl || true")
    assert host.sh("postconf -h relayhost") == "\n"


def test_absent_changes_nothing_without_a_relay(host: LabHost) -> None:
    pristine = state(host)
    assert not relay(host, {"state": "absent"})["changed"]
    assert state(host) == pristine


def test_from_one_relay_to_another(host: LabHost) -> None:
    relay(host, {**RELAY, "relayhost": ["[a.corp.test]:465", "[b.corp.test]:465"]})
    assert host.sh("postconf -h smtp_tls_wrappermode relayhost") == "yes\n[a.corp.test]:465, [b.corp.test]:465\n"
    relay(host, {"relayhost": ["[::1]:2525"], "tls_level": "may"})
    assert host.sh("postconf -h smtp_tls_wrappermode relayhost smtp_sasl_auth_enable") == "no\n[::1]:2525\nno\n"
    assert host.exec("test", "-e", "/etc/postfix/sasl_passwd.db").code == 1


def test_senders_with_relays_of_their_own(debian12: LabHost) -> None:
    rows = [{"sender": "reports@example.org", "relayhost": "[smtp.example.org]:587", "username": "r", "password": "hunter2"}]
    assert relay(debian12, {**RELAY, "sender_dependent": rows})["changed"]
    assert debian12.sh("postmap -q reports@example.org hash:/etc/postfix/sender_relay") == "[smtp.example.org]:587\n"
    assert debian12.sh("postmap -q reports@example.org hash:/etc/postfix/sasl_passwd") == "r:hunter2\n"
    assert not relay(debian12, {**RELAY, "sender_dependent": rows})["changed"]
    assert relay(debian12, RELAY)["changed"]
    assert debian12.sh("ls /etc/postfix | grep sender_relay || true; postconf -h smtp_sender_dependent_authentication") == "no\n"


@pytest.mark.parametrize("options,words", [
    ({"relayhost": ["[smtp.corp.test:587]"]}, "[smtp.corp.test]:587"),
    ({"relayhost": ["192.0.2.1"]}, "[192.0.2.1]"),
    ({"relayhost": []}, "no relay is named"),
    ({"ca_file": "/nonexistent.pem"}, "does not exist"),
    ({"tls_level": "none"}, "readable by anyone"),
    ({"relayhost": ["[a.corp.test]:465"], "tls_level": "may"}, "needs a higher level"),
    ({"relayhost": ["[a.corp.test]:465", "[a.corp.test]:587"]}, "one mode for all"),
    ({"password": "hunter2\n"}, "line end"),
    ({"password": None}, "go together"),
])
def test_a_relay_that_cannot_work_is_refused(debian12: LabHost, options: dict[str, Any], words: str) -> None:
    pristine = state(debian12)
    result = relay(debian12, {**RELAY, **options})
    assert result["failed"] and words in result["msg"], result["msg"]
    assert state(debian12) == pristine


def test_the_password_is_removed_when_the_reload_fails(debian12: LabHost) -> None:
    """Only the reload detects a missing daemon_directory."""
    debian12.sh("echo 'daemon_directory = /nonexistent' >> /etc/postfix/main.cf; touch -d '-5 sec' /etc/postfix/main.cf")
    before = state(debian12)
    result = relay(debian12, RELAY)
    assert result["failed"] and result["rolled_back"]
    assert state(debian12) == before


def test_missing_sasl_mechanisms_are_reported(debian12: LabHost) -> None:
    debian12.sh("mkdir -p /opt/hidden; mv /usr/lib/*/sasl2/libplain.so* /opt/hidden/")
    try:
        assert "libsasl2-modules" in str(relay(debian12, RELAY, check=True)["warnings"])
    finally:
        debian12.sh("mv /opt/hidden/libplain.so* /usr/lib/*/sasl2/")
    assert not relay(debian12, RELAY, check=True).get("warnings")
