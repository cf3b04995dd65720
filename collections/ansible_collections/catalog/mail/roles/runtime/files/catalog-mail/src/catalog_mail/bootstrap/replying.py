# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire the reader of replies and the place where it posts them."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from urllib.parse import urlsplit

import catalog_mail
from catalog_mail.adapters.database.bounces import DatabaseBounces
from catalog_mail.adapters.database.message_log import DatabaseMessageLog
from catalog_mail.adapters.reader_processes import ReaderProcesses
from catalog_mail.adapters.store_only_queue import StoreOnlyQueue
from catalog_mail.bootstrap import forking
from catalog_mail.bootstrap.components import Components
from catalog_mail.config import read_secret
from catalog_mail.domain.replies.retention import ReplyRetention
from catalog_mail.ports.conversations import Conversations
from catalog_mail.ports.reading import MessageReader
from catalog_mail.services.explaining import Explaining
from catalog_mail.services.foreign_intents import ForeignIntents
from catalog_mail.services.notifications import Notifications
from catalog_mail.services.replies import EmbeddedConversations, ForeignConversations
from catalog_mail.services.reply_housekeeping import ReplyHousekeeping
from catalog_mail.services.reply_sync import ReplySync
from catalog_mail.services.reply_watch import ReplyWatch, Rules
from catalog_mail.services.retrying import Retrying
from catalog_mail.services.worker_reporter import WorkerReporter
from catalog_mail.watchdog import Progress

# Seconds after which the thread that decides about messages lets another thread run. With Python's 5 ms, each step of a post
# waits so long: a third fewer posts a second.
_SWITCH_INTERVAL = 0.0005
# More processes would wait for the one that posts and records.
MOST_READERS = 2


def fork_readers(components: Components) -> ReaderProcesses:
    """Fork the processes that read messages. Call it before this process has another thread."""
    forking.prepare(components)
    number = forking.processors()
    return ReaderProcesses(min(number, MOST_READERS) if number > 1 else 0)


def make_watch(components: Components, progress: Progress, reader: MessageReader) -> ReplyWatch:
    """Return the loop that reads the mailbox until it is stopped. Raises Misconfigured."""
    limits = components.config.replies
    sync, log = _sync(components, progress, reader), DatabaseMessageLog(components.engine)
    return ReplyWatch(
        settings=components.settings,
        mailboxes=components.mailboxes,
        sync=sync,
        retrying=Retrying(log=log, sync=sync, clock=components.clock),
        tracking=components.tracking,
        store=components.reply_store,
        reporter=WorkerReporter(
            name=f"{components.config.node}/{os.getpid()}",
            version=catalog_mail.__version__,
            workers=components.reply_state,
            clock=components.clock,
        ),
        marks=components.reply_state,
        housekeeping=ReplyHousekeeping(
            log,
            ReplyRetention.of_days(components.config.queue.mail_log_days, limits.intent_days),
            components.clock,
        ),
        clock=components.clock,
        rules=Rules(
            intent_keys=components.intent_keys,
            valid_for=timedelta(days=limits.intent_days),
            list_domain=urlsplit(components.config.base_url).hostname or "localhost",
        ),
    )


def _sync(components: Components, progress: Progress, reader: MessageReader) -> ReplySync:
    limits = components.config.replies
    notifications = components.notifications(StoreOnlyQueue())
    return ReplySync(
        reader=reader,
        store=components.reply_store,
        users=components.users,
        conversations=_conversations(components, notifications),
        explaining=Explaining(components.reply_store, notifications, components.clock),
        foreign=ForeignIntents(components.foreign_intents, components.clock),
        bounces=DatabaseBounces(components.engine),
        clock=components.clock,
        embedded=limits.webhook_url is None,
        largest=limits.largest_message,
        probe_arrived=components.tracking.probe_arrived,
        working=progress.working,
    )


def _conversations(components: Components, notifications: Notifications) -> Conversations:
    limits = components.config.replies
    if limits.webhook_url is None:
        return EmbeddedConversations(
            store=components.reply_store,
            users=components.users,
            catalog=components.catalog(notifications),
            clock=components.clock,
        )
    from catalog_mail.adapters.webhook import WebhookConversations  # noqa: PLC0415  only replies for another catalog need it

    sys.setswitchinterval(_SWITCH_INTERVAL)
    secret = read_secret(limits.webhook_secret_file, "replies.webhook_secret_file") or ""
    webhook = WebhookConversations(
        limits.webhook_url, secret, workers=limits.workers, timeout=limits.timeout, ca_file=limits.webhook_ca_file
    )
    return ForeignConversations(store=components.reply_store, catalog=webhook, clock=components.clock)
