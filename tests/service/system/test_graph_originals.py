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
from helpers.service.graph_roundtrip import POSTED, REJECTED, GraphRoundTrip
from helpers.service.graph_tenant import CATALOG, REPLIES, GraphWorld, post
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import answer
from helpers.waiting import wait_until

REWRITTEN = re.compile("@.*outlook.com>")


@pytest.fixture
def roundtrip(take_service: Callable[..., RunningService], world: GraphWorld) -> GraphRoundTrip:
    """Give each sent mail another Message-ID."""
    made = GraphRoundTrip(take_service(microsoft=world.access), world)
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
def test_such_a_reply_is_posted_once(roundtrip: GraphRoundTrip, headers: bool) -> None:
    emulator = roundtrip.world.emulator
    emulator.options(sent_items_headers=headers)
    sales, mail = roundtrip.mention("Sales")
    costs, other = roundtrip.mention("Costs")
    same = bare(mail, "About sales.", Message_ID="<one@corp.test>")
    for content in (same, bare(other, "About costs."), same, bare(mail, "More."), bare(mail, "x", In_Reply_To=None)):
        roundtrip.receive(content)
    emulator.forget_requests()
    with roundtrip.syncing():
        roundtrip.wait_handled()
        assert (roundtrip.texts(sales), roundtrip.texts(costs)) == (["About sales.", "More."], ["About costs."])
        assert [found[0] for found in roundtrip.categories() if found] == [POSTED] * 4 + [REJECTED]
        assert len(looked_up(roundtrip.world)) == 2, "one for each answered mail, none for a reply without a Message-ID"
        roundtrip.receive(bare(mail, "Again."))
        roundtrip.trigger_poll()
        wait_until(lambda: len(roundtrip.texts(sales)) == 3, "the reply was not posted")
    assert len(looked_up(roundtrip.world)) == 2, "remembered"
    assert {one["in_batch"] for one in looked_up(roundtrip.world)} == {True}


def test_other_messages_in_sent_items_are_no_originals(roundtrip: GraphRoundTrip) -> None:
    """No originals: a person's mail, a mail with a forged intent, a notification without an intent."""
    sales, mail = roundtrip.mention()
    intent = str(mail["X-Catalog-Intent"])
    forged = f"X-Catalog-Message-ID: <{intent[:-1] + ('a' if intent[-1] != 'a' else 'b')}@corp.test>\r\n"
    for name, more in (("foreign", ""), ("forged", forged)):
        sent = f"From: {CATALOG}\r\nTo: jane@corp.test\r\nMessage-ID: <{name}@corp.test>\r\n{more}\r\nHello\r\n"
        roundtrip.world.emulator.put_message(CATALOG, sent.encode(), folder="sentitems")
    settled(roundtrip.service, post(roundtrip.service, "jane@corp.test"))
    [plain] = [one for one in roundtrip.world.mails("jane@corp.test") if one["X-Catalog-Intent"] is None]
    roundtrip.world.emulator.advance(-3600)  # with an arrival an hour ago
    for content in (
        bare(mail, "x", In_Reply_To="<foreign@corp.test>"), bare(mail, "x", In_Reply_To="<forged@corp.test>"),
        bare(mail, "x", In_Reply_To="<nowhere@corp.test>"), bare(mail, "x", In_Reply_To="<it's' or 1 eq 1@corp.test>"),
        bare(mail, "x", In_Reply_To=str(plain["Message-ID"])), bare(mail, "x", "Joe Doe <joe@corp.test>"),
        bare(mail, "x", "mallory@evil.test"), bare(mail, "x" * 30),
    ):  # fmt: skip
        roundtrip.receive(content)
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert [found[0] for found in roundtrip.categories() if found] == [REJECTED] * 7 + [POSTED]
    assert roundtrip.texts(sales) == ["x" * 30]
    rejected = roundtrip.state()["outcomes"]["rejected"]
    assert rejected == {"no_intent": 5, "wrong_sender": 1, "other_address": 1}


