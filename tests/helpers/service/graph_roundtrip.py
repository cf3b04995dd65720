# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole round trip by Graph: a mention's mail, a reply to it, the process that reads the mailbox, the post."""

from __future__ import annotations

import subprocess
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from helpers.service.catalog_users import add_user, start_conversation
from helpers.service.graph_tenant import JANE, REPLIES, GraphWorld
from helpers.service.process import RunningService
from helpers.waiting import wait_until

POSTED, IGNORED, REJECTED = "$CatalogPosted", "$CatalogIgnored", "$CatalogRejected"


@dataclass
class GraphRoundTrip:
    """A service that sends and receives by Graph; its users jane and joe have mailboxes in the same tenant."""

    service: RunningService
    world: GraphWorld
    _interval: int = 10

    def set_up(self, **interactions: Any) -> None:
        for name in ("jane", "joe"):
            add_user(self.service, name)
        self.save(**interactions)

    def save(self, **interactions: Any) -> None:
        saved = self.service.save(self.world.receiving(interactions={"sync_interval": self._interval, **interactions}))
        assert saved.status_code == 200, saved.text

    def mention(self, title: str = "Sales") -> tuple[str, EmailMessage]:
        """Mention Jane as Joe; return the conversation's id and the mail in her mailbox."""
        before = len(self.world.found(JANE))
        conversation = start_conversation(self.service, "joe", title, "@jane what is this table?")
        return conversation, self.world.wait_for(JANE, before + 1)[-1]

    def receive(self, content: bytes) -> None:
        self.world.emulator.put_message(REPLIES, content)

    def key_of(self, number: int) -> str:
        """Return the immutable id of a message in the Inbox, by order of arrival."""
        token, prefer = self.world.emulator.token(self.world.app), {"Prefer": 'IdType="ImmutableId"'}
        path = f"/v1.0/users/{REPLIES}/mailFolders/inbox/messages?$orderby=receivedDateTime&$select=id&$top=50"
        found: list[dict[str, str]] = self.world.emulator.graph(token, "GET", path, headers=prefer).json()["value"]
        return found[number]["id"]

    def texts(self, conversation: str) -> list[str]:
        """Return the texts of the posts after the first, oldest first."""
        found = self.service.call("GET", f"/conversations/{conversation}/posts?limit=500", role="viewer").json()["posts"]
        return [post["text"] for post in reversed(found)][1:]

    def categories(self) -> list[list[str] | None]:
        """Return the categories of each message; None for an unread message."""
        return [one["categories"] if one["is_read"] else None for one in self.world.found(REPLIES)]

    def wait_handled(self) -> None:
        wait_until(lambda: None not in self.categories(), "not all messages were handled")

    def trigger_poll(self) -> None:
        """Trigger a poll now: changed settings end the reader's wait."""
        self._interval = 21 - self._interval
        self.save()

    def complete_poll(self) -> None:
        """Trigger a poll and wait until it is complete."""
        wait_until(lambda: self._last_poll() is not None, "no poll was completed")
        before = self._last_poll()
        self.trigger_poll()
        wait_until(lambda: self._last_poll() != before, "no further poll was completed")

    def _last_poll(self) -> str | None:
        workers = self.state()["workers"]
        return workers[0]["last_good_poll"] if workers else None

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.service.call("GET", "/replies/sync", role="viewer").json()
        return found

    def syncing(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run `catalog-mail reply-sync`; stop it at the end."""
        return self.service.syncing()
