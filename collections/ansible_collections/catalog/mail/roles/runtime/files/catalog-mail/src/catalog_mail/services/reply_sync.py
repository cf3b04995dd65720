# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over the mailbox: read each unread message, decide about it, post or refuse it, then mark it.

The mailbox is the queue, and the unread flag its state. A posted reply is recorded before its message is marked, so that
after a kill in between the message is only marked. Replies that cannot be posted for now stay unread. Each chunk of messages is
read while the one before it is posted, recorded and marked.
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
    recognised,
    unknown_original,
)
from catalog_mail.domain.replies.logged import WaitReason
from catalog_mail.domain.replies.mailbox import Disposition, Unreadable
from catalog_mail.domain.replies.outcome import Outcome, ReadingFailed
from catalog_mail.domain.replies.reply import NotPosted, Origin, Reason, Reply
from catalog_mail.domain.replies.retry_schedule import RetrySchedule
from catalog_mail.ports.bounces import BounceStore
from catalog_mail.ports.catalog import UserDirectory
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.conversations import Conversations, Posted, PostFailed, Posting, PostRefused
from catalog_mail.ports.mailbox import Mailbox, ReadableMailbox
from catalog_mail.ports.reading import MessageReader
from catalog_mail.ports.replies import Explanation, ReplyStore
from catalog_mail.services.explaining import Explaining, Refused
from catalog_mail.services.foreign_intents import ForeignIntents
from catalog_mail.services.message_chunk import Chunk
from catalog_mail.services.originals import Originals

T = TypeVar("T")
log = logging.getLogger(__name__)

CHUNK = 200
# Messages of the first chunk, which nothing is done beside; each further one has twice as many.
FIRST_CHUNK = 25
# Bytes of messages after which a chunk ends early: memory stays bounded, at about three times these and the largest message.
CHUNK_BYTES = 32 * 1024 * 1024
# A message is set aside after this many errors of the decision about it.
MOST_FAILURES = 3
# A message is set aside after this many failed reads; with the pauses in between that takes a quarter of an hour.
MOST_UNREADABLE = 10
# Seconds until a message is read again that is left for another installation, at least.
LEFT_PAUSE = 60.0


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

    reader: MessageReader
    store: ReplyStore
    users: UserDirectory
    conversations: Conversations
    explaining: Explaining
    foreign: ForeignIntents
    bounces: BounceStore
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
        return _Pass(self, mailbox, policy, schedule, stopping).run(mailbox, after_crash=after_crash)

    def retry(
        self,
        messages: ReadableMailbox,
        keys: Sequence[str],
        policy: Policy,
        schedule: RetrySchedule,
        stopping: Callable[[], bool],
    ) -> PassResult:
        """Handle these messages one by one, whether or not they are unread. Raises as `sync` does.

        A message that ends the process several times is set aside. One for another installation is refused at once.
        """
        return _Pass(self, messages, policy, schedule, stopping, patient=False).retry(keys)


