"""The e-mail settings: read, planned, tested, saved. What fails its test is not saved, and every attempt is recorded."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog_mail.domain.catalog.people import Principal
from catalog_mail.domain.errors import CatalogMailError, Conflict, InputRefused, NotConfigured, NotPermitted, PreconditionFailed
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.replies.mailbox import MailboxEvidence
from catalog_mail.domain.settings import credential_metadata, reading, validation
from catalog_mail.domain.settings.clouds import MicrosoftAccess
from catalog_mail.domain.settings.document import Deployment, Receiver, ReceivingSettings, SendingSettings, SmtpServer, Transport
from catalog_mail.domain.settings.email_test import Trial, trial_address, trial_message
from catalog_mail.domain.settings.reading import DESTINATIONS, Candidate
from catalog_mail.domain.settings.validation import Change, Secrets
from catalog_mail.ports.audit import AuditEntry, AuditLog
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mailbox import Mailboxes
from catalog_mail.ports.sending import Evidence, MailSenders
from catalog_mail.ports.settings import SettingsStore, StoredSettings

ACTION = "email_settings.save"


@dataclass(frozen=True)
class Tested:
    """A test message that a mail server took over. `message_id` finds it again in the mailbox."""

    recipient: str
    message_id: str
    evidence: Evidence


@dataclass(frozen=True)
class View:
    """The settings as they may be shown: each secret only as present or absent, and since when."""

    document: Mapping[str, Any]
    revision: int
    changed_at: datetime | None
    changed_by: str | None


@dataclass(frozen=True)
class Saved:
    """What saving has changed, and the tests before it, as far as there were any."""

    view: View
    changes: list[Change]
    tested: Tested | None
    tested_mailbox: MailboxEvidence | None


@dataclass(frozen=True, kw_only=True)
class Trying:
    """How the candidate is to be tested: a message to `recipient` (else to who asks), or not at all. `field` has named it."""

    wanted: bool = True
    recipient: str | None = None
    field: str = "test.recipient"


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What was decided when the application was deployed.

    `builtin` is the host's own Postfix, `cloud_from` address and display name of the cloud edition's mails, `microsoft` how
    this host reaches Microsoft.
    """

    deployment: Deployment
    builtin: SmtpServer
    cloud_from: tuple[str, str] | None
    catalog_name: str
    microsoft: MicrosoftAccess = field(default_factory=MicrosoftAccess)


