# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_email from lab hosts, through real Postfix, Dovecot and TLS, with real failures."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.catalog.mail.plugins.modules import test_email
from helpers.modules.lab_host import CA, CODE, Hidden, LabHost
from helpers.playbooks import lab
from helpers.waiting import PATIENCE

SUBMISSION = "catalog@corp.test"
RELAY = {
    "relayhost": "[mail.corp.test]:587", "smtp_sasl_auth_enable": "yes", "smtp_sasl_security_options": "noanonymous",
    "smtp_sasl_password_maps": "texthash:/etc/postfix/relay_login", "smtp_tls_security_level": "secure",
    "smtp_tls_CAfile": CA, "mydestination": "localhost",
}
OPEN_RELAY = {"smtp_sasl_auth_enable": "no", "smtp_tls_security_level": "may"}
QUEUE_ID = re.compile(r"\b[0-9A-F]{8,15}: ")

Send = Callable[..., dict[str, Any]]


@pytest.fixture
def smtp(passwords: Hidden) -> Hidden:
    """Return the submission account as options."""
    return Hidden(host="mail.corp.test", username=SUBMISSION, password=passwords[SUBMISSION], ca_file=CA)


@pytest.fixture
def fault() -> Iterator[Callable[[str], None]]:
    """Make the mail server misbehave until the test ends."""
    def ask(name: str) -> None:
        lab("fault", name)

    yield ask
    ask("none")


@pytest.fixture
def send(passwords: Hidden) -> Send:
    """Send to alice from a host; assert that no password of the lab is in the result."""
    def run(host: LabHost, **options: Any) -> dict[str, Any]:
        result = host.module("test_email", {"recipient": "alice@corp.test", **options})
        # Quoting changes only characters after the first 24 letters and digits.
        for password in passwords.values():
            assert password[:24] not in json.dumps(result)
        return result

    return run


def relay(host: LabHost, passwords: Hidden, password: str | None = None, **parameters: str) -> None:
    """Configure the host's Postfix to relay through the lab's mail server."""
    wanted = {**RELAY, "myhostname": f"{host.name}.catalog.test", **parameters}
    login = f"{wanted['relayhost']} {SUBMISSION}:{password or passwords[SUBMISSION]}\n"
    host.sh("umask 077; cat > /etc/postfix/relay_login", stdin=login.encode())
    host.sh("xargs -0 postconf -e; postfix reload 2>/dev/null; sleep 0.5",
            stdin="\0".join(f"{name}={value}" for name, value in wanted.items()).encode())


def assert_failed(result: dict[str, Any], stage: str, cause: str) -> None:
    """Assert a complete failure: stage, cause and remedy as fields, and all of them in one paragraph."""
    assert result.get("failed"), result
    assert result["stage"] == stage, result
    assert cause in result["cause"], result
    assert {"server_says", "queue_entry", "log_lines", "elapsed", "message_id"} <= set(result)
    for part in (f"(stage {stage})", f"Cause: {result['cause']}.", f"Remedy: {result['remedy']}."):
        assert part in result["msg"]
    if result["server_says"]:
        assert result["server_says"] in result["msg"]


def queue(host: LabHost) -> list[dict[str, Any]]:
    return [json.loads(line) for line in host.sh("postqueue -j 2>/dev/null").splitlines()]


