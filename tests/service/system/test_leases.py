# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of the queue: what they hold, how long they last, and what is found again by them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from catalog_mail.adapters.queue import running
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.notification import State
from helpers.service.queue_node import QueueNode, wait_for_state
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until


def test_leases_of_an_earlier_run_end_at_the_start(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    node = make_node(takeover_after=3600)
    notification = node.accept("a@corp.test")
    assert node.leases.claim(new_id(), node="node1", at=node.clock.now(), limit=10).deliveries == 1
    with node.running():
        wait_for_state(node, notification, State.SENT)
    assert len(sink.taken) == 1


def test_a_batch_is_leased_for_as_long_as_it_takes(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    """The lease of a batch is renewed while its message is being sent, longer than an unrenewed lease lasts."""
    sink.holding = True
    with make_node(takeover_after=0.5, concurrency=1).running() as node:
        notification = node.accept("a@corp.test")
        wait_for_state(node, notification, State.SENDING)
        seen = {lease.renewed_at for lease in node.leases.leases()}
        wait_until(lambda: len(seen.union(lease.renewed_at for lease in node.leases.leases())) > 1, "the lease is not renewed")
        time.sleep(2)
        assert node.notifications.deliveries(notification.id)[0].attempts == 1
        sink.holding = False
        wait_for_state(node, notification, State.SENT)
    assert len(sink.taken) == 1


def test_a_delivery_being_sent_when_its_lease_ends_stays_so(make_node: Callable[..., QueueNode]) -> None:
    """Its outcome is unknown: the next holder has to find out whether a server took it."""
    node = make_node()
    notification = node.accept("a@corp.test", "b@corp.test")
    node.leases.claim("batch1", node="node2", at=node.clock.now(), limit=10)
    first = node.notifications.deliveries(notification.id)[0]
    assert node.deliveries.begin("batch1", replace(first, attempts=1, message=b"", message_id="<a@corp.test>"))
    later = node.accept("c@corp.test")
    assert node.leases.end(node.leases.leases()) == 2
    assert [delivery.state for delivery in node.notifications.deliveries(notification.id)] == [State.SENDING, State.ACCEPTED]
    assert node.leases.claim("batch2", node="node1", at=node.clock.now(), limit=1).deliveries == 1
    assert [delivery.id for delivery, _notification in node.deliveries.held("batch2")] == [first.id], "it comes first"
    assert node.notifications.deliveries(notification.id)[0].state is State.SENDING
    assert node.notifications.deliveries(later.id)[0].state is State.ACCEPTED


def test_a_lease_that_was_renewed_does_not_end(make_node: Callable[..., QueueNode]) -> None:
    node = make_node()
    node.accept("a@corp.test")
    node.leases.claim("batch1", node="node2", at=node.clock.now(), limit=10)
    seen = node.leases.leases()
    node.leases.renew(["batch1"], node="node2", at=node.clock.now() + timedelta(seconds=1))
    assert node.leases.end(seen) == 0
    assert [lease.node for lease in node.leases.leases()] == ["node2"]


def test_two_nodes_share_the_limit_per_second(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    nodes = [make_node(per_second=10, node=name) for name in ("node1", "node2")]
    notification = nodes[0].accept(*(f"user{number}@corp.test" for number in range(30)))
    began = time.monotonic()
    with nodes[0].running(), nodes[1].running():
        wait_for_state(nodes[0], notification, State.SENT)
    assert time.monotonic() - began > 2, "thirty at ten a second, of which two begin at once"
    assert len(sink.taken) == 30


def test_a_claim_whose_commit_seemed_to_fail_is_found_again(
    make_node: Callable[..., QueueNode], sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks after the server has committed, before its answer arrives."""
    node = make_node()
    claim = node.leases.claim
    lost: list[int] = []

    def lose_first_answer(*words: Any, **named: Any) -> Any:
        claimed = claim(*words, **named)
        if claimed.deliveries and not lost:
            lost.append(claimed.deliveries)
            raise ConnectionError("server closed the connection unexpectedly")
        return claimed

    monkeypatch.setattr(node.leases, "claim", lose_first_answer)
    with node.running():
        notification = node.accept("a@corp.test", "b@corp.test")
        wait_for_state(node, notification, State.SENT)
        assert lost
    assert len(sink.taken) == 2


def test_a_batch_that_gets_no_thread_is_released(
    make_node: Callable[..., QueueNode], sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    class FewThreads(threading.Thread):
        def start(self) -> None:
            if self.name.startswith("batch-") and not refused:
                refused.append(self.name)
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(running.threading, "Thread", FewThreads)
    with make_node(takeover_after=3600, concurrency=1).running() as node:
        notification = node.accept("a@corp.test")
        wait_for_state(node, notification, State.SENT)
        assert refused
    assert len(sink.taken) == 1
