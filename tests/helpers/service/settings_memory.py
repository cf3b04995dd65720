# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In-memory implementations of the settings' ports, for tests of the rules. The databases' are tested on databases."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import PreconditionFailed
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.replies.mailbox import MailboxEvidence
from catalog_mail.domain.settings.document import TLS, Deployment
from catalog_mail.domain.settings.servers import ImapServer, MailboxServer, SendingSettings, SmtpServer
from catalog_mail.ports.audit import AuditEntry
from catalog_mail.ports.sending import Evidence
from catalog_mail.ports.settings import StoredSecret, StoredSettings
from catalog_mail.services.email_settings import EmailSettings, Installation
from catalog_mail.services.settings_editor import SettingsEditor

ADMIN = Principal("ansible", Role.SERVER_ADMIN, "admin@corp.test")
POSTFIX = SmtpServer("127.0.0.1", 25, TLS.NONE)
PROVIDER = ("noreply@provider.test", "Data Catalog")


class TickingClock:
    """Clock that advances by a second with each reading."""

    def __init__(self) -> None:
        self._now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


class MemoryAudit:
    """Fulfils ports.AuditLog."""

    def __init__(self) -> None:
        self.kept: list[AuditEntry] = []

    def record(self, entry: AuditEntry) -> None:
        self.kept.append(entry)

    def entries(self, *, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        return self.kept[: -limit - 1 : -1] if before is None else self.kept[before - 1 :: -1][:limit]


class MemorySettings:
    """Fulfils ports.SettingsStore; `loads` counts the full reads."""

    def __init__(self, audit: MemoryAudit) -> None:
        self._audit = audit
        self.stored = StoredSettings(0, {}, {})
        self.loads = 0

    def load(self) -> StoredSettings:
        self.loads += 1
        return copy.deepcopy(self.stored)

    def revision(self) -> int:
        return self.stored.revision

    def save(
        self, document: Mapping[str, Any], secrets: Mapping[str, str | None], *, expected_revision: int, audit: AuditEntry
    ) -> StoredSettings:
        if expected_revision != self.stored.revision:
            raise PreconditionFailed("It has changed.", "Read it again.")
        kept = {path: secret for path, secret in self.stored.secrets.items() if path not in secrets}
        new = {path: StoredSecret(value, audit.at) for path, value in secrets.items() if value is not None}
        self.stored = StoredSettings(expected_revision + 1, copy.deepcopy(document), kept | new, audit.at, audit.actor)
        self._audit.record(audit)
        return self.load()


@dataclass
class RecordingSenders:
    """Fulfils ports.MailSenders: records the messages to send and the settings used."""

    sent: list[tuple[SendingSettings, bytes, str, str]] = field(default_factory=list)
    open: int = 0

    def make_email_test_sender(self, settings: SendingSettings) -> RecordingSender:
        self.open += 1
        return RecordingSender(self, settings)

    def sender(self, settings: SendingSettings) -> RecordingSender:
        return self.make_email_test_sender(settings)

    def close(self) -> None:
        self.open = 0


@dataclass
class RecordingSender:
    """Fulfils ports.MailSender."""

    senders: RecordingSenders
    settings: SendingSettings

    settles_after = 0.0

    def reserve(self) -> float:
        return 0.0

    def send(self, message: bytes, envelope_from: str, envelope_to: str, *, again: bool = False) -> Evidence:
        self.senders.sent.append((self.settings, message, envelope_from, envelope_to))
        return Evidence("mail.corp.test", "250 2.0.0 Ok", None, None, 0.01)

    def close(self) -> None:
        self.senders.open -= 1


@dataclass
class RecordingMailboxes:
    """Fulfils ports.Mailboxes: records the mailboxes to open; `failure` is raised on opening."""

    checked: list[MailboxServer] = field(default_factory=list)
    failure: MailboxFailed | None = None

    def check_mailbox(self, server: MailboxServer) -> MailboxEvidence:
        self.checked.append(server)
        if self.failure:
            raise self.failure
        place = f"{server.host}:{server.port}" if isinstance(server, ImapServer) else server.graph_url
        return MailboxEvidence(place, None, 3, 1, True, True, False, 0.01)

    def open(self, server: MailboxServer, sent_from: str | None = None, quick_look: int = 0) -> Any:
        raise NotImplementedError


@dataclass
class SettingsInMemory:
    """The settings use case with in-memory ports."""

    deployment: Deployment = Deployment.ON_PREMISES

    def __post_init__(self) -> None:
        self.audit = MemoryAudit()
        self.store = MemorySettings(self.audit)
        self.senders = RecordingSenders()
        self.mailboxes = RecordingMailboxes()
        self.editor = self.node()
        self.settings = self.editor.settings

    def node(self) -> SettingsEditor:
        """Return another process with the same store."""
        cloud = self.deployment is Deployment.CLOUD
        here = Installation(
            deployment=self.deployment, builtin=POSTFIX, cloud_from=PROVIDER if cloud else None, catalog_name="Data Catalog"
        )
        return SettingsEditor(
            settings=EmailSettings(store=self.store, installation=here),
            store=self.store,
            audit=self.audit,
            senders=self.senders,
            mailboxes=self.mailboxes,
            clock=TickingClock(),
        )
