# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the durable queue in this process with the real database and a plain sender, for tests of the queue itself."""

from __future__ import annotations

import hashlib
import smtplib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog_mail.adapters.database.conditions import DatabaseConditions
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.leases import DatabaseLeases
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.database.opt_outs import DatabaseOptOuts
from catalog_mail.adapters.queue import DurableQueue, QueueOptions, Rounds
from catalog_mail.domain.errors import NotConfigured
from catalog_mail.domain.failures.failure import Cause, Failure, SendingFailed
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.message import Rendered
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.notifications.pace import Pace
from catalog_mail.domain.notifications.retry import Backoff
from catalog_mail.domain.settings.document import TLS, Transport
from catalog_mail.domain.settings.servers import SendingSettings, SmtpServer
from catalog_mail.ports.catalog import Notice
from catalog_mail.ports.notifications import Conditions
from catalog_mail.ports.sending import Evidence
from catalog_mail.services.delivery import DeliverNotifications
from sqlalchemy import Engine

from helpers.waiting import PATIENCE, wait_until


class MovableClock:
    """The time of day, or a time `ahead` of it."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class NodeSettings:
    """Settings, rendering, and opt-outs for tests without a database, each set by the test."""

    port: int
    on: bool = True
    configured: bool = True
    opted_out_addresses: set[str] = field(default_factory=set)
    rendered: int = 0

    def switched_on(self) -> bool:
        return self.on

    def sending(self) -> SendingSettings:
        if not self.configured:
            raise NotConfigured("No mail server is set.", "Save the e-mail settings.", field="notifications.smtp.host")
        server = SmtpServer("127.0.0.1", self.port, TLS.NONE)
        return SendingSettings(Transport.SMTP, "noreply@corp.test", "Data Catalog", server)

    def receiving(self) -> None:
        return None

    def at(self, _revision: int) -> NodeSettings:
        return self

    def conditions(self, address: str, _kind: Kind) -> Conditions:
        return Conditions(0, opted_out=address in self.opted_out_addresses)

    def render(
        self, notification: Notification, delivery: Delivery, sending: SendingSettings, _replying: object
    ) -> Rendered:
        self.rendered += 1
        message_id = f"<{delivery.id}@corp.test>"
        subject = notification.data.get("subject", "a test")
        lines = [f"Message-ID: {message_id}", f"From: {sending.from_address}", f"To: {delivery.recipient.address}",
                 f"Subject: {subject}", f"X-Rendered: {self.rendered}", "", "text", ""]  # fmt: skip
        return Rendered(message_id, "\r\n".join(lines).encode(), subject)


class PlainSenders:
    """Fulfils ports.MailSenders and ports.MailSender with one connection per thread."""

    settles_after = 0.0

    def __init__(self) -> None:
        self._local = threading.local()
        self._port = 0

    def sender(self, settings: SendingSettings) -> PlainSenders:
        self._port = settings.server.port
        return self

    make_email_test_sender = sender

    def reserve(self) -> float:
        return 0.0

    def send(self, message: bytes, envelope_from: str, envelope_to: str, *, again: bool = False) -> Evidence:
        try:
            client = self._client()
            client.sendmail(envelope_from, [envelope_to], message)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = error.recipients[envelope_to]
            raise SendingFailed(self._failure(Cause.RECIPIENT_REFUSED, code, text)) from error
        except smtplib.SMTPResponseException as error:
            raise SendingFailed(self._failure(Cause.OTHER_ANSWER, error.smtp_code, error.smtp_error)) from error
        except OSError as error:
            self._local.client = None
            failure = Failure(Cause.CONNECTION_REFUSED, "The server refused the connection.", "Start it.", temporary=True)
            raise SendingFailed(failure) from error
        return Evidence("127.0.0.1", "250 2.0.0 Ok: taken", None, None, 0)

    def close(self) -> None:
        """Do nothing: connections end with their threads."""

    def _client(self) -> smtplib.SMTP:
        client: smtplib.SMTP | None = getattr(self._local, "client", None)
        if client is None or client.sock is None:
            client = smtplib.SMTP("127.0.0.1", self._port, timeout=PATIENCE)
            self._local.client = client
        return client

    def _failure(self, cause: Cause, code: int, text: bytes | str) -> Failure:
        words = text.decode() if isinstance(text, bytes) else text
        return Failure(cause, f"The server said {code}.", "See why.", temporary=code < 500, smtp_code=code, smtp_text=words)


class QueueNode:
    """One node: stores, changeable settings, and the queue."""

    def __init__(self, engine: Engine, port: int, *, backoff: Backoff, per_second: int = 0, **options: Any) -> None:
        self.clock = MovableClock()
        self.notifications = DatabaseNotifications(engine)
        self.deliveries = DatabaseDeliveries(engine)
        self.opt_outs = DatabaseOptOuts(engine)
        self.leases = DatabaseLeases(engine, Pace(per_second) if per_second else None)
        self.switches = NodeSettings(port)
        self.options = QueueOptions(**{"node": "node1", "takeover_after": 2, "limited": per_second > 0, **options})
        self.rounds = Rounds()
        senders: Any = PlainSenders()
        deliver = DeliverNotifications(
            store=self.deliveries, rendering=self.switches, settings=self.switches, senders=senders,
            conditions=DatabaseConditions(engine), clock=self.clock, backoff=backoff, replying=lambda _settings: None,
        )  # fmt: skip
        self.queue = DurableQueue(
            store=self.deliveries, leases=self.leases, work=deliver.work, clock=self.clock, options=self.options,
            rounds=self.rounds,
        )  # fmt: skip

    def accept(self, *addresses: str, kind: Kind = Kind.MESSAGE, key: str | None = None, **data: Any) -> Notification:
        """Store a notification to these recipients, and enqueue it."""
        notification, deliveries = make_notification(addresses, kind=kind, key=key, at=self.clock.now(), **data)
        (stored,) = self.notifications.add([Notice(notification, deliveries)])
        if isinstance(stored, Exception):
            raise stored
        self.queue.wake()
        return stored[0]

    @contextmanager
    def running(self) -> Iterator[QueueNode]:
        self.leases.end_all(self.options.node)
        self.queue.start()
        try:
            yield self
        finally:
            self.queue.stop()


def make_notification(
    addresses: Sequence[str], *, kind: Kind, key: str | None, at: datetime, **data: Any
) -> tuple[Notification, list[Delivery]]:
    """Return a notification and its deliveries, all accepted."""
    fingerprint = hashlib.sha256(repr((addresses, kind, sorted(data.items()))).encode()).hexdigest()
    notification = Notification(new_id(), kind, at, "test", data, idempotency_key=key, fingerprint=fingerprint)
    deliveries = [Delivery(new_id(), notification.id, Recipient(address), State.ACCEPTED) for address in addresses]
    return notification, deliveries


def wait_for_state(node: QueueNode, notification: Notification, *states: State) -> list[Delivery]:
    """Return the deliveries when all are in one of these states."""

    def deliveries() -> list[Delivery]:
        return list(node.notifications.deliveries(notification.id))

    def arrived() -> list[Delivery]:
        found = deliveries()
        return found if all(delivery.state in states for delivery in found) else []

    return wait_until(arrived, lambda: [(delivery.state, delivery.failure) for delivery in deliveries()])


QUICK = Backoff(first=timedelta(seconds=0.3), longest=timedelta(seconds=1))
