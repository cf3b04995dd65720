# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send accepted notifications: a batch of deliveries, one message after the other, each with its own outcome."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from catalog_mail.domain.errors import CatalogMailError, NotConfigured, StorageFailed
from catalog_mail.domain.failures.failure import Cause, Failure, SendingFailed
from catalog_mail.domain.notifications import outcome as outcomes
from catalog_mail.domain.notifications.message import Rendered, is_from
from catalog_mail.domain.notifications.notification import SENT_WHEN_SWITCHED_OFF, Delivery, Notification, State
from catalog_mail.domain.notifications.outcome import Outcome
from catalog_mail.domain.notifications.retry import Backoff, concerns_all, next_attempt
from catalog_mail.domain.replies.reply import Replying
from catalog_mail.domain.settings.servers import SendingSettings
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import AttemptConditions, Conditions, DeliveryStore
from catalog_mail.ports.sending import MailSenders
from catalog_mail.services.recording import STORAGE_PAUSE, Recorder
from catalog_mail.services.tracking import Receiving

log = logging.getLogger(__name__)

# Longest pause, in seconds, between two checks of a sender's rate limit; a stop is noticed after at most this time.
TURN = 0.5


class SettingsRevision(Receiving, Protocol):
    """The e-mail settings of one revision, as far as delivery needs them."""

    def sending(self) -> SendingSettings:
        """Return the sending settings. Raises NotConfigured."""

    def switched_on(self) -> bool:
        """Return whether notifications are switched on."""


class DeliverySettings(Protocol):
    """The e-mail settings in force, as far as delivery needs them."""

    def sending(self) -> SendingSettings:
        """Return the sending settings. Raises NotConfigured."""

    def at(self, revision: int) -> SettingsRevision:
        """Return the settings of the revision in force, whose number was just read."""


class Rendering(Protocol):
    """Renders the mail of a delivery."""

    def render(
        self, notification: Notification, delivery: Delivery, sending: SendingSettings, replying: Replying | None
    ) -> Rendered:
        """Return the mail; the Message-ID of a delivery is always the same."""


@dataclass(frozen=True)
class _Refusal(Exception):
    """A try that failed before it reached a server."""

    failure: Failure