@dataclass
class _Pass:
    """One pass: the services it uses, its mailbox, its rules, and its result so far.

    `patient`: a message that may be for another installation stays unread for a time.
    """

    uses: ReplySync
    mailbox: ReadableMailbox
    policy: Policy
    schedule: RetrySchedule
    stopping: Callable[[], bool]
    patient: bool = True
    due: list[str] = field(default_factory=list)
    result: PassResult = field(default_factory=PassResult)

    def run(self, mailbox: Mailbox, *, after_crash: bool) -> PassResult:
        """Handle all messages that are due."""
        unread = mailbox.unread()
        self.uses.store.settle(self.mailbox.place, unread, self.uses.clock.now())
        for key in self.uses.foreign.retain(self.mailbox.place, unread):
            self.schedule.done(key)
        self.due = self.schedule.due(unread)
        if after_crash:
            self._handle_one_by_one()
        self._handle_chunks()
        return self.result

    def retry(self, keys: Sequence[str]) -> PassResult:
        """Handle those of these messages that are due, one by one."""
        self.due = self.schedule.due(keys)
        while self.due and not self._ended():
            key = self.due[0]
            if self.uses.store.failed(self.mailbox.place, key) > MOST_FAILURES:
                self._put_aside(self.due.pop(0))
            elif not self._handle_next():
                self.uses.store.decided(self.mailbox.place, key)
        return self.result

    def _handle_next(self) -> bool:
        """Handle the next message alone; return whether its decision failed and will be repeated."""
        chunk = self._begin_chunk(1)
        if chunk is None:
            return False
        self._decide_all(chunk)
        self._begin_posts(chunk)
        self._finish(chunk)
        return any(note.reason == WaitReason.DECISION_FAILED for note in chunk.noted)

    def _handle_chunks(self) -> None:
        """Handle the messages that are due, each chunk beside the posts of the one before and the reading of the next one."""
        posting: Chunk | None = None
        size = FIRST_CHUNK
        following = self._begin_chunk(size)
        try:
            while following and not self._ended():
                chunk, size = following, min(2 * size, CHUNK)
                self._decide_all(chunk)
                following = self._begin_chunk(size)
                before, posting = posting, None
                if before:
                    self._wait_for_posts(before)
                try:
                    if not self.result.blocked:
                        self._begin_posts(chunk)
                        posting = chunk
                finally:  # the catalog is busy while what it has taken is recorded
                    if before:
                        self._record_posts(before)
                if before:
                    self._mark(before)
        except BaseException:
            if posting:  # what was posted is recorded; the next pass marks it
                self._end_posts(posting)
            raise
        if posting:
            self._finish(posting)

    def _ended(self) -> bool:
        return self.stopping() or self.result.blocked is not None

    def _handle_one_by_one(self) -> None:
        """Handle the first CHUNK messages one by one, each counted as a failure until it is decided."""
        for _number in range(min(CHUNK, len(self.due))):
            if self._ended():
                return
            key = self.due[0]
            if self.uses.store.failed(self.mailbox.place, key) > MOST_FAILURES:
                self._put_aside(self.due.pop(0))
                continue
            self._handle_next()
            self.uses.store.decided(self.mailbox.place, key)

    def _put_aside(self, key: str) -> None:
        chunk = Chunk(refused={key: NotPosted(Reason.UNDECIDABLE, "the process ended over it several times")})
        self._record(chunk)
        self._mark(chunk)

    def _finish(self, chunk: Chunk) -> None:
        self._end_posts(chunk)
        self._mark(chunk)

    def _begin_chunk(self, size: int) -> Chunk | None:
        """Fetch at most this many messages that are due, and begin to read them; None when there are no more."""
        if not self.due or self._ended():
            return None
        keys, self.due = self.due[:size], self.due[size:]
        known = self.uses.store.handled(self.mailbox.place, keys)
        posted: dict[str, Disposition] = {
            key: disposition for key, disposition in known.items() if disposition is Disposition.POSTED
        }
        chunk = Chunk(dispositions=posted)
        fresh = [key for key in keys if key not in posted]
        if fresh:
            self.due = [*self._fetch(fresh, chunk), *self.due]
        chunk.outcomes = self.uses.reader.begin(list(chunk.raws.values()), self.policy)
        return chunk

    def _fetch(self, keys: Sequence[str], chunk: Chunk) -> Sequence[str]:
        """Fetch messages until they have CHUNK_BYTES. Returns the keys of the others."""
        size = 0
        seen = set()
        for found in self.mailbox.fetch(keys, self.uses.largest):
            seen.add(found.key)
            if isinstance(found, Unreadable):
                self._pass_over(found, chunk)
                continue
            chunk.raws[found.key] = found
            size += len(found.content)
            if size >= CHUNK_BYTES:
                return [key for key in keys if key not in seen]
        return []

    def _decide_all(self, chunk: Chunk) -> None:
        """Take the outcomes of reading the messages, and decide about each."""
        for key in chunk.raws:
            with self.uses.working():
                outcome = next(chunk.outcomes)
            self._take(key, outcome, chunk)
        self._find_originals(chunk)
        chunk.raws.clear()  # contents are not needed any more
        self._load_contexts(chunk)
        for key, reading in chunk.readings.items():
            self._decide(key, reading, chunk)
        self._leave(chunk)

    def _take(self, key: str, outcome: Outcome, chunk: Chunk) -> None:
        chunk.heads[key], found = outcome.head, outcome.found
        if isinstance(found, ReadingFailed):
            log.error("message %s of %s could not be read:\n%s", key, self.mailbox.place.mailbox, found.stack)
            chunk.keep(key, self._undecided(key))
        elif isinstance(found, ProbeArrival):
            self.uses.probe_arrived(found.handle)
            chunk.keep(key, NotPosted(Reason.SUBADDRESS_PROBE))
        else:
            chunk.keep(key, found)

    def _pass_over(self, found: Unreadable, chunk: Chunk) -> None:
        """Postpone a message that the server fails to return; after MOST_UNREADABLE tries it is set aside."""
        log.warning("message %s of %s cannot be read: %s", found.key, self.mailbox.place.mailbox, found.failure.cause)
        if self.uses.store.failed(self.mailbox.place, found.key) < MOST_UNREADABLE:
            self.schedule.failed(found.key, found.failure.retry_after)
            chunk.wait(found.key, WaitReason.NOT_DELIVERED, found.failure.cause)
        else:
            self.schedule.done(found.key)
            chunk.refused[found.key] = NotPosted(Reason.UNDECIDABLE, "the mailbox does not return it")

    def _find_originals(self, chunk: Chunk) -> None:
        """Look up mails whose Message-ID in a reply holds no intent: a server may have assigned that Message-ID."""
        now = self.uses.clock.now()
        named = {key: (unknown_original(reading), now - reading.received_at) for key, reading in chunk.readings.items()}
        answers = {key: (name, age) for key, (name, age) in named.items() if name}
        sought = self.uses.originals.seek(self.mailbox, answers)
        for key, message_id in sought.found.items():
            reading = chunk.readings.pop(key)
            chunk.keep(key, self._guarded(partial(recognised, reading, chunk.raws[key], message_id, self.policy), key))
        for key in set(answers) - set(sought.found):
            if key in sought.waiting:
                del chunk.readings[key]
                self.schedule.failed(key, sought.waiting[key])
                chunk.wait(key, WaitReason.ORIGINAL_SOUGHT)
            else:
                self.schedule.done(key)

    def _load_contexts(self, chunk: Chunk) -> None:
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

    def _decide(self, key: str, reading: Reading, chunk: Chunk) -> None:
        origin = Origin(self.mailbox.place, key, chunk.head(key))
        decision = self._guarded(lambda: decide(reading, chunk.contexts[key], origin, self.policy), key)
        if isinstance(decision, Reply):
            chunk.replies[key] = decision
        else:
            chunk.keep(key, decision)

    def _leave(self, chunk: Chunk) -> None:
        """Leave messages unread that may be for another installation, as long as they may stay."""
        if not self.patient:
            chunk.refused.update({key: found.otherwise for key, found in chunk.foreign.items()})
            return
        refused = self.uses.foreign.refused(self.mailbox.place, chunk.foreign)
        chunk.refused.update(refused)
        for key in chunk.foreign.keys() - refused.keys():
            self.schedule.failed(key, LEFT_PAUSE)
            chunk.leave(key)

    def _guarded(self, decision: Callable[[], T], key: str) -> T | NotPosted | None:
        """Contain an error in one decision, so that the others go on."""
        try:
            with self.uses.working():
                return decision()
        except Exception:  # a hostile message may cause any exception
            log.exception("message %s of %s could not be decided", key, self.mailbox.place.mailbox)
        return self._undecided(key)

    def _undecided(self, key: str) -> NotPosted | None:
        """Count an error; None leaves the message unread, until there were MOST_FAILURES."""
        if self.uses.store.failed(self.mailbox.place, key) < MOST_FAILURES:
            return None
        return NotPosted(Reason.UNDECIDABLE, "the decision failed several times; the log has the details")

    def _begin_posts(self, chunk: Chunk) -> None:
        if chunk.replies:
            chunk.posts = self.uses.conversations.begin(list(chunk.replies.values()))

    def _end_posts(self, chunk: Chunk) -> None:
        """Wait for the posts, and record the outcome of each message. Replies whose posts were not begun stay unread."""
        self._wait_for_posts(chunk)
        self._record_posts(chunk)

    def _wait_for_posts(self, chunk: Chunk) -> None:
        if chunk.posts:
            for key, posting in zip(chunk.replies, chunk.posts.wait(), strict=True):
                self._note(key, posting, chunk)

    def _record_posts(self, chunk: Chunk) -> None:
        if chunk.posts:
            chunk.posts.record()
        self._record(chunk)

    def _note(self, key: str, posting: Posting, chunk: Chunk) -> None:
        if isinstance(posting, Posted):
            chunk.dispositions[key] = Disposition.POSTED
            self.schedule.done(key)
        elif isinstance(posting, PostRefused):
            chunk.refused[key] = NotPosted(Reason.REFUSED_BY_CATALOG, posting.detail)
            self.schedule.done(key)
        else:
            log.warning("a reply is not posted yet: %s", posting.detail)
            chunk.wait(key, WaitReason.CATALOG_FAILED, posting.detail)
            self.result.retried += 1
            if posting.everywhere:
                self.result.blocked = posting
            else:
                self.schedule.failed(key, posting.retry_after)

    def _record(self, chunk: Chunk) -> None:
        self._record_bounces(chunk)
        place, handled = self.mailbox.place, chunk.handled(self._explanations(chunk))
        if handled:
            self.uses.store.record(place, handled, self.uses.clock.now())
        if chunk.noted:
            self.uses.store.note(place, chunk.noted, self.uses.clock.now())
        for key, refusal in chunk.refused.items():
            chunk.dispositions[key] = refusal.disposition
            log.info("message %s of %s is not posted: %s%s", key, place.mailbox, refusal.reason, _in_brackets(refusal.detail))

    def _record_bounces(self, chunk: Chunk) -> None:
        """Tie bounces to their deliveries, before the messages are recorded: after a kill in between it is repeated."""
        for key, refusal in chunk.refused.items():
            if refusal.bounce is not None:
                delivery_id = self.uses.bounces.bounced(refusal.bounce, self.uses.clock.now())
                if delivery_id is not None:
                    chunk.deliveries[key] = delivery_id
                    log.warning("delivery %s came back: %s", delivery_id, refusal.bounce.failure.cause)

    def _explanations(self, chunk: Chunk) -> Mapping[str, Explanation]:
        return self.uses.explaining.explanations([
            Refused(chunk.readings[key], chunk.contexts[key], refusal)
            for key, refusal in chunk.refused.items()
            if key in chunk.contexts
        ])

    def _mark(self, chunk: Chunk) -> None:
        for disposition in Disposition:
            keys = [key for key, of_key in chunk.dispositions.items() if of_key is disposition]
            if keys:
                self.mailbox.mark(keys, disposition)
        self.result.handled += len(chunk.dispositions)


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""
