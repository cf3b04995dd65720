"""Whether the service is alive and ready to work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.notifications.notification import State
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import NotificationStore


class Worker(Protocol):
    """What works in the background."""

    def running(self) -> bool:
        """Whether it works this moment."""


@dataclass(frozen=True)
class Readiness:
    """`ready` if `problems` is empty; each problem is a sentence."""

    ready: bool
    problems: tuple[str, ...]


class Health:
    """Looks at the database, the queue and the settings."""

    def __init__(self, *, store: NotificationStore, worker: Worker, configured: Callable[[], bool], clock: Clock) -> None:
        self._store = store
        self._worker = worker
        self._configured = configured
        self._clock = clock

    def readiness(self) -> Readiness:
        """Ready means: a notification that is accepted now is worked on. Settings may still be missing."""
        problems = []
        try:
            self._store.counts()
        except Exception as error:  # whatever a database driver raises, it is no answer
            problems.append(f"The database does not answer ({type(error).__name__}).")
        if not self._worker.running():
            problems.append("The queue is not being worked on.")
        return Readiness(not problems, tuple(problems))

    def configured(self) -> bool:
        """Whether the e-mail settings are complete enough to send."""
        return self._configured()

    def deliveries(self) -> Mapping[State, int]:
        """How many deliveries stand in each state, zeros included."""
        counts = self._store.counts()
        return {state: counts.get(state, 0) for state in State}

    def oldest_open_seconds(self) -> float:
        """Age of the oldest delivery without a final state; 0 where all are done."""
        oldest: datetime | None = self._store.oldest_open()
        return 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