@dataclass(frozen=True)
class _NotYet(Exception):
    """The server's rate limit delays this message, and nothing was begun. Ask again after `seconds`."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class DeliverNotifications:
    """Works on batches. Thread-safe for different batches."""

    store: DeliveryStore
    rendering: Rendering
    settings: DeliverySettings
    senders: MailSenders
    conditions: AttemptConditions
    clock: Clock
    backoff: Backoff
    replying: Callable[[Receiving], Replying | None]

    def work(self, batch: str, stopping: Callable[[], bool]) -> None:
        """Send the open deliveries of a batch; may be repeated after a kill.

        Each accepted message is recorded before the next one is begun, so that a kill leaves at most one message with an unknown
        outcome. When `stopping` becomes true, the rest is left. When a failure concerns all messages, the rest is postponed
        like the failed message, so that the server gets no further tries. A message whose hand-over was interrupted by a kill
        waits until the sender can find out whether it was accepted. A failure with settings that were replaced meanwhile is
        followed by another attempt at once, as for the deliveries that waited when the settings were saved. While storage fails,
        the message in progress waits for it. Raises StorageFailed when storage fails at the beginning.
        """
        recorder = Recorder(self.store, batch, stopping)
        try:
            self._send_each(batch, recorder, stopping)
        finally:
            with suppress(StorageFailed):  # told already; the batch must stop
                recorder.settle()

    def _send_each(self, batch: str, recorder: Recorder, stopping: Callable[[], bool]) -> None:
        for delivery, notification in self.store.held(batch):
            if delivery.state is State.SENDING and self._put_off(delivery, recorder):
                continue
            while not stopping():
                try:
                    outcome, used = self._deliver(recorder, delivery, notification)
                    break
                except _NotYet as wait:
                    time.sleep(min(wait.seconds, TURN))
                except StorageFailed as error:
                    log.warning("delivery %s waits for the database: %s", delivery.id, error)
                    time.sleep(STORAGE_PAUSE)
            else:
                return
            if outcome and outcome.failure and outcome.next_attempt_at:
                for_all = concerns_all(outcome.failure)
                if for_all:
                    self.store.postpone(batch, outcome)
                if self._settings_changed(used, outcome.failure):
                    self.store.retry_now(self.clock.now())
                if for_all:
                    return

    def _put_off(self, delivery: Delivery, recorder: Recorder) -> bool:
        """Postpone a try that a kill interrupted; False when waiting would reveal nothing more."""
        try:
            seconds = self.senders.sender(self.settings.sending()).settles_after
        except CatalogMailError:
            return False
        if not seconds:
            return False
        now = self.clock.now()
        recorder.record(delivery, outcomes.retrying(_interrupted(seconds), now, now + timedelta(seconds=seconds)))
        return True

    def _deliver(
        self, recorder: Recorder, delivery: Delivery, notification: Notification
    ) -> tuple[Outcome | None, SendingSettings | None]:
        """Send one delivery. Raises _NotYet, and StorageFailed before the message is sent.

        Returns the outcome, None if another worker has taken the delivery over, and the settings used.
        """
        sending: SendingSettings | None = None
        attempt = replace(delivery, attempts=delivery.attempts + 1)
        try:
            conditions = self.conditions.conditions(delivery.recipient.address, notification.kind)
            settings = self.settings.at(conditions.revision)
            reason = _reason_not_to(notification, settings, conditions)
            if reason:
                outcome = outcomes.suppressed(reason, self.clock.now())
                recorder.record(delivery, outcome)
                return outcome, None
            sending = _sending(settings)
            self._take_turn(sending)
            attempt = self._rendered(attempt, notification, settings, sending)
            if not recorder.begin(attempt):
                return None, None
            response = self._send(attempt, sending)
            outcome = outcomes.sent(response, self.clock.now())
            recorder.sent(attempt, outcome)
            return outcome, sending
        except _Refusal as refusal:
            outcome = self._after(refusal.failure, attempt)
        except (_NotYet, StorageFailed):
            recorder.settle()  # the wait may be long
            raise
        except Exception as error:  # a bug: the rest of the batch goes on
            log.exception("delivery %s was interrupted", attempt.id)
            outcome = self._after(_internal(error, "The message could not be sent"), attempt)
        recorder.record(attempt, outcome)
        return outcome, sending

    def _settings_changed(self, used: SendingSettings | None, failure: Failure) -> bool:
        """Return whether other settings are in force than those that failed.

        Asked after the outcome is recorded: settings that are saved later find the delivery waiting.
        """
        if failure.code is Cause.INTERNAL_ERROR:
            return False
        try:
            return self.settings.sending() != used
        except CatalogMailError:
            return False

    def _take_turn(self, sending: SendingSettings) -> None:
        try:
            pause = self.senders.sender(sending).reserve()
        except SendingFailed as error:
            raise _Refusal(error.failure) from error
        if pause:
            raise _NotYet(pause)

    def _rendered(
        self, attempt: Delivery, notification: Notification, settings: SettingsRevision, sending: SendingSettings
    ) -> Delivery:
        """Return the delivery with its mail: that of an earlier try, or a new one if the From address has changed since."""
        if attempt.message_id is not None and attempt.message is not None and is_from(attempt.message, sending.from_address):
            return attempt
        try:
            mail = self.rendering.render(notification, attempt, sending, self.replying(settings))
            return replace(attempt, message_id=mail.message_id, message=mail.message, subject=mail.subject)
        except CatalogMailError as error:
            raise _Refusal(Failure(Cause.NOT_RENDERED, error.cause, error.remedy, temporary=True, field=error.field)) from error
        except StorageFailed:
            raise
        except Exception as error:  # a custom template may raise anything; the message must survive it
            log.exception("delivery %s could not be rendered", attempt.id)
            raise _Refusal(_internal(error, "The message could not be written", Cause.NOT_RENDERED)) from error

    def _send(self, attempt: Delivery, sending: SendingSettings) -> str:
        """Return the server's answer when it accepts the message. The outcome of an earlier try may be unknown."""
        again = attempt.attempts > 1
        try:
            sender = self.senders.sender(sending)
            return sender.send(attempt.message or b"", sending.envelope_from, attempt.recipient.address, again=again).response
        except SendingFailed as error:
            raise _Refusal(error.failure) from error

    def _after(self, failure: Failure, attempt: Delivery) -> Outcome:
        now = self.clock.now()
        again = next_attempt(
            failure,
            tries=attempt.attempts,
            waited=timedelta(seconds=attempt.waited),
            now=now,
            backoff=self.backoff,
            chance=random.random(),  # noqa: S311  # spreads load, guards nothing
        )
        if again is None:
            log.error("delivery %s failed for good after %d tries: %s", attempt.id, attempt.attempts, failure.cause)
            return outcomes.failed(failure, now)
        log.warning("delivery %s failed, again at %s: %s", attempt.id, again.isoformat(timespec="seconds"), failure.cause)
        return outcomes.retrying(failure, now, again)


def _reason_not_to(notification: Notification, settings: SettingsRevision, conditions: Conditions) -> str | None:
    """Return the reason to suppress a delivery; checked before each try, since settings and opt-outs may have changed."""
    if notification.kind not in SENT_WHEN_SWITCHED_OFF and not settings.switched_on():
        return "switched_off"
    return "unsubscribed" if conditions.opted_out else None


def _sending(settings: SettingsRevision) -> SendingSettings:
    try:
        return settings.sending()
    except NotConfigured as error:
        raise _Refusal(Failure(Cause.NOT_CONFIGURED, error.cause, error.remedy, temporary=True, field=error.field)) from error


def _interrupted(seconds: float) -> Failure:
    """The failure of a hand-over during which the process ended."""
    remedy = f"In {seconds:g} seconds the service checks whether the message was taken, before it sends it again."
    return Failure(Cause.CONNECTION_LOST, "The service ended while the message was handed over.", remedy, temporary=True)


def _internal(error: Exception, what: str, code: Cause = Cause.INTERNAL_ERROR) -> Failure:
    """The failure of an unexpected error, whose details are only in the journal."""
    remedy = "The service's journal has the details; if a template of your own was changed lately, look at it first."
    return Failure(code, f"{what} ({type(error).__name__}).", remedy, temporary=True)
