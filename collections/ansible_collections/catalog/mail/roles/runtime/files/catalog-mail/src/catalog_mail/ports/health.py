# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements of the database and of the disk for the health check. The cost of each does not grow with the stored data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.health import DiskSpace, OpenDeliveries


class StorageProbe(Protocol):
    def try_to_store(self, at: datetime) -> None:
        """Store a notification as a request does, and undo it. Raises StorageFailed when a request would fail.

        A success counts for two seconds, unless something else fails to store meanwhile.
        """

    def open_deliveries(self) -> OpenDeliveries:
        """Return the deliveries that are not final, as far as they show trouble. Raises StorageFailed."""

    def bouncing(self, since: datetime) -> Sequence[str]:
        """Return the recipients to whom e-mails accepted since then came back for good; limited in number, newest first."""


class Disk(Protocol):
    def space(self) -> DiskSpace | None:
        """Return the space on the disk of the service's data; None when it is unknown."""
