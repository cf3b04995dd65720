# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over the mailbox: read each unread message, decide about it, post or refuse it, then mark it.

The mailbox is the queue, and the unread flag its state. A posted reply is recorded before its message is marked, so that
after a kill in between the message is only marked. Replies that cannot be posted for now stay unread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from catalog_mail.domain.replies.decision import (
    Policy,
    ProbeArrival,
    Reading,
    ReplyContext,
    decide,
    read,
    recognised,
    unknown_original,
)
from catalog_mail.domain.replies.mailbox import Disposition, RawMessage, Unreadable
from catalog_mail.domain.replies.reply import NotPosted, Origin, Reason, Reply
from catalog_mail.domain.replies.retry_schedule import RetrySchedule
from catalog_mail.ports.catalog import UserDirectory
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.conversations import Batch, Conversations, Posted, PostFailed, Posting, PostRefused
from catalog_mail.ports.mailbox import Mailbox
from catalog_mail.ports.replies import Explanation, Handled, ReplyStore
from catalog_mail.services.explaining import Explaining, Refused
from catalog_mail.services.originals import Originals

T = TypeVar("T")
log = logging.getLogger(__name__)

CHUNK = 200
# Messages of the first chunk for another catalog, which waits until it is read; each further one has twice as many.
FIRST_CHUNK = 25
# Bytes of messages after which a chunk ends early: memory stays bounded, at about three times these and the largest message.
CHUNK_BYTES = 32 * 1024 * 1024
# A message is set aside after this many errors of the decision about it.
MOST_FAILURES = 3
# A message is set aside after this many failed reads; with the pauses in between that takes a quarter of an hour.
MOST_UNREADABLE = 10


@dataclass
class PassResult:
    """Counts of one pass. `blocked` is the reason why the catalog accepts nothing at present; the pass then ended early."""

    handled: int = 0
    retried: int = 0
    blocked: PostFailed | None = None


@dataclass(frozen=True, kw_only=True)
class ReplySync:
    """`embedded`: replies go to the embedded conversations. `largest`: size in bytes of the largest message that is read.

    `working` is entered for the decisions about each message, which wait for no server.
    """

    store: ReplyStore
    users: UserDirectory
    conversations: Conversations
    explaining: Explaining
    clock: Clock
    embedded: bool
    largest: int
    probe_arrived: Callable[[str], None]
    originals: Originals = field(default_factory=Originals)
    working: Callable[[], AbstractContextManager[None]]

    def sync(
        self,
        mailbox: Mailbox,
        policy: Policy,
        schedule: RetrySchedule,
        stopping: Callable[[], bool],
        *,
        after_crash: bool = False,
    ) -> PassResult:
        """Handle all unread messages. Raises MailboxFailed, and the errors of a database driver.

        `after_crash`: an earlier process ended in the middle of a pass. Messages are then read one by one, and a message that
        has ended a process several times is set aside, so that the messages behind it are read.
        """
        return _Pass(self, mailbox, policy, schedule, stopping).run(after_crash=after_crash)


@dataclass
class _Chunk:
    """Messages, by their keys. Those without an entry in `dispositions` stay unread.

    `full`: the messages have CHUNK_BYTES. `posts` are those that have begun.
    """

    refused: dict[str, NotPosted] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    contexts: dict[str, ReplyContext] = field(default_factory=dict)
    dispositions: dict[str, Disposition] = field(default_factory=dict)
    full: bool = False
    posts: Batch | None = None

    def keep(self, key: str, found: Reading | NotPosted | None) -> None:
        """Store the outcome of reading one message; None leaves it unread."""
        if isinstance(found, NotPosted):
            self.refused[key] = found
        elif found is not None:
            self.readings[key] = found


