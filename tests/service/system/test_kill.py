# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kill at any time loses no message; a stop sends none twice."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable

import pytest
from helpers.service.notification_client import NotificationPoster, delivery_of
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

KILLS = 12
LATER = "451 4.3.0 Try again later"
TAKEN = "250 2.0.0 Ok: taken"


@pytest.fixture
def configured(make_service: Callable[..., RunningService], sink: MailSink) -> RunningService:
    """Return a service that sends to the sink, with short retry intervals."""
    service = make_service(queue={"retry_first_seconds": 1, "takeover_after": 5, "concurrency": 8})
    answer = service.save(through(sink.port))
    assert answer.status_code == 200, answer.text
    return service


def being_sent(service: RunningService) -> int:
    """Count the messages that a killed service was handing over: their outcome is unknown."""
    with sqlite3.connect(service.database) as connection:
        number: int = connection.execute("SELECT count(*) FROM deliveries WHERE state = 'sending'").fetchone()[0]
    return number


def states(service: RunningService) -> dict[str, int]:
    with sqlite3.connect(service.database) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())


def wait_until_all_sent(service: RunningService, poster: NotificationPoster) -> None:
    wait_until(
        lambda: states(service) == {"sent": len(poster.deliveries)},
        lambda: f"{states(service)} of {len(poster.deliveries)}\n{service.log.read_text()[-3000:]}",
    )


def test_random_kills_lose_no_message(configured: RunningService, sink: MailSink) -> None:
    seed = random.randrange(10**9)  # noqa: S311
    print(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311
    sink.answer = lambda _envelope: LATER if chance.random() < 0.05 else TAKEN
    doubtful = 0
    with NotificationPoster(configured) as poster:
        for number in range(KILLS):
            if number % 4:  # kill it while it works, otherwise also during its start
                enough = len(poster.deliveries) + chance.randrange(10, 40)
                wait_until(lambda: len(poster.deliveries) >= enough, "no notification is accepted")  # noqa: B023
            else:
                time.sleep(chance.uniform(0, 2.5))
            configured.kill()
            doubtful += being_sent(configured)
            configured.start(wait=False)
        configured.wait()
    wait_until_all_sent(configured, poster)
    arrived = Counter(delivery_of(message["Message-ID"]) for message in sink.messages)
    doubled = sum(count - 1 for count in arrived.values())
    print(f"{len(poster.deliveries)} deliveries, {poster.repeated} posts repeated, {doubtful} in doubt, {doubled} doubled")
    assert poster.refused == []
    assert len(poster.deliveries) > 90
    assert set(arrived) == poster.deliveries, "exactly the accepted messages arrived"
    assert doubled <= doubtful, "duplicates are at most the messages in progress at a kill"


def test_repeated_stops_lose_and_double_no_message(configured: RunningService, sink: MailSink) -> None:
    with NotificationPoster(configured) as poster:
        for _ in range(4):
            time.sleep(1.5)
            assert configured.stop() == 0
            assert being_sent(configured) == 0
            configured.start()
    wait_until_all_sent(configured, poster)
    arrived = Counter(delivery_of(message["Message-ID"]) for message in sink.messages)
    assert poster.refused == []
    assert set(arrived) == poster.deliveries
    assert max(arrived.values()) == 1
