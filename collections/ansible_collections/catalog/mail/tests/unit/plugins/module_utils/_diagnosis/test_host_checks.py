# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide what is wrong with a host, join and show findings: tables."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis import host_checks, report
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.diagnosis import checked_message_id
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.finding import (
    SERVICE,
    exit_status,
    found,
    from_answer,
    ordered,
    worst,
)
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.host_state import (
    MISSING,
    Disk,
    HostState,
    PostfixState,
    read_message_log,
    read_state,
)
from ansible_collections.catalog.mail.plugins.module_utils._mail.maillog import QueueEntry, read_log

NOW = 1_800_000_000.0
RUNS = PostfixState(installed=True, running=True)


def entry(reason, age=60, number=1):
    return QueueEntry(f"4FQ{number:05}", "deferred", int(NOW) - age, "a@x.test", ("b@y.test",), reason)


def ids(state):
    return [one.id for one in host_checks.host_findings(state, NOW)]


@pytest.mark.parametrize("state, expected", [
    (HostState(RUNS), []),
    (HostState(PostfixState(installed=False)), ["postfix-not-installed"]),
    (HostState(PostfixState(installed=True, running=False)), ["postfix-not-running"]),
    (HostState(PostfixState(installed=True, running=None)), []),
    (HostState(PostfixState(True, True, "bad numerical configuration")), ["postfix-configuration-broken"]),
    (HostState(RUNS, synchronized=False), ["clock-not-synchronized"]),
    (HostState(RUNS, synchronized=True), []),
    (HostState(RUNS, service="active"), []),
    (HostState(RUNS, service="activating"), []),
    (HostState(RUNS, service="inactive"), ["service-not-running"]),
    (HostState(RUNS, service="failed", journal=("why",)), ["service-not-running"]),
    (HostState(RUNS, disks=(Disk("/a", 5, 100),)), ["disk-nearly-full"]),
    (HostState(RUNS, disks=(Disk("/a", 10, 100),)), []),
    (HostState(RUNS, disks=(Disk("/a", 2 << 30, 100 << 30),)), []),
    (HostState(RUNS, disks=(Disk("/a", 0, 0),)), []),
])
def test_a_state_has_these_findings(state, expected):
    assert ids(state) == expected


@pytest.mark.parametrize("queue, expected", [
    ([entry("")] * 20, []),
    ([entry("words that nobody knows")], ["mail-waiting"]),
    ([entry("host mx.test[192.0.2.1] said: 554 5.7.1 Relay access denied (in reply to RCPT TO command)")], ["relay-denied"]),
    ([entry("connect to mx.test[192.0.2.1]:25: Connection timed out", number=number) for number in range(10)],
     ["queue-growing", "timed-out"]),
    ([entry("connect to mx.test[192.0.2.1]:25: Connection timed out", age=7200, number=number) for number in range(10)],
     ["timed-out"]),
])
def test_a_queue_has_these_findings(queue, expected):
    assert ids(HostState(PostfixState(True, True, queue=tuple(queue)))) == expected


def test_what_differs_between_messages_makes_no_other_reason():
    words = "host mx.test[192.0.2.{0}] said: 550 5.1.1 <user{0}@y.test>: User unknown (in reply to RCPT TO command)"
    queue = tuple(entry(words.format(number), age=number, number=number) for number in range(1, 8))
    [finding] = host_checks.host_findings(HostState(PostfixState(True, True, queue=queue)), NOW)
    assert (finding.id, finding.count) == ("recipient-refused", 7)
    assert "7 messages wait since 2027-01-15" in finding.evidence[0]


def test_messages_that_postfix_holds_back_wait_for_the_same_reason():
    words = "connect to 192.0.2.1[192.0.2.1]:25: Connection refused"
    queue = (entry(words, number=1), *(entry(f"delivery temporarily suspended: {words}", number=number) for number in (2, 3)))
    [finding] = host_checks.host_findings(HostState(PostfixState(True, True, queue=queue)), NOW)
    assert (finding.id, finding.count) == ("connection-refused", 3)


def test_at_most_ten_reasons_are_told_those_with_the_most_messages():
    queue = [entry(f"reason {'x ' * size}", number=size) for size in range(1, 13) for _times in range(size)]
    findings = host_checks.host_findings(HostState(PostfixState(True, True, queue=tuple(queue))), NOW + 7200)
    assert [one.count for one in findings] == list(range(12, 2, -1))


