"""How replies are recognised at this moment, and finding out by a probe whether mail to sub-addresses arrives."""

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

# A probe that has not come back after so long will not come; if it does all the same, that counts.
PROBE_TIMEOUT = timedelta(minutes=10)
# After so long without a sub-address the server is asked once more: it may have been set up since.
PROBE_AGAIN_AFTER = timedelta(days=7)
# For so many seconds what was found out is not asked of the database again.
_REMEMBERED = 3.0


class TrackingSettings(Protocol):
    """What tracking asks of the e-mail settings, as they are at that moment."""

    def receiving(self) -> ReceivingSettings | None:
        """How replies are received; None while they are off. Raises NotConfigured."""

    def sending(self) -> SendingSettings:
        """How to send. Raises NotConfigured."""


@dataclass
class Tracking:
    """Sub-addresses or Message-IDs. While it is not known yet, Message-IDs: these are found in any case."""

    settings: TrackingSettings
    probes: SubaddressProbes
    senders: MailSenders
    keys: Sequence[bytes]
    clock: Clock
    catalog_name: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _cached: tuple[ReceivingSettings, float, bool] | None = None

    def replying(self) -> Replying | None:
        """What mails that can be answered say at this moment; None while replies are off or not set up."""
        try:
            receiving = self.settings.receiving()
        except CatalogMailError:
            return None
        return Replying(receiving.reply_to, self._by_subaddress(receiving)) if receiving else None

    def in_use(self, receiving: ReceivingSettings) -> IntentTracking:
        """`subaddress` or `message_id`."""
        return IntentTracking.SUBADDRESS if self._is_subaddress_proven(receiving) else IntentTracking.MESSAGE_ID

    def state(self, receiving: ReceivingSettings) -> SubaddressProbe | None:
        """How the last probe by these settings went; None where there was none."""
        return self.probes.last(self._route(receiving))

    def probe_arrived(self, handle: str) -> None:
        """The mail of a probe was found in the mailbox."""
        log.info("mail to a sub-address arrives: replies are recognised by it from now on")
        self.probes.settle(handle, found=True)

    def maintain_probe(self) -> None:
        """Send a probe where none went out yet, and give up one that does not come. Raises nothing that a server causes."""
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
        probe_id = new_id()
        address = intent.subaddress(receiving.reply_to, intent.make(self.keys[0], probe_id, Purpose.SUBADDRESS_PROBE))
        handle = probe_id[: intent.HANDLE_LENGTH]
        # Before it goes out: were we killed in between, it would come and nobody would know it.
        self.probes.sent(route, handle, self.clock.now())
        message = compose_subaddress_probe(address, self.clock.now(), self.catalog_name, sending)
        try:
            self.senders.sender(sending).send(message, sending.from_address, address)
        except SendingFailed as error:
            log.warning("the test of sub-addresses could not be sent: %s", error.failure.cause)
            if not error.failure.temporary and not concerns_all(error.failure):  # the address is refused, nothing else
                self.probes.settle(handle, found=False)

    def _by_subaddress(self, receiving: ReceivingSettings) -> bool:
        """The same as `in_use`, asked for every mail that is written."""
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
        """Stands for the way of a probe; another address, mailbox or server that takes our mail is another way."""
        parts = (self._first_server(), receiving.reply_to, *receiving.server.identity_key)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _first_server(self) -> str:
        try:
            return "\n".join(self.settings.sending().server.identity_key)
        except CatalogMailError:  # nothing is sent then, no probe either
            return ""
