# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remember the capabilities that a server announces and that do not work, so that the service goes on without them."""

from __future__ import annotations

import logging
import time

from catalog_mail.domain.failures.failure import Failure, MailboxFailed

log = logging.getLogger(__name__)

# Seconds after which a capability is tried again: the server may have been repaired.
FORGET = 60 * 60.0
# A capability that may have failed for another reason, such as a lost network, is left out after this many failures in a row.
MOST_DOUBTS = 2


class CapabilityFailed(MailboxFailed):
    """A connection failed while an announced capability was in use; `certain` is false when the network may be the cause."""

    def __init__(self, failure: Failure, capability: str, *, certain: bool) -> None:
        super().__init__(failure)
        self.capability = capability
        self.certain = certain


class BrokenCapabilities:
    """The capabilities of one server that do not work; each is named in the log once."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._until: dict[str, float] = {}
        self._doubts: dict[str, int] = {}
        self._told: set[str] = set()

    def works(self, capability: str) -> bool:
        """Return whether the capability may be used."""
        return time.monotonic() >= self._until.get(capability, 0.0)

    def failed(self, capability: str, why: str) -> None:
        """Leave out a capability for an hour; `why` holds the server's answer, without secrets."""
        self._doubts.pop(capability, None)
        self._until[capability] = time.monotonic() + FORGET
        if capability not in self._told:
            self._told.add(capability)
            log.warning("%s announces %s, which does not work: %s The service goes on without it.", self._place, capability, why)

    def doubted(self, capability: str, why: str) -> None:
        """Count a failure that may have another reason."""
        self._doubts[capability] = self._doubts.get(capability, 0) + 1
        if self._doubts[capability] >= MOST_DOUBTS:
            self.failed(capability, why)

    def worked(self, capability: str) -> None:
        """Forget the doubts about a capability."""
        self._doubts.pop(capability, None)

    def note(self, error: CapabilityFailed) -> None:
        """Note the capability of an exception."""
        if error.certain:
            self.failed(error.capability, error.failure.cause)
        else:
            self.doubted(error.capability, error.failure.cause)
