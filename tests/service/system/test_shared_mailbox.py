# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two installations, each with a database and a key of its own, read one mailbox: no reply of an active user is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from helpers.service.catalog_users import add_user
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until


@pytest.fixture
def make_roundtrip(make_service: Callable[..., RunningService], sink: MailSink, dovecot: Dovecot) -> Callable[..., RoundTrip]:
    def make(user: str | None = None) -> RoundTrip:
        service = make_service(start=user is None)
        if user:
            service.prepare()  # with a key of its own
            service.start()
        roundtrip = RoundTrip(service, sink, dovecot, user or dovecot.add_user())
        roundtrip.set_up(sync_interval=10)
        return roundtrip

    return make


def worker(roundtrip: RoundTrip) -> dict[str, Any]:
    """Return the report of the process after a poll."""
    found: dict[str, Any] = wait_until(
        lambda: next((one for one in roundtrip.state()["workers"] if one["last_good_poll"]), None), "the mailbox was not read"
    )
    return found


def logged(roundtrip: RoundTrip, outcome: str) -> list[dict[str, Any]]:
    """Return the messages with this outcome."""
    found = roundtrip.service.call("GET", "/replies/messages", role="viewer", params={"outcome": outcome})
    items: list[dict[str, Any]] = found.json()["items"]
    return items


def wait_left(roundtrip: RoundTrip, count: int) -> None:
    """Wait until this many messages are left unread."""
    wait_until(lambda: worker(roundtrip)["foreign_intents"] == count, lambda: str(roundtrip.state()))


def foreign(mail: Any, text: str) -> bytes:
    """Compose Jane's reply with an intent that the service did not sign."""
    intent = str(mail["Message-ID"])[1:33]
    altered = intent[:-1] + ("a" if intent[-1] != "a" else "b")
    return answer(mail, text, In_Reply_To=f"<{altered}@corp.test>", References=None)


def make_older(service: RunningService, age: timedelta) -> None:
    """Change the time at which the messages that are left were first seen."""
    with sqlite3.connect(service.database) as database:
        then = (datetime.now(UTC) - age).strftime("%Y-%m-%d %H:%M:%S.%f")
        assert database.execute("UPDATE foreign_intents SET seen_at = ?", (then,)).rowcount


def test_replies_wait_for_the_installation_that_is_down(make_roundtrip: Callable[..., RoundTrip]) -> None:
    first = make_roundtrip()
    second = make_roundtrip(first.user)
    in_first, mail_of_first = first.mention("First")
    in_second, mail_of_second = second.mention("Second")
    with first.syncing():
        worker(first)
        first.receive(answer(mail_of_second, "To the second."))
        first.receive(answer(mail_of_first, "To the first."))
        assert [post["text"] for post in first.replies(in_first)] == ["To the first."]
        wait_left(first, 1)
        assert [message.seen for message in first.dovecot.messages(first.user)] == [False, True]
        (problem,) = first.state()["problems"]
        assert "1 unread messages" in problem
        assert "a mailbox of its own" in problem
        health = first.service.call("GET", "/health", role=None).json()
        assert [(reason["code"], reason["count"]) for reason in health["reasons"]] == [("foreign-intents", 1)]
        (left,) = logged(first, "left")
        assert (left["reason"], left["sender"]) == ("forged_intent", "jane@corp.test")
        assert "Another installation may take it" in left["cause"]
        assert "catalog_mail_reply_foreign_intents 1.0" in first.service.call("GET", "/metrics", role=None).text
        with second.syncing():
            assert [post["text"] for post in second.replies(in_second)] == ["To the second."]
        first.receive(answer(mail_of_first, "", Auto_Submitted="auto-replied"))  # has the mailbox read at once
        wait_left(first, 0)
        assert logged(first, "left") == []
        assert [message["id"] for message in logged(first, "gone")] == [left["id"]]
        # The second installation is another reader, like any other.
        wait_until(lambda: worker(first)["taken_by_others"] == 1, lambda: str(first.state()))
        assert "another installation of this one" in first.state()["problems"][0]
    assert first.state()["outcomes"]["rejected"] == second.state()["outcomes"]["rejected"] == {}


def test_a_rejecting_installation_is_noticed(make_roundtrip: Callable[..., RoundTrip]) -> None:
    first = make_roundtrip()
    second = make_roundtrip(first.user)
    add_user(first.service, "anna")
    _conversation, mail = first.mention(text="@jane @anna please look")
    with first.syncing():
        worker(first)
    with second.syncing():
        first.receive(answer(mail, "I am no user there.", "anna@corp.test"))
        first.wait_handled(1)
    assert second.state()["outcomes"]["rejected"] == {"forged_intent": 1}
    assert first.keywords() == [{"Seen", "$CatalogRejected"}]
    with first.syncing():
        wait_until(lambda: worker(first)["taken_by_others"] == 1, lambda: str(first.state()))
        (problem,) = first.state()["problems"]
        assert "1 messages of the mailbox were marked as read by something else" in problem


def test_unsigned_intents_stay_for_a_day_and_100_messages(make_roundtrip: Callable[..., RoundTrip]) -> None:
    roundtrip = make_roundtrip()
    _conversation, mail = roundtrip.mention()
    for number in range(102):
        roundtrip.receive(foreign(mail, f"Number {number}."))
    with roundtrip.syncing():
        roundtrip.wait_handled(2)
        wait_left(roundtrip, 100)
    assert roundtrip.state()["outcomes"]["rejected"] == {"forged_intent": 2}
    make_older(roundtrip.service, timedelta(hours=23))
    with roundtrip.syncing():
        wait_until(lambda: worker(roundtrip)["backlog"] == 100, lambda: str(roundtrip.state()))
        wait_left(roundtrip, 100)  # a restart begins no new day
    assert roundtrip.state()["outcomes"]["rejected"] == {"forged_intent": 2}
    make_older(roundtrip.service, timedelta(hours=25))
    with roundtrip.syncing():
        roundtrip.wait_handled(102)
        wait_left(roundtrip, 0)
    assert roundtrip.state()["outcomes"]["rejected"] == {"forged_intent": 102}
    assert roundtrip.keywords() == [{"Seen", "$CatalogRejected"}] * 102
