# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire the service: its queue, and the use cases of its API."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.nodes import DatabaseNodes
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.queue import DurableQueue, QueueOptions
from catalog_mail.adapters.templates import JinjaTemplates
from catalog_mail.api.context import Services
from catalog_mail.bootstrap.components import Components
from catalog_mail.domain.notifications.retry import Backoff
from catalog_mail.services.delivery import DeliverNotifications
from catalog_mail.services.health import Health
from catalog_mail.services.rendering import Rendering
from catalog_mail.services.reply_state import ReplyState
from catalog_mail.services.tokens import Tokens
from catalog_mail.services.unsubscribing import Unsubscribing

log = logging.getLogger(__name__)

UNSUBSCRIBE = b"catalog-mail unsubscribe"


@dataclass(frozen=True)
class QueueProgress:
    """The queue as systemd's watchdog sees it."""

    queue: DurableQueue

    def alive(self) -> bool:
        """Return whether the queue works."""
        return self.queue.running()


def make_queue(components: Components) -> DurableQueue:
    """Return the durable queue of this node, with the work for each delivery."""
    limits = components.config.queue
    store = DatabaseDeliveries(components.engine)
    return DurableQueue(
        database=components.config.queue_database(),
        store=store,
        nodes=DatabaseNodes(components.engine, components.clock),
        work=_deliver(components, store).work,
        clock=components.clock,
        options=QueueOptions(
            node=components.config.node,
            concurrency=limits.concurrency,
            per_second=limits.per_second,
            takeover_after=limits.takeover_after,
            keep_days=limits.keep_days,
        ),
    )


def make_services(components: Components, queue: DurableQueue, tokens: Tokens) -> Services:
    """Return the use cases that the API serves."""
    store = DatabaseNotifications(components.engine)
    notifications = components.notifications(queue)
    return Services(
        settings=components.settings,
        settings_editor=components.settings_editor,
        notifications=notifications,
        catalog=components.catalog(notifications),
        replies=ReplyState(
            settings=components.settings,
            tracking=components.tracking,
            workers=components.reply_state,
            store=components.reply_store,
            clock=components.clock,
        ),
        clock=components.clock,
        unsubscribing=Unsubscribing(
            store=components.opt_outs,
            signing_keys=components.cipher.derived(UNSUBSCRIBE),
            clock=components.clock,
            catalog_name=components.config.catalog_name,
        ),
        tokens=tokens,
        audit=components.audit,
        health=Health(store=store, worker=queue, configured=components.settings.configured, clock=components.clock),
    )


def _deliver(components: Components, store: DatabaseDeliveries) -> DeliverNotifications:
    limits = components.config.queue
    return DeliverNotifications(
        store=store,
        rendering=_rendering(components),
        settings=components.settings,
        senders=components.senders,
        opt_outs=components.opt_outs,
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
