# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire the use cases of the API."""

from __future__ import annotations

from catalog_mail.adapters.database.drift import DatabaseDrift
from catalog_mail.adapters.database.events import DatabaseEvents
from catalog_mail.adapters.queue import SenderProcesses
from catalog_mail.api.context import Services
from catalog_mail.bootstrap.components import UNSUBSCRIBE, Components
from catalog_mail.bootstrap.diagnosing import make_diagnosis, make_reply_state
from catalog_mail.services.drift import DriftReports
from catalog_mail.services.events import EventStream
from catalog_mail.services.tokens import Tokens
from catalog_mail.services.unsubscribing import Unsubscribing


def make_services(components: Components, queue: SenderProcesses, tokens: Tokens) -> Services:
    """Return the use cases that the API serves."""
    notifications = components.notifications(queue)
    replies = make_reply_state(components)
    diagnosis = make_diagnosis(components, queue, replies)
    return Services(
        settings=components.settings,
        settings_editor=components.settings_editor,
        notifications=notifications,
        mail_log=components.mail_log(queue),
        catalog=components.catalog(notifications),
        replies=replies,
        drift=DriftReports(store=DatabaseDrift(components.engine), clock=components.clock),
        events=EventStream(DatabaseEvents(components.engine)),
        reply_messages=components.reply_messages,
        clock=components.clock,
        unsubscribing=Unsubscribing(
            store=components.opt_outs,
            signing_keys=components.cipher.derived(UNSUBSCRIBE),
            clock=components.clock,
            catalog_name=components.config.catalog_name,
        ),
        tokens=tokens,
        audit=components.audit,
        health=diagnosis.health,
        diagnosis=diagnosis,
    )
