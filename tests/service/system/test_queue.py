# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue in one process: the states of a delivery, retries, failures, suppression, limits, a clean stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from catalog_mail.adapters.database import tables
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.database.opt_outs import DatabaseOptOuts
from catalog_mail.domain.errors import Conflict, NotFound
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications import outcome as outcomes
from catalog_mail.domain.notifications.notification import FINAL, Kind, State
from catalog_mail.domain.notifications.retry import Backoff
from helpers.service.process import free_port
from helpers.service.queue_node import QueueNode, wait_for_state
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until
from sqlalchemy import Engine

REFUSED = "550 5.1.1 Nobody of that name"
LATER = "451 4.3.0 Try again later"
TAKEN = "250 2.0.0 Ok: taken"
# A test ends this pause by setting the node's clock forward.
HOUR = Backoff(first=timedelta(hours=1), spread=0)
BRIEF = Backoff(first=timedelta(seconds=0.1), longest=timedelta(seconds=0.2), keep_trying=timedelta(seconds=0.5), spread=0)


def test_accepted_notifications_arrive_and_are_recorded_as_sent(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    with make_node().running() as node:
        assert node.rounds.turn()
        notification = node.accept("a@corp.test", "b@corp.test", subject="both")
        done = wait_for_state(node, notification, State.SENT)
    assert [delivery.attempts for delivery in done] == [1, 1]
    assert {delivery.response for delivery in done} == {"250 2.0.0 Ok: taken"}
    assert all(delivery.sent_at and delivery.message for delivery in done)
    assert sorted(message["Message-ID"] for message in sink.messages) == sorted(str(delivery.message_id) for delivery in done)
    assert sorted(recipients[0] for _, recipients, _ in sink.taken) == ["a@corp.test", "b@corp.test"]


def test_many_arrive_once_each(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    with make_node().running() as node:
        accepted = [node.accept(f"user{number}@corp.test") for number in range(150)]
        for notification in accepted:
            wait_for_state(node, notification, State.SENT)
    ids = [message["Message-ID"] for message in sink.messages]
    assert len(ids) == len(set(ids)) == 150


def test_notifications_accepted_before_the_queue_starts(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    node = make_node()
    notification = node.accept("a@corp.test")
    with node.running():
        wait_for_state(node, notification, State.SENT)
    assert len(sink.taken) == 1


def test_a_temporary_refusal_retries_the_same_message(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    sink.answer = lambda _envelope: LATER
    with make_node().running() as node:
        notification = node.accept("a@corp.test")
        waiting = wait_for_state(node, notification, State.RETRYING)[0]
        assert waiting.failure and waiting.failure.smtp_code == 451
        assert waiting.next_attempt_at and waiting.next_attempt_at > notification.created_at
        sink.answer = lambda _envelope: TAKEN
        done = wait_for_state(node, notification, State.SENT)[0]
    assert done.attempts > waiting.attempts
    assert done.failure is None
    assert sink.messages[0]["X-Rendered"] == "1", "a message is rendered once"


def test_a_refused_recipient_fails_without_affecting_others(
    make_node: Callable[..., QueueNode], sink: MailSink
) -> None:
    sink.answer = lambda envelope: REFUSED if envelope.rcpt_tos == ["nobody@corp.test"] else "250 2.0.0 Ok: taken"
    with make_node().running() as node:
        notification = node.accept("nobody@corp.test", "a@corp.test")
        refused, other = wait_for_state(node, notification, *FINAL)
    assert (refused.state, refused.attempts, other.state) == (State.FAILED, 1, State.SENT)
    assert refused.failure and (refused.failure.smtp_code, refused.failure.smtp_text) == (550, "5.1.1 Nobody of that name")


def test_a_lasting_failure_is_given_up_and_recorded(make_node: Callable[..., QueueNode]) -> None:
    with make_node(port=free_port(), backoff=BRIEF).running() as node:
        notification = node.accept("a@corp.test")
        given_up = wait_for_state(node, notification, State.FAILED)[0]
        assert node.notifications.counts() == {State.FAILED: 1}
    assert given_up.failure and given_up.failure.code is Cause.CONNECTION_REFUSED
    assert given_up.attempts == 4, "after pauses of 0.1, 0.2 and 0.2 seconds"


def test_postponed_messages_are_given_up_as_well(make_node: Callable[..., QueueNode]) -> None:
    with make_node(port=free_port(), backoff=BRIEF).running() as node:
        notification = node.accept(*(f"user{number}@corp.test" for number in range(20)))
        given_up = wait_for_state(node, notification, State.FAILED)
    assert min(delivery.attempts for delivery in given_up) == 1, "the pauses count, not the attempts"


def test_an_unreachable_server_is_tried_once_per_batch(
    make_node: Callable[..., QueueNode], sink: MailSink
) -> None:
    node = make_node(port=free_port(), backoff=HOUR)
    notification = node.accept(*(f"user{number}@corp.test" for number in range(20)))
    with node.running():
        waiting = wait_for_state(node, notification, State.RETRYING)
    assert sum(delivery.attempts for delivery in waiting) == 1
    assert len({delivery.next_attempt_at for delivery in waiting}) == 1
    assert sink.taken == []


def test_a_retry_survives_a_restart(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    with make_node(port=free_port(), backoff=HOUR).running() as node:
        notification = node.accept("a@corp.test")
        wait_for_state(node, notification, State.RETRYING)
    with make_node(backoff=HOUR).running() as node:
        node.clock.ahead = HOUR.first
        assert wait_for_state(node, notification, State.SENT)[0].attempts == 2
    assert len(sink.taken) == 1


def test_messages_wait_for_missing_settings(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    node = make_node()
    node.switches.configured = False
    with node.running():
        notification = node.accept("a@corp.test")
        waiting = wait_for_state(node, notification, State.RETRYING)[0]
        assert waiting.failure and waiting.failure.code is Cause.NOT_CONFIGURED
        node.switches.configured = True
        wait_for_state(node, notification, State.SENT)
    assert len(sink.taken) == 1


def test_a_broken_template_loses_no_message(
    make_node: Callable[..., QueueNode], sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = make_node()
    render = node.switches.render
    monkeypatch.setattr(node.switches, "render", lambda *_: 1 / 0)
    with node.running():
        notification = node.accept("a@corp.test")
        waiting = wait_for_state(node, notification, State.RETRYING)[0]
        assert waiting.failure and waiting.failure.code is Cause.NOT_RENDERED and "ZeroDivisionError" in waiting.failure.cause
        monkeypatch.setattr(node.switches, "render", render)
        wait_for_state(node, notification, State.SENT)
    assert len(sink.taken) == 1


def test_an_internal_error_is_retried_and_recorded(
    make_node: Callable[..., QueueNode], sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = make_node(backoff=HOUR)
    sending = node.switches.sending
    mistakes = iter([KeyError("x")])

    def mistaken() -> Any:
        for mistake in mistakes:
            raise mistake
        return sending()

    monkeypatch.setattr(node.switches, "sending", mistaken)
    first = node.accept("a@corp.test", "b@corp.test")
    with node.running():
        waiting, other = wait_for_state(node, first, State.SENT, State.RETRYING)
        assert (waiting.state, other.state) == (State.RETRYING, State.SENT), "the other message is not delayed"
        assert waiting.failure and waiting.failure.code is Cause.INTERNAL_ERROR and "KeyError" in waiting.failure.cause
        node.clock.ahead = HOUR.first
        wait_for_state(node, first, State.SENT)
    assert len(sink.taken) == 2


def test_a_lasting_internal_error_is_given_up(
    make_node: Callable[..., QueueNode], sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = make_node(backoff=BRIEF)
    monkeypatch.setattr(node.switches, "sending", lambda: 1 / 0)
    with node.running():
        notification = node.accept("a@corp.test")
        wait_for_state(node, notification, State.FAILED)
    assert sink.taken == []


@pytest.mark.parametrize("text", ["NUL \0 in it", "a lone \udcff surrogate", "long " * 10_000])
def test_any_server_reply_can_be_recorded(make_node: Callable[..., QueueNode], text: str) -> None:
    node = make_node()
    failure = Failure(Cause.OTHER_ANSWER, text, "See why.", temporary=False, smtp_code=554, smtp_text=text)
    for outcome in (outcomes.sent(text, node.clock.now()), outcomes.failed(failure, node.clock.now())):
        notification = node.accept("a@corp.test")
        delivery = node.notifications.deliveries(notification.id)[0]
        node.deliveries.finish(delivery, outcome)
        stored = node.notifications.delivery(delivery.id)
        assert stored.state is outcome.state
        said = stored.response or (stored.failure and stored.failure.smtp_text)
        assert said and said[:4] == text[:4] and len(said) <= 2000


def test_the_switch_suppresses_accepted_messages(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    node = make_node()
    mention = node.accept("a@corp.test", kind=Kind.MENTION)
    download = node.accept("b@corp.test", kind=Kind.DOWNLOAD_READY)
    failed_download = node.accept("c@corp.test", kind=Kind.DOWNLOAD_FAILED)
    node.switches.on = False
    with node.running():
        suppressed = wait_for_state(node, mention, State.SUPPRESSED)[0]
        wait_for_state(node, download, State.SENT)
        wait_for_state(node, failed_download, State.SENT)
    assert (suppressed.reason, suppressed.attempts, suppressed.message) == ("switched_off", 0, None)
    assert sorted(recipients[0] for _, recipients, _ in sink.taken) == ["b@corp.test", "c@corp.test"]


def test_an_opt_out_suppresses_accepted_messages(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    node = make_node()
    notification = node.accept("a@corp.test", "b@corp.test")
    node.opt_outs.opt_out("a@corp.test", Kind.MESSAGE, node.clock.now())
    with node.running():
        first, second = wait_for_state(node, notification, *FINAL)
    assert (first.state, first.reason, second.state) == (State.SUPPRESSED, "unsubscribed", State.SENT)
    assert len(sink.taken) == 1


def test_an_opt_out_holds_for_the_next_message_of_a_batch(
    make_node: Callable[..., QueueNode], sink: MailSink, engine: Engine
) -> None:
    """Opt-outs are stored by another process, while an earlier message of the batch is being sent."""
    sink.holding = True
    node, other = make_node(concurrency=1), DatabaseOptOuts(make_engine(engine.url))
    notification = node.accept("a@corp.test", "B@corp.test", "c@corp.test")
    with node.running():
        wait_until(lambda: node.notifications.counts().get(State.SENDING), "no message is being sent")
        other.opt_out("b@corp.test", Kind.MESSAGE, node.clock.now())
        other.opt_out("c@corp.test", Kind.MENTION, node.clock.now())
        sink.holding = False
        states = [delivery.state for delivery in wait_for_state(node, notification, *FINAL)]
    assert states == [State.SENT, State.SUPPRESSED, State.SENT]
    assert sorted(recipients[0] for _, recipients, _ in sink.taken) == ["a@corp.test", "c@corp.test"]


@pytest.mark.parametrize("batch", ["batch1", "batch2"])
def test_a_message_is_recorded_with_the_beginning_of_the_next(make_node: Callable[..., QueueNode], batch: str) -> None:
    """Also when the next one belongs to another batch by now."""
    node = make_node()
    notification = node.accept("a@corp.test", "b@corp.test")
    node.leases.claim("batch1", node="node1", at=node.clock.now(), limit=10)
    first, second = (
        replace(delivery, attempts=1, message=b"", message_id=f"<{delivery.id}>")
        for delivery, _notification in node.deliveries.held("batch1")
    )
    assert node.deliveries.begin("batch1", first)
    begun = node.deliveries.begin(batch, second, (first, outcomes.sent(TAKEN, node.clock.now())))
    stored = node.notifications.deliveries(notification.id)
    assert begun is (batch == "batch1")
    assert [delivery.state for delivery in stored] == [State.SENT, State.SENDING if begun else State.QUEUED]
    assert (stored[0].response, stored[0].attempts, stored[0].failure) == (TAKEN, 1, None)
    assert stored[0].sent_at


def test_a_stop_finishes_the_current_message_only(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    def slow(_envelope: object) -> str:
        time.sleep(0.5)
        return TAKEN

    sink.answer = slow
    node = make_node(concurrency=1)
    notification = node.accept(*(f"user{number}@corp.test" for number in range(10)))
    node.queue.start()
    sink.wait_for(1)
    node.queue.stop()
    taken = len(sink.taken)
    states = [delivery.state for delivery in node.notifications.deliveries(notification.id)]
    assert 1 <= taken < 10
    assert states.count(State.SENT) == taken, "the accepted message is recorded"
    assert states.count(State.ACCEPTED) == 10 - taken
    sink.answer = lambda _envelope: TAKEN
    with make_node().running() as again:
        wait_for_state(again, notification, State.SENT)
    assert len({message["Message-ID"] for message in sink.messages}) == len(sink.taken) == 10


@pytest.mark.parametrize("concurrency", [1, 3])
def test_limit_of_concurrent_sends(make_node: Callable[..., QueueNode], sink: MailSink, concurrency: int) -> None:
    node = make_node(concurrency=concurrency)
    most = 0
    original = node.switches.sending
    working: set[int] = set()

    def sending() -> Any:
        nonlocal most
        working.add(threading.get_ident())
        most = max(most, len(working))
        time.sleep(0.01)
        working.discard(threading.get_ident())
        return original()

    node.switches.sending = sending  # type: ignore[method-assign]
    notification = node.accept(*(f"user{number}@corp.test" for number in range(120)))
    with node.running():
        wait_for_state(node, notification, State.SENT)
    assert most == concurrency


def test_the_same_idempotency_key_is_the_same_notification(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    with make_node().running() as node:
        first = node.accept("a@corp.test", key="export-7", subject="ready")
        second = node.accept("a@corp.test", key="export-7", subject="ready")
        assert first.id == second.id
        wait_for_state(node, first, State.SENT)
        for changed in ({"subject": "other"}, {"subject": "ready", "kind": Kind.DOWNLOAD_READY}):
            with pytest.raises(Conflict):
                node.accept("a@corp.test", key="export-7", **changed)
        with pytest.raises(Conflict):
            node.accept("b@corp.test", key="export-7", subject="ready")
    assert len(sink.taken) == 1


def test_a_final_state_is_never_left(engine: Engine, make_node: Callable[..., QueueNode]) -> None:
    with make_node().running() as node:
        notification = node.accept("a@corp.test")
        wait_for_state(node, notification, State.SENT)
    assert node.leases.claim(new_id(), node="node1", at=node.clock.now(), limit=10).deliveries == 0
    batch = the_batch(engine)
    assert node.leases.release(batch) == 0
    assert node.notifications.deliveries(notification.id)[0].state is State.SENT


def the_batch(engine: Engine) -> str:
    """Return the batch of the only delivery."""
    with engine.connect() as connection:
        return str(connection.execute(tables.deliveries.select()).one().batch)


def test_unknown_ids_are_not_found(engine: Engine) -> None:
    store = DatabaseNotifications(engine)
    for ask in (store.notification, store.delivery):
        with pytest.raises(NotFound):
            ask("nothing")
    assert store.deliveries("nothing") == []
    assert store.oldest_open() is None


def test_old_messages_are_deleted_and_their_records_kept(make_node: Callable[..., QueueNode]) -> None:
    node = make_node(keep_days=30)
    with node.running():
        notification = node.accept("a@corp.test")
        wait_for_state(node, notification, State.SENT)
        node.clock.ahead = timedelta(days=31)
        recent = node.accept("b@corp.test")
        wait_for_state(node, recent, State.SENT)
        wait_until(lambda: node.notifications.deliveries(notification.id)[0].message is None, "the old message is kept")
    assert node.notifications.deliveries(notification.id)[0].message_id
    assert node.notifications.deliveries(recent.id)[0].message is not None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_broken_database_connections_are_replaced(make_node: Callable[..., QueueNode], sink: MailSink, database_url: str) -> None:
    node = make_node()
    accepted = [node.accept(*(f"user{number}.{place}@corp.test" for place in range(40))) for number in range(5)]
    with node.running(), psycopg.connect(database_url.replace("+psycopg", "")) as administrator:
        for count in (20, 80, 140):
            sink.wait_for(count)
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            administrator.commit()
        for notification in accepted:
            wait_for_state(node, notification, State.SENT)
        assert node.rounds.turn()
    assert len({message["Message-ID"] for message in sink.messages}) == 200
    assert len(sink.taken) <= 200 + 3 * node.options.concurrency