class EmailSettings:
    """The one document of settings."""

    def __init__(
        self,
        *,
        store: SettingsStore,
        audit: AuditLog,
        senders: MailSenders,
        mailboxes: Mailboxes,
        clock: Clock,
        installation: Installation,
    ) -> None:
        self._store = store
        self._audit = audit
        self._senders = senders
        self._mailboxes = mailboxes
        self._clock = clock
        self._here = installation
        self._lock = threading.Lock()
        self._cached: StoredSettings | None = None

    # -- reading ---------------------------------------------------------------------------------------------------------

    def read(self) -> View:
        """The settings in force."""
        return self._view(self._store.load())

    def sending(self) -> SendingSettings:
        """How to send at this moment. Raises NotConfigured."""
        return self._sending(self._current())

    def receiving(self) -> ReceivingSettings | None:
        """How to receive replies at this moment; None while they are switched off. Raises NotConfigured."""
        stored = self._current()
        document, secrets = _document(stored), _secrets(stored)
        if not document["interactions"]["enabled"]:
            return None
        self._check_readable(validation.mailbox_credentials(document), secrets, "of the mailbox")
        return validation.receiving_settings(document, secrets, self._here.microsoft)

    def revision(self) -> int:
        """The revision in force; it grows with each change."""
        return self._store.revision()

    def switched_on(self) -> bool:
        """Whether notifications are sent, those beyond the switch excepted."""
        return bool(_document(self._current())["notifications"]["enabled"])

    def configured(self) -> bool:
        """Whether `sending` would answer."""
        try:
            self.sending()
        except NotConfigured:
            return False
        return True

    # -- changing --------------------------------------------------------------------------------------------------------

    def plan(self, given: Mapping[str, Any]) -> list[Change]:
        """What saving would change. Sends and writes nothing. Raises as `save` does, but for the test."""
        stored = self._store.load()
        candidate = self._checked(given, stored)
        return validation.changes(candidate, _secrets(stored), _document(stored))

    def save(self, given: Mapping[str, Any], *, trying: Trying, if_match: int | None, principal: Principal) -> Saved:
        """Test and Save: the tests are made with the candidate settings, and only then everything is saved at once.

        The mailbox of replies is opened, and a test message goes out. No message goes out where it would tell nothing: in
        the cloud edition, or if only the switch or the interactions change. No mailbox is opened where replies are off, or
        if only other settings change. `if_match` is the revision that the caller has read. Raises InputRefused,
        ManagedByProvider, PreconditionFailed, Conflict, MailboxFailed, SendingFailed; then nothing has changed, and the
        audit log has the attempt.
        """
        changes: list[Change] = []
        with self._refusals_recorded(ACTION, principal, changes):
            stored = self._store.load()
            self._check_revision(stored, if_match)
            candidate = self._checked(given, stored)
            changes += validation.changes(candidate, _secrets(stored), _document(stored))
            opened = self._open_mailbox(candidate, stored) if self._to_be_opened(candidate, trying, changes) else None
            tested = self._try(candidate, stored, principal, trying) if self._to_be_tried(trying, changes) else None
            if changes:
                proof = {"tested": tested.recipient if tested else None, "tested_mailbox": opened.server if opened else None}
                stored = self._write(candidate, stored, changes, proof, principal, if_match)
        return Saved(self._view(stored), changes, tested, opened)

    def test(self, given: Mapping[str, Any] | None, *, recipient: str | None, principal: Principal) -> Tested:
        """Send a test message with these settings, or with those in force. Saves nothing. Raises as `save` does."""
        with self._refusals_recorded("email_settings.test", principal, []):
            stored = self._store.load()
            trying = Trying(recipient=recipient, field="recipient")
            if given is not None:
                tested = self._try(self._checked(given, stored), stored, principal, trying)
            else:
                tested = self._send_trial(self._sending(stored), principal, trying)
        self._record("email_settings.test", "sent", principal, {"recipient": tested.recipient})
        return tested

    def refuse(self, principal: Principal) -> None:
        """Record that somebody who is no server admin wanted to change or try the settings. Raises NotPermitted."""
        with self._refusals_recorded(ACTION, principal, []):
            raise NotPermitted(
                f"The token {principal.name!r} has the role {principal.role}, and the e-mail settings need server_admin.",
                "Use a token with the role server_admin.",
            )

    # -- inside ----------------------------------------------------------------------------------------------------------

    def _checked(self, given: Mapping[str, Any], stored: StoredSettings) -> Candidate:
        validation.check_deployment(given, self._here.deployment)
        candidate = reading.read(given)
        validation.check(candidate, _secrets(stored), _document(stored), self._here.deployment)
        return credential_metadata.completed(candidate, _secrets(stored), _document(stored))

    @staticmethod
    def _check_revision(stored: StoredSettings, if_match: int | None) -> None:
        if if_match is not None and if_match != stored.revision:
            raise PreconditionFailed(
                f"The settings have the revision {stored.revision} by now, and the request is for {if_match}.",
                "Read them again, and decide anew.",
            )

    def _to_be_tried(self, trying: Trying, changes: list[Change]) -> bool:
        if not trying.wanted or self._here.deployment is Deployment.CLOUD:
            return False
        return not changes or any(map(validation.concerns_sending, changes))

    @staticmethod
    def _to_be_opened(candidate: Candidate, trying: Trying, changes: list[Change]) -> bool:
        """The mailbox is the customer's in the cloud edition too."""
        if not trying.wanted or not candidate.value("interactions.enabled"):
            return False
        receiver = Receiver(candidate.value("interactions.receiver"))
        return not changes or any(validation.concerns_receiving(change, receiver) for change in changes)

    def _open_mailbox(self, candidate: Candidate, stored: StoredSettings) -> MailboxEvidence:
        secrets = validation.after(candidate, _secrets(stored))
        receiving = validation.receiving_settings(candidate.document, secrets, self._here.microsoft)
        return self._mailboxes.probe(receiving.server)

    def _try(self, candidate: Candidate, stored: StoredSettings, principal: Principal, trying: Trying) -> Tested:
        by_microsoft = candidate.value("notifications.transport") == Transport.MICROSOFT
        if self._here.cloud_from is None and not by_microsoft and not candidate.value("notifications.from.address"):
            raise InputRefused(
                "notifications.from.address",
                "It is missing, so no test message can be sent.",
                "Give the address that mails come from, or save without a test (test: false).",
            )
        secrets = validation.after(candidate, _secrets(stored))
        return self._send_trial(self._sending_settings(candidate.document, secrets), principal, trying)

    def _send_trial(self, sending: SendingSettings, principal: Principal, trying: Trying) -> Tested:
        recipient = trial_address(trying.recipient, principal.email, field=trying.field)
        trial = Trial(new_id(), recipient, self._clock.now(), self._here.catalog_name, principal.name)
        sender = self._senders.probe(sending)
        try:
            evidence = sender.send(trial_message(trial, sending), sending.from_address, recipient)
        finally:
            sender.close()
        return Tested(recipient, trial.message_id(sending), evidence)

    def _write(
        self,
        candidate: Candidate,
        stored: StoredSettings,
        changes: list[Change],
        proof: Mapping[str, str | None],
        principal: Principal,
        if_match: int | None,
    ) -> StoredSettings:
        detail = {"changes": [change.plain() for change in changes], **proof}
        entry = AuditEntry(self._clock.now(), principal.name, ACTION, "saved", detail)
        changed = validation.fates(candidate, _secrets(stored))
        try:
            return self._store.save(candidate.document, changed, expected_revision=stored.revision, audit=entry)
        except PreconditionFailed as error:
            if if_match is not None:
                raise
            raise Conflict(error.cause, "Send the request again.") from error

    @contextmanager
    def _refusals_recorded(self, action: str, principal: Principal, changes: list[Change]) -> Any:
        try:
            yield
        except CatalogMailError as error:
            # What was sent may be megabytes, and holds what PostgreSQL does not store.
            field = error.field and one_line(error.field)
            detail: dict[str, Any] = {"code": error.code, "field": field, "cause": one_line(error.cause, limit=1000)}
            if changes:
                detail["changes"] = [change.plain() for change in changes]
            self._record(action, "refused", principal, detail)
            raise

    def _record(self, action: str, outcome: str, principal: Principal, detail: Mapping[str, Any]) -> None:
        self._audit.record(AuditEntry(self._clock.now(), principal.name, action, outcome, detail))

    def _current(self) -> StoredSettings:
        """What is stored, read again only after somebody, on whichever node, has saved."""
        revision = self._store.revision()
        with self._lock:
            if self._cached is None or self._cached.revision != revision:
                self._cached = self._store.load()
            return self._cached

    def _sending(self, stored: StoredSettings) -> SendingSettings:
        secrets = _secrets(stored)
        document = _document(stored)
        sending = self._sending_settings(document, secrets)
        if self._here.cloud_from is None:
            self._check_readable(validation.credentials(document), secrets, "of the mail server")
        return sending

    @staticmethod
    def _check_readable(paths: Sequence[str], secrets: Secrets, whose: str) -> None:
        """Of these one is needed. Raises NotConfigured."""
        if not paths or any(secrets.get(path) is not None for path in paths):
            return
        field = next((path for path in paths if path in secrets), paths[-1])
        what = field.rpartition(".")[2].replace("_", " ")
        raise NotConfigured(
            f"The stored {what} {whose} cannot be decrypted: the key file was replaced.",
            f"Save the settings with the {what} again, or restore the key file.",
            field=field,
        )

    def _sending_settings(self, document: Mapping[str, Any], secrets: Secrets) -> SendingSettings:
        if self._here.cloud_from is not None:
            return SendingSettings(Transport.BUILTIN, *self._here.cloud_from, self._here.builtin)
        sending = validation.sending_settings(document, secrets, self._here.builtin, self._here.microsoft)
        if not sending.from_address:
            raise NotConfigured(
                "The e-mail settings name no address that mails come from.",
                "Save them with notifications.from.address.",
                field="notifications.from.address",
            )
        return sending

    def _view(self, stored: StoredSettings) -> View:
        document = _copied(_document(stored))
        for path in DESTINATIONS:
            section, _dot, name = path.rpartition(".")
            secret = stored.secrets.get(path)
            state = {"present": secret is not None, "changed_at": secret.changed_at.isoformat() if secret else None}
            reading.value_at(document, section)[name] = state
        for section in reading.REGISTRATIONS:
            unknown = dict.fromkeys(reading.BESIDE_THE_SECRET)  # in what an earlier version has stored
            part = reading.value_at(document, section)
            part.update({**unknown, **part, **credential_metadata.derived(_secrets(stored), section)})
        if self._here.deployment is Deployment.CLOUD:
            document["notifications"] = {"enabled": document["notifications"]["enabled"]}
        whole = {"deployment": self._here.deployment.value, **document}
        return View(whole, stored.revision, stored.changed_at, stored.changed_by)


def _document(stored: StoredSettings) -> Mapping[str, Any]:
    return stored.document or reading.untouched()


def _secrets(stored: StoredSettings) -> Secrets:
    return {path: secret.value for path, secret in stored.secrets.items()}


def _copied(value: Any) -> Any:
    return {name: _copied(part) for name, part in value.items()} if isinstance(value, Mapping) else value
