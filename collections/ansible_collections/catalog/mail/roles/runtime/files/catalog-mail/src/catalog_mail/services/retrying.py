# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Try messages again that an administrator has named: each is read where it lies, and decided by today's rules.

A request is stored with the message's entry, and ends after the message is marked. So a kill between any two steps repeats the
step: a message that was posted is only marked, as in every pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog_mail.domain.replies.decision import Policy
from catalog_mail.domain.replies.logged import LoggedMessage
from catalog_mail.domain.replies.mailbox import Disposition, Located, Place, RawMessage, Unreadable
from catalog_mail.domain.replies.original import Original
from catalog_mail.domain.replies.retry_schedule import RetrySchedule
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mailbox import Mailbox
from catalog_mail.ports.message_log import MessageLog
from catalog_mail.services.message_log import locate
from catalog_mail.services.reply_sync import PassResult, ReplySync


@dataclass
class RetriedMessages:
    """Implements ports.ReadableMailbox for messages by the keys of their entries, wherever in the mailbox they lie by now."""

    mailbox: Mailbox
    place: Place
    located: Mapping[str, Located]
    marked: list[str] = field(default_factory=list)

    def fetch(self, keys: Sequence[str], largest: int) -> Iterable[RawMessage | Unreadable]:
        """Read messages one by one."""
        for key in keys:
            found = self.mailbox.fetch_located(self.located[key], largest)
            if found is not None:
                yield replace(found, key=key)

    def originals(self, message_ids: Sequence[str]) -> Mapping[str, Original]:
        """Look up originals as the mailbox does."""
        return self.mailbox.originals(message_ids)

    def mark(self, keys: Sequence[str], disposition: Disposition) -> None:
        """Mark messages where they lie, and note that their retry is done."""
        for key in keys:
            self.mailbox.mark_located(self.located[key], disposition)
            self.marked.append(key)


@dataclass(frozen=True, kw_only=True)
class Retrying:
    """Does the retries that are requested."""

    log: MessageLog
    sync: ReplySync
    clock: Clock

    def run(self, mailbox: Mailbox, policy: Policy, schedule: RetrySchedule, stopping: Callable[[], bool]) -> PassResult | None:
        """Try the requested messages again; None when none is requested. Raises MailboxFailed, and errors of the database."""

        def retry(messages: RetriedMessages) -> PassResult:
            return self.sync.retry(messages, list(messages.located), policy, schedule, stopping)

        result = None
        for place, messages in _by_place(self.log.requested(mailbox.place.mailbox)).items():
            if result is not None and result.blocked:
                break
            result = self._retry(mailbox, place, messages, retry)
        return result

    def waits(self, mailbox: Mailbox, schedule: RetrySchedule) -> bool:
        """Return whether a requested retry is due."""
        return bool(schedule.due(message.key for message in self.log.requested(mailbox.place.mailbox)))

    def _retry(
        self,
        mailbox: Mailbox,
        place: Place,
        messages: Sequence[LoggedMessage],
        retry: Callable[[RetriedMessages], PassResult],
    ) -> PassResult:
        located = {message.key: found for message in messages if (found := locate(mailbox, message))}
        missing = [message.id for message in messages if message.key not in located]
        if missing:
            self.log.gone(missing, self.clock.now())
        view = RetriedMessages(mailbox, place, located)
        try:
            return retry(view)
        finally:
            done = set(view.marked)
            if done:
                self.log.retried([message.id for message in messages if message.key in done])


def _by_place(messages: Iterable[LoggedMessage]) -> dict[Place, list[LoggedMessage]]:
    found: dict[Place, list[LoggedMessage]] = {}
    for message in messages:
        found.setdefault(message.place, []).append(message)
    return found
