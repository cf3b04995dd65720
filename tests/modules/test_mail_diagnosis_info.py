# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mail_diagnosis_info on one host with many faults at once: a real Postfix, a real disk, a real service of systemd."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.modules.lab_application import Application
from helpers.modules.lab_host import LabHost
from helpers.playbooks import run_ansible
from helpers.waiting import wait_until

# Mail to each domain fails at another server. With soft_bounce a refusal for good leaves the message in the queue as well.
FAULTS = {
    "transport_maps": "inline:{ {refused.test=smtp:[127.0.0.1]:9} {nowhere.test=smtp:[nohost.invalid]:25}"
    " {elsewhere.test=smtp:[mail.corp.test]:25} {secure.test=smtp:[mail.corp.test]:587} {corp.test=smtp:[mail.corp.test]:25}"
    " {odd.test=retry:4.0.0 what this means nobody knows} }",
    "smtp_tls_policy_maps": "inline:{ {[mail.corp.test]:587=secure} }",
    "soft_bounce": "yes",
    "mydestination": "localhost",
}
# The unit of the application in the folder of the highest precedence, whatever is deployed on the host.
UNIT = "/run/systemd/system.control/catalog-mail.service"
# The journal keeps the messages of earlier runs.
DOMAIN = f"{secrets.token_hex(4)}.test"
ENDS = "[Service]\nExecStart=/bin/sh -c 'echo the key file is missing; exit 1'\n"


def send(host: LabHost, recipient: str, message_id: str) -> str:
    """Hand a message to Postfix; return its Message-ID."""
    text = f"Message-ID: {message_id}\nSubject: Test\n\nText.\n"
    host.sh(f"sendmail -f root@catalog12.catalog.test {recipient}", stdin=text.encode())
    return message_id


def configure(host: LabHost, **parameters: str) -> None:
    given = "\0".join(f"{name}={value}" for name, value in parameters.items())
    host.sh("xargs -0 postconf -e; postfix reload 2>/dev/null; sleep 0.5", stdin=given.encode())


def reasons(host: LabHost) -> int:
    """Return the number of messages that have been tried."""
    return int(host.sh("postqueue -j | grep -c delay_reason || true"))


def diagnose(host: LabHost, **options: Any) -> dict[str, dict[str, Any]]:
    """Return the findings by id, the host's alone unless asked otherwise."""
    result = host.module("mail_diagnosis_info", {"application_expected": False, **options})
    assert not result.get("failed"), result
    assert result["changed"] is False
    return {one["id"]: one for one in result["findings"]}


@pytest.fixture(scope="module")
def faulty(prepared: dict[str, LabHost]) -> Iterator[LabHost]:
    """Return a host whose Postfix has refused, lost and waiting messages."""
    host = prepared["catalog12"]
    restore = (
        "rm -rf /etc/postfix; cp -a /opt/pristine-postfix /etc/postfix; postsuper -d ALL 2>/dev/null; systemctl restart postfix")
    host.sh(restore)
    configure(host, **{**FAULTS, "soft_bounce": "no"})
    send(host, "alice@corp.test", f"<arrives@{DOMAIN}>")
    send(host, "nobody-here@corp.test", f"<bounces@{DOMAIN}>")
    wait_until(lambda: "message-bounced" in diagnose(host, message_id=f"<bounces@{DOMAIN}>"), "the message is not refused")
    configure(host, **FAULTS)
    for number in range(10):
        send(host, "alice@refused.test", f"<waits{number}@{DOMAIN}>")
    for domain in ("nowhere", "elsewhere", "secure", "odd"):
        send(host, f"alice@{domain}.test", f"<{domain}@{DOMAIN}>")
    send(host, "nobody-here@corp.test", f"<unknown@{DOMAIN}>")
    wait_until(lambda: reasons(host) >= 15, lambda: host.sh("postqueue -p"))
    yield host
    host.sh(restore)


@pytest.fixture(scope="module")
def queued(faulty: LabHost) -> dict[str, dict[str, Any]]:
    """Return the findings about the queue of a running Postfix."""
    return diagnose(faulty)


@pytest.mark.parametrize("finding, words, count", [
    ("mail-waiting", "what this means nobody knows", 1),
    ("connection-refused", "[127.0.0.1]:9: Connection refused", 10),
    ("name-not-found", "nohost.invalid", 1),
    ("relay-denied", "Relay access denied", 1),
    ("certificate-not-trusted", "Server certificate not verified", 1),
    ("recipient-refused", "nobody-here@corp.test", 1),
])
def test_waiting_messages_are_grouped_by_their_reason(
    queued: dict[str, dict[str, Any]], finding: str, words: str, count: int
) -> None:
    found = queued[finding]
    assert (found["count"], found["source"]) == (count, "host")
    assert words in found["evidence"][0]
    assert "in the queue of Postfix" in found["cause"] and found["remedy"] and found["look"]


