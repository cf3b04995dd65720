# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix's queue and log are read for one message."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.maillog import (
    MAX_LINE,
    MAX_LINES,
    RELAY,
    Attempt,
    QueueEntry,
    candidates,
    read_log,
    read_queue,
)
from hypothesis import given
from hypothesis import strategies as st

MESSAGE_ID = "<catalog-mail-test.0123@catalog.test>"
START = "2026-11-21T01:36:28+0000 h postfix/"
CLEANUP = f"{START}cleanup[9]: 93AAB1BC871: message-id={MESSAGE_ID}"


def status(words, queue_id="93AAB1BC871", to="alice@corp.test", relay="mail.corp.test[198.18.25.25]:587"):
    return f"{START}smtp[95]: {queue_id}: to=<{to}>, relay={relay}, delay=2, delays=0/0/2/0, dsn=2.0.0, status={words}"


QUEUE_LINE = {
    "queue_name": "deferred", "queue_id": "93AAB1BC871", "arrival_time": 1795224988, "message_size": 780,
    "forced_expire": False, "sender": "noreply@catalog.test",
    "recipients": [{"address": "alice@corp.test", "delay_reason": "Connection refused"}],
}
ENTRY = QueueEntry(
    "93AAB1BC871", "deferred", 1795224988, "noreply@catalog.test", ("alice@corp.test",), "Connection refused"
)


def test_the_queue_is_read_line_by_line():
    waiting = {**QUEUE_LINE, "queue_name": "active", "recipients": [{"address": "alice@corp.test"}]}
    text = json.dumps(QUEUE_LINE) + "\n" + json.dumps(waiting) + "\n"
    first, second = read_queue(text)
    assert first == ENTRY
    assert second.delay_reason == ""
    assert second.as_result()["delay_reason"] is None


@pytest.mark.parametrize("text", ["", "\n", "Mail queue is empty", "[1]", "{}", '{"queue_id": 1, "recipients": [1]}'])
def test_malformed_entries_are_skipped(text):
    assert read_queue(text) == []


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"sender": "other@catalog.test"}, True),       # the sender was rewritten: the recipient still matches
        ({"recipients": ("staff@corp.test",)}, True),   # an alias: the sender still matches
        ({"sender": "NoReply@Catalog.test", "recipients": ()}, True),
        ({"sender": "x@y.test", "recipients": ("z@y.test",)}, False),
        ({"arrival_time": ENTRY.arrival_time - 60}, False),
    ],
)
def test_only_young_entries_of_these_addresses_are_candidates(change, fits):
    entry = QueueEntry(**{**vars(ENTRY), **change})
    found = candidates([entry], "noreply@catalog.test", "alice@corp.test", ENTRY.arrival_time + 0.7)
    assert found == ([entry] if fits else [])


OUTCOMES = [
    # case, lines, outcome
    ("nothing yet", [CLEANUP], None),
    ("sent", [CLEANUP, status("sent (250 2.0.0 Ok: queued as X)")], ("sent", "250 2.0.0 Ok: queued as X")),
    (
        "put off, words with brackets",
        [CLEANUP, status("deferred (host m[1] said: 450 (try (again)) (in reply to RCPT TO command))")],
        ("deferred", "host m[1] said: 450 (try (again)) (in reply to RCPT TO command)"),
    ),
    ("bounced", [CLEANUP, status("bounced (host m said: 550 no)")], ("bounced", "host m said: 550 no")),
    ("expired", [CLEANUP, f"{START}qmgr[9]: 93AAB1BC871: from=<>, status=expired, returned to sender"],
     ("bounced", "returned to sender")),
    ("soft bounce", [CLEANUP, status("SOFTBOUNCE (550 no)")], ("deferred", "550 no")),
    ("put off, then sent", [CLEANUP, status("deferred (no)"), status("sent (250 Ok)")], ("sent", "250 Ok")),
    (
        "of an alias's recipients the worst counts",
        [CLEANUP, status("sent (250 Ok)", to="a@x.test"), status("bounced (550 no)", to="b@x.test")],
        ("bounced", "550 no"),
    ),
    ("another message", [CLEANUP, status("sent (250 Ok)", queue_id="AAAAAAAAAAA")], None),
    (
        "a content filter took it, and the copy that came back is still here",
        [CLEANUP, status("sent (250 Ok)"), CLEANUP.replace("93AAB1BC871", "BBBBBBBBBBB")],
        None,
    ),
    (
        "a content filter took it, and the copy that came back was sent",
        [CLEANUP, status("sent (250 filter)"), CLEANUP.replace("93AAB1BC871", "4cXyZ12345z"),
         status("sent (250 server)", queue_id="4cXyZ12345z")],
        ("sent", "250 filter"),
    ),
    (
        "an old form of the log",
        [f"Nov 21 01:36:28 h mail/cleanup[9]: 93AAB1BC871: message-id={MESSAGE_ID.upper()}",
         "Nov 21 01:36:29 h mail/smtp[9]: 93AAB1BC871: to=<a@b.test>, relay=none, delay=0, status=deferred (no)"],
        ("deferred", "no"),
    ),
]


