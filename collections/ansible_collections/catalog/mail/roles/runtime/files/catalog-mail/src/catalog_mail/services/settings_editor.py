# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan, test and save changes to the e-mail settings.

Settings that fail their test are not saved; each attempt is recorded in the audit log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog_mail.domain.catalog.people import Principal
from catalog_mail.domain.errors import CatalogMailError, Conflict, InputRefused, NotPermitted, PreconditionFailed
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.replies.mailbox import MailboxEvidence
from catalog_mail.domain.settings import connections, credential_metadata, reading, validation
from catalog_mail.domain.settings.advice import advice_on_tracking
from catalog_mail.domain.settings.changes import (
    Change,
    concerns_delivery,
    concerns_receiving,
    concerns_sending,
    plan_changes,
    secret_updates,
    updated_secrets,
)
from catalog_mail.domain.settings.document import Deployment, Receiver, Transport
from catalog_mail.domain.settings.email_test import EmailTest, compose_email_test, email_test_recipient
from catalog_mail.domain.settings.reading import Candidate
from catalog_mail.domain.settings.servers import SendingSettings
from catalog_mail.ports.audit import AuditEntry, AuditLog
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mailbox import Mailboxes
from catalog_mail.ports.sending import Evidence, MailSenders
from catalog_mail.ports.settings import SettingsStore, StoredSettings
from catalog_mail.services.email_settings import EmailSettings, View, document_of, secrets_of

log = logging.getLogger(__name__)

ACTION = "email_settings.save"


@dataclass(frozen=True)
class EmailTestResult:
    """The result of a test message that a mail server accepted. `message_id` identifies it in the recipient's mailbox."""

    recipient: str
    message_id: str
    evidence: Evidence


@dataclass(frozen=True)
class Saved:
    """The changes that were saved, the results of the tests that were made, and advice on settings that can lose replies."""

    view: View
    changes: list[Change]
    email_test: EmailTestResult | None
    mailbox_evidence: MailboxEvidence | None
    advice: list[str]


@dataclass(frozen=True, kw_only=True)
class EmailTestOptions:
    """The test of the candidate settings: its recipient (default: the caller), or none. `field` names the recipient in errors."""

    wanted: bool = True
    recipient: str | None = None
    field: str = "test.recipient"


