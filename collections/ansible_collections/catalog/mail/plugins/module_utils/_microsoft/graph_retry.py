# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The retries of one request to Microsoft Graph. An edge: pauses are slept here."""

from __future__ import annotations

from typing import NoReturn, Optional, Protocol

from .deadline import Deadline
from .graph_permissions_needed import Right
from .graph_requests import Attempt, Delivery, RequestOptions
from .graph_responses import Answer, had_no_effect, is_lag, is_passing, retry_after

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts; the last one is repeated."""
CONNECTING = 30.0
"""Seconds after which connecting to a server is not tried again."""


class RetryingClient(Protocol):
    """The methods of the Graph client that a retry needs."""

    def wait(self, seconds: float) -> bool:
        """Sleep; False, without sleeping, when the deadline comes before."""

    def renew(self, only_cached: bool) -> bool:
        """Get a new token, once a run; False when that was done before."""

    def refuse(self, answer: Answer, right: Right, method: str, path: str) -> NoReturn:
        """Raise MicrosoftFailed with the answer's error."""

    def unreached(self, words: str) -> NoReturn:
        """Raise MicrosoftFailed for a server that gave no answer."""


class RetryLoop:
    """Decide after each attempt of one request: take its answer, retry after a pause, or fail.

    ``right`` and ``path`` are those named in an error; a batch sets them to those of its failed part.
    """

    def __init__(self, client: RetryingClient, right: Right, method: str, path: str, options: RequestOptions) -> None:
        self.right, self.method, self.path = right, method, path
        self._client, self._options = client, options
        self._retries = 0
        self._connecting = Deadline(CONNECTING)

    def next_step(self, attempt: Attempt) -> Optional[Answer]:
        """The final answer, or None to send the request again, after the pause was slept. Raises MicrosoftFailed."""
        answer = attempt.answer
        if answer is None:
            self._pause(attempt)
            return self._look() if attempt.delivery is Delivery.UNANSWERED else None
        if answer.status == 401 and self._client.renew(only_cached=False):
            return None
        if self._options.fresh and is_lag(answer):
            self._pause(attempt)
            return None
        if answer.status == 403 and self._client.renew(only_cached=True):
            return None
        if is_passing(answer):
            self._pause(attempt)
            return None if had_no_effect(answer) else self._look()
        if answer.status in (401, 403):
            self._client.refuse(answer, self.right, self.method, self.path)
        return answer

    def _look(self) -> Optional[Answer]:
        return self._options.look() if self._options.look else None

    def _pause(self, attempt: Attempt) -> None:
        """Sleep before a retry. Raises MicrosoftFailed when the run has no time for one."""
        pause = PAUSES[min(self._retries, len(PAUSES) - 1)]
        self._retries += 1
        requested = retry_after(attempt.answer) if attempt.answer else None
        waited = self._client.wait(pause if requested is None else max(requested, 0.1))
        given_up = attempt.delivery is Delivery.NOT_SENT and self._connecting.left == 0
        if waited and not given_up:
            return
        if attempt.answer is None:
            self._client.unreached(attempt.error)
        self._client.refuse(attempt.answer, self.right, self.method, self.path)
