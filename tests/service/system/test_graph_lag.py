# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies while message lists show arrivals, marks and moves late and out of order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from helpers.service.graph_roundtrip import POSTED, REJECTED, GraphRoundTrip
from helpers.service.graph_tenant import JANE, REPLIES, GraphWorld
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import answer
from helpers.waiting import wait_until

LATE = {"kinds": ["message"], "uneven": True}


@pytest.fixture
def roundtrip(take_service: Callable[..., RunningService], world: GraphWorld) -> GraphRoundTrip:
    made = GraphRoundTrip(take_service(microsoft=world.access), world)
    made.set_up()
    return made


def marked(world: GraphWorld) -> Counter[str]:
    """Count the marks of each message."""
    return Counter(one["path"] for one in world.asked("PATCH", "/messages/"))


def test_lagging_lists_post_each_reply_once(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    emulator = roundtrip.world.emulator
    emulator.lag(seconds=3600, replicas=1, **LATE)
    arrived = [f"Answer {number}." for number in range(24)]
    for content in (answer(mail, ""), *(answer(mail, text) for text in arrived)):
        roundtrip.receive(content)
    with roundtrip.syncing():
        for _quarter in range(4):
            emulator.advance(901)  # each quarter of the lag reveals some messages, not the oldest first
            roundtrip.complete_poll()
        wait_until(lambda: None not in roundtrip.categories(), "not all messages were handled")
        wait_until(lambda: max(marked(roundtrip.world).values()) > 1, "no mark was seen late: the test proves nothing")
    posted = roundtrip.texts(conversation)
    assert sorted(posted) == sorted(arrived), "each once"
    assert posted != arrived, "all were listed in the order of their arrival: the test proves nothing"
    assert roundtrip.categories() == [[REJECTED]] + [[POSTED]] * 24
    outcomes = roundtrip.state()["outcomes"]
    assert (outcomes["posted"], outcomes["rejected"]) == (24, {"empty": 1}), "a message listed again is not counted again"
    explained = [one for one in roundtrip.world.wait_for(JANE, 2) if one["Auto-Submitted"] == "auto-replied"]
    assert len(explained) == 1, "a message listed again is not explained again"


def test_moved_messages_are_neither_archived_nor_removed(roundtrip: GraphRoundTrip) -> None:
    """Lists still show two messages in the folder from which they were moved."""
    emulator, box = roundtrip.world.emulator, f"/v1.0/users/{REPLIES}/messages"
    token = emulator.token(roundtrip.world.app)
    roundtrip.save(archive={"enabled": True, "keep_days": 30})
    keys: dict[str, str] = {}
    for folder, days in (("inbox", 0), ("archive", 40)):
        emulator.advance(-days * 86400)
        for name in ("stays", "moved"):
            raw = f"Subject: {name} {folder}\r\n\r\nHello\r\n".encode()
            keys[f"{name} {folder}"] = emulator.put_message(REPLIES, raw, folder=folder)["immutable_id"]
        emulator.advance(days * 86400)
    for key in keys.values():
        done = emulator.graph(token, "PATCH", f"{box}/{key}", {"isRead": True, "categories": [POSTED]})
        assert done.status_code == 200
    emulator.lag(seconds=3600, replicas=1, **LATE)
    for key in (keys["moved inbox"], keys["moved archive"]):
        assert emulator.graph(token, "POST", f"{box}/{key}/move", {"destinationId": "drafts"}).status_code == 201
    done = roundtrip.service.command("archive")
    assert done.returncode == 0, done.stderr
    assert '"archived": 1, "expired": 1' in done.stdout
    where = {one["subject"]: one["folder"] for one in emulator.messages(REPLIES)}
    assert where == {
        "stays inbox": "archive", "moved inbox": "drafts", "moved archive": "drafts",
        "stays archive": "recoverableitemsdeletions",
    }  # fmt: skip
