"""The service: its queue, and what its API answers by."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.nodes import DatabaseNodes
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.queue import DurableQueue, QueueOptions
from catalog_mail.adapters.templates import JinjaTemplates
from catalog_mail.api.context import Services
from catalog_mail.bootstrap.parts import Parts
from catalog_mail.domain.notifications.retry import Backoff
from catalog_mail.services.delivery import DeliverNotifications
from catalog_mail.services.health import Health
from catalog_mail.services.rendering import Rendering
from catalog_mail.services.reply_state import ReplyState
from catalog_mail.services.tokens import Tokens
from catalog_mail.services.unsubscribing import Unsubscribing

log = logging.getLogger(__name__)

UNSUBSCRIBE = b"catalog-mail unsubscribe"


def make_queue(parts: Parts) -> DurableQueue:
    """The durable queue of this node, with what it does for each delivery."""
    limits = parts.config.queue
    store = DatabaseDeliveries(parts.engine)
    return DurableQueue(
        database=parts.config.queue_database(),
        store=store,
        nodes=DatabaseNodes(parts.engine, parts.clock),
        work=_deliver(parts, store).work,
        clock=parts.clock,
        options=QueueOptions(
            node=parts.config.node,
            concurrency=limits.concurrency,
            per_second=limits.per_second,
            takeover_after=limits.takeover_after,
            keep_days=limits.keep_days,
        ),
    )


def make_services(parts: Parts, queue: DurableQueue, tokens: Tokens) -> Services:
    """The use cases that the API answers by."""
    store = DatabaseNotifications(parts.engine)
    notifications = parts.notifications(queue)
    return Services(
        settings=parts.settings,
        notifications=notifications,
        catalog=parts.catalog(notifications),
        replies=ReplyState(
            settings=parts.settings,
            tracking=parts.tracking,
            workers=parts.reply_state,
            store=parts.reply_store,
            clock=parts.clock,
        ),
        clock=parts.clock,
        unsubscribing=Unsubscribing(
            store=parts.people,
            signing_keys=parts.cipher.derived(UNSUBSCRIBE),
            clock=parts.clock,
            catalog_name=parts.config.catalog_name,
        ),
        tokens=tokens,
        audit=parts.audit,
        health=Health(store=store, worker=queue, configured=parts.settings.configured, clock=parts.clock),
    )


def _deliver(parts: Parts, store: DatabaseDeliveries) -> DeliverNotifications:
    limits = parts.config.queue
    return DeliverNotifications(
        store=store,
        rendering=_rendering(parts),
        settings=parts.settings,
        senders=parts.senders,
        catalog=parts.people,
        replying=parts.tracking.replying,
        clock=parts.clock,
        backoff=Backoff(
            first=timedelta(seconds=limits.retry_first_seconds), keep_trying=timedelta(hours=limits.retry_for_hours)
        ),
    )


def _rendering(parts: Parts) -> Rendering:
    templates = JinjaTemplates(Path(parts.config.templates))
    for problem in templates.problems():
        log.error("%s", problem)
    return Rendering(
        templates=templates,
        signing_keys=parts.cipher.derived(UNSUBSCRIBE),
        intent_keys=parts.intent_keys,
        base_url=parts.config.base_url,
        catalog_name=parts.config.catalog_name,
    )
