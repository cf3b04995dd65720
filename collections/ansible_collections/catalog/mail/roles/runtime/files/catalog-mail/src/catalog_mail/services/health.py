# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Report whether the service is alive and ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.notifications.notification import State
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import NotificationStore


class Worker(Protocol):
    """A background worker."""

    def running(self) -> bool:
        """Return whether the worker is running."""


@dataclass(frozen=True)
class Readiness:
    """`ready` if `problems` is empty; each problem is a sentence."""

    ready: bool
    problems: tuple[str, ...]


class Health:
    """Checks the database, the queue and the settings."""

    def __init__(self, *, store: NotificationStore, worker: Worker, configured: Callable[[], bool], clock: Clock) -> None:
        self._store = store
        self._worker = worker
        self._configured = configured
        self._clock = clock

    def readiness(self) -> Readiness:
        """Return the readiness: whether a notification accepted now is processed. Settings may still be missing."""
        problems = []
        try:
            self._store.counts()
        except Exception as error:  # any exception of a database driver means that the database fails
            problems.append(f"The database does not answer ({type(error).__name__}).")
        if not self._worker.running():
            problems.append("The queue is not running.")
        return Readiness(not problems, tuple(problems))

    def configured(self) -> bool:
        """Return whether the e-mail settings are complete enough to send."""
        return self._configured()

    def deliveries(self) -> Mapping[State, int]:
        """Return the number of deliveries in each state, zeros included."""
        counts = self._store.counts()
        return {state: counts.get(state, 0) for state in State}

    def oldest_open_seconds(self) -> float:
        """Return the age of the oldest open delivery; 0 when there is none."""
        oldest: datetime | None = self._store.oldest_open()
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