@pytest.mark.parametrize("lines, expected", [
    ([], "message-not-in-log"),
    (["postfix/cleanup[1]: 4FQAAAAA: message-id=<1@x.test>"], "message-waiting"),
    (["postfix/cleanup[1]: 4FQAAAAA: message-id=<1@x.test>",
      "postfix/smtp[1]: 4FQAAAAA: to=<b@y.test>, relay=mx[192.0.2.1]:25, status=sent (250 ok)"], "message-delivered"),
    (["postfix/cleanup[1]: 4FQAAAAA: message-id=<1@x.test>",
      "postfix/smtp[1]: 4FQAAAAA: to=<b@y.test>, relay=mx[192.0.2.1]:25, status=bounced (host said: 550 5.7.1 no)"],
     "message-bounced"),
])
def test_a_message_has_this_finding(lines, expected):
    [finding] = host_checks.message_findings(read_log("\n".join(lines), "<1@x.test>"))
    assert finding.id == expected
    assert list(finding.evidence) == lines


class BareHost:
    """A host without any command."""

    root = True

    def run(self, _command):
        return MISSING, "", ""

    def tail(self, path):
        return "x postfix/cleanup[1]: 4FQAAAAA: message-id=<1@x.test>" if path == "/var/log/maillog" else ""

    def space(self, _path):
        return None


def test_a_host_without_commands_is_read():
    assert read_state(BareHost(), "/etc/postfix") == HostState(PostfixState(installed=False))
    assert "4FQAAAAA" in read_message_log(BareHost(), "<1@X.test>")
    assert read_message_log(BareHost(), "<2@x.test>") == ""


ONE, TWO, THREE = found("clock-not-synchronized"), found("queue-growing", "a", count=3), found("postfix-not-running")


def test_findings_are_ordered_and_each_is_told_once():
    assert ordered([ONE, TWO, THREE, TWO]) == [THREE, TWO, ONE]


@pytest.mark.parametrize("findings, severity, status", [
    ([], None, 0), ([ONE], "note", 0), ([ONE, TWO], "warning", 3), ([TWO, THREE], "error", 4),
])
def test_the_worst_finding_decides_the_exit_status(findings, severity, status):
    assert (worst(findings), exit_status(findings)) == (severity, status)


@pytest.mark.parametrize("change, read", [
    ({}, True), ({"severity": "awful"}, False), ({"cause": None}, False), ({"id": "of-a-newer-version"}, True),
    ({"count": "3"}, True), ({"evidence": "x"}, True),
])
def test_a_finding_of_the_application_is_read(change, read):
    result = from_answer({**TWO.as_result(), "source": SERVICE, **change})
    assert (result is not None) is read
    if result is not None and not change:
        assert result.as_result() == {**TWO.as_result(), "source": SERVICE}


@pytest.mark.parametrize("width", [1, 40, 79, 1000])
def test_a_report_is_as_wide_as_the_terminal(width):
    shown = report.text([THREE, TWO], width, colour=False)
    assert max(map(len, shown.splitlines())) <= max(40, min(width, 120))
    assert "ERROR postfix-not-running" in shown and shown.endswith("1 error, 1 warning.\n")
    assert "\x1b" not in shown


def test_colour_is_used_where_it_is_wanted_and_foreign_words_set_none():
    shown = report.text([found("mail-waiting", "a\x1b[2Jb")], 80, colour=True)
    assert shown.startswith("\x1b[33;1mWARNING mail-waiting\x1b[0m\n")
    assert "\x1b[2J" not in shown
    assert report.text([], 80, colour=True) == "No fault was found.\n"


@pytest.mark.parametrize("given, expected", [
    (None, ""), ("<1@x.test>", "<1@x.test>"), (" 1@x.test ", "<1@x.test>"), ("<a@b", "<a@b>"),
])
def test_a_message_id_is_read(given, expected):
    assert checked_message_id(given) == expected


@pytest.mark.parametrize("given", ["", "x", "a b@c.test", "<a>@<b>", "a@b\nc", "\u00e4@b.test"])
def test_what_is_no_message_id_is_refused(given):
    with pytest.raises(InputRefused, match=r"message_id: this is not a Message-ID\. Copy the header"):
        checked_message_id(given)
