# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies that name only the Message-ID set by Exchange: the original is looked up in the Sent Items of the sender."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from helpers.service.catalog_users import settled
from helpers.service.graph_roundtrip import POSTED, REJECTED, Round
from helpers.service.graph_tenant import CATALOG, REPLIES, GraphWorld, post, wait_until
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import answer

REWRITTEN = re.compile("@.*outlook.com>")


@pytest.fixture
def round_(take_service: Callable[..., RunningService], world: GraphWorld) -> Round:
    """Give each sent mail another Message-ID."""
    made = Round(take_service(microsoft=world.access), world)
    made.set_up()
    world.emulator.fault("rewrite_message_id")
    return made


def bare(mail: EmailMessage, text: str, sender: str = "Jane Doe <jane@corp.test>", **headers: str | None) -> bytes:
    """Compose a reply that names the mail only by In-Reply-To."""
    assert REWRITTEN.search(str(mail["Message-ID"]))
    return answer(mail, text, sender, **{"References": None, **headers})


def looked_up(world: GraphWorld) -> list[dict[str, Any]]:
    return [one for one in world.asked("GET", "sentitems") if "internetMessageId eq" in one["query"]]


@pytest.mark.parametrize("headers", [True, False])
def test_such_a_reply_is_posted_once(round_: Round, headers: bool) -> None:
    emulator = round_.world.emulator
    emulator.options(sent_items_headers=headers)
    sales, mail = round_.mention("Sales")
    costs, other = round_.mention("Costs")
    same = bare(mail, "About sales.", Message_ID="<one@corp.test>")
    for content in (same, bare(other, "About costs."), same, bare(mail, "More."), bare(mail, "x", In_Reply_To=None)):
        round_.receive(content)
    emulator.forget_requests()
    with round_.syncing():
        round_.wait_handled()
        assert (round_.texts(sales), round_.texts(costs)) == (["About sales.", "More."], ["About costs."])
        assert [found[0] for found in round_.categories() if found] == [POSTED] * 4 + [REJECTED]
        assert len(looked_up(round_.world)) == 2, "one for each mail that is answered, none for what names nothing"
        round_.receive(bare(mail, "Again."))
        round_.look()
        wait_until(lambda: len(round_.texts(sales)) == 3, "it was not posted")
    assert len(looked_up(round_.world)) == 2, "remembered"
    assert {one["in_batch"] for one in looked_up(round_.world)} == {True}


def test_other_messages_in_sent_items_are_no_originals(round_: Round) -> None:
    """No originals: a person's mail, a mail with a forged intent, a notification without an intent."""
    sales, mail = round_.mention()
    intent = str(mail["X-Catalog-Intent"])
    forged = f"X-Catalog-Message-ID: <{intent[:-1] + ('a' if intent[-1] != 'a' else 'b')}@corp.test>\r\n"
    for name, more in (("foreign", ""), ("forged", forged)):
        sent = f"From: {CATALOG}\r\nTo: jane@corp.test\r\nMessage-ID: <{name}@corp.test>\r\n{more}\r\nHello\r\n"
        round_.world.emulator.put_message(CATALOG, sent.encode(), folder="sentitems")
    settled(round_.service, post(round_.service, "jane@corp.test"))
    [plain] = [one for one in round_.world.mails("jane@corp.test") if one["X-Catalog-Intent"] is None]
    round_.world.emulator.advance(-3600)  # with an arrival an hour ago
    for content in (
        bare(mail, "x", In_Reply_To="<foreign@corp.test>"), bare(mail, "x", In_Reply_To="<forged@corp.test>"),
        bare(mail, "x", In_Reply_To="<nowhere@corp.test>"), bare(mail, "x", In_Reply_To="<it's' or 1 eq 1@corp.test>"),
        bare(mail, "x", In_Reply_To=str(plain["Message-ID"])), bare(mail, "x", "Joe Doe <joe@corp.test>"),
        bare(mail, "x", "mallory@evil.test"), bare(mail, "x" * 30),
    ):  # fmt: skip
        round_.receive(content)
    with round_.syncing():
        round_.wait_handled()
    assert [found[0] for found in round_.categories() if found] == [REJECTED] * 7 + [POSTED]
    assert round_.texts(sales) == ["x" * 30]
    rejected = round_.state()["outcomes"]["rejected"]
    assert rejected == {"no_intent": 5, "wrong_sender": 1, "unknown_sender": 1}


