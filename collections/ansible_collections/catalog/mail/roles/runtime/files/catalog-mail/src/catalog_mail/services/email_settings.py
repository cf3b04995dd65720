# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the e-mail settings in force, for administrators, senders and receivers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from catalog_mail.domain.errors import NotConfigured
from catalog_mail.domain.settings import connections, credential_metadata, reading
from catalog_mail.domain.settings.clouds import MicrosoftAccess
from catalog_mail.domain.settings.document import BounceTo, Deployment, Transport
from catalog_mail.domain.settings.reading import DESTINATIONS, Secrets
from catalog_mail.domain.settings.servers import ReceivingSettings, SendingSettings, SmtpServer
from catalog_mail.ports.settings import SettingsStore, StoredSettings


@dataclass(frozen=True)
class View:
    """The settings for display: each secret only as present or absent, with the time of its last change."""

    document: Mapping[str, Any]
    revision: int
    changed_at: datetime | None
    changed_by: str | None


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The choices made at deployment.

    `builtin` is the host's own Postfix, `cloud_from` the address and display name of the cloud edition's mails, `microsoft`
    the network settings of this host for Microsoft.
    """

    deployment: Deployment
    builtin: SmtpServer
    cloud_from: tuple[str, str] | None
    catalog_name: str
    microsoft: MicrosoftAccess = field(default_factory=MicrosoftAccess)


class Revision:
    """The settings of one revision, for senders and receivers. What is made of the document is made once."""

    def __init__(self, settings: EmailSettings, stored: StoredSettings) -> None:
        self._settings = settings
        self.stored = stored

    def sending(self) -> SendingSettings:
        """Return the sending settings. Raises NotConfigured."""
        return self._sending

    def receiving(self) -> ReceivingSettings | None:
        """Return the receiving settings; None while replies are switched off. Raises NotConfigured."""
        return self._receiving

    def switched_on(self) -> bool:
        """Return whether notifications are switched on; some kinds are sent even when they are off."""
        return bool(document_of(self.stored)["notifications"]["enabled"])

    @cached_property
    def _sending(self) -> SendingSettings:
        return self._settings.sending_of(self.stored)

    @cached_property
    def _receiving(self) -> ReceivingSettings | None:
        return self._settings.receiving_of(self.stored)


class EmailSettings:
    """Reads the settings document."""

    def __init__(self, *, store: SettingsStore, installation: Installation) -> None:
        self.installation = installation
        self._store = store
        self._lock = threading.Lock()
        self._cached: Revision | None = None

    def read(self) -> View:
        """Return the settings in force."""
        return self.view(self._store.load())

    def sending(self) -> SendingSettings:
        """Return the sending settings in force. Raises NotConfigured."""
        return self._current().sending()

    def receiving(self) -> ReceivingSettings | None:
        """Return the receiving settings in force; None while replies are switched off. Raises NotConfigured."""
        return self._current().receiving()

    def revision(self) -> int:
        """Return the revision in force; it grows with each change."""
        return self._store.revision()

    def switched_on(self) -> bool:
        """Return whether notifications are switched on; some kinds are sent even when they are off."""
        return self._current().switched_on()

    def configured(self) -> bool:
        """Return whether `sending` would succeed."""
        try:
            self.sending()
        except NotConfigured:
            return False
        return True

    def view(self, stored: StoredSettings) -> View:
        """Return these settings for display."""
        document = _copied(document_of(stored))
        for path in DESTINATIONS:
            section, _dot, name = path.rpartition(".")
            secret = stored.secrets.get(path)
            state = {"present": secret is not None, "changed_at": secret.changed_at.isoformat() if secret else None}
            reading.value_at(document, section)[name] = state
        document["notifications"].setdefault("bounce_to", BounceTo.SENDER.value)  # as for an earlier version's documents
        for section in reading.REGISTRATIONS:
            unknown = dict.fromkeys(reading.CREDENTIAL_METADATA)  # missing in documents that an earlier version stored
            part = reading.value_at(document, section)
            part.update({**unknown, **part, **credential_metadata.derived(secrets_of(stored), section)})
        if self.installation.deployment is Deployment.CLOUD:
            document["notifications"] = {"enabled": document["notifications"]["enabled"]}
        whole = {"deployment": self.installation.deployment.value, **document}
        return View(whole, stored.revision, stored.changed_at, stored.changed_by)

    def sending_of(self, stored: StoredSettings) -> SendingSettings:
        """Return the sending settings of this document. Raises NotConfigured."""
        secrets = secrets_of(stored)
        document = document_of(stored)
        sending = self.sending_settings(document, secrets)
        if self.installation.cloud_from is None:
            self._check_readable(connections.credentials(document), secrets, "of the mail server")
        return sending

    def receiving_of(self, stored: StoredSettings) -> ReceivingSettings | None:
        """Return the receiving settings of this document; None while replies are switched off. Raises NotConfigured."""
        document, secrets = document_of(stored), secrets_of(stored)
        if not document["interactions"]["enabled"]:
            return None
        self._check_readable(connections.mailbox_credentials(document), secrets, "of the mailbox")
        return connections.receiving_settings(document, secrets, self.installation.microsoft)

    @staticmethod
    def _check_readable(paths: Sequence[str], secrets: Secrets, whose: str) -> None:
        """Check that the secrets at `paths`, of which one is needed, can be decrypted. Raises NotConfigured."""
        if not paths or any(secrets.get(path) is not None for path in paths):
            return
        field = next((path for path in paths if path in secrets), paths[-1])
        what = field.rpartition(".")[2].replace("_", " ")
        raise NotConfigured(
            f"The stored {what} {whose} cannot be decrypted: the key file was replaced.",
            f"Save the settings with the {what} again, or restore the key file.",
            field=field,
        )

    def sending_settings(self, document: Mapping[str, Any], secrets: Secrets) -> SendingSettings:
        """Return the sending settings of a checked document. Raises NotConfigured."""
        if self.installation.cloud_from is not None:
            return SendingSettings(Transport.BUILTIN, *self.installation.cloud_from, self.installation.builtin)
        sending = connections.sending_settings(document, secrets, self.installation.builtin, self.installation.microsoft)
        if not sending.from_address:
            raise NotConfigured(
                "The e-mail settings name no address that mails come from.",
                "Save them with notifications.from.address.",
                field="notifications.from.address",
            )
        return sending

    def at(self, revision: int) -> Revision:
        """Return the settings of the revision in force, whose number was just read; only after a save they are read again."""
        with self._lock:
            if self._cached is None or self._cached.stored.revision != revision:
                self._cached = Revision(self, self._store.load())
            return self._cached

    def _current(self) -> Revision:
        return self.at(self._store.revision())


def document_of(stored: StoredSettings) -> Mapping[str, Any]:
    """Return the stored document, or the defaults before the first save."""
    return stored.document or reading.untouched()


def secrets_of(stored: StoredSettings) -> Secrets:
    """Return the stored secrets by path."""
    return {path: secret.value for path, secret in stored.secrets.items()}


def _copied(value: Any) -> Any:
    return {name: _copied(part) for name, part in value.items()} if isinstance(value, Mapping) else value
