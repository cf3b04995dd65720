# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give the handlers the use cases that the application was created with."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from catalog_mail.ports.audit import AuditLog
from catalog_mail.ports.clock import Clock
from catalog_mail.services.catalog import Catalog
from catalog_mail.services.diagnosis import Diagnosis
from catalog_mail.services.drift import DriftReports
from catalog_mail.services.email_settings import EmailSettings
from catalog_mail.services.events import EventStream
from catalog_mail.services.health import Health
from catalog_mail.services.mail_log import MailLog
from catalog_mail.services.message_log import ReplyMessages
from catalog_mail.services.notifications import Notifications
from catalog_mail.services.reply_state import ReplyState
from catalog_mail.services.settings_editor import SettingsEditor
from catalog_mail.services.tokens import Tokens
from catalog_mail.services.unsubscribing import Unsubscribing


@dataclass(frozen=True)
class Services:
    """The use cases that the API serves."""

    settings: EmailSettings
    settings_editor: SettingsEditor
    notifications: Notifications
    mail_log: MailLog
    catalog: Catalog
    unsubscribing: Unsubscribing
    tokens: Tokens
    audit: AuditLog
    health: Health
    diagnosis: Diagnosis
    replies: ReplyState
    drift: DriftReports
    reply_messages: ReplyMessages
    events: EventStream
    clock: Clock


async def services(request: Request) -> Services:
    """Return the use cases of the application that serves this request. A coroutine, so that FastAPI needs no thread for it."""
    found: Services = request.app.state.services
    return found