@dataclass
class _Pass:
    """One pass: the services it uses, its mailbox, its rules, and its result so far."""

    uses: ReplySync
    mailbox: Mailbox
    policy: Policy
    schedule: RetrySchedule
    stopping: Callable[[], bool]
    result: PassResult = field(default_factory=PassResult)

    def run(self, *, after_crash: bool) -> PassResult:
        """Handle all messages that are due."""
        due = self.schedule.due(self.mailbox.unread())
        if after_crash:
            due = self._one_by_one(due)
        if self.uses.embedded:
            while due and not self._ended():
                due = [*self._handle(due[:CHUNK]), *due[CHUNK:]]
        else:
            self._handle_beside_posts(due)
        return self.result

    def _handle_beside_posts(self, due: Sequence[str]) -> None:
        """Handle messages in chunks, and read each chunk while the posts of the one before are under way."""
        before: _Chunk | None = None
        size = FIRST_CHUNK
        try:
            while due and not self._ended():
                chunk, left = self._prepare(due[:size])
                due = [*left, *due[size:]]
                ended, before = before, None
                if ended:
                    self._wait_for_posts(ended)
                try:
                    if not self.result.blocked:
                        self._begin_posts(chunk)
                        before = chunk
                finally:  # the catalog is busy while what it has taken is recorded
                    if ended:
                        self._record_posts(ended)
                before, size = chunk, min(2 * size, CHUNK)
                if ended:
                    self._mark(ended)
                if chunk.full:  # two full chunks would take twice the memory
                    before = None
                    self._finish(chunk)
        except BaseException:
            if before:  # what was posted is recorded; the next pass marks it
                self._end_posts(before)
            raise
        if before:
            self._finish(before)

    def _ended(self) -> bool:
        return self.stopping() or self.result.blocked is not None

    def _one_by_one(self, due: list[str]) -> list[str]:
        """Handle as many messages as the ended process may have had in hand, each counted as a failure until it is decided.

        Returns the other keys.
        """
        for number, key in enumerate(due[:CHUNK]):
            if self._ended():
                return due[number:]
            if self.uses.store.failed(self.mailbox.place, key) > MOST_FAILURES:
                self._put_aside(key)
                continue
            self._handle([key])
            self.uses.store.decided(self.mailbox.place, key)
        return due[CHUNK:]

    def _put_aside(self, key: str) -> None:
        chunk = _Chunk(refused={key: NotPosted(Reason.UNDECIDABLE, "the process ended over it several times")})
        self._record(chunk)
        self._mark(chunk)

    def _handle(self, keys: Sequence[str]) -> Sequence[str]:
        """Read, decide, post, record and mark these messages, in this order. Returns those that are left for the next chunk."""
        chunk, left = self._prepare(keys)
        self._begin_posts(chunk)
        self._finish(chunk)
        return left

    def _finish(self, chunk: _Chunk) -> None:
        self._end_posts(chunk)
        self._mark(chunk)

    def _prepare(self, keys: Sequence[str]) -> tuple[_Chunk, Sequence[str]]:
        """Read these messages and decide about them. Returns them, and the keys of those that are left for the next chunk."""
        known = self.uses.store.handled(self.mailbox.place, keys)
        posted: dict[str, Disposition] = {
            key: disposition for key, disposition in known.items() if disposition is Disposition.POSTED
        }
        chunk = _Chunk(dispositions=posted)
        fresh = [key for key in keys if key not in posted]
        left = self._fetch(fresh, chunk) if fresh else []
        self._find_originals(chunk)
        self._load_contexts(chunk)
        for key, reading in chunk.readings.items():
            self._decide(key, reading, chunk)
        return chunk, left

    def _fetch(self, keys: Sequence[str], chunk: _Chunk) -> Sequence[str]:
        """Read messages until the chunk is full. Returns the keys of the others."""
        size = 0
        seen = set()
        for found in self.mailbox.fetch(keys, self.uses.largest):
            seen.add(found.key)
            if isinstance(found, Unreadable):
                self._pass_over(found, chunk)
                continue
            self._read(found, chunk)
            size += len(found.content)
            if size >= CHUNK_BYTES:
                chunk.full = True
                return [key for key in keys if key not in seen]
        return []

    def _read(self, raw: RawMessage, chunk: _Chunk) -> None:
        found = self._guarded(lambda: read(raw, self.policy), raw.key)
        if isinstance(found, ProbeArrival):
            self.uses.probe_arrived(found.handle)
            found = NotPosted(Reason.SUBADDRESS_PROBE)
        chunk.keep(raw.key, found)

    def _pass_over(self, found: Unreadable, chunk: _Chunk) -> None:
        """Postpone a message that the server fails to return; after MOST_UNREADABLE tries it is set aside."""
        log.warning("message %s of %s cannot be read: %s", found.key, self.mailbox.place.mailbox, found.failure.cause)
        if self.uses.store.failed(self.mailbox.place, found.key) < MOST_UNREADABLE:
            self.schedule.failed(found.key, found.failure.retry_after)
        else:
            self.schedule.done(found.key)
            chunk.refused[found.key] = NotPosted(Reason.UNDECIDABLE, "the mailbox does not return it")

    def _find_originals(self, chunk: _Chunk) -> None:
        """Look up mails whose Message-ID in a reply holds no intent: a server may have assigned that Message-ID."""
        now = self.uses.clock.now()
        named = {key: (unknown_original(reading), now - reading.raw.received_at) for key, reading in chunk.readings.items()}
        answers = {key: (name, age) for key, (name, age) in named.items() if name}
        sought = self.uses.originals.seek(self.mailbox, answers)
        for key, message_id in sought.found.items():
            reading = chunk.readings.pop(key)
            chunk.keep(key, self._guarded(partial(recognised, reading, message_id, self.policy), key))
        for key in set(answers) - set(sought.found):
            if key in sought.waiting:
                del chunk.readings[key]
                self.schedule.failed(key, sought.waiting[key])
            else:
                self.schedule.done(key)

    def _load_contexts(self, chunk: _Chunk) -> None:
        """Load the answered deliveries, senders and recipients in three queries."""
        readings = chunk.readings
        answered = self.uses.store.answered({reading.handle for reading in readings.values() if reading.handle})
        senders = self.uses.users.users_by_email({reading.incoming.sender or "" for reading in readings.values()})
        recipients = self.uses.users.users_by_id({found.user_id for found in answered.values() if found.user_id})
        for key, reading in readings.items():
            found = answered.get(reading.handle or "")
            sender = senders.get(reading.incoming.sender or "")
            recipient = recipients.get(found.user_id or "") if found else None
            chunk.contexts[key] = ReplyContext(found, sender, recipient, self.uses.embedded)

    def _decide(self, key: str, reading: Reading, chunk: _Chunk) -> None:
        origin = Origin(self.mailbox.place, key)
        decision = self._guarded(lambda: decide(reading, chunk.contexts[key], origin, self.policy), key)
        if isinstance(decision, Reply):
            chunk.replies[key] = decision
        elif decision is not None:
            chunk.refused[key] = decision

    def _guarded(self, decision: Callable[[], T], key: str) -> T | NotPosted | None:
        """Contain an error in one decision, so that the others go on. After MOST_FAILURES errors the message is set aside."""
        try:
            with self.uses.working():
                return decision()
        except Exception:  # a hostile message may cause any exception
            log.exception("message %s of %s could not be decided", key, self.mailbox.place.mailbox)
        if self.uses.store.failed(self.mailbox.place, key) < MOST_FAILURES:
            return None
        return NotPosted(Reason.UNDECIDABLE, "the decision failed several times; the log has the details")

    def _begin_posts(self, chunk: _Chunk) -> None:
        if chunk.replies:
            chunk.posts = self.uses.conversations.begin(list(chunk.replies.values()))

    def _end_posts(self, chunk: _Chunk) -> None:
        """Wait for the posts, and record the outcome of each message. Replies whose posts were not begun stay unread."""
        self._wait_for_posts(chunk)
        self._record_posts(chunk)

    def _wait_for_posts(self, chunk: _Chunk) -> None:
        if chunk.posts:
            for key, posting in zip(chunk.replies, chunk.posts.wait(), strict=True):
                self._note(key, posting, chunk)

    def _record_posts(self, chunk: _Chunk) -> None:
        if chunk.posts:
            chunk.posts.record()
        self._record(chunk)

    def _note(self, key: str, posting: Posting, chunk: _Chunk) -> None:
        if isinstance(posting, Posted):
            chunk.dispositions[key] = Disposition.POSTED
            self.schedule.done(key)
        elif isinstance(posting, PostRefused):
            chunk.refused[key] = NotPosted(Reason.REFUSED_BY_CATALOG, posting.detail)
            self.schedule.done(key)
        else:
            log.warning("a reply is not posted yet: %s", posting.detail)
            self.result.retried += 1
            if posting.everywhere:
                self.result.blocked = posting
            else:
                self.schedule.failed(key, posting.retry_after)

    def _record(self, chunk: _Chunk) -> None:
        place, explanations = self.mailbox.place, self._explanations(chunk)
        handled = [
            Handled(key, refusal.disposition, refusal.reason.value, explanations.get(key))
            for key, refusal in chunk.refused.items()
        ]
        if handled:
            self.uses.store.record(place, handled, self.uses.clock.now())
        for key, refusal in chunk.refused.items():
            chunk.dispositions[key] = refusal.disposition
            log.info("message %s of %s is not posted: %s%s", key, place.mailbox, refusal.reason, _in_brackets(refusal.detail))

    def _explanations(self, chunk: _Chunk) -> Mapping[str, Explanation]:
        return self.uses.explaining.explanations([
            Refused(chunk.readings[key], chunk.contexts[key], refusal)
            for key, refusal in chunk.refused.items()
            if key in chunk.contexts
        ])

    def _mark(self, chunk: _Chunk) -> None:
        for disposition in Disposition:
            keys = [key for key, of_key in chunk.dispositions.items() if of_key is disposition]
            if keys:
                self.mailbox.mark(keys, disposition)
        self.result.handled += len(chunk.dispositions)


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""
