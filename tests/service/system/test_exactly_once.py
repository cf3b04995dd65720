# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each reply is posted once despite kills and failures: the short form of tests/faults/exactly_once.py."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.service.chaos import Chaos
from helpers.service.dovecot import Dovecot
from helpers.service.outages import storage_of
from helpers.service.process import RunningService
from helpers.service.smtp_sink import MailSink
from helpers.service.webhook_sink import WebhookSink

SECONDS = 15.0


@pytest.fixture(params=["embedded", "webhook"])
def webhook(request: pytest.FixtureRequest) -> Iterator[WebhookSink | None]:
    """Return the destination of replies."""
    if request.param == "embedded":
        yield None
        return
    with WebhookSink() as running:
        yield running


def test_exactly_once(
    make_service: Callable[..., RunningService],
    make_dovecot: Callable[..., Dovecot],
    sink: MailSink,
    webhook: WebhookSink | None,
    tmp_path: Path,
) -> None:
    seed = random.randrange(10**9)  # noqa: S311  # no secret
    with storage_of("sqlite", tmp_path) as storage:
        service = make_service(database_url=storage.url)
        result = Chaos(service, sink, make_dovecot(), storage=storage, webhook=webhook, seed=seed).run(SECONDS)
    print(result)
    assert result.faults == []
    assert result.counts["posted"] > 100
    assert sum(count for name, count in result.counts.items() if "killed" in name) >= 2
