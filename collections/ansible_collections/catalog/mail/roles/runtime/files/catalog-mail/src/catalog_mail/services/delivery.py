"""Sending what was accepted: a batch of deliveries, one message after the other, each with its own outcome."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from catalog_mail.domain.errors import CatalogMailError, NotConfigured
from catalog_mail.domain.failures.failure import Cause, Failure, SendingFailed
from catalog_mail.domain.notifications import outcome as outcomes
from catalog_mail.domain.notifications.message import is_from
from catalog_mail.domain.notifications.notification import SENT_WHEN_SWITCHED_OFF, Delivery, Notification, State
from catalog_mail.domain.notifications.outcome import Outcome
from catalog_mail.domain.notifications.retry import Backoff, concerns_all, next_attempt
from catalog_mail.domain.replies.reply import Replying
from catalog_mail.domain.settings.servers import SendingSettings
from catalog_mail.ports.catalog import OptOutCheck
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import DeliveryStore
from catalog_mail.ports.sending import MailSenders

log = logging.getLogger(__name__)

# Seconds to wait before an outcome that the database did not take is recorded again.
RECORDING_PAUSES = (0.2, 1.0, 3.0, 10.0)
# Longest pause, in seconds, between two questions of whether a message's turn has come; so long a stop may go unnoticed.
TURN = 0.5


class DeliverySettings(Protocol):
    """What sending asks of the e-mail settings, as they are at that moment."""

    def sending(self) -> SendingSettings:
        """How to send. Raises NotConfigured."""

    def switched_on(self) -> bool:
        """Whether notifications are sent at all."""


class Rendering(Protocol):
    """Makes the mail of a delivery."""

    def render(
        self, notification: Notification, delivery: Delivery, sending: SendingSettings, replying: Replying | None
    ) -> tuple[str, bytes]:
        """Its Message-ID and its bytes; the same Message-ID each time."""


@dataclass(frozen=True)
class _Refusal(Exception):
    """A try that ended before a server was asked."""

    failure: Failure


@dataclass(frozen=True)
class _NotYet(Exception):
    """The server has limits, and this message's turn has not come; nothing was begun. To be asked again after `seconds`."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class DeliverNotifications:
    """Works on batches. Several threads may, each on its own batch."""

    store: DeliveryStore
    rendering: Rendering
    settings: DeliverySettings
    senders: MailSenders
    opt_outs: OptOutCheck
    clock: Clock
    backoff: Backoff
    replying: Callable[[], Replying | None]

    def work(self, batch: str, stopping: Callable[[], bool]) -> None:
        """Do what is still to be done of a batch; after a kill, once more.

        Every message that a server takes is recorded before the next is begun, so that a kill leaves at most one whose
        outcome nobody knows. When `stopping` becomes true, the rest is given back. So it is when the failure of one would
        be the failure of all: then the others wait as long as that one, and the server is left in peace. A message that was
        being handed over when a kill came waits until it can be found out whether it was taken.
        """
        for delivery, notification in self.store.held(batch):
            if delivery.state is State.SENDING and self._put_off(delivery):
                continue
            while not stopping():
                try:
                    outcome = self._deliver(batch, delivery, notification)
                    break
                except _NotYet as wait:
                    time.sleep(min(wait.seconds, TURN))
            else:
                self.store.release(batch)
                return
            if outcome and outcome.failure and outcome.next_attempt_at and concerns_all(outcome.failure):
                self.store.postpone(batch, outcome)
                return

    def _put_off(self, delivery: Delivery) -> bool:
        """Of a try that a kill has ended; False where waiting would tell nothing more."""
        try:
            seconds = self.senders.sender(self.settings.sending()).settles_after
        except CatalogMailError:
            return False
        if not seconds:
            return False
        now = self.clock.now()
        self._record(delivery, outcomes.retrying(_interrupted(seconds), now, now + timedelta(seconds=seconds)))
        return True

    def _deliver(self, batch: str, delivery: Delivery, notification: Notification) -> Outcome | None:
        """One delivery; None if it is somebody else's by now. Raises _NotYet."""
        attempt = replace(delivery, attempts=delivery.attempts + 1)
        reason = self._reason_not_to(delivery, notification)
        if reason:
            outcome = outcomes.suppressed(reason, self.clock.now())
            self.store.finish(delivery, outcome)
            return outcome
        try:
            sending = self._sending()
            self._take_turn(sending)
            message_id, message = self._rendered(attempt, notification, sending)
            if not self.store.begin(batch, replace(attempt, message_id=message_id, message=message)):
                return None
            response = self._send(message, attempt, sending)
            outcome = outcomes.sent(response, self.clock.now())
        except _Refusal as refusal:
            outcome = self._after(refusal.failure, attempt, notification)
        except _NotYet:
            raise
        except Exception as error:  # a mistake of ours, or the database: the others of the batch must not suffer by it
            log.exception("delivery %s was interrupted", attempt.id)
            outcome = self._after(_internal(error, "The message could not be sent"), attempt, notification)
        self._record(attempt, outcome)
        return outcome

    def _record(self, attempt: Delivery, outcome: Outcome) -> None:
        """Into the database, patiently: what is sent and not recorded is sent again."""
        for pause in RECORDING_PAUSES:
            try:
                self.store.finish(attempt, outcome)
            except Exception as error:  # whatever a database driver raises while its server restarts
                log.warning("delivery %s is %s, not recorded yet (%s)", attempt.id, outcome.state, type(error).__name__)
                time.sleep(pause)
            else:
                return
        self.store.finish(attempt, outcome)

    def _reason_not_to(self, delivery: Delivery, notification: Notification) -> str | None:
        """Asked again before each try: much may have been switched off since the notification was accepted."""
        if notification.kind not in SENT_WHEN_SWITCHED_OFF and not self.settings.switched_on():
            return "switched_off"
        if self.opt_outs.opted_out(delivery.recipient.address, notification.kind):
            return "unsubscribed"
        return None

    def _sending(self) -> SendingSettings:
        try:
            return self.settings.sending()
        except NotConfigured as error:
            raise _Refusal(Failure(Cause.NOT_CONFIGURED, error.cause, error.remedy, temporary=True, field=error.field)) from error

    def _take_turn(self, sending: SendingSettings) -> None:
        try:
            pause = self.senders.sender(sending).reserve()
        except SendingFailed as error:
            raise _Refusal(error.failure) from error
        if pause:
            raise _NotYet(pause)

    def _rendered(self, attempt: Delivery, notification: Notification, sending: SendingSettings) -> tuple[str, bytes]:
        """Message-ID and message: those of an earlier try, unless it was written for another From address, or new ones."""
        if attempt.message_id is not None and attempt.message is not None and is_from(attempt.message, sending.from_address):
            return attempt.message_id, attempt.message
        try:
            return self.rendering.render(notification, attempt, sending, self.replying())
        except CatalogMailError as error:
            raise _Refusal(Failure(Cause.NOT_RENDERED, error.cause, error.remedy, temporary=True, field=error.field)) from error
        except Exception as error:  # a template of the host's own may raise anything; the message must not be lost by it
            log.exception("delivery %s could not be rendered", attempt.id)
            raise _Refusal(_internal(error, "The message could not be written", Cause.NOT_RENDERED)) from error

    def _send(self, message: bytes, attempt: Delivery, sending: SendingSettings) -> str:
        """The server's answer that took the message. Of an earlier try nobody may know how it ended."""
        again = attempt.attempts > 1
        try:
            sender = self.senders.sender(sending)
            return sender.send(message, sending.from_address, attempt.recipient.address, again=again).response
        except SendingFailed as error:
            raise _Refusal(error.failure) from error

    def _after(self, failure: Failure, attempt: Delivery, notification: Notification) -> Outcome:
        now = self.clock.now()
        again = next_attempt(
            failure,
            tries=attempt.attempts,
            accepted_at=notification.created_at,
            now=now,
            backoff=self.backoff,
            chance=random.random(),  # noqa: S311  # spreads load, guards nothing
        )
        if again is None:
            log.error("delivery %s failed for good after %d tries: %s", attempt.id, attempt.attempts, failure.cause)
            return outcomes.failed(failure, now)
        log.warning("delivery %s failed, again at %s: %s", attempt.id, again.isoformat(timespec="seconds"), failure.cause)
        return outcomes.retrying(failure, now, again)


def _interrupted(seconds: float) -> Failure:
    """The process ended while a message was handed over."""
    remedy = f"In {seconds:g} seconds it is found out whether the message was taken, before it is sent again."
    return Failure(Cause.CONNECTION_LOST, "The service ended while the message was handed over.", remedy, temporary=True)


def _internal(error: Exception, what: str, code: Cause = Cause.INTERNAL_ERROR) -> Failure:
    """Something that nobody has foreseen; its details stay in the journal."""
    remedy = "The service's journal has the details; if a template of your own was changed lately, look at it first."
    return Failure(code, f"{what} ({type(error).__name__}).", remedy, temporary=True)
