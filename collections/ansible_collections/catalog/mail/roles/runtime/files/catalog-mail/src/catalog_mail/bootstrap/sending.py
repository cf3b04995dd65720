# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire the processes that send notifications."""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import partial
from pathlib import Path

from catalog_mail.adapters.database.conditions import DatabaseConditions
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.leases import DatabaseLeases
from catalog_mail.adapters.queue import (
    DurableQueue,
    QueueOptions,
    Rounds,
    SenderProcesses,
)
from catalog_mail.adapters.templates import JinjaTemplates
from catalog_mail.bootstrap import forking
from catalog_mail.bootstrap.components import UNSUBSCRIBE, Components
from catalog_mail.config import Config
from catalog_mail.domain.notifications.mail_log import Retention
from catalog_mail.domain.notifications.pace import Pace
from catalog_mail.domain.notifications.retry import Backoff
from catalog_mail.services.delivery import DeliverNotifications
from catalog_mail.services.rendering import Rendering

log = logging.getLogger(__name__)

# Beyond it, the processes of a node wait for the same locks of the database most of the time.
MOST_PROCESSES = 4


def fork_senders(components: Components) -> SenderProcesses:
    """Fork the processes that send. Call it before this process has another thread."""
    forking.prepare(components)
    config = components.config
    each = enumerate(shares(config.queue.concurrency, forking.processors()))
    return SenderProcesses(
        [partial(_make_queue, config, number, concurrency) for number, concurrency in each],
        leases=DatabaseLeases(components.engine),
        node=config.node,
    )


def shares(concurrency: int, available: int) -> list[int]:
    """Return the number of messages at a time for each process: as many processes as processors, at most MOST_PROCESSES."""
    number = min(available, concurrency, MOST_PROCESSES)
    each, rest = divmod(concurrency, number)
    return [each + (place < rest) for place in range(number)]


def _make_queue(config: Config, number: int, concurrency: int, rounds: Rounds) -> DurableQueue:
    """Return the queue of one process, with components of its own."""
    components = Components(config)
    limits = config.queue
    store = DatabaseDeliveries(components.engine)
    return DurableQueue(
        store=store,
        leases=DatabaseLeases(components.engine, Pace(limits.per_second) if limits.per_second else None),
        work=_deliver(components, store).work,
        clock=components.clock,
        options=QueueOptions(
            node=config.node,
            concurrency=concurrency,
            limited=limits.per_second > 0,
            takeover_after=limits.takeover_after,
            keep_days=limits.keep_days if number == 0 else None,
            retention=Retention.of_days(limits.mail_log_days, config.replies.intent_days) if number == 0 else None,
        ),
        rounds=rounds,
    )


def _deliver(components: Components, store: DatabaseDeliveries) -> DeliverNotifications:
    limits = components.config.queue
    return DeliverNotifications(
        store=store,
        rendering=_rendering(components),
        settings=components.settings,
        senders=components.senders,
        conditions=DatabaseConditions(components.engine),
        replying=components.tracking.replying,
        clock=components.clock,
        backoff=Backoff(
            first=timedelta(seconds=limits.retry_first_seconds), keep_trying=timedelta(hours=limits.retry_for_hours)
        ),
    )


def _rendering(components: Components) -> Rendering:
    templates = JinjaTemplates(Path(components.config.templates))
    for problem in templates.problems():
        log.error("%s", problem)
    return Rendering(
        templates=templates,
        signing_keys=components.cipher.derived(UNSUBSCRIBE),
        intent_keys=components.intent_keys,
        base_url=components.config.base_url,
        catalog_name=components.config.catalog_name,
    )
