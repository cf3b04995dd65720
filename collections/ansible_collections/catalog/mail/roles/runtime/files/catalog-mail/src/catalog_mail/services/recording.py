# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the attempts of a batch, with one wait for the disk between two messages instead of two."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.notifications.notification import Delivery
from catalog_mail.domain.notifications.outcome import Outcome
from catalog_mail.ports.notifications import DeliveryStore, Finished

log = logging.getLogger(__name__)

# Seconds between two tries to read or record something while the database fails.
STORAGE_PAUSE = 1.0


class Recorder:
    """Records what becomes of the messages of one batch, in their order.

    A sent message is recorded together with the beginning of the next one, and at the latest by `settle`. So no message is on the
    wire while the outcome of the one before is not recorded, and a kill leaves at most one with an unknown outcome.
    """

    def __init__(self, store: DeliveryStore, batch: str, stopping: Callable[[], bool]) -> None:
        self._store = store
        self._batch = batch
        self._stopping = stopping
        self._sent: Finished | None = None

    def begin(self, attempt: Delivery) -> bool:
        """Record the message sent before, and that this one is `sending`; False as `DeliveryStore.begin`."""
        begun = self._store.begin(self._batch, attempt, self._sent)
        self._sent = None
        return begun

    def sent(self, attempt: Delivery, outcome: Outcome) -> None:
        """Keep the outcome of a message that was just sent."""
        self._sent = (attempt, outcome)

    def record(self, attempt: Delivery, outcome: Outcome) -> None:
        """Record an outcome now, after that of the message sent before."""
        self.settle()
        self._record(attempt, outcome)

    def settle(self) -> None:
        """Record the message sent before, unless it is recorded already."""
        if self._sent is not None:
            self._record(*self._sent)
            self._sent = None

    def _record(self, attempt: Delivery, outcome: Outcome) -> None:
        """Record the outcome, and wait while storage fails: a sent message that is not recorded would be sent again.

        Raises StorageFailed when the batch must stop meanwhile.
        """
        while True:
            try:
                self._store.finish(attempt, outcome)
            except StorageFailed as error:
                log.warning("delivery %s is %s, which is not recorded yet: %s", attempt.id, outcome.state, error)
                if self._stopping():
                    raise
                time.sleep(STORAGE_PAUSE)
            else:
                return
