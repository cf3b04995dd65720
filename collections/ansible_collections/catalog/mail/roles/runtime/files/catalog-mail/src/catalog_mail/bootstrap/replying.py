"""The reader of replies, and where it posts them."""

from __future__ import annotations

import os
from datetime import timedelta
from urllib.parse import urlsplit

import catalog_mail
from catalog_mail.adapters.queue_elsewhere import QueueElsewhere
from catalog_mail.bootstrap.parts import Parts
from catalog_mail.config import read_secret
from catalog_mail.ports.conversations import Conversations
from catalog_mail.services.explaining import Explaining
from catalog_mail.services.notifications import Notifications
from catalog_mail.services.replies import EmbeddedConversations, ForeignConversations
from catalog_mail.services.reply_sync import ReplySync
from catalog_mail.services.reply_watch import ReplyWatch, Rules


def make_watch(parts: Parts) -> ReplyWatch:
    """What reads the mailbox until it is stopped. Raises Misconfigured."""
    limits = parts.config.replies
    return ReplyWatch(
        name=f"{parts.config.node}/{os.getpid()}",
        version=catalog_mail.__version__,
        settings=parts.settings,
        mailboxes=parts.mailboxes,
        sync=_sync(parts),
        tracking=parts.tracking,
        store=parts.reply_store,
        workers=parts.reply_state,
        marks=parts.reply_state,
        clock=parts.clock,
        rules=Rules(
            intent_keys=parts.intent_keys,
            valid_for=timedelta(days=limits.intent_days),
            list_domain=urlsplit(parts.config.base_url).hostname or "localhost",
        ),
    )


def _sync(parts: Parts) -> ReplySync:
    limits = parts.config.replies
    notifications = parts.notifications(QueueElsewhere())
    return ReplySync(
        store=parts.reply_store,
        people=parts.people,
        conversations=_conversations(parts, notifications),
        explaining=Explaining(parts.reply_store, notifications, parts.clock),
        clock=parts.clock,
        embedded=limits.webhook_url is None,
        largest=limits.largest_message,
        probe_arrived=parts.tracking.arrived,
    )


def _conversations(parts: Parts, notifications: Notifications) -> Conversations:
    limits = parts.config.replies
    if limits.webhook_url is None:
        return EmbeddedConversations(
            store=parts.reply_store, people=parts.people, catalog=parts.catalog(notifications), clock=parts.clock
        )
    from catalog_mail.adapters.webhook import WebhookConversations  # noqa: PLC0415

    secret = read_secret(limits.webhook_secret_file, "replies.webhook_secret_file") or ""
    webhook = WebhookConversations(
        limits.webhook_url, secret, workers=limits.workers, timeout=limits.timeout, ca_file=limits.webhook_ca_file
    )
    return ForeignConversations(store=parts.reply_store, catalog=webhook, clock=parts.clock)