def test_a_growing_queue_is_named(queued: dict[str, dict[str, Any]]) -> None:
    assert queued["queue-growing"]["count"] == 15
    assert "postfix-not-running" not in queued


@pytest.mark.parametrize("name, finding, last", [
    ("arrives", "message-delivered", "status=sent"),
    ("waits3", "message-waiting", "status=deferred"),
    ("bounces", "message-bounced", "status=bounced"),
])
def test_the_lines_of_one_message_are_shown(faulty: LabHost, name: str, finding: str, last: str) -> None:
    """From the submission (pickup, cleanup) to the last answer, and no line of another message."""
    lines = diagnose(faulty, message_id=f"{name}@{DOMAIN}")[finding]["evidence"]
    assert "pickup" in lines[0] and "uid=" in lines[0]
    assert any(last in line for line in lines)
    assert len({line.partition("]: ")[2].partition(":")[0] for line in lines}) == 1


def test_a_message_that_is_not_in_the_log(faulty: LabHost) -> None:
    assert diagnose(faulty, message_id=f"<never@{DOMAIN}>")["message-not-in-log"]["severity"] == "warning"
    refused = faulty.module("mail_diagnosis_info", {"message_id": "no id"})
    assert refused["failed"] and refused["msg"].startswith("message_id: this is not a Message-ID.")


def test_the_playbook_shows_the_findings_and_fails_for_an_error(faulty: LabHost, queued: dict[str, dict[str, Any]]) -> None:
    done = run_ansible(
        "ansible-playbook", "-i", "inventories/lab", "--limit", faulty.name, "playbooks/diagnose.yml",
        "-e", "diagnose_application_expected=false")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "ERROR relay-denied" in done.stdout and "Remedy: " in done.stdout


@pytest.fixture(scope="module")
def broken(faulty: LabHost, queued: dict[str, dict[str, Any]]) -> Iterator[dict[str, dict[str, Any]]]:
    """Return the findings of a host with a stopped and misconfigured Postfix, a full disk and a service that fails."""
    faulty.sh(
        f"systemctl stop postfix; postconf -e message_size_limit=lots; mkdir -p $(dirname {UNIT}) /var/lib/catalog-mail; "
        "mount -t tmpfs -o size=4m tmpfs /var/lib/catalog-mail; head -c 4000000 /dev/zero > /var/lib/catalog-mail/full")
    faulty.sh(f"cat > {UNIT}; systemctl daemon-reload; systemctl restart catalog-mail || true; sleep 0.3", stdin=ENDS.encode())
    yield diagnose(faulty, application_expected=True, api_url="http://127.0.0.1:9", token_file="/etc/hostname-without-token")
    faulty.sh(f"umount /var/lib/catalog-mail; rm -f {UNIT}; systemctl daemon-reload; systemctl reset-failed catalog-mail || true")


@pytest.mark.parametrize("finding, words", [
    ("postfix-not-running", ""),
    ("postfix-configuration-broken", "message_size_limit"),
    ("disk-nearly-full", ""),
    ("service-not-running", "the key file is missing"),
    ("service-not-asked", ""),
])
def test_a_broken_host_is_told_completely(broken: dict[str, dict[str, Any]], finding: str, words: str) -> None:
    found = broken[finding]
    assert words in " ".join(found["evidence"])
    assert found["cause"].endswith(".") and found["remedy"].endswith(".") and found["look"].endswith(".")


def test_the_clock_is_told_as_systemd_tells_it(faulty: LabHost, queued: dict[str, dict[str, Any]]) -> None:
    """A container has the clock of its machine, so the test takes the state that it finds."""
    synchronized = faulty.sh("timedatectl show --property=NTPSynchronized --value").strip()
    assert ("clock-not-synchronized" in queued) == (synchronized == "no")


def test_a_host_without_postfix(faulty: LabHost, broken: dict[str, dict[str, Any]]) -> None:
    faulty.sh("mkdir -p /opt/hidden-sbin; mv /usr/sbin/postconf /opt/hidden-sbin/")
    try:
        assert "postfix-not-installed" in diagnose(faulty)
    finally:
        faulty.sh("mv /opt/hidden-sbin/postconf /usr/sbin/")


def test_host_and_application_are_joined(application: Application) -> None:
    """The application is new, so that its settings are not complete; Postfix is needed for the way `builtin`."""
    application.forget()
    result = application.host.module("mail_diagnosis_info", {})
    found = {one["id"]: one for one in result["findings"]}
    assert result["application_asked"] is True
    assert found["not-configured"]["source"] == "service" and found["not-configured"]["field"] == "notifications.from.address"
    assert result["worst"] == "error" and result["healthy"] is False
    assert any("not-configured" in line for line in result["report"]) and "error" in result["summary"]
