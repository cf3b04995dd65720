# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Weekly archiving: move handled messages to the archive, and remove expired messages from the archive.

Each run selects the messages by the present state of the mailbox, so it may be repeated, or killed and started again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from catalog_mail.domain.replies.archive import Skipped, is_marked, to_expire, to_move
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mailbox import Mailbox, Mailboxes
from catalog_mail.ports.replies import ReplyStore
from catalog_mail.services.email_settings import EmailSettings

T = TypeVar("T")
# Messages of one move or look-up.
CHUNK = 200


@dataclass(frozen=True)
class Archived:
    """Numbers of messages moved to the archive and removed from it; `skipped` is the reason why nothing was done."""

    archived: int = 0
    expired: int = 0
    skipped: str | None = None


@dataclass(frozen=True, kw_only=True)
class Archiving:
    """Archives the mailbox of replies that the settings in force name."""

    settings: EmailSettings
    mailboxes: Mailboxes
    store: ReplyStore
    clock: Clock

    def run(self) -> Archived:
        """Archive once. Raises MailboxFailed and NotConfigured; messages moved before the error stay moved."""
        receiving = self.settings.receiving()
        if receiving is None:
            return Archived(skipped=Skipped.REPLIES_DISABLED.value)
        if not receiving.archive.enabled:
            return Archived(skipped=Skipped.ARCHIVE_DISABLED.value)
        mailbox = self.mailboxes.open(receiving.server)
        try:
            return Archived(self._move(mailbox), self._expire(mailbox, receiving.archive.keep_days))
        finally:
            mailbox.close()

    def _move(self, mailbox: Mailbox) -> int:
        filed = list(mailbox.filed())
        moved = 0
        for chunk in _chunks(filed):
            unmarked = [message.key for message in chunk if not is_marked(message)]
            recorded = self.store.handled(mailbox.place, unmarked) if unmarked else {}
            keys = to_move(chunk, recorded)
            moved += mailbox.archive(keys) if keys else 0
        return moved

    def _expire(self, mailbox: Mailbox, keep_days: int) -> int:
        keys = to_expire(mailbox.archived(), self.clock.now(), keep_days)
        return sum(mailbox.expire(chunk) for chunk in _chunks(keys))


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
