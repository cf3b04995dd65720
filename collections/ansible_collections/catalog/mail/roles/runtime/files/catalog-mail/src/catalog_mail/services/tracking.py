# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognise replies by sub-address or Message-ID, and find out by a probe whether mail to sub-addresses arrives."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from catalog_mail.domain.errors import CatalogMailError
from catalog_mail.domain.failures.failure import SendingFailed
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.retry import concerns_all
from catalog_mail.domain.replies import intent
from catalog_mail.domain.replies.intent import Purpose
from catalog_mail.domain.replies.reply import Replying
from catalog_mail.domain.settings.document import IntentTracking
from catalog_mail.domain.settings.email_test import compose_subaddress_probe
from catalog_mail.domain.settings.servers import ReceivingSettings, SendingSettings
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.sending import MailSenders
from catalog_mail.ports.subaddress_probes import SubaddressProbe, SubaddressProbes

log = logging.getLogger(__name__)

# A probe that has not arrived after this time is given up; a later arrival still counts.
PROBE_TIMEOUT = timedelta(minutes=10)
# After this time without sub-addresses a new probe is sent: the server may have been configured since.
PROBE_AGAIN_AFTER = timedelta(days=7)
# Seconds until a probe that was not handed over is sent again with the same settings: after a failure that passes, and after
# one that somebody must mend, such as a refused login, which too many attempts may block.
_SOON, _LATER = 10.0, 600.0
# Seconds for which the result is cached.
_REMEMBERED = 3.0


class Receiving(Protocol):
    """The e-mail settings, as far as the headers for replies need them."""

    def receiving(self) -> ReceivingSettings | None:
        """Return the receiving settings; None while replies are off. Raises NotConfigured."""


class TrackingSettings(Receiving, Protocol):
    """The e-mail settings in force, as far as tracking needs them."""

    def sending(self) -> SendingSettings:
        """Return the sending settings. Raises NotConfigured."""


@dataclass
class Tracking:
    """Selects sub-addresses or Message-IDs. Message-IDs are used until the probe succeeds; they are recognised in any case."""

    settings: TrackingSettings
    probes: SubaddressProbes
    senders: MailSenders
    keys: Sequence[bytes]
    clock: Clock
    catalog_name: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _cached: tuple[ReceivingSettings, float, bool] | None = None
    _failed: tuple[SendingSettings, float] | None = None

    def replying(self, settings: Receiving) -> Replying | None:
        """Return the reply settings of new mails; None while replies are off or not configured."""
        try:
            receiving = settings.receiving()
        except CatalogMailError:
            return None
        return Replying(receiving.reply_to, self._by_subaddress(receiving)) if receiving else None

    def in_use(self, receiving: ReceivingSettings) -> IntentTracking:
        """Return the way in use: `subaddress` or `message_id`."""
        return IntentTracking.SUBADDRESS if self._is_subaddress_proven(receiving) else IntentTracking.MESSAGE_ID

    def state(self, receiving: ReceivingSettings) -> SubaddressProbe | None:
        """Return the last probe with these settings; None without one."""
        return self.probes.last(self._route(receiving))

    def probe_arrived(self, handle: str) -> None:
        """Record that the mail of a probe arrived in the mailbox."""
        log.info("mail to a sub-address arrives: replies are recognised by it from now on")
        self.probes.settle(handle, found=True)

    def maintain_probe(self) -> None:
        """Send a probe if none was sent yet, and give up an overdue one. Server errors are logged, not raised."""
        receiving = self.settings.receiving()
        if receiving is None or receiving.tracking is not IntentTracking.AUTO:
            return
        route, now = self._route(receiving), self.clock.now()
        last = self.probes.last(route)
        if last and last.found is None and now - last.sent_at > PROBE_TIMEOUT:
            log.warning("mail to a sub-address has not arrived: replies are recognised by their Message-ID")
            self.probes.settle(last.handle, found=False)
        elif last is None or (last.found is False and now - last.sent_at > PROBE_AGAIN_AFTER):
            self._send(receiving, route)

    def _send(self, receiving: ReceivingSettings, route: str) -> None:
        sending = self.settings.sending()
        if self._failed and self._failed[0] == sending and time.monotonic() < self._failed[1]:
            return
        probe_id = new_id()
        address = intent.subaddress(receiving.reply_to, intent.make(self.keys[0], probe_id, Purpose.SUBADDRESS_PROBE))
        handle = probe_id[: intent.HANDLE_LENGTH]
        # Recorded before the mail is sent: otherwise a kill in between would leave a probe that is not recognised on arrival.
        self.probes.sent(route, handle, self.clock.now())
        message = compose_subaddress_probe(address, self.clock.now(), self.catalog_name, sending)
        try:
            self.senders.sender(sending).send(message, sending.from_address, address)
        except SendingFailed as error:
            log.warning("the test of sub-addresses could not be sent: %s", error.failure.cause)
            if not error.failure.temporary and not concerns_all(error.failure):  # the address is refused, nothing else
                self.probes.settle(handle, found=False)
                return
            self.probes.forget_probe(handle)
            self._failed = sending, time.monotonic() + (_SOON if error.failure.temporary else _LATER)

    def _by_subaddress(self, receiving: ReceivingSettings) -> bool:
        """Return whether sub-addresses are used; cached, since it is called for every mail."""
        now = time.monotonic()
        with self._lock:
            if self._cached and self._cached[0] == receiving and now - self._cached[1] < _REMEMBERED:
                return self._cached[2]
        found = self._is_subaddress_proven(receiving)
        with self._lock:
            self._cached = (receiving, now, found)
        return found

    def _is_subaddress_proven(self, receiving: ReceivingSettings) -> bool:
        if receiving.tracking is not IntentTracking.AUTO:
            return receiving.tracking is IntentTracking.SUBADDRESS
        last = self.probes.last(self._route(receiving))
        return bool(last and last.found)

    def _route(self, receiving: ReceivingSettings) -> str:
        """Return the identity of a probe's settings: another address, mailbox or sending server needs another probe."""
        parts = (self._first_server(), receiving.reply_to, *receiving.server.identity_key)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _first_server(self) -> str:
        try:
            return "\n".join(self.settings.sending().server.identity_key)
        except CatalogMailError:  # without complete settings nothing is sent, and no probe either
            return ""
