# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of waiting and its result: a table of situations."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.finding import Finding
from ansible_collections.catalog.mail.plugins.module_utils._mail.maillog import Attempt, Evidence, LogFindings, QueueEntry
from ansible_collections.catalog.mail.plugins.module_utils._mail.verdict import Situation, judge

REFUSED = "connect to m[192.0.2.1]:587: Connection refused"
LOGIN = "SASL authentication failed; server m[192.0.2.1] said: 535 5.7.8 no"


def entry(reason=""):
    return QueueEntry("A1B2C3", "deferred" if reason else "active", 1, "s@c.test", ("a@m.test",), reason)


def log(status="", words="", trouble=()):
    attempts = {("A1B2C3", "a@m.test"): Attempt(status, None, words)} if status else {}
    return LogFindings(("A1B2C3",), ("A1B2C3",), attempts, ("h postfix/cleanup[1]: A1B2C3: message-id=x",), trouble)


ACTIVE = Evidence(True, False, entry(), log())
PUT_OFF = Evidence(True, False, entry(REFUSED), log("deferred", REFUSED))
NO_LOGIN = Evidence(True, False, entry(LOGIN), log("deferred", LOGIN))
SENT = Evidence(True, False, None, log("sent", "250 Ok"))
BOUNCED = Evidence(True, False, None, log("bounced", "host m said: 550 5.1.1 User unknown"))
NO_LOG_PUT_OFF = Evidence(True, False, entry(LOGIN))
NO_LOG_GONE = Evidence(True, False, None, LogFindings(("A1B2C3",)))
DOWN = Evidence(True, True, entry(), LogFindings())
CRASHED = Evidence(True, False, entry(), log(trouble=("h postfix/smtp[1]: fatal: bad boolean configuration",)))
NOTHING = Evidence()

LOST = ("mailbox_login", "[AUTHENTICATIONFAILED] no")
ON, OK = "on", "ok"  # no verdict yet; success

SITUATIONS = [
    # case, waited, timeout, followed, wants a mailbox, evidence, found, mailbox failure, expected
    ("found", 1, 60, True, True, SENT, True, None, OK),
    ("found although Postfix has not said so yet", 1, 60, True, True, ACTIVE, True, None, OK),
    ("on its way", 1, 60, True, True, ACTIVE, False, None, ON),
    ("sent, not there yet", 1, 60, True, True, SENT, False, None, ON),
    ("sent, no mailbox to look into", 1, 60, True, False, SENT, False, None, OK),
    ("on its way, no mailbox", 1, 60, True, False, ACTIVE, False, None, ON),
    ("bounced", 1, 60, True, True, BOUNCED, False, None, ("relay", "recipient_unknown")),
    ("bounced, no mailbox", 1, 60, True, False, BOUNCED, False, None, ("relay", "recipient_unknown")),
    ("login refused: no wait mends that", 0.3, 3600, True, True, NO_LOGIN, False, None, ("relay", "login_refused")),
    ("the same without a log", 0.3, 60, True, True, NO_LOG_PUT_OFF, False, None, ("relay", "login_refused")),
    ("connection refused: a moment's grace", 1, 60, True, True, PUT_OFF, False, None, ON),
    ("connection refused: no other try in time", 5, 60, True, True, PUT_OFF, False, None, ("relay", "refused")),
    ("connection refused: another try in time", 299, 600, True, True, PUT_OFF, False, None, ON),
    ("connection refused to the end", 600, 600, True, True, PUT_OFF, False, None, ("relay", "refused")),
    ("a short timeout ends the grace", 2, 2, True, True, PUT_OFF, False, None, ("relay", "refused")),
    ("Postfix does not answer yet", 1, 60, True, True, DOWN, False, None, ON),
    ("Postfix is down", 2, 60, True, True, DOWN, False, None, ("relay", "mail_system_down")),
    ("a crash: a moment's grace", 1, 60, True, True, CRASHED, False, None, ON),
    ("a crash", 5, 60, True, True, CRASHED, False, None, ("relay", "postfix_configuration")),
    ("still in the queue at the end", 60, 60, True, True, ACTIVE, False, None, ("relay", "stuck")),
    ("still in the queue at the end, no mailbox", 60, 60, True, False, ACTIVE, False, None, ("relay", "stuck")),
    ("sent, but never found", 60, 60, True, True, SENT, False, None, ("mailbox", "not_found")),
    ("no mailbox, no log: not in the queue yet?", 1, 60, True, False, NO_LOG_GONE, False, None, ON),
    ("no mailbox, no log: no longer in the queue", 5, 60, True, False, NO_LOG_GONE, False, None, OK),
    ("no Postfix to ask, no mailbox", 0, 60, True, False, NOTHING, False, None, OK),
    ("no Postfix to ask, never found", 60, 60, True, True, NOTHING, False, None, ("mailbox", "not_found")),
    ("another server took it, no mailbox", 0, 60, False, False, NOTHING, False, None, OK),
    ("another server took it", 1, 60, False, True, NOTHING, False, None, ON),
    ("another server took it, never found", 60, 60, False, True, NOTHING, False, None, ("mailbox", "not_found")),
    ("another server took it, no way into the mailbox", 0, 60, False, True, NOTHING, False, LOST,
     ("mailbox_login", "login_refused")),
    ("no way into the mailbox, but how does the relay?", 1, 60, True, True, ACTIVE, False, LOST, ON),
    ("no way into the mailbox, and the relay refuses: that comes first", 1, 60, True, True, NO_LOGIN, False, LOST,
     ("relay", "login_refused")),
    ("no way into the mailbox, the relay took it", 1, 60, True, True, SENT, False, LOST,
     ("mailbox_login", "login_refused")),
    ("no way into the mailbox at the end", 60, 60, True, True, ACTIVE, False, LOST, ("mailbox_login", "login_refused")),
]


