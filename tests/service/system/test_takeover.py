# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two nodes on one PostgreSQL: one completes the work of the other when it does not return."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from helpers.bench.process_costs import tree
from helpers.service.notification_client import NotificationPoster, delivery_of
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

CONCURRENCY = 4
TAKEOVER = 5


@pytest.fixture
def nodes(
    make_service: Callable[..., RunningService], postgresql: str, sink: MailSink, tmp_path: Path
) -> tuple[RunningService, RunningService]:
    """Run two services on one database, started at the same time, that send to a slow sink."""
    settings = {
        "database_url": postgresql,
        "key_file": str(tmp_path / "key"),
        "queue": {"concurrency": CONCURRENCY, "takeover_after": TAKEOVER, "retry_first_seconds": 1},
    }
    first = make_service(start=False, **settings)
    second = make_service(start=False, **settings)
    first.prepare()
    second.tokens = first.tokens
    first.start(wait=False)
    second.start(wait=False)
    first.wait()
    second.wait()
    answer = first.save(through(sink.port))
    assert answer.status_code == 200, answer.text
    return first, second


def states(postgresql: str) -> dict[str, int]:
    with psycopg.connect(postgresql) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())


def leased_batches(postgresql: str, node: str) -> int:
    """Count the batches that a node has and has not completed."""
    query = "SELECT count(DISTINCT batch) FROM deliveries WHERE state IN ('queued', 'sending') AND node = %s"
    with psycopg.connect(postgresql) as connection:
        row = connection.execute(query, [node]).fetchone()
    assert row
    number: int = row[0]
    return number


def post_until_both_send(nodes: tuple[RunningService, RunningService], postgresql: str, sink: MailSink) -> NotificationPoster:
    """Post until each node waits for the sink's reply, which the test withholds."""
    with NotificationPoster(*nodes, pause=0.001) as poster:

        def both_send() -> bool:
            sink.holding = len(poster.deliveries) > 200
            return sink.holding and all(leased_batches(postgresql, node.folder.name) >= CONCURRENCY for node in nodes)

        wait_until(both_send, lambda: f"{states(postgresql)}\n{nodes[1].log.read_text()[-2000:]}")
    return poster


def wait_until_all_sent(postgresql: str, poster: NotificationPoster, service: RunningService) -> None:
    wait_until(
        lambda: states(postgresql) == {"sent": len(poster.deliveries)},
        lambda: f"{states(postgresql)}\n{service.log.read_text()[-3000:]}",
    )


def slow(_envelope: object) -> str:
    time.sleep(random.uniform(0.005, 0.02))  # noqa: S311
    return "250 2.0.0 Ok: taken"


def test_a_node_that_is_killed_and_never_comes_back(
    nodes: tuple[RunningService, RunningService], postgresql: str, sink: MailSink
) -> None:
    sink.answer = slow
    poster = post_until_both_send(nodes, postgresql, sink)
    nodes[0].kill()
    sink.holding = False
    assert leased_batches(postgresql, nodes[0].folder.name), "the node was killed during a batch"
    wait_until_all_sent(postgresql, poster, nodes[1])
    arrived = Counter(delivery_of(message["Message-ID"]) for message in sink.messages)
    assert poster.refused == []
    assert set(arrived) == poster.deliveries
    assert sum(count - 1 for count in arrived.values()) <= CONCURRENCY
    assert "leases ran out" in nodes[1].log.read_text()


def test_a_node_that_was_only_asleep_does_not_send_again(
    nodes: tuple[RunningService, RunningService], postgresql: str, sink: MailSink
) -> None:
    sink.answer = slow
    poster = post_until_both_send(nodes, postgresql, sink)
    assert nodes[0].process
    node = tree(nodes[0].process.pid)
    for pid in node:
        os.kill(pid, signal.SIGSTOP)
    sink.holding = False
    try:
        assert leased_batches(postgresql, nodes[0].folder.name)
        wait_until_all_sent(postgresql, poster, nodes[1])
    finally:
        for pid in node:
            os.kill(pid, signal.SIGCONT)
    time.sleep(3)
    arrived = Counter(delivery_of(message["Message-ID"]) for message in sink.messages)
    assert set(arrived) == poster.deliveries
    assert sum(count - 1 for count in arrived.values()) <= CONCURRENCY, "only the message in progress"
    assert nodes[0].call("GET", "/health").json()["ready"]
    assert [node.stop() for node in nodes] == [0, 0]
