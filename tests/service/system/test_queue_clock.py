# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that is wrong by days, at any moment, gives no message up and delays none by days."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from catalog_mail.adapters.database import tables
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.notification import Delivery, Notification, State
from catalog_mail.domain.notifications.retry import Backoff
from helpers.service.catalog_users import notify
from helpers.service.process import RunningService, through
from helpers.service.queue_node import QueueNode
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

LATER = "451 4.3.0 Try again later"
TAKEN = "250 2.0.0 Ok: taken"
HOUR = Backoff(first=timedelta(hours=1), spread=0)
QUICK = Backoff(first=timedelta(seconds=0.05), longest=timedelta(seconds=0.1))


@pytest.fixture
def make_node(database_url: str, sink: MailSink) -> Iterator[Callable[..., QueueNode]]:
    """Make a node that sends to the sink."""
    engine = make_engine(database_url)
    tables.metadata.create_all(engine)
    yield lambda backoff: QueueNode(engine, sink.port, backoff=backoff)
    engine.dispose()


def delivery(node: QueueNode, notification: Notification) -> Delivery:
    return node.notifications.deliveries(notification.id)[0]


def wait_for(node: QueueNode, notification: Notification, state: State) -> Delivery:
    wait_until(lambda: delivery(node, notification).state is state, lambda: delivery(node, notification))
    return delivery(node, notification)


def wait_for_attempts(node: QueueNode, notification: Notification, count: int) -> None:
    def tried() -> bool:
        node.queue.wake()  # look at once, and not after a second
        now = delivery(node, notification)
        assert now.state is not State.FAILED, now
        return now.attempts >= count

    wait_until(tried, lambda: delivery(node, notification))


@pytest.mark.parametrize("jump", [timedelta(days=4), timedelta(days=-4)])
def test_the_clock_jumps_between_two_attempts(make_node: Callable[..., QueueNode], sink: MailSink, jump: timedelta) -> None:
    sink.answer = lambda _envelope: LATER
    with make_node(QUICK).running() as node:
        notification = node.accept("a@corp.test")
        wait_for_attempts(node, notification, 1)
        node.clock.ahead = jump
        wait_for_attempts(node, notification, 4)
        node.clock.ahead = timedelta(0)
        wait_for_attempts(node, notification, 6)
        sink.answer = lambda _envelope: TAKEN
        wait_for(node, notification, State.SENT)


@pytest.mark.parametrize("wrong", [timedelta(days=400), timedelta(days=-20_000)])
def test_the_clock_is_wrong_when_it_is_accepted(make_node: Callable[..., QueueNode], sink: MailSink, wrong: timedelta) -> None:
    sink.answer = lambda _envelope: LATER
    node = make_node(QUICK)
    node.clock.ahead = wrong
    notification = node.accept("a@corp.test")
    node.clock.ahead = timedelta(0)
    with node.running():
        wait_for_attempts(node, notification, 3)
        sink.answer = lambda _envelope: TAKEN
        wait_for(node, notification, State.SENT)


def test_a_next_attempt_set_by_a_wrong_clock(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    sink.answer = lambda _envelope: LATER
    with make_node(HOUR).running() as node:
        node.clock.ahead = timedelta(days=4)
        notification = node.accept("a@corp.test")
        wait_for(node, notification, State.RETRYING)
        sink.answer = lambda _envelope: TAKEN
        node.clock.ahead = timedelta(0)
        assert wait_for(node, notification, State.SENT).attempts == 2, "it does not wait for days"


def test_a_batch_lost_under_a_wrong_clock_is_found(make_node: Callable[..., QueueNode]) -> None:
    node = make_node(QUICK)
    notification = node.accept("a@corp.test")
    # Then a kill, and the clock is set right.
    node.leases.claim(new_id(), node="node2", at=node.clock.now() + timedelta(days=4), limit=10)
    with node.running():
        wait_for(node, notification, State.SENT)


def test_the_pause_in_progress_is_not_cut_short(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    sink.answer = lambda _envelope: LATER
    with make_node(HOUR).running() as node:
        notification = node.accept("a@corp.test")
        waiting = wait_for(node, notification, State.RETRYING)
        assert node.leases.claim(new_id(), node="node1", at=node.clock.now(), limit=10).deliveries == 0
        assert waiting.next_attempt_at and waiting.next_attempt_at > node.clock.now() + timedelta(minutes=50)


def test_the_clock_of_the_process_jumps(
    make_service: Callable[..., RunningService], sink: MailSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's faketime sets the clock of the running service forward by ten days, and back."""
    offset = tmp_path / "offset"
    offset.write_text("+0d")
    monkeypatch.setenv("LD_PRELOAD", faketime())
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(offset))
    monkeypatch.setenv("FAKETIME_CACHE_DURATION", "1")  # seconds between two reads of the file
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    sink.answer = lambda _envelope: LATER
    service = make_service(queue={"retry_first_seconds": 1, "retry_for_hours": 1})
    monkeypatch.delenv("LD_PRELOAD")
    assert service.save(through(sink.port)).status_code == 200
    people = [{"address": "jane@corp.test"}]
    before = notify(service, "message", subject="Before", text="A text.", recipients=people)
    wait_for_tries(service, before, 1)
    offset.write_text("+10d")
    wait_until(lambda: day_of(service) > before["created_at"][:10], "the service does not see the wrong clock")
    within = notify(service, "message", subject="Within", text="A text.", recipients=people)
    wait_for_tries(service, before, 3)
    wait_for_tries(service, within, 2)
    offset.write_text("+0d")
    sink.answer = lambda _envelope: TAKEN
    messages = sink.wait_for(2, such=lambda message: message["Subject"] in ("Before", "Within"))
    assert sorted(message["Subject"] for message in messages) == ["Before", "Within"]


def day_of(service: RunningService) -> str:
    """Return the date that the service takes for today's."""
    people = [{"address": "joe@corp.test"}]
    return str(notify(service, "message", subject="The day", text="A text.", recipients=people)["created_at"])[:10]


def wait_for_tries(service: RunningService, notification: dict[str, object], count: int) -> None:
    def tried() -> bool:
        [found] = service.call("GET", f"/notifications/{notification['id']}").json()["deliveries"]
        assert found["state"] != "failed", found
        return bool(found["attempts"] >= count)

    wait_until(tried, lambda: service.log.read_text()[-3000:])


def faketime() -> str:
    """Return the library of Debian's package faketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "faketime is not installed: run .ci/bootstrap lab"
    return str(found[0])