def test_the_hops_through_the_relay_are_reported(host, send, passwords, mailbox):
    relay(host, passwords)
    begun = time.monotonic()
    result = send(host, mailbox=mailbox)
    assert not result.get("failed"), result["msg"]
    assert result["changed"] is False
    assert result["mailbox_folder"] == "INBOX"
    assert 0 < result["elapsed"] <= time.monotonic() - begun
    own = f"{host.name}.catalog.test"
    first, second = result["hops"][:2]
    assert (first["by"], first["from"], first["delay"]) == (own, None, 0)
    assert (second["by"], second["from"], second["protocol"]) == ("mail.corp.test", own, "ESMTPSA")
    assert second["tls"] == {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384"}
    assert result["hops"][-1]["protocol"] == "LMTP"
    verdicts = {
        one["method"]: (one["result"], one["properties"])
        for header in result["authentication_results"] for one in header["results"]
    }
    assert verdicts["dkim"][0] == verdicts["dmarc"][0] == "pass"
    assert verdicts["dkim"][1]["header.d"] == "catalog.test"
    assert any(line.startswith("2. mail.corp.test: from " + own + ", ESMTPSA, TLSv1.3 ") for line in result["summary"])
    assert any("dkim=pass (catalog.test)" in line for line in result["summary"])


def test_reading_leaves_the_mailbox_unchanged(debian12, send, passwords, mailbox):
    relay(debian12, passwords)
    message_id = send(debian12, mailbox=mailbox)["message_id"]
    found = LabHost("mail").sh(
        f"doveadm fetch -u alice@corp.test 'mailbox flags' mailbox INBOX header Message-ID '{message_id}'")
    assert "mailbox: INBOX" in found
    assert "\\Seen" not in found


def test_without_a_mailbox_the_relays_reply_is_final(host, send, passwords):
    relay(host, passwords)
    result = send(host, timeout=round(PATIENCE))
    assert not result.get("failed"), result["msg"]
    assert result["server_says"].startswith("250 2.0.0 Ok: queued as ")
    assert (result["hops"], result["authentication_results"], result["mailbox_folder"]) == ([], [], None)
    assert result["summary"][0].startswith("mail.corp.test[")
    assert result["elapsed"] < PATIENCE / 2


def test_nothing_is_sent_in_check_mode(debian12, passwords, mailbox):
    relay(debian12, passwords)
    before = debian12.sh("journalctl -q --no-pager SYSLOG_FACILITY=2 | grep -c message-id= || true")
    result = debian12.module("test_email", {"recipient": "alice@corp.test", "mailbox": mailbox}, check=True)
    assert result["skipped"] is True
    time.sleep(0.5)
    assert debian12.sh("journalctl -q --no-pager SYSLOG_FACILITY=2 | grep -c message-id= || true") == before


BROKEN_RELAYS = [
    # description, settings, options, cause, words
    ("a wrong password", {"password": "wrong"}, {}, "does not accept this user name and password", "535 5.7.8"),
    ("an authority that is not known", {"smtp_tls_CAfile": ""}, {}, "not signed by", "certificate not verified"),
    ("a name that is not in the certificate", {"relayhost": "[198.18.25.25]:587"}, {}, "issued for another name",
     "certificate not verified"),
    ("a port on which nothing listens", {"relayhost": "[mail.corp.test]:2526"}, {}, "Nothing listens", "refused"),
    ("a relay that does not exist", {"relayhost": "[nowhere.corp.test]:587"}, {}, "could not be resolved", "not found"),
    ("TLS from the first byte on where the server wants STARTTLS", {"smtp_tls_wrappermode": "yes"}, {},
     "do not agree when TLS begins", "handshake failure"),
    ("a sender that is not ours", {}, {"sender": "root@elsewhere.test"}, "with this sender address", "not owned"),
    ("a recipient that does not exist", {}, {"recipient": "nobody@corp.test"}, "does not know the recipient", "5.1.1"),
    ("no login", {"smtp_sasl_auth_enable": "no"}, {}, "without a login", "Access denied"),
    ("a boolean in YAML's words", {"smtp_sasl_auth_enable": "True"}, {}, "its own configuration", "bad boolean"),
]


@pytest.mark.parametrize(
    ("settings", "options", "cause", "words"), [row[1:] for row in BROKEN_RELAYS], ids=[row[0] for row in BROKEN_RELAYS]
)
def test_a_broken_relay_is_reported_early(debian12, send, passwords, mailbox, settings, options, cause, words):
    relay(debian12, passwords, **settings)
    begun = time.monotonic()
    result = send(debian12, mailbox=mailbox, timeout=round(PATIENCE), **options)
    assert time.monotonic() - begun < PATIENCE / 2
    assert_failed(result, "relay", cause)
    assert words in result["server_says"]
    assert any(QUEUE_ID.search(line) for line in result["log_lines"])
    assert queue(debian12) == []
    if result["queue_entry"]:
        assert "deleted from the queue" in result["msg"]
    restart_if_throttled(debian12)


def restart_if_throttled(host: LabHost) -> None:
    """Start Postfix again where master waits a minute before it starts a daemon that ended with an error."""
    host.sh("journalctl -q --no-pager -o cat -t postfix/master -n 5 | grep -q throttling && systemctl restart postfix || :")


LOCAL = {"mydestination": "localhost, corp.test"}
TRANSPORT = "inline:{corp.test=smtp:[mail.corp.test]:25}"
OTHER_WAYS = [
    # description, parameters, options, with the mailbox, cause, remedy
    ("a mailbox of the host", LOCAL, {"recipient": "ops@corp.test"}, False,
     "did not leave this host: Postfix handed it to its own delivery agent local, because mydestination contains corp.test; "
     "the relay [mail.corp.test]:2525 (relayhost) was not used", "Take corp.test out of mydestination"),
    ("a recipient that the host does not have", LOCAL, {}, True, "because mydestination contains corp.test",
     "Take corp.test out of mydestination"),
    ("no relay, and a mailbox of the host", {**LOCAL, "relayhost": ""}, {"recipient": "ops@corp.test"}, False,
     "did not leave this host", "Take corp.test out of mydestination"),
    ("a virtual mailbox domain", {
        "virtual_mailbox_domains": "corp.test", "virtual_mailbox_maps": "inline:{alice@corp.test=alice}",
        "virtual_mailbox_base": "/var/mail", "virtual_uid_maps": "static:5000", "virtual_gid_maps": "static:8"}, {}, True,
     "agent virtual, because virtual_mailbox_domains contains corp.test", "Take corp.test out of virtual_mailbox_domains"),
    ("a virtual alias, not in the mailbox", {"virtual_alias_maps": "regexp:{{/^alice@/ bob@corp.test}}"}, {"timeout": 12}, True,
     "sent the message to bob@corp.test in place of the recipient, because virtual_alias_maps", "Remove alice@corp.test from"),
    ("a canonical address", {"recipient_canonical_maps": "inline:{alice@corp.test=bob@corp.test}"}, {}, False,
     "because recipient_canonical_maps", "or test with the recipient bob@corp.test"),
    ("an alias to a recipient elsewhere", {**LOCAL, "alias_maps": "inline:{zora=alice@mail.corp.test}"},
     {"recipient": "zora@corp.test"}, False, "alice@mail.corp.test", "zora"),
    ("a transport", {"transport_maps": TRANSPORT}, {}, True,
     f"was not used: mail.corp.test[198.18.NET.25]:25 got the message, because transport_maps ({TRANSPORT}) has for corp.test",
     "Take corp.test out of transport_maps"),
    ("a transport that discards", {"transport_maps": "inline:{corp.test=discard:}"}, {}, False,
     "threw the message away, because transport_maps", "Take corp.test out of transport_maps"),
]


@pytest.mark.parametrize(
    ("settings", "options", "read", "cause", "remedy"), [row[1:] for row in OTHER_WAYS], ids=[row[0] for row in OTHER_WAYS]
)
def test_a_message_by_another_way_is_a_failure(debian12, send, passwords, mailbox, settings, options, read, cause, remedy):
    relay(debian12, passwords, **OPEN_RELAY, **{"relayhost": "[mail.corp.test]:2525", **settings})
    result = send(debian12, **{"mailbox": mailbox} if read else {}, **options)
    assert_failed(result, "route", "")
    assert cause in re.sub(r"mail.corp.test\[[^]]+\]", "mail.corp.test[198.18.NET.25]", result["cause"])
    assert remedy in result["remedy"]


def test_a_known_other_way_is_reported(debian12, send, passwords, mailbox):
    relay(debian12, passwords, **OPEN_RELAY, relayhost="[mail.corp.test]:2525", transport_maps=TRANSPORT)
    result = send(debian12, mailbox=mailbox, any_route=True)
    assert not result.get("failed"), result["msg"]
    assert result["route"]["chosen_by"] == {
        "parameter": "transport_maps", "table": TRANSPORT, "key": "corp.test", "value": "smtp:[mail.corp.test]:25"}
    assert "was not used" in json.dumps(result["warnings"])
    own = {"sender_dependent_relayhost_maps": "inline:{noreply@catalog.test=[mail.corp.test]:25}"}
    relay(debian12, passwords, **OPEN_RELAY, relayhost="[mail.corp.test]:2525", transport_maps="", **own)
    result = send(debian12, mailbox=mailbox)
    assert not result.get("failed"), result["msg"]
    assert "since sender_dependent_relayhost_maps" in result["summary"][-1]
    # The mailbox is the alias's: the message is proven to arrive.
    aliases = "inline:{zora@corp.test=alice@corp.test}"
    relay(debian12, passwords, **OPEN_RELAY, relayhost="", sender_dependent_relayhost_maps="", virtual_alias_maps=aliases)
    result = send(debian12, recipient="zora@corp.test", mailbox=mailbox)
    assert not result.get("failed"), result["msg"]
    assert "Postfix changed the recipient to alice@corp.test, because virtual_alias_maps" in result["summary"][-2]
    assert "no relay is set" in result["summary"][-1]


def save(application, passwords, transport: str, **smtp: Any) -> None:
    """Save the application's settings without a test."""
    login = Hidden(host="mail.corp.test", port=587, tls="starttls", username=SUBMISSION, password=passwords[SUBMISSION],
                   ca_file=CA, **smtp)
    saved = application.host.module("email_settings", Hidden(
        notifications=Hidden(enabled=True, transport=transport, **{"from": {"address": "noreply@corp.test"}},
                             **{"smtp": login} if transport == "smtp" else {}), test=False))
    assert not saved.get("failed"), saved["msg"]


def by_application(host: LabHost, **options: Any) -> dict[str, Any]:
    return host.module("test_email", {"transport": "application", **options})


def test_the_application_sends_by_the_hosts_postfix(application, debian12, passwords, mailbox):
    application.forget()
    relay(debian12, passwords)
    save(application, passwords, "builtin")
    result = by_application(debian12, mailbox=mailbox)
    assert not result.get("failed"), result["msg"]
    assert result["application"]["transport"] == "builtin"
    assert result["route"]["chosen_by"]["parameter"] == "relayhost"
    assert [hop["by"] for hop in result["hops"][:2]] == ["catalog12.catalog.test", "mail.corp.test"]
    assert any("dkim=pass (corp.test)" in line for line in result["summary"])
    relay(debian12, passwords, **LOCAL)
    failed = by_application(debian12, recipient="ops@corp.test")
    assert_failed(failed, "route", "because mydestination contains corp.test")
    relay(debian12, passwords, password="wrong", mydestination="localhost")
    failed = by_application(debian12, mailbox=mailbox)
    assert_failed(failed, "relay", "does not accept this user name and password")
    assert queue(debian12) == []
    relay(debian12, passwords, virtual_alias_maps="hash:/etc/postfix/missing")
    failed = by_application(debian12, mailbox=mailbox)
    assert "hash:/etc/postfix/missing" in failed["cause"], failed


def test_the_application_sends_by_smtp_past_postfix(application, debian12, passwords, mailbox, fault):
    application.forget()
    relay(debian12, passwords, relayhost="[nowhere.corp.test]:587")
    save(application, passwords, "smtp")
    result = by_application(debian12, mailbox=mailbox, recipient="alice@corp.test")
    assert not result.get("failed"), result["msg"]
    assert (result["application"]["transport"], result["route"]) == ("smtp", None)
    assert result["hops"][0]["by"] == "mail.corp.test"
    assert "The application (smtp) handed the message to mail.corp.test:587" in result["summary"][-1]
    fault("refuse_login")
    failed = by_application(debian12, mailbox=mailbox)
    assert (failed["stage"], failed["failed"]) == ("application", True)
    assert "535" in failed["msg"] or "user name" in failed["msg"], failed["msg"]
    assert "Remedy: " in failed["msg"]


@pytest.mark.parametrize(("options", "words"), [
    ({"sender": "noreply@corp.test"}, "the application sends by its own settings"),
    ({"transport": "sendmail", "recipient": "alice@corp.test", "api": {}}, "it has no effect without transport"),
    ({"transport": "sendmail"}, "missing: recipient"),
    ({"api": {"token_file": "/etc/catalog-mail/nothing"}}, "set transport: sendmail"),
])
def test_what_the_application_cannot_use_is_refused(debian12, options, words):
    assert words in by_application(debian12, **options)["msg"].replace("are missing", "missing")


MISSING = "hash:/etc/postfix/missing"
BROKEN_TABLES = [
    # parameter, table, reason, remedy
    ("transport_maps", MISSING, "No such file", f"postmap {MISSING}"),
    ("virtual_alias_maps", MISSING, "No such file", f"postmap {MISSING}"),
    ("recipient_canonical_maps", "hsah:/etc/postfix/missing", "unsupported dictionary type: hsah", "postconf -m"),
    ("smtp_tls_policy_maps", MISSING, "No such file", f"postmap {MISSING}"),
    ("smtp_generic_maps", MISSING, "No such file", f"postmap {MISSING}"),
    ("smtp_sasl_password_maps", MISSING, "No such file", f"postmap {MISSING}"),
]


@pytest.mark.parametrize(("parameter", "table", "reason", "remedy"), BROKEN_TABLES, ids=[row[0] for row in BROKEN_TABLES])
def test_a_broken_table_is_named(debian12, send, passwords, mailbox, parameter, table, reason, remedy):
    relay(debian12, passwords, **{parameter: table})
    result = send(debian12, mailbox=mailbox)
    assert_failed(result, "relay", f"lookup table {table} of {parameter}: ")
    assert reason in result["cause"]
    assert remedy in result["remedy"]
    assert result["elapsed"] < PATIENCE / 2
    assert any(table in line for line in result["log_lines"])
    restart_if_throttled(debian12)


def test_a_stopped_postfix_leaves_no_message_in_its_queue(host, send, passwords, mailbox):
    relay(host, passwords)
    host.sh("postfix stop 2>/dev/null; sleep 0.5")
    result = send(host, mailbox=mailbox)
    assert_failed(result, "relay", "Postfix is not running")
    assert result["queue_entry"]["queue_name"] == "maildrop"
    assert queue(host) == []
    host.sh("systemctl restart postfix")


def test_only_the_test_message_is_deleted(debian12, send, passwords):
    relay(debian12, passwords, relayhost="[mail.corp.test]:2526")
    addresses = "-f noreply@catalog.test -- alice@corp.test"
    debian12.sh(f"printf 'Subject: not a test\\n\\nhello\\n' | /usr/sbin/sendmail -i {addresses}; sleep 0.5")
    result = send(debian12)
    assert_failed(result, "relay", "Nothing listens")
    left = queue(debian12)
    assert len(left) == 1
    assert left[0]["queue_id"] != result["queue_entry"]["queue_id"]
    assert left[0]["sender"] == result["queue_entry"]["sender"]


def test_the_log_may_be_a_file(debian12, send, passwords):
    log = "/var/log/postfix-of-a-test.log"
    debian12.sh(f"rm -f {log}")
    relay(debian12, passwords, password="wrong", maillog_file=log)
    result = send(debian12)
    assert_failed(result, "relay", "does not accept this user name and password")
    assert result["queue_entry"]["queue_id"] in "\n".join(result["log_lines"])
    assert "status=deferred" in debian12.sh(f"cat {log}")


def test_a_relay_that_stands_in_etc_hosts_only(debian12, send, passwords, mailbox):
    """Postfix asks DNS alone; with the remedy the message arrives, by the chroot's new copy of /etc/hosts."""
    debian12.sh("cp /etc/hosts /run/hosts; echo '198.18.25.25 only.here.test' >> /etc/hosts".replace(
        "198.18.25.25", debian12.sh("getent ahostsv4 mail.corp.test | cut -d' ' -f1 | head -n1").strip()))
    try:
        relay(debian12, passwords, relayhost="[only.here.test]:2525", smtp_tls_security_level="may", smtp_sasl_auth_enable="no")
        failed = send(debian12, mailbox=mailbox)
        assert_failed(failed, "relay", "only.here.test by /etc/hosts, but DNS does not")
        assert "smtp_host_lookup = dns, native" in failed["remedy"]
        options = {"relayhost": ["[only.here.test]:2525"], "tls_level": "may", "reload": True}
        assert "smtp_host_lookup" in str(debian12.module("postfix_relayhost", options)["warnings"])
        mended = debian12.module("postfix_host", {**options, "parameters": {"smtp_host_lookup": ["dns", "native"]}})
        assert mended["changed"] and not mended.get("warnings")
        result = send(debian12, mailbox=mailbox)
        assert not result.get("failed"), result["msg"]
    finally:
        debian12.sh("cat /run/hosts > /etc/hosts")


def test_another_instance_of_postfix_is_traced(debian12, send, passwords, mailbox):
    relay(debian12, passwords)
    own = "/etc/postfix-out"
    places = {"queue_directory": "/var/spool/postfix-out", "data_directory": "/var/lib/postfix-out"}
    settings = {**places, "myhostname": "out.catalog.test", "master_service_disable": "inet", "syslog_name": "out",
                "smtp_sasl_password_maps": f"texthash:{own}/relay_login"}
    debian12.sh(f"rm -rf {own} {' '.join(places.values())}; cp -a /etc/postfix {own};"
                f"mkdir {' '.join(places.values())}; chown postfix {places['data_directory']};"
                # Debian's unit does this for the first instance, whose daemons run in their queue directory.
                f"mkdir {places['queue_directory']}/etc; cp /etc/resolv.conf /etc/services {places['queue_directory']}/etc;"
                f"xargs -0 postconf -c {own} -e; postfix -c {own} start 2>/dev/null",
                stdin="\0".join(f"{name}={value}" for name, value in settings.items()).encode())
    try:
        relay(debian12, passwords, relayhost="[mail.corp.test]:2526")
        result = send(debian12, mailbox=mailbox, config_directory=own)
        assert not result.get("failed"), result["msg"]
        assert result["hops"][0]["by"] == "out.catalog.test"
        main_cf = debian12.read("/etc/postfix/main.cf")
        configured = debian12.module("postfix_host", {
            "config_directory": own, "relayhost": ["[mail.corp.test]:2525"], "tls_level": "may", "reload": True})
        assert configured["reloaded"] and configured["unit"] == "postfix@postfix-out.service"
        assert f"{places['queue_directory']}/etc/hosts" in [change["name"] for change in configured["changes"]]
        assert debian12.read("/etc/postfix/main.cf") == main_cf
        debian12.sh(f"postconf -c {own} -e 'relayhost=[nowhere.corp.test]:587'; postfix -c {own} reload 2>/dev/null")
        failed = send(debian12, config_directory=own)
        assert_failed(failed, "relay", "could not be resolved")
        debian12.sh(f"postfix -c {own} stop 2>/dev/null")
        assert f"postfix -c {own} start" in send(debian12, config_directory=own)["remedy"]
        assert any(" out/smtp[" in line for line in failed["log_lines"])
        assert "deleted from the queue" in failed["msg"]
    finally:
        debian12.sh(f"postfix -c {own} stop 2>/dev/null || true; rm -rf {own} {' '.join(places.values())}")


def test_no_password_reaches_the_hosts_log(debian12, send, passwords, mailbox, smtp):
    begun = debian12.sh("date +%s.%N").strip()
    send(debian12, transport="smtp", smtp=smtp, mailbox={**mailbox, "password": passwords[SUBMISSION]}, timeout=3)
    journal = debian12.sh(f"journalctl -q --no-pager --since=@{begun}")
    assert "test_email" in journal or "Invoked with" in journal
    for password in passwords.values():
        assert password[:24] not in journal


def test_an_unreadable_log_is_reported(debian12, passwords):
    relay(debian12, passwords)
    options = json.dumps({"ANSIBLE_MODULE_ARGS": {"recipient": "alice@corp.test", "timeout": 20}})
    done = debian12.exec(
        "runuser", "-u", "nobody", "--", "env", f"PYTHONPATH={CODE}", "python3", "-m",
        "ansible_collections.catalog.mail.plugins.modules.test_email", stdin=options.encode())
    result = json.loads(done.out[done.out.find("{"):])
    assert not result.get("failed"), result
    assert "does not tell whether it was delivered" in result["summary"][1]


FAULTS = [
    ("refuse_login", "does not accept this user name and password", "535 5.7.8"),
    ("refuse_sender", "with this sender address", "Sender address rejected"),
    ("wrong_certificate", "issued for another name", "certificate not verified"),
    ("untrusted_certificate", "not signed by", "certificate not"),
    ("down", "Nothing listens", "Connection refused"),
]


@pytest.mark.parametrize(("name", "cause", "words"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_faulty_server_is_reported_through_the_relay(debian12, send, passwords, mailbox, fault, name, cause, words):
    relay(debian12, passwords)
    fault(name)
    result = send(debian12, mailbox=mailbox)
    assert_failed(result, "relay", cause)
    assert words in result["server_says"]
    assert queue(debian12) == []


DIRECT_FAULTS = [
    ("refuse_login", "login", "does not accept this user name and password"),
    ("refuse_sender", "submit", "with this sender address"),
    ("wrong_certificate", "connect", "issued for another name"),
    ("untrusted_certificate", "connect", "not signed by"),
    ("down", "connect", "Nothing listens"),
]


@pytest.mark.parametrize(("name", "stage", "cause"), DIRECT_FAULTS, ids=[row[0] for row in DIRECT_FAULTS])
def test_a_faulty_server_is_reported_by_smtp(debian12, send, mailbox, smtp, fault, name, stage, cause):
    fault(name)
    assert_failed(send(debian12, transport="smtp", smtp=smtp, mailbox=mailbox), stage, cause)


@pytest.mark.parametrize(
    ("how", "protocol", "tls"),
    [({"tls": "starttls"}, "ESMTPSA", "TLSv1.3"), ({"tls": "implicit"}, "ESMTPSA", "TLSv1.3"),
     ({"host": "198.18.25.25", "tls": "none", "username": None, "password": None, "ca_file": None}, "ESMTP", None)],
    ids=["starttls", "implicit", "in clear, without a login"],
)
def test_smtp_delivers_the_message(host, send, mailbox, smtp, how, protocol, tls):
    result = send(host, transport="smtp", smtp={**smtp, **how}, mailbox=mailbox)
    assert not result.get("failed"), result["msg"]
    first = result["hops"][0]
    assert (first["by"], first["protocol"]) == ("mail.corp.test", protocol)
    assert (first["tls"] and first["tls"]["version"]) == tls
    assert result["server_says"].startswith("250 2.0.0 Ok: queued as ")


def test_smtp_to_the_host_is_traced_through_its_postfix(debian12, send, passwords, mailbox):
    relay(debian12, passwords)
    local = {"host": "localhost", "tls": "none"}
    result = send(debian12, transport="smtp", smtp=local, mailbox=mailbox)
    assert not result.get("failed"), result["msg"]
    assert [hop["by"] for hop in result["hops"][:2]] == ["catalog12.catalog.test", "mail.corp.test"]
    relay(debian12, passwords, password="wrong")
    failed = send(debian12, transport="smtp", smtp=local, mailbox=mailbox)
    assert_failed(failed, "relay", "does not accept this user name and password")


BROKEN_SMTP = [
    # description, settings, options, stage, cause
    ("a wrong password", {"password": "wr0ng\"\\ \u00e4{}"}, {}, "login", "does not accept this user name"),
    ("no login", {"username": None, "password": None}, {}, "submit", "without a login"),
    ("an authority that is not known", {"ca_file": None}, {}, "connect", "not signed by"),
    ("a name that is not in the certificate", {"host": "198.18.25.25"}, {}, "connect", "issued for another name"),
    ("implicit TLS where STARTTLS is wanted", {"tls": "implicit", "port": 587}, {}, "connect", "when TLS begins"),
    ("STARTTLS where implicit TLS is wanted", {"port": 465, "timeout": 2}, {}, "connect", "when TLS begins"),
    ("a login in clear", {"tls": "none", "port": 587, "ca_file": None}, {}, "login", "before the connection is"),
    ("a sender that is not ours", {}, {"sender": "root@elsewhere.test"}, "submit", "with this sender address"),
    ("a recipient that does not exist", {}, {"recipient": "nobody@corp.test"}, "submit", "does not know the recipient"),
    ("a recipient elsewhere, without a login", {"tls": "none", "username": None, "password": None, "ca_file": None},
     {"recipient": "somebody@elsewhere.test"}, "submit", "does not pass on mail"),
    ("a port on which nothing listens", {"port": 2526}, {}, "connect", "Nothing listens"),
    ("a host that does not exist", {"host": "nowhere.corp.test"}, {}, "connect", "could not be resolved"),
    ("an address that nobody has", {"host": "198.18.25.250", "timeout": 5}, {}, "connect", "There is no network route"),
]


@pytest.mark.parametrize(
    ("settings", "options", "stage", "cause"), [row[1:] for row in BROKEN_SMTP], ids=[row[0] for row in BROKEN_SMTP]
)
def test_a_refusing_server_is_reported(debian12, send, smtp, mailbox, settings, options, stage, cause):
    result = send(debian12, transport="smtp", smtp={**smtp, **settings}, mailbox=mailbox, **options)
    assert_failed(result, stage, cause)
    assert "wr0ng" not in json.dumps(result)


BROKEN_MAILBOXES = [
    # description, settings, stage, cause
    ("a wrong password", {"password": "wr0ng\"\\ \u00e4{}"}, "mailbox_login", "does not accept this user name"),
    ("an authority that is not known", {"ca_file": None}, "mailbox_connect", "not signed by"),
    ("a name that is not in the certificate", {"host": "198.18.25.25"}, "mailbox_connect", "issued for another name"),
    ("implicit TLS where STARTTLS is wanted", {"port": 143}, "mailbox_connect", "when TLS begins"),
    ("in clear where implicit TLS is wanted", {"port": 993, "tls": "none", "ca_file": None}, "mailbox_connect",
     "when TLS begins"),
    ("a login in clear", {"tls": "none", "ca_file": None}, "mailbox_login", "before the connection is encrypted"),
    ("a port on which nothing listens", {"port": 9993}, "mailbox_connect", "Nothing listens"),
]


@pytest.mark.parametrize(
    ("settings", "stage", "cause"), [row[1:] for row in BROKEN_MAILBOXES], ids=[row[0] for row in BROKEN_MAILBOXES]
)
def test_an_unreadable_mailbox_is_reported(debian12, send, passwords, mailbox, settings, stage, cause):
    relay(debian12, passwords)
    result = send(debian12, mailbox={**mailbox, **settings})
    assert_failed(result, stage, cause)
    assert "was handed over, but" in result["msg"]
    assert any("status=sent" in line for line in result["log_lines"])


def test_a_mailbox_by_starttls_is_read(debian12, send, passwords, mailbox):
    relay(debian12, passwords)
    assert send(debian12, mailbox={**mailbox, "tls": "starttls"})["mailbox_folder"] == "INBOX"


def test_a_message_delivered_elsewhere_is_not_found(debian12, send, passwords, mailbox):
    relay(debian12, passwords)
    bob = {**mailbox, "username": "bob@corp.test", "password": passwords["bob@corp.test"]}
    result = send(debian12, mailbox=bob, timeout=4)
    assert_failed(result, "mailbox", "lies neither in the INBOX nor in a folder for spam")
    assert result["server_says"].startswith("250 2.0.0 Ok: queued as ")
    assert 4 <= result["elapsed"] < 60, "not as long as by default"


def test_a_message_taken_for_spam_is_found_with_a_warning(send, smtp, mailbox, lab):
    # The mail server refuses its own address as sender for catalog.test, whose DMARC policy is quarantine.
    server = LabHost("mail")
    server.bring_code()
    in_clear = {"host": "198.18.25.25", "tls": "none"}
    result = send(server, sender="noreply@catalog.test", transport="smtp", smtp=in_clear, mailbox=mailbox)
    server.sh(f"rm -rf {CODE}")
    assert not result.get("failed"), result["msg"]
    assert result["mailbox_folder"] == "Junk"
    assert "it lies in Junk" in json.dumps(result["warnings"])
    assert "dmarc=fail" in result["summary"][-1]


def test_a_host_without_postfix_says_so(debian12, send):
    names = "/usr/sbin/sendmail /usr/lib/sendmail"
    debian12.sh(f"for one in {names}; do if test -e $one; then mv $one $one.away; fi; done")
    try:
        result = send(debian12, sender="noreply@catalog.test")
    finally:
        debian12.sh(f"for one in {names}; do if test -e $one.away; then mv $one.away $one; fi; done")
    assert_failed(result, "submit", "There is no sendmail command")


def with_secrets(value: Any, secrets: dict[str, str]) -> Any:
    """Return an example's options with its variables filled in."""
    if isinstance(value, dict):
        return {name: with_secrets(one, secrets) for name, one in value.items()}
    variable = re.fullmatch(r"{{ (\w+) }}", value) if isinstance(value, str) else None
    return secrets[variable.group(1)] if variable else value


EXAMPLES = [task for task in yaml.safe_load(test_email.EXAMPLES) if "catalog.mail.test_email" in task]


@pytest.mark.parametrize("task", EXAMPLES, ids=[task["name"] for task in EXAMPLES])
def test_every_example_of_the_documentation_works(debian12, send, passwords, task):
    relay(debian12, passwords)
    secrets = {"vault_alice_password": passwords["alice@corp.test"], "vault_relay_password": passwords[SUBMISSION]}
    result = send(debian12, **with_secrets(task["catalog.mail.test_email"], secrets))
    assert not result.get("failed"), result["msg"]
