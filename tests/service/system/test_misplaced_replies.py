# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies in Junk, or in a folder to which a rule moved them, are counted and named, over IMAP and over Graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.service.dovecot import NO_KEYWORDS, Dovecot
from helpers.service.graph_roundtrip import GraphRoundTrip
from helpers.service.graph_tenant import REPLIES, GraphWorld
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

OTHER = b"From: shop@shop.test\r\nTo: replies@corp.test\r\nSubject: Offer\r\n\r\nBuy now\r\n"


@pytest.fixture
def make_roundtrip(make_service: Callable[..., RunningService], sink: MailSink, dovecot: Dovecot) -> Callable[..., RoundTrip]:
    def make(**rights: Any) -> RoundTrip:
        roundtrip = RoundTrip(make_service(), sink, dovecot, dovecot.add_user(**rights))
        roundtrip.set_up(sync_interval=10)
        return roundtrip

    return make


def worker(roundtrip: Any) -> dict[str, Any]:
    """Return the report of the process after a poll."""
    found: dict[str, Any] = wait_until(
        lambda: next((one for one in roundtrip.state()["workers"] if one["last_good_poll"]), None), "the mailbox was not read"
    )
    return found


def test_misplaced_replies_are_counted_over_imap(make_roundtrip: Callable[..., RoundTrip]) -> None:
    roundtrip = make_roundtrip()
    dovecot, user = roundtrip.dovecot, roundtrip.user
    conversation, mail = roundtrip.mention()
    dovecot.deliver(user, answer(mail, "In Junk."), mailbox="Junk")
    dovecot.deliver(user, answer(mail, "Moved and read."), mailbox="Rules.Catalog", flags=["\\Seen"])
    dovecot.deliver(user, answer(mail, "Handled, then moved."), mailbox="Rules.Catalog", flags=["\\Seen", "$CatalogPosted"])
    dovecot.deliver(user, answer(mail, "Archived by the service."), mailbox="Archive", flags=["\\Seen"])
    dovecot.deliver(user, answer(mail, "x", Auto_Submitted="auto-replied"), mailbox="Junk")
    dovecot.deliver(user, OTHER, mailbox="Junk")
    with roundtrip.syncing():
        assert worker(roundtrip)["misplaced"] == {"Junk": 1, "Rules.Catalog": 1}
        assert worker(roundtrip)["error"] is None
        (problem,) = roundtrip.state()["problems"]
        assert "2 replies" in problem
        assert "1 in 'Junk', 1 in 'Rules.Catalog'" in problem
        assert f"automatic processing of the mailbox INBOX of {user}" in problem
        assert "catalog_mail_reply_misplaced 2.0" in roundtrip.service.call("GET", "/metrics", role=None).text
        # Moved back, they are posted, and the problem ends; the search changed no flag.
        assert [message.seen for message in dovecot.messages(user, "Junk")] == [False, False, False]
        with dovecot.connection(user) as imap:
            for folder, uid in (("Junk", "1"), ("Rules.Catalog", "1")):
                imap.select(folder)
                imap.uid("STORE", uid, "-FLAGS", "(\\Seen)")
                assert imap.uid("MOVE", uid, "INBOX")[0] == "OK"
        posts = roundtrip.replies(conversation, 2)
        assert {post["text"] for post in posts} == {"In Junk.", "Moved and read."}
        wait_until(lambda: roundtrip.state()["problems"] == [], lambda: str(roundtrip.state()))


def test_without_keywords_only_unread_replies_count(make_roundtrip: Callable[..., RoundTrip]) -> None:
    roundtrip = make_roundtrip(rights=NO_KEYWORDS)
    _conversation, mail = roundtrip.mention()
    roundtrip.dovecot.deliver(roundtrip.user, answer(mail, "Unread."), mailbox="Junk")
    roundtrip.dovecot.deliver(roundtrip.user, answer(mail, "Read."), mailbox="Junk", flags=["\\Seen"])
    with roundtrip.syncing():
        assert worker(roundtrip)["misplaced"] == {"Junk": 1}


@pytest.mark.parametrize("folder", ["junkemail", "deleteditems"])
def test_misplaced_replies_are_counted_over_graph(
    take_service: Callable[..., RunningService], world: GraphWorld, folder: str
) -> None:
    roundtrip = GraphRoundTrip(take_service(microsoft=world.access), world)
    roundtrip.set_up()
    _conversation, mail = roundtrip.mention()
    for content in (answer(mail, "Moved."), OTHER):
        world.emulator.put_message(REPLIES, content, folder=folder)
    world.emulator.put_message(REPLIES, answer(mail, "Archived."), folder="archive")
    with roundtrip.syncing():
        shown = {"junkemail": "Junk Email", "deleteditems": "Deleted Items"}[folder]
        assert worker(roundtrip)["misplaced"] == {shown: 1}
        (problem,) = roundtrip.state()["problems"]
        assert f"1 in '{shown}'" in problem
        assert f"automatic processing of the mailbox {REPLIES}" in problem
        assert worker(roundtrip)["error"] is None
