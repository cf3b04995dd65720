# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire the use cases of the API."""

from __future__ import annotations

from catalog_mail.adapters.database.health import DatabaseProbe
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.disk import FolderDisk
from catalog_mail.adapters.queue import SenderProcesses
from catalog_mail.api.context import Services
from catalog_mail.bootstrap.components import UNSUBSCRIBE, Components
from catalog_mail.services.health import Health
from catalog_mail.services.reply_state import ReplyState
from catalog_mail.services.tokens import Tokens
from catalog_mail.services.unsubscribing import Unsubscribing


def make_services(components: Components, queue: SenderProcesses, tokens: Tokens) -> Services:
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
