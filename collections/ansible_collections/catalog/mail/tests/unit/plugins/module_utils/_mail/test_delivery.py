# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop that follows a test e-mail: its times, its timeout, and its handling of a broken mailbox.

The real servers are in the lab; here the time is made up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email.message import Message

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import DeliveryFailed
from ansible_collections.catalog.mail.plugins.module_utils._mail import delivery
from ansible_collections.catalog.mail.plugins.module_utils._mail.connection import Server, StageFailed
from ansible_collections.catalog.mail.plugins.module_utils._mail.delivery import Delivery
from ansible_collections.catalog.mail.plugins.module_utils._mail.imap import Found
from ansible_collections.catalog.mail.plugins.module_utils._mail.maillog import Attempt, Evidence, LogFindings, QueueEntry
from ansible_collections.catalog.mail.plugins.module_utils._mail.message import compose
from ansible_collections.catalog.mail.plugins.module_utils._mail.options import Request

LETTER = compose("noreply@c.test", "alice@m.test", "0123abcd", "host", datetime(2026, 6, 1, tzinfo=UTC))
MAILBOX = Server("m.test", 993, "implicit", "alice@m.test", "s3cret-word", None, 15)
REQUEST = Request("noreply@c.test", "alice@m.test", None, MAILBOX, 60, "/etc/postfix")
HEADERS = Message()
HEADERS["Received"] = "by m.test with LMTP; Mon, 1 Jun 2026 10:00:00 +0000"
LOG = LogFindings(("A1B2C3",), ("A1B2C3",), {}, ("h postfix/cleanup[1]: A1B2C3: message-id=x",))
ACTIVE = Evidence(True, False, QueueEntry("A1B2C3", "active", 1, "s", ("r",), ""), LOG)
SENT = Evidence(True, False, None, replace(LOG, attempts={
    ("A1B2C3", "r"): Attempt("sent", "m.test[192.0.2.1]:25", "250 Ok", "smtp", "alice@m.test")}))
REFUSED = Evidence(
    True, False, replace(ACTIVE.entry, delay_reason="535 5.7.8 s3cret-word"),
    replace(LOG, attempts={("A1B2C3", "r"): Attempt("deferred", None, "said: 535 5.7.8 s3cret-word is wrong")}))


class World:
    """A clock, a Postfix and a mailbox with their content from given seconds on."""

    def __init__(self, monkeypatch, evidence=SENT, arrives=None, opens=lambda now: None, looks=lambda now: None):
        self.now = 0.0
        self.evidence = evidence
        self.arrives = arrives
        self.opens = opens
        self.looks = looks
        self.seen: list[float] = []
        self.opened = 0
        self.closed = 0
        self.removed = 0
        self.warnings: list[str] = []
        world = self

        class Traces:
            def __init__(self, *_arguments):
                pass

            def look(self):
                world.seen.append(round(world.now, 2))
                return world.evidence

            def remove(self):
                world.removed += 1
                return ("A1B2C3",)

        class Mailbox:
            def __init__(self, _server):
                world.opens(world.now)
                world.opened += 1

            def find(self, _message):
                world.looks(world.now)
                there = world.arrives is not None and world.now >= world.arrives
                return Found("Junk", True, HEADERS) if there else None

            def close(self):
                world.closed += 1

        monkeypatch.setattr(delivery, "Traces", Traces)
        monkeypatch.setattr(delivery, "Mailbox", Mailbox)
        monkeypatch.setattr(delivery, "by_sendmail", lambda *_arguments: "")

    def get_bin_path(self, _name, **_places):
        """Find no program: the lookup tables are not asked."""

    def warn(self, text):
        self.warnings.append(text)

    def sleep(self, seconds):
        assert seconds > 0
        self.now += seconds

    def run(self, request=REQUEST):
        return Delivery(self, request, LETTER, lambda: self.now, self.sleep).run()


def refuse(stage, words, until=10_000.0):
    def step(now):
        if now < until:
            raise StageFailed(stage, words)

    return step


def test_it_checks_often_at_first_and_then_every_two_seconds(monkeypatch):
    world = World(monkeypatch, arrives=20)
    result = world.run()
    assert world.seen[:4] == [0.0, 0.3, 0.69, 1.2]
    assert world.seen[-1] - world.seen[-2] == pytest.approx(2)
    assert 20 <= result["elapsed"] < 22
    assert world.closed == 1


def test_a_message_taken_for_spam_is_a_success_with_a_warning(monkeypatch):
    world = World(monkeypatch, arrives=0)
    assert world.run()["mailbox_folder"] == "Junk"
    assert world.warnings == ["The test e-mail was taken for spam: it lies in Junk."]


def test_it_checks_once_more_at_the_timeout(monkeypatch):
    world = World(monkeypatch)
    with pytest.raises(DeliveryFailed) as failed:
        world.run(replace(REQUEST, timeout=7))
    assert world.seen[-1] == pytest.approx(7, abs=0.1)
    assert failed.value.details["stage"] == "mailbox"
    assert failed.value.details["elapsed"] == pytest.approx(7, abs=0.1)
    assert world.removed == 0


def test_a_connection_that_breaks_is_made_anew(monkeypatch):
    broken = [True, False, True]
    world = World(monkeypatch, arrives=1)

    def looks(_now):
        if broken and broken.pop(0):
            raise StageFailed("mailbox", "socket error: EOF")

    world.looks = looks
    assert world.run()["mailbox_folder"] == "Junk"
    assert world.opened == 3
    assert world.closed == 3


def test_a_mailbox_that_fails_for_a_while_is_waited_for(monkeypatch):
    world = World(monkeypatch, arrives=3)
    world.looks = lambda now: refuse("mailbox", "EOF")(now) if 0.1 < now < 1 else None
    world.opens = lambda now: refuse("mailbox_connect", "Connection refused")(now) if 0.1 < now < 3 else None
    assert world.run()["mailbox_folder"] == "Junk"


def test_a_mailbox_that_never_opens_is_tried_once(monkeypatch):
    tries: list[float] = []
    world = World(monkeypatch, evidence=ACTIVE)

    def opens(now):
        tries.append(now)
        refuse("mailbox_login", "[AUTHENTICATIONFAILED] no")(now)

    world.opens = opens
    sleep = world.sleep

    def later(seconds):
        sleep(seconds)
        world.evidence = SENT if world.now > 3 else ACTIVE

    world.sleep = later
    with pytest.raises(DeliveryFailed) as failed:
        world.run()
    assert tries == [0.0]
    assert failed.value.details["stage"] == "mailbox_login"
    assert 3 < failed.value.details["elapsed"] < 6


def test_the_queued_message_is_deleted_and_no_password_is_shown(monkeypatch):
    world = World(monkeypatch, evidence=REFUSED)
    with pytest.raises(DeliveryFailed) as failed:
        world.run()
    details = failed.value.details
    assert world.removed == 1
    assert "deleted from the queue" in str(failed.value)
    assert details["stage"] == "relay"
    assert details["server_says"] == "said: 535 5.7.8 ******** is wrong"
    assert details["log_lines"] == ["h postfix/cleanup[1]: A1B2C3: message-id=x"]
    assert "s3cret-word" not in f"{failed.value} {details}"


def test_without_a_mailbox_it_ends_when_the_message_is_taken(monkeypatch):
    world = World(monkeypatch)
    result = world.run(replace(REQUEST, mailbox=None))
    assert result["server_says"] == "250 Ok"
    assert (result["hops"], result["authentication_results"], result["mailbox_folder"]) == ([], [], None)
    assert world.opened == 0