def test_a_missing_permission_is_logged_once(round_: Round) -> None:
    sales, mail = round_.mention()
    fault = round_.world.emulator.fault("access_policy", mailbox=CATALOG, path="sentitems")
    for number in range(3):
        round_.receive(bare(mail, f"Bare {number}."))
        round_.receive(answer(mail, f"Whole {number}."))
    with round_.syncing():
        round_.wait_handled()
        assert round_.texts(sales) == [f"Whole {number}." for number in range(3)]
        asked = len(looked_up(round_.world))
        round_.receive(bare(mail, "Bare 3.", In_Reply_To="<AA@EM0PR01MB0001.eurprd01.prod.outlook.com>"))
        round_.look()
        round_.wait_handled()
    assert len(looked_up(round_.world)) == asked, "it is not asked again and again"
    said = [line for line in round_.service.log.read_text().splitlines() if "cannot be matched by the Sent Items" in line]
    assert len(said) == 1
    assert f"A policy of the tenant blocks the application from the mailbox {CATALOG}" in said[0]
    assert "Let the Exchange administrator take this mailbox into" in said[0]
    assert round_.state()["outcomes"]["rejected"] == {"no_intent": 4}
    round_.world.emulator.control("DELETE", "faults", {"id": fault})
    round_.world.emulator.mark(REPLIES, read=False, message=round_.world.found(REPLIES)[0]["id"])
    with round_.syncing():
        round_.wait_handled()
    assert round_.texts(sales)[3:] == ["Bare 0."], "decided anew"


def test_a_failed_lookup_delays_only_its_reply(round_: Round) -> None:
    sales, mail = round_.mention()
    fault = round_.world.emulator.fault("fail", path="sentitems", status=500)
    round_.receive(bare(mail, "Late."))
    round_.receive(answer(mail, "Now."))
    with round_.syncing():
        wait_until(lambda: round_.texts(sales) == ["Now."], "the other was not posted")
        wait_until(lambda: round_.state()["workers"][0]["state"] == "waiting", "it does not go on")
        assert None in round_.categories(), "it waits, unread"
        round_.world.emulator.control("DELETE", "faults", {"id": fault})
        wait_until(lambda: round_.texts(sales) == ["Now.", "Late."], "it was not posted")
        round_.wait_handled()
    assert round_.service.log.read_text().count("cannot be matched by the Sent Items") == 1


def test_a_mail_that_appears_late_in_sent_items(round_: Round) -> None:
    """A reply younger than a minute is looked up once more after that minute; here most of the minute has passed."""
    sales, mail = round_.mention()
    emulator, token = round_.world.emulator, round_.world.emulator.token(round_.world.app)
    [sent] = round_.world.found(CATALOG, "sentitems")

    def move(key: str, folder: str) -> str:
        moved = emulator.graph(token, "POST", f"/v1.0/users/{CATALOG}/messages/{key}/move", {"destinationId": folder})
        assert moved.status_code == 201
        return str(moved.json()["id"])

    key = move(sent["id"], "drafts")
    emulator.advance(-50)
    with round_.syncing():
        wait_until(lambda: bool(round_.state()["workers"]), "it does not begin")
        round_.receive(bare(mail, "Early."))
        round_.look()
        wait_until(lambda: len(looked_up(round_.world)) == 1, "it was not looked for")
        move(key, "sentitems")
        wait_until(lambda: round_.texts(sales) == ["Early."], "it was not posted")
        round_.wait_handled()
    assert len(looked_up(round_.world)) == 2
    assert len(round_.world.found(REPLIES)) == 1