@dataclass(frozen=True, kw_only=True)
class SettingsEditor:
    """Plans, tests and saves changes to `settings`. `retry_waiting` makes the deliveries due that wait for their next attempt."""

    settings: EmailSettings
    store: SettingsStore
    audit: AuditLog
    senders: MailSenders
    mailboxes: Mailboxes
    clock: Clock
    retry_waiting: Callable[[datetime], int] = lambda _now: 0

    def plan(self, given: Mapping[str, Any]) -> list[Change]:
        """Return the changes that saving would make. Sends and writes nothing. Raises as `save` does, except test failures."""
        stored = self.store.load()
        candidate = self._checked(given, stored)
        return plan_changes(candidate, secrets_of(stored), document_of(stored))

    def save(self, given: Mapping[str, Any], *, options: EmailTestOptions, if_match: int | None, principal: Principal) -> Saved:
        """Test the candidate settings, and save all of them if the tests succeed (Test and Save).

        Opens the mailbox of replies and sends a test message. No message is sent when it would prove nothing: in the cloud
        edition, or if only the switch or the interactions change. No mailbox is opened when replies are off, or if only other
        settings change. `if_match` is the revision that the caller has read. Raises InputRefused, ManagedByProvider,
        PreconditionFailed, Conflict, MailboxFailed, SendingFailed; then nothing has changed, and the audit log records the
        attempt. After a message was accepted, or a setting changed that deliveries may wait for, those that wait for their next
        attempt are tried at once.
        """
        changes: list[Change] = []
        with self._refusals_recorded(ACTION, principal, changes):
            stored = self.store.load()
            self._check_revision(stored, if_match)
            candidate = self._checked(given, stored)
            changes += plan_changes(candidate, secrets_of(stored), document_of(stored))
            mailbox = email_test = None
            if self._needs_mailbox_check(candidate, options, changes):
                mailbox = self._check_mailbox(candidate, stored)
            if self._needs_email_test(options, changes):
                email_test = self._test_candidate(candidate, stored, principal, options)
            if changes:
                proof = {
                    "tested": email_test.recipient if email_test else None,
                    "tested_mailbox": mailbox.server if mailbox else None,
                }
                stored = self._write(candidate, stored, changes, proof, principal, if_match)
        if email_test or any(map(concerns_delivery, changes)):
            self._try_waiting_deliveries()
        advice = advice_on_tracking(
            candidate.document,
            message_id=email_test.message_id if email_test else None,
            response=email_test.evidence.response if email_test else None,
        )
        return Saved(self.settings.view(stored), changes, email_test, mailbox, advice)

    def send_email_test(self, given: Mapping[str, Any] | None, *, recipient: str | None, principal: Principal) -> EmailTestResult:
        """Send a test message with these settings, or with those in force. Saves nothing. Raises as `save` does."""
        with self._refusals_recorded("email_settings.test", principal, []):
            stored = self.store.load()
            options = EmailTestOptions(recipient=recipient, field="recipient")
            if given is not None:
                email_test = self._test_candidate(self._checked(given, stored), stored, principal, options)
            else:
                email_test = self._send_email_test(self.settings.sending_of(stored), principal, options)
        self._record("email_settings.test", "sent", principal, {"recipient": email_test.recipient})
        return email_test

    def refuse(self, principal: Principal) -> None:
        """Record an attempt to change or test the settings by a caller who is no server admin. Raises NotPermitted."""
        with self._refusals_recorded(ACTION, principal, []):
            raise NotPermitted(
                f"The token {principal.name!r} has the role {principal.role}, and the e-mail settings need server_admin.",
                "Use a token with the role server_admin.",
            )

    def _try_waiting_deliveries(self) -> None:
        """Make waiting deliveries due. The settings are saved: a failure here only lets the deliveries wait as long as before."""
        try:
            count = self.retry_waiting(self.clock.now())
        except Exception:  # any error of a database driver
            log.exception("the deliveries that wait for their next attempt could not be made due; they wait as before")
            return
        if count:
            log.info("%d deliveries that waited for their next attempt are tried now", count)

    def _checked(self, given: Mapping[str, Any], stored: StoredSettings) -> Candidate:
        validation.check_deployment(given, self.settings.installation.deployment)
        candidate = reading.read(given)
        validation.check(candidate, secrets_of(stored), document_of(stored), self.settings.installation.deployment)
        return credential_metadata.completed(candidate, secrets_of(stored), document_of(stored))

    @staticmethod
    def _check_revision(stored: StoredSettings, if_match: int | None) -> None:
        if if_match is not None and if_match != stored.revision:
            raise PreconditionFailed(
                f"The settings have the revision {stored.revision} by now, and the request is for {if_match}.",
                "Read the settings again, then repeat the change.",
            )

    def _needs_email_test(self, options: EmailTestOptions, changes: list[Change]) -> bool:
        if not options.wanted or self.settings.installation.deployment is Deployment.CLOUD:
            return False
        return not changes or any(map(concerns_sending, changes))

    @staticmethod
    def _needs_mailbox_check(candidate: Candidate, options: EmailTestOptions, changes: list[Change]) -> bool:
        """Return whether to open the mailbox; in the cloud edition too, since the mailbox is the customer's."""
        if not options.wanted or not candidate.value("interactions.enabled"):
            return False
        receiver = Receiver(candidate.value("interactions.receiver"))
        return not changes or any(concerns_receiving(change, receiver) for change in changes)

    def _check_mailbox(self, candidate: Candidate, stored: StoredSettings) -> MailboxEvidence:
        secrets = updated_secrets(candidate, secrets_of(stored))
        receiving = connections.receiving_settings(candidate.document, secrets, self.settings.installation.microsoft)
        evidence = self.mailboxes.check_mailbox(receiving.server)
        if evidence.archive_problem and receiving.archive.enabled:
            raise MailboxFailed(evidence.archive_problem)
        return evidence

    def _test_candidate(
        self, candidate: Candidate, stored: StoredSettings, principal: Principal, options: EmailTestOptions
    ) -> EmailTestResult:
        by_microsoft = candidate.value("notifications.transport") == Transport.MICROSOFT
        own_sender = self.settings.installation.cloud_from is None and not by_microsoft
        if own_sender and not candidate.value("notifications.from.address"):
            raise InputRefused(
                "notifications.from.address",
                "It is missing, so no test message can be sent.",
                "Give the address that mails come from, or save without a test (test: false).",
            )
        secrets = updated_secrets(candidate, secrets_of(stored))
        return self._send_email_test(self.settings.sending_settings(candidate.document, secrets), principal, options)

    def _send_email_test(self, sending: SendingSettings, principal: Principal, options: EmailTestOptions) -> EmailTestResult:
        recipient = email_test_recipient(options.recipient, principal.email, field=options.field)
        email_test = EmailTest(new_id(), recipient, self.clock.now(), self.settings.installation.catalog_name, principal.name)
        sender = self.senders.make_email_test_sender(sending)
        try:
            evidence = sender.send(compose_email_test(email_test, sending), sending.envelope_from, recipient)
        finally:
            sender.close()
        return EmailTestResult(recipient, email_test.message_id(sending), evidence)

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
        entry = AuditEntry(self.clock.now(), principal.name, ACTION, "saved", detail)
        changed = secret_updates(candidate, secrets_of(stored))
        try:
            return self.store.save(candidate.document, changed, expected_revision=stored.revision, audit=entry)
        except PreconditionFailed as error:
            if if_match is not None:
                raise
            raise Conflict(error.cause, "Send the request again.") from error

    @contextmanager
    def _refusals_recorded(self, action: str, principal: Principal, changes: list[Change]) -> Iterator[None]:
        try:
            yield
        except CatalogMailError as error:
            # The input may be megabytes, and may hold characters that PostgreSQL does not store.
            field = error.field and one_line(error.field)
            detail: dict[str, Any] = {"code": error.code, "field": field, "cause": one_line(error.cause, limit=1000)}
            if changes:
                detail["changes"] = [change.plain() for change in changes]
            self._record(action, "refused", principal, detail)
            raise

    def _record(self, action: str, outcome: str, principal: Principal, detail: Mapping[str, Any]) -> None:
        self.audit.record(AuditEntry(self.clock.now(), principal.name, action, outcome, detail))
