# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that posts notifications continuously and repeats failed posts, as a catalog does that must lose none."""

from __future__ import annotations

import itertools
import threading
from types import TracebackType

import requests

from helpers.service.process import RunningService
from helpers.waiting import PATIENCE


class NotificationPoster:
    """Posts to one of several services until stopped; a post with an unknown result is repeated with its idempotency key.

    `deliveries` holds the id of every delivery that was accepted.
    """

    def __init__(self, *services: RunningService, pause: float = 0.01) -> None:
        self._services = itertools.cycle(services)
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.deliveries: set[str] = set()
        self.posted = 0
        self.repeated = 0
        self.refused: list[str] = []

    def __enter__(self) -> NotificationPoster:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    def finish(self) -> None:
        """Stop; the last post is repeated until it is accepted."""
        self._stop.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the last notification is not accepted"

    def _run(self) -> None:
        while not self._stop.is_set():
            self.posted += 1
            self._post_until_accepted(self.posted)
            self._stop.wait(self._pause)

    def _post_until_accepted(self, number: int) -> None:
        people = [{"address": f"user{number}.{place}@corp.test"} for place in range(1 + number % 3)]
        body = {"kind": "message", "recipients": people, "subject": f"Number {number}", "text": "Text.",
                "idempotency_key": f"number-{number}"}  # fmt: skip
        while True:
            service = next(self._services)
            try:
                answer = service.call("POST", "/notifications", body, role="catalog")
            except requests.RequestException:
                self.repeated += 1
                threading.Event().wait(0.05)
                continue
            if answer.status_code == 503:
                continue
            if answer.status_code != 202:
                self.refused.append(f"{answer.status_code}: {answer.text}")
            else:
                self.deliveries |= {delivery["id"] for delivery in answer.json()["deliveries"]}
            return


def delivery_of(message_id: str) -> str:
    """Return the id of the delivery that a message belongs to."""
    return message_id.strip("<>").partition("@")[0]