@pytest.mark.parametrize(
    ("waited", "timeout", "followed", "mailbox", "evidence", "found", "failure", "expected"),
    [row[1:] for row in SITUATIONS], ids=[row[0] for row in SITUATIONS],
)
def test_waiting_ends(waited, timeout, followed, mailbox, evidence, found, failure, expected):
    verdict = judge(Situation(waited, timeout, followed, mailbox, found, failure, evidence))
    if expected == ON:
        assert verdict is None
    elif expected == OK:
        assert verdict is not None
        assert verdict.stage is None
    else:
        assert (verdict.stage, verdict.finding.name) == expected


def test_the_log_names_the_reason_of_a_symptom():
    warning = "h postfix/smtp[1]: warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:a.c"
    words = "Cannot start TLS: handshake failure"
    evidence = Evidence(True, False, entry(words), log("deferred", words, (warning, "h postfix/smtp[1]: warning: hm")))
    verdict = judge(Situation(1, 60, True, True, evidence=evidence))
    assert verdict.words == words
    assert verdict.finding.name == "wrong_tls_mode"


def test_a_clear_word_is_not_overruled_by_the_log():
    warning = "h postfix/smtp[1]: warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:a.c"
    evidence = Evidence(True, False, entry(LOGIN), log("deferred", LOGIN, (warning,)))
    assert judge(Situation(1, 60, True, True, evidence=evidence)).finding.name == "login_refused"


FLAW = Finding("not_left", "It stayed", "Look")


@pytest.mark.parametrize(("waited", "wants_mailbox", "found", "certain", "expected"), [
    (1, False, False, True, "route"),
    (1, True, True, True, "route"),
    (1, True, False, False, None),
    (1, True, True, False, OK),
    (60, True, False, False, "route"),
])
def test_another_way_is_a_failure(waited, wants_mailbox, found, certain, expected):
    verdict = judge(Situation(waited, 60, True, wants_mailbox, found, None, SENT, FLAW, certain))
    assert (verdict and (verdict.stage or OK)) == expected
    assert not verdict or not verdict.stage or verdict.finding is FLAW