def test_a_missing_permission_is_logged_once(roundtrip: GraphRoundTrip) -> None:
    sales, mail = roundtrip.mention()
    fault = roundtrip.world.emulator.fault("access_policy", mailbox=CATALOG, path="sentitems")
    for number in range(3):
        roundtrip.receive(bare(mail, f"Bare {number}."))
        roundtrip.receive(answer(mail, f"Whole {number}."))
    with roundtrip.syncing():
        roundtrip.wait_handled()
        assert roundtrip.texts(sales) == [f"Whole {number}." for number in range(3)]
        asked = len(looked_up(roundtrip.world))
        roundtrip.receive(bare(mail, "Bare 3.", In_Reply_To="<AA@EM0PR01MB0001.eurprd01.prod.outlook.com>"))
        roundtrip.trigger_poll()
        roundtrip.wait_handled()
    assert len(looked_up(roundtrip.world)) == asked, "the lookup is not repeated"
    said = [line for line in roundtrip.service.log.read_text().splitlines() if "cannot be matched by the Sent Items" in line]
    assert len(said) == 1
    assert f"A policy of the tenant blocks the application from the mailbox {CATALOG}" in said[0]
    assert "Let the Exchange administrator add this mailbox to" in said[0]
    assert roundtrip.state()["outcomes"]["rejected"] == {"no_intent": 4}
    roundtrip.world.emulator.control("DELETE", "faults", {"id": fault})
    roundtrip.world.emulator.mark(REPLIES, read=False, message=roundtrip.world.found(REPLIES)[0]["id"])
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert roundtrip.texts(sales)[3:] == ["Bare 0."], "decided again"


def test_a_failed_lookup_delays_only_its_reply(roundtrip: GraphRoundTrip) -> None:
    sales, mail = roundtrip.mention()
    fault = roundtrip.world.emulator.fault("fail", path="sentitems", status=500)
    roundtrip.receive(bare(mail, "Late."))
    roundtrip.receive(answer(mail, "Now."))
    with roundtrip.syncing():
        wait_until(lambda: roundtrip.texts(sales) == ["Now."], "the other reply was not posted")
        wait_until(lambda: roundtrip.state()["workers"][0]["state"] == "waiting", "no further poll")
        assert None in roundtrip.categories(), "the reply waits, unread"
        roundtrip.world.emulator.control("DELETE", "faults", {"id": fault})
        wait_until(lambda: roundtrip.texts(sales) == ["Now.", "Late."], "the reply was not posted")
        roundtrip.wait_handled()
    assert roundtrip.service.log.read_text().count("cannot be matched by the Sent Items") == 1


def test_a_mail_that_appears_late_in_sent_items(roundtrip: GraphRoundTrip) -> None:
    """A reply younger than a minute is looked up once more after that minute; here most of the minute has passed."""
    sales, mail = roundtrip.mention()
    emulator, token = roundtrip.world.emulator, roundtrip.world.emulator.token(roundtrip.world.app)
    [sent] = roundtrip.world.found(CATALOG, "sentitems")

    def move(key: str, folder: str) -> str:
        moved = emulator.graph(token, "POST", f"/v1.0/users/{CATALOG}/messages/{key}/move", {"destinationId": folder})
        assert moved.status_code == 201
        return str(moved.json()["id"])

    key = move(sent["id"], "drafts")
    emulator.advance(-50)
    with roundtrip.syncing():
        wait_until(lambda: bool(roundtrip.state()["workers"]), "no poll was completed")
        roundtrip.receive(bare(mail, "Early."))
        roundtrip.trigger_poll()
        wait_until(lambda: len(looked_up(roundtrip.world)) == 1, "no lookup")
        move(key, "sentitems")
        wait_until(lambda: roundtrip.texts(sales) == ["Early."], "the reply was not posted")
        roundtrip.wait_handled()
    assert len(looked_up(roundtrip.world)) == 2
    assert len(roundtrip.world.found(REPLIES)) == 1
