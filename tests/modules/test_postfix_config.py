# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_config against real Postfix on both Debians."""
from __future__ import annotations

import secrets
import string
from typing import Any

import pytest
from helpers.modules.lab_host import LabHost
from helpers.waiting import wait_until

MAIN_CF = "/etc/postfix/main.cf"
PARAMETERS = {"biff": True, "message_size_limit": 20480000, "mydestination": ["$myhostname", "localhost"], "relayhost": None}


def config(host: LabHost, parameters: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return host.module("postfix_config", {"parameters": parameters, **options}, check=check)


def runs(host: LabHost) -> bool:
    return host.exec("postfix", "status").code == 0


def traces(host: LabHost) -> str:
    """Return inode, times and rights of main.cf, and the files beside it."""
    return host.sh("stat -c '%i %y %z %a %U' /etc/postfix/main.cf; ls -lai /etc/postfix /run | grep -v ' \\.\\.$'")


def test_check_apply_again_remove(host: LabHost) -> None:
    pristine, before = host.read(MAIN_CF), traces(host)
    shown = config(host, PARAMETERS, check=True)
    assert shown["changed"] and traces(host) == before

    applied = config(host, PARAMETERS)
    assert applied["changed"] and applied["changes"] == shown["changes"]
    assert applied["diff"] == shown["diff"]
    assert applied["diff"][0]["before"].encode() == pristine
    assert applied["diff"][0]["after"].encode() == host.read(MAIN_CF)
    assert host.sh("postconf -h biff message_size_limit mydestination relayhost") == (
        "yes\n20480000\n$myhostname, localhost\n\n")
    assert applied["reload_required"] and not applied["restart_required"] and not applied["reloaded"]

    done = traces(host)
    assert not config(host, PARAMETERS)["changed"]
    assert traces(host) == done

    removed = config(host, dict.fromkeys(PARAMETERS))
    assert [change["after"] for change in removed["changes"]] == [None, None, None]
    gone = {b"biff", b"mydestination", b"relayhost", b"message_size_limit"}
    kept = [line for line in pristine.splitlines(keepends=True) if line.partition(b"=")[0].strip() not in gone]
    assert host.read(MAIN_CF) == b"".join(kept)


def test_unusual_files_keep_their_form(host: LabHost) -> None:
    odd = host.read(MAIN_CF).replace(b"\n", b"\r\n") + b"# caf\xe9\r\nmyorigin = a,\r\n# inside\r\n\tb\r\nlast = no newline"
    host.sh("mkdir -p /etc/elsewhere; mv /etc/postfix/main.cf /etc/elsewhere/; ln -s ../elsewhere/main.cf /etc/postfix/main.cf")
    host.write("/etc/elsewhere/main.cf", odd)
    host.sh("chmod 0640 /etc/elsewhere/main.cf; chown root:postfix /etc/elsewhere/main.cf")
    result = config(host, {"myorigin": "example.test", "biff": True, "relay_domains": []})
    assert result["changed"]
    expected = odd.replace(b"myorigin = a,\r\n# inside\r\n\tb\r\n", b"myorigin = example.test\r\n# inside\r\n")
    expected = expected.replace(b"\nmyorigin = /etc/mailname\r\n", b"\n").replace(b"biff = no\r\n", b"biff = yes\r\n")
    assert host.read("/etc/elsewhere/main.cf") == expected + b"\r\nrelay_domains =\r\n"
    assert host.sh("stat -c '%a %U:%G' /etc/elsewhere/main.cf; readlink /etc/postfix/main.cf") == (
        "640 root:postfix\n../elsewhere/main.cf\n")
    assert host.sh("postconf -h myorigin biff 2>/dev/null") == "example.test\nyes\n"


REFUSED = [
    ({"myhostname": "a\nb = c"}, "newline"),
    ({"my hostname": "a"}, "not the name"),
    ({"relay_host": "x"}, "did you mean 'relayhost'"),
    ({"soft_bounce": "True"}, "not a boolean"),
    ({"smtp_tls_security_level": "bogus"}, "not one of the values"),
    ({"message_size_limit": "lots"}, "not a number"),
    ({"relayhost": "[smtp.corp.test:587]"}, "[smtp.corp.test]:587"),
    ({"relayhost": "[smtp.corp.test]:465"}, "smtp_tls_wrappermode"),
    ({"relayhost": "[smtp.corp.test]:465", "smtp_tls_wrappermode": True, "smtp_tls_security_level": "may"}, "encrypt"),
    ({"transport_maps": "lmdb:/etc/postfix/transport"}, "not installed"),
    ({"smtp_sasl_password_maps": "static:user:hunter2"}, "every user"),
    ({"transport_maps": "hsah:/etc/postfix/transport"}, "did you mean 'hash'"),
    ({"mailbox_size_limit": 1000, "mydestination": "localhost"}, "mailbox_size_limit"),
    ({"smtpd_relay_restrictions": "permit_mynetworks"}, "reject_unauth_destination"),
    ({"biff": {"a": 1}}, "dict"),
    # Postfix itself reads the file:
    ({"myhostname": ""}, "myhostname"),
    ({"inet_interfaces": "203.0.113.9"}, "no local interface found"),
    ({"relayhost": "$relayhost"}, "macro"),
    ({"mail_owner": "nobody-such"}, "unknown user name"),
]


@pytest.mark.parametrize("parameters,words", REFUSED, ids=[row[1] for row in REFUSED])
def test_invalid_settings_are_refused_before_a_write(
    debian12: LabHost, parameters: dict[str, Any], words: str
) -> None:
    before = traces(debian12)
    for check in (True, False):
        result = config(debian12, {"biff": True, **parameters}, check=check, reload=True)
        assert result["failed"] and words in result["msg"]
        assert "hunter2" not in str(result)
    assert traces(debian12) == before
    assert runs(debian12)


def test_a_table_that_does_not_exist_is_refused(host: LabHost) -> None:
    """In check mode an earlier task may have made it, so that check mode only warns."""
    host.sh("rm -f /etc/postfix/transport*; echo 'corp.test :' > /etc/postfix/uncompiled")
    for path in ("/etc/postfix/transport", "/etc/postfix/uncompiled"):
        parameters = {"transport_maps": f"hash:{path}"}
        before = traces(host)
        refused = config(host, parameters)
        assert refused["failed"] and f"there is no table hash:{path}" in refused["msg"] and "postfix_map" in refused["msg"]
        assert traces(host) == before
        shown = config(host, parameters, check=True)
        assert shown["changed"] and path in str(shown["warnings"])
    host.sh("postmap /etc/postfix/uncompiled")
    assert config(host, {"transport_maps": "hash:/etc/postfix/uncompiled"}, reload=True)["changed"]
    assert config(host, {"transport_maps": None}, reload=True)["changed"]


def test_an_unknown_parameter_is_accepted_on_request(debian12: LabHost) -> None:
    assert config(debian12, {"my_policy_time_limit": "1h"}, allow_unknown=True)["changed"]
    assert not config(debian12, {"my_policy_time_limit": "1h"}, allow_unknown=True)["changed"]


def test_a_reload_takes_effect_at_once(host: LabHost) -> None:
    result = config(host, {"smtpd_banner": "$myhostname ESMTP followed"}, reload=True)
    assert result["reloaded"] and runs(host)
    greeting = host.sh("python3 -c 'import smtplib; s = smtplib.SMTP(\"127.0.0.1\"); print(s.docmd(\"NOOP\"), s.ehlo_resp)'; "
                       "python3 -c 'import socket; print(socket.create_connection((\"127.0.0.1\", 25)).recv(99))'")
    assert "followed" in greeting
    again = config(host, {"smtpd_banner": "$myhostname ESMTP followed"}, reload=True)
    assert not again["changed"] and not again["reload_required"]


@pytest.mark.parametrize(
    "parameters",
    [{"daemon_directory": "/nonexistent"}, {"service_throttle_time": "0s"}, {"maximal_queue_lifetime": "90115200"}],
    ids=["reload refused", "master ends", "queue manager ends"])
def test_files_are_restored_when_postfix_refuses_them(host: LabHost, parameters: dict[str, Any]) -> None:
    """These settings pass every check before the write; only the running Postfix rejects them."""
    before = host.read(MAIN_CF)
    rights = host.sh("stat -c '%a %U:%G' /etc/postfix/main.cf")
    result = config(host, {"biff": True, "inet_protocols": "ipv4", **parameters}, reload=True)
    assert result["failed"] and result["rolled_back"], result
    assert not host.module("postfix_info", {})["restart_pending"]
    assert "Every file is what it was before" in result["msg"]
    assert host.read(MAIN_CF) == before
    assert host.sh("stat -c '%a %U:%G' /etc/postfix/main.cf") == rights
    assert runs(host)
    assert host.sh("ls -A /etc/postfix | grep '^[.]' || true") == ""
    pid = host.sh("cat /var/spool/postfix/pid/master.pid")
    host.sh("systemctl restart postfix")
    # On Debian 12 the restart of the unit's instance goes on after the command.
    wait_until(lambda: host.sh("cat /var/spool/postfix/pid/master.pid || true") not in ("", pid), "systemd has lost track of it")
    wait_until(lambda: runs(host), "Postfix does not run")


def test_restart_is_required_until_postfix_restarts(host: LabHost) -> None:
    for run in range(2):
        result = config(host, {"inet_interfaces": "loopback-only"}, reload=True)
        assert (result["changed"], result["restart_required"]) == (run == 0, True)
    host.sh("systemctl restart postfix")
    assert not config(host, {"inet_interfaces": "loopback-only"})["restart_required"]
    assert config(host, {"inet_protocols": "ipv4"}, check=True)["restart_required"]
    assert not config(host, {"biff": True}, check=True)["restart_required"]


def test_a_moved_queue_requires_a_restart(debian12: LabHost) -> None:
    debian12.sh("rm -rf /var/spool/postfix-moved; cp -a /var/spool/postfix /var/spool/postfix-moved; "
                "rm /var/spool/postfix-moved/pid/*")
    try:
        for _run in range(2):
            assert config(debian12, {"queue_directory": "/var/spool/postfix-moved"})["restart_required"]
        assert config(debian12, {"queue_directory": None})["changed"]
    finally:
        debian12.sh("pkill -x master; systemctl restart postfix; rm -rf /var/spool/postfix-moved")


def test_the_next_run_makes_up_a_missed_reload(host: LabHost) -> None:
    assert config(host, {"biff": True})["reload_required"]
    left = host.module("postfix_config", {"parameters": {"biff": True}})
    assert not left["changed"] and left["reload_required"]
    mended = config(host, {"biff": True}, reload=True)
    assert mended["changed"] and mended["reloaded"]
    assert not config(host, {"biff": True}, reload=True)["changed"]


def test_leftover_files_of_a_killed_run_are_removed(debian12: LabHost) -> None:
    debian12.sh("mkdir /etc/postfix/.catalog-mail-99999999-x; echo secret > /etc/postfix/.catalog-mail-99999999-x/file")
    assert config(debian12, {"biff": True})["changed"]
    assert debian12.sh("ls -A /etc/postfix | grep '^[.]' || true") == ""


def test_postfix_stopped(host: LabHost) -> None:
    host.sh("postfix stop 2>/dev/null")
    result = config(host, {"inet_interfaces": "loopback-only", "biff": True}, reload=True)
    assert result["changed"] and not result["running"]
    assert not result["reload_required"] and not result["restart_required"] and not result["reloaded"]
    host.sh("postfix start 2>/dev/null")
    assert runs(host)


def test_a_main_cf_that_is_already_broken(host: LabHost) -> None:
    sound = host.read(MAIN_CF)
    host.write(MAIN_CF, sound + b"this is no parameter\n")
    refused = config(host, {"biff": True})
    assert refused["failed"] and "already broken before" in refused["msg"]
    assert host.read(MAIN_CF) == sound + b"this is no parameter\n"

    host.write(MAIN_CF, sound + b"inet_interfaces = 203.0.113.9\nmyhostname =\n")
    mended = config(host, {"inet_interfaces": "loopback-only", "myhostname": "mended.catalog.test"})
    assert mended["changed"] and host.sh("postconf -h inet_interfaces myhostname") == "loopback-only\nmended.catalog.test\n"
    facts = host.module("postfix_info", {})
    assert facts["problems"] == []


def test_ipv6_disabled(debian12: LabHost) -> None:
    debian12.in_network("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=1")
    try:
        refused = config(debian12, {"inet_interfaces": "127.0.0.1, ::1"})
        assert refused["failed"] and "inet_protocols" in refused["remedy"], refused
        taken = config(debian12, {"inet_interfaces": "loopback-only", "inet_protocols": "ipv4"})
        assert taken["changed"]
        debian12.sh("systemctl restart postfix")
        assert runs(debian12)
    finally:
        debian12.in_network("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")


UNTIDY = "biff = no\nwhat is this\nbiff = yes\nbiff = no\n"


def test_untidy_lines_are_named_and_removed_on_wish(host: LabHost) -> None:
    pristine = host.read(MAIN_CF)
    host.write(MAIN_CF, UNTIDY.encode() + pristine.replace(b"biff = no\n", b""))
    problems = host.module("postfix_info", {})["problems"]
    assert any("what is this" in text for text in problems)
    assert "biff is set several times, and the last line counts" in problems
    shown = config(host, {}, check=True, tidy=True)
    assert [(change["name"], change["before"], change["after"]) for change in shown["changes"]] == [
        ("an earlier line of biff", "no", None), ("an earlier line of biff", "yes", None),
        ("a line that sets no parameter", "what is this", None)]
    applied = config(host, {}, tidy=True, reload=True)
    assert applied["changed"] and applied["diff"] == shown["diff"] and applied["reloaded"]
    assert host.read(MAIN_CF) == b"biff = no\n" + pristine.replace(b"biff = no\n", b"")
    assert not config(host, {}, tidy=True)["changed"]
    assert host.module("postfix_info", {})["problems"] == []
    assert runs(host)


def test_tidying_and_setting_in_one_task(debian12: LabHost) -> None:
    debian12.sh(f"printf 'biff = no\\nbiff = no\\n' >> {MAIN_CF}")
    applied = config(debian12, {"biff": True}, tidy=True)
    assert debian12.sh("postconf -c /etc/postfix -h biff") == "yes\n"
    assert applied["changes"][0]["name"] == "biff"
    assert not config(debian12, {"biff": True}, tidy=True)["changed"]


def test_a_password_in_main_cf_stays_out_of_the_diff(debian12: LabHost) -> None:
    debian12.sh("echo 'smtp_sasl_password_maps = static:user:hunter2' >> /etc/postfix/main.cf")
    shown = config(debian12, {"biff": True, "smtp_sasl_password_maps": None}, check=True)
    assert "hunter2" not in str(shown) and "********" in shown["diff"][0]["before"]
    assert "hunter2" not in str(debian12.module("postfix_info", {}))


def test_a_password_within_a_value_is_not_shown(debian12: LabHost) -> None:
    """Whatever the parameter's name: in the result, in the diff, in the journal; and not under a wrong name."""
    word = "".join(secrets.choice(string.ascii_letters) for _number in range(24))
    began = debian12.sh("date +%s").strip()
    logins = f"inline:{{ {{[smtp.corp.test]:587 = catalog:{word}}} }}"
    runs_ = [config(debian12, {"relay_logins": logins, "biff": True}, allow_unknown=True, check=check) for check in (True, False)]
    assert [run["changed"] for run in runs_] == [True, True], runs_
    assert f"relay_logins = {logins}\n" in debian12.sh(f"cat {MAIN_CF}")
    runs_.append(config(debian12, {"relay_logins": None}))
    runs_.append(config(debian12, {"soft_bounce": f"static:catalog:{word}"}))
    runs_.append(config(debian12, {"biff": True}, relay_passwort=word))
    assert runs_[-1]["failed"] and "relay_passwort" in runs_[-1]["msg"]
    assert word not in str(runs_)
    journal = debian12.sh(f"sleep 0.5; journalctl --no-pager -o export --since=@{began}")
    assert "Invoked with" in journal and word not in journal


def test_another_instance(debian12: LabHost) -> None:
    debian12.sh("rm -rf /etc/postfix-two; mkdir /etc/postfix-two; cp /etc/postfix/ma*.cf /etc/postfix-two")
    result = config(debian12, {"biff": True}, config_directory="/etc/postfix-two")
    assert result["changed"] and debian12.sh("postconf -c /etc/postfix-two -h biff") == "yes\n"
    assert debian12.sh("postconf -h biff") == "no\n"


def test_no_such_instance(debian12: LabHost) -> None:
    result = config(debian12, {"biff": True}, config_directory="/etc/postfix-none")
    assert result["failed"] and "config_directory" in result["msg"]
