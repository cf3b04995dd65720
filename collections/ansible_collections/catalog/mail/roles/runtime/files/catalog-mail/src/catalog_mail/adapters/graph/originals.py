# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find sent mails by the Message-ID that Exchange assigned: in the Sent Items of the sending account."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from catalog_mail.adapters.graph import batches
from catalog_mail.adapters.graph.apps import App
from catalog_mail.adapters.graph.batches import BatchRequest, BatchResponse
from catalog_mail.adapters.graph.failing import Failed
from catalog_mail.adapters.graph.pages import IMMUTABLE
from catalog_mail.adapters.graph.sent_items import SentItems
from catalog_mail.domain.failures.failure import Cause
from catalog_mail.domain.failures.graph import Operation
from catalog_mail.domain.replies.original import Original
from catalog_mail.domain.settings.servers import GraphServer

log = logging.getLogger(__name__)

# Seconds before the Sent Items are tried again after missing permission: it may have been granted since.
CLOSED = 3600.0
# Causes that last until an administrator changes something.
_NOT_ALLOWED = frozenset({Cause.PERMISSION_MISSING, Cause.ACCESS_BLOCKED, Cause.MAILBOX_UNKNOWN, Cause.MAILBOX_NOT_LICENSED})


@dataclass
class Experience:
    """State of look-ups in one mailbox, which outlives the app: no look-ups before this time; the last failure logged."""

    closed_until: float = 0.0
    said: Cause | None = None


class Originals:
    """Look-ups in the mailbox that `server` names. Raises nothing: a failure is logged once, and marked in the result."""

    def __init__(self, server: GraphServer, app: App, experience: Experience) -> None:
        self._server = server
        self._app = app
        self._experience = experience
        self._sent_items = SentItems(server, app)

    def find(self, message_ids: Sequence[str]) -> dict[str, Original]:
        """Return the original of each Message-ID; nothing when the registration lacks the permission."""
        if time.monotonic() < self._experience.closed_until:
            return {}
        found: dict[str, Original] = {}
        parts = [BatchRequest(message_id, "GET", self._sent_items.question(message_id)) for message_id in message_ids]
        try:
            for message_id, result in batches.run(self._app, self._server, parts, Operation.LOOK, IMMUTABLE):
                if isinstance(result, Failed):
                    self._note(result)
                    found[message_id] = Original(failed=True)
                else:
                    found[message_id] = Original(self._written_id(result))
        except Failed as failed:
            self._note(failed)
            if time.monotonic() < self._experience.closed_until:
                return {}
            return {**dict.fromkeys(message_ids, Original(failed=True)), **found}
        self._experience.said = None
        # A mailbox that does not exist holds no sent mails.
        return {**dict.fromkeys(message_ids, Original()), **found}

    def _written_id(self, result: BatchResponse) -> str | None:
        items = result.body.get("value") if isinstance(result.body, dict) else None
        item = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else None
        return self._sent_items.stamp(item) if item else None

    def _note(self, failed: Failed) -> None:
        failure = failed.failure
        if failure.code in _NOT_ALLOWED:
            self._experience.closed_until = time.monotonic() + CLOSED
        if failure.code is not self._experience.said:
            self._experience.said = failure.code
            log.warning(
                "a reply that names a Message-ID of Exchange's own cannot be matched by the Sent Items of %s: %s %s",
                self._server.mailbox, failure.cause, failure.remedy,
            )  # fmt: skip
