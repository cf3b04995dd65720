# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Requests to Microsoft Graph as values: a read in a batch, the options of a request, the outcome of one attempt. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Callable, NamedTuple, Optional

from .graph_permissions_needed import Right
from .graph_responses import Answer


class BatchRead(NamedTuple):
    """A GET request in a batch.

    ``path`` is without the version; a status 404 is None when the read is ``optional``, else an error.
    """

    right: Right
    path: str
    optional: bool = False


class RequestOptions(NamedTuple):
    """The header Prefer of a request, and the handling of its failures.

    ``fresh``: the request concerns an object created a moment ago, so refusals that replication explains are retried.
    ``look``: called before a retry when Graph may have acted on the previous attempt; an answer from it ends the retries.
    """

    prefer: str = ""
    fresh: bool = False
    look: Optional[Callable[[], Optional[Answer]]] = None


class Delivery(Enum):
    """The outcome of one attempt of a request."""

    NOT_SENT = "no connection to the server"
    UNANSWERED = "sent, but no answer came: the server may have acted on it"
    ANSWERED = "answered"


class Attempt(NamedTuple):
    """One attempt of a request: ``answer`` when it is ANSWERED, else ``error``, a redacted sentence."""

    delivery: Delivery
    answer: Optional[Answer] = None
    error: str = ""
