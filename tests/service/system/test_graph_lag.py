"""Replies while lists of messages show late, flapping and out of order what has arrived and what was marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from graph_round import POSTED, REJECTED, Round
from graph_world import JANE, REPLIES, GraphWorld, wait_until
from replying import answer
from running import RunningService

LATE = {"kinds": ["message"], "uneven": True}


@pytest.fixture
def round_(take_service: Callable[..., RunningService], world: GraphWorld) -> Round:
    made = Round(take_service(microsoft=world.access), world)
    made.set_up()
    return made


def marked(world: GraphWorld) -> Counter[str]:
    """How often each message was."""
    return Counter(one["path"] for one in world.asked("PATCH", "/messages/"))


def test_each_reply_is_posted_once_however_late_its_marks_are_seen(round_: Round) -> None:
    conversation, mail = round_.mention()
    expected = [f"Answer {number}." for number in range(24)]
    round_.world.emulator.lag(requests=48, replicas=3, **LATE)
    with round_.syncing():
        for number, text in enumerate(expected):
            round_.receive(answer(mail, text))
            if number % 8 == 7:
                round_.look()
                wait_until(lambda count=number - 7: len(round_.texts(conversation)) > count, "nothing is posted")
        round_.receive(answer(mail, ""))
        round_.look()
        wait_until(lambda: _handled_after_more_looks(round_), "not all messages were handled", 60)
        wait_until(lambda: max(marked(round_.world).values()) > 1, "no mark was seen late: this shows nothing")
    assert sorted(round_.texts(conversation)) == sorted(expected), "each once"
    assert round_.categories() == [[POSTED]] * 24 + [[REJECTED]]
    outcomes = round_.state()["outcomes"]
    assert (outcomes["posted"], outcomes["rejected"]) == (24, {"empty": 1}), "what is listed again is not counted again"
    explained = [one for one in round_.world.wait_for(JANE, 2) if one["Auto-Submitted"] == "auto-replied"]
    assert len(explained) == 1, "nor is it explained again"


def _handled_after_more_looks(round_: Round) -> bool:
    """Each look makes requests, after which more is listed."""
    if None not in round_.categories():
        return True
    round_.look()
    return False


def test_only_what_stands_there_still_is_archived_and_removed(round_: Round) -> None:
    """Lists show two messages where they stood until somebody moved them."""
    emulator, box = round_.world.emulator, f"/v1.0/users/{REPLIES}/messages"
    token = emulator.token(round_.world.app)
    round_.save(archive={"enabled": True, "keep_days": 30})
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
    done = round_.service.command("archive")
    assert done.returncode == 0, done.stderr
    assert '"archived": 1, "expired": 1' in done.stdout
    where = {one["subject"]: one["folder"] for one in emulator.messages(REPLIES)}
    assert where == {
        "stays inbox": "archive", "moved inbox": "drafts", "moved archive": "drafts",
        "stays archive": "recoverableitemsdeletions",
    }  # fmt: skip


def test_a_reply_that_is_listed_after_later_ones_is_posted_too(round_: Round) -> None:
    conversation, mail = round_.mention()
    emulator = round_.world.emulator
    emulator.lag(seconds=3600, replicas=1, **LATE)
    for number in range(12):
        round_.receive(answer(mail, f"Answer {number}."))
    with round_.syncing():
        for part in range(4):
            emulator.advance(901)  # with each quarter of the lag some come to light, not the oldest first
            round_.look()
            wait_until(lambda least=part: round_.texts(conversation) or least < 3, "nothing is posted")
            wait_until(lambda: round_.state()["workers"] and round_.state()["workers"][0]["state"] == "waiting", "it works on")
        wait_until(lambda: len(round_.texts(conversation)) == 12, "not all were posted")
    posted, arrived = round_.texts(conversation), [f"Answer {number}." for number in range(12)]
    assert sorted(posted) == sorted(arrived)
    assert posted != arrived, "all were listed in the order of their arrival: this shows nothing"
    assert round_.categories() == [[POSTED]] * 12
