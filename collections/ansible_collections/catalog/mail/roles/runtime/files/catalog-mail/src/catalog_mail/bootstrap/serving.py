# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire the service: its queue, and the use cases of its API."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from catalog_mail.adapters.database.conditions import DatabaseConditions
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.health import DatabaseProbe
from catalog_mail.adapters.database.leases import DatabaseLeases
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.disk import FolderDisk
from catalog_mail.adapters.queue import DurableQueue, QueueOptions
from catalog_mail.adapters.templates import JinjaTemplates
from catalog_mail.api.context import Services
from catalog_mail.bootstrap.components import Components
from catalog_mail.domain.notifications.pace import Pace
from catalog_mail.domain.notifications.retry import Backoff
from catalog_mail.services.delivery import DeliverNotifications
from catalog_mail.services.health import Health
from catalog_mail.services.rendering import Rendering
from catalog_mail.services.reply_state import ReplyState
from catalog_mail.services.tokens import Tokens
from catalog_mail.services.unsubscribing import Unsubscribing

log = logging.getLogger(__name__)

UNSUBSCRIBE = b"catalog-mail unsubscribe"


def make_queue(components: Components) -> DurableQueue:
    """Return the durable queue of this node, with the work for each delivery."""
    limits = components.config.queue
    store = DatabaseDeliveries(components.engine)
    return DurableQueue(
        store=store,
        leases=DatabaseLeases(components.engine, Pace(limits.per_second) if limits.per_second else None),
        work=_deliver(components, store).work,
        clock=components.clock,
        options=QueueOptions(
            node=components.config.node,
            concurrency=limits.concurrency,
            limited=limits.per_second > 0,
            takeover_after=limits.takeover_after,
            keep_days=limits.keep_days,
        ),
    )


def make_services(components: Components, queue: DurableQueue, tokens: Tokens) -> Services:
    """Return the use cases that the API serves."""
    store = DatabaseNotifications(components.engine)
    notifications = components.notifications(queue)
    replies = ReplyState(
        settings=components.settings,
        tracking=components.tracking,
        workers=components.reply_state,
        store=components.reply_store,
        clock=components.clock,
    )
    return Services(
        settings=components.settings,
        settings_editor=components.settings_editor,
        notifications=notifications,
        catalog=components.catalog(notifications),
        replies=replies,
        clock=components.clock,
        unsubscribing=Unsubscribing(
            store=components.opt_outs,
            signing_keys=components.cipher.derived(UNSUBSCRIBE),
            clock=components.clock,
            catalog_name=components.config.catalog_name,
        ),
        tokens=tokens,
        audit=components.audit,
        health=Health(
            store=store,
            probe=DatabaseProbe(components.engine),
            disk=FolderDisk(components.config.state_folder()),
            worker=queue,
            settings=components.settings,
            replies=replies,
            clock=components.clock,
        ),
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