@pytest.mark.parametrize(("lines", "expected"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES])
def test_the_outcome_is_read_from_the_log(lines, expected):
    outcome = read_log("\n".join(lines), MESSAGE_ID).outcome
    assert (outcome and (outcome.status, outcome.words)) == expected


def test_a_queue_id_that_is_known_needs_no_cleanup_line():
    findings = read_log(status("sent (250 Ok)"), MESSAGE_ID, ["93AAB1BC871"])
    assert findings.outcome == Attempt(
        "sent", "mail.corp.test[198.18.25.25]:587", "250 Ok", "smtp", "alice@corp.test")
    assert findings.lines == (status("sent (250 Ok)"),)


def test_the_id_in_the_maildrop_folder_is_not_waited_for():
    text = "\n".join([CLEANUP, status("sent (250 Ok)")])
    findings = read_log(text, MESSAGE_ID, ["77AAB1BC000"])
    assert findings.queue_ids == ("77AAB1BC000", "93AAB1BC871")
    assert findings.outcome.words == "250 Ok"


def test_a_missing_relay_has_no_name():
    assert read_log("\n".join([CLEANUP, status("deferred (no)", relay="none")]), MESSAGE_ID).outcome.relay is None


@pytest.mark.parametrize(
    ("relay", "parts"),
    [
        ("mail.corp.test[198.18.25.25]:587", ("198.18.25.25", "587")),
        ("mail.corp.test[fd25:ca7a:1096::25]:465", ("fd25:ca7a:1096::25", "465")),
        ("local", None),
        ("mail.corp.test[private/dovecot-lmtp]", None),
    ],
)
def test_a_relay_has_address_and_port(relay, parts):
    match = RELAY.fullmatch(relay)
    assert (match and match.groups()) == parts


WARNING = f"{START}smtp[95]: warning: TLS library problem: wrong version number"
FATAL = f"{START}relay/smtp[95]: fatal: bad boolean configuration: smtp_sasl_auth_enable = True"


def test_trouble_counts_from_the_message_on_in_an_old_log():
    text = "\n".join([WARNING, CLEANUP, FATAL])
    assert read_log(text, MESSAGE_ID, recent=True).trouble == (WARNING, FATAL)
    assert read_log(text, MESSAGE_ID, recent=False).trouble == (FATAL,)


@pytest.mark.parametrize(
    ("line", "crash"),
    [
        (FATAL, "fatal: bad boolean configuration: smtp_sasl_auth_enable = True"),
        (f"{START}pickup[1]: panic: oh", "panic: oh"),
        (f"{START}smtpd[1]: fatal: of another way", ""),
        (WARNING, ""),
    ],
)
def test_a_crash_of_a_process_for_outgoing_mail_is_found(line, crash):
    assert read_log(line, MESSAGE_ID).crash == crash


def test_a_traced_login_reaches_no_line():
    trace = f"{START}smtp[95]: warning: > mail[198.18.25.25]:587: AUTH PLAIN AGNhdGFsb2cAczNjcmV0"
    own = f"{START}smtp[95]: 93AAB1BC871: > AUTH PLAIN AGNhdGFsb2cAczNjcmV0"
    findings = read_log("\n".join([CLEANUP, trace, own]), MESSAGE_ID)
    assert len(findings.lines) == 2
    assert len(findings.trouble) == 1
    assert "AGNhdGFsb2cAczNjcmV0" not in repr(findings)


def test_lines_are_bounded_and_the_last_ones_kept():
    text = "\n".join([CLEANUP] + [f"{START}smtp[95]: 93AAB1BC871: {number} " + "x" * 3000 for number in range(500)])
    findings = read_log(text, MESSAGE_ID)
    assert len(findings.lines) == MAX_LINES
    assert all(len(line) <= MAX_LINE for line in findings.lines)
    assert ": 499 " in findings.lines[-1]


@given(st.text(), st.text())
def test_any_text_is_read_without_an_error(log, queue):
    read_log(log, MESSAGE_ID, ["93AAB1BC871"])
    read_queue(queue)


def test_a_large_log_costs_little():
    begun = time.process_time()
    read_log((status("sent (250 Ok)") + " " * 200 + "\n") * 5000, MESSAGE_ID)
    assert time.process_time() - begun < 2  # about 0.05 s
