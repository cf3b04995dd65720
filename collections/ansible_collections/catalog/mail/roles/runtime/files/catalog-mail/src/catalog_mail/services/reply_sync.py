"""One pass over the mailbox: every unread message is read, decided, posted or not, and only then marked.

The mailbox is the queue, and its unread flag the state. What is posted is recorded before it is marked, so that after a kill
between the two the message is only marked. What cannot be posted for now stays unread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from catalog_mail.domain.replies.decision import Circle, Policy, Probe, Reading, decide, read, recognised, unknown_original
from catalog_mail.domain.replies.mailbox import Disposition, RawMessage, Unreadable
from catalog_mail.domain.replies.reply import NotPosted, Origin, Reason, Reply
from catalog_mail.domain.replies.retry_schedule import Patience
from catalog_mail.ports.catalog import CatalogStore
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.conversations import Conversations, Posted, PostFailed, Posting, PostRefused
from catalog_mail.ports.mailbox import Mailbox
from catalog_mail.ports.replies import Explanation, Handled, ReplyStore
from catalog_mail.services.explaining import Explaining, Refused
from catalog_mail.services.originals import Originals

T = TypeVar("T")
log = logging.getLogger(__name__)

CHUNK = 200
# A message about which the decision itself failed so often is put aside.
MOST_FAILURES = 3
# So is one that its mailbox does not give; with the pauses in between that takes a quarter of an hour.
MOST_UNREADABLE = 10


@dataclass
class Pass:
    """What a pass has done. `blocked` is why the catalog takes nothing at this moment; then the pass has ended early."""

    handled: int = 0
    retried: int = 0
    blocked: PostFailed | None = None


@dataclass
class _Chunk:
    """What is known of some messages, by their keys. What is not in `ends` stays unread."""

    refused: dict[str, NotPosted] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    circles: dict[str, Circle] = field(default_factory=dict)
    ends: dict[str, Disposition] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReplySync:
    """`embedded` says that the conversations are our own, `largest` is the size of the largest message that is read."""

    store: ReplyStore
    people: CatalogStore
    conversations: Conversations
    explaining: Explaining
    clock: Clock
    embedded: bool
    largest: int
    probe_arrived: Callable[[str], None]
    originals: Originals = field(default_factory=Originals)

    def sync(
        self, mailbox: Mailbox, policy: Policy, patience: Patience, stopping: Callable[[], bool], *, carefully: bool = False
    ) -> Pass:
        """Everything that is unread now. Raises MailboxFailed, and what a database driver raises.

        `carefully` after a process that did not end by itself: should a message have ended it, then it is put aside when it
        has done so several times, and those behind it are read.
        """
        result = Pass()
        due = patience.due(mailbox.unread())
        if carefully:
            due = self._one_by_one(mailbox, due, policy, patience, result, stopping)
        for start in range(0, len(due), CHUNK):
            if stopping() or result.blocked:
                break
            self._chunk(mailbox, due[start : start + CHUNK], policy, patience, result)
        return result

    def _one_by_one(  # those of `sync`
        self, mailbox: Mailbox, due: list[str], policy: Policy, patience: Patience, result: Pass, stopping: Callable[[], bool]
    ) -> list[str]:
        """As many as the process may have had in hand, each counted as a failure until it was none. The others are returned."""
        for number, key in enumerate(due[:CHUNK]):
            if stopping() or result.blocked:
                return due[number:]
            if self.store.failed(mailbox.place, key) > MOST_FAILURES:
                self._put_aside(mailbox, key, result)
                continue
            self._chunk(mailbox, [key], policy, patience, result)
            self.store.decided(mailbox.place, key)
        return due[CHUNK:]

    def _put_aside(self, mailbox: Mailbox, key: str, result: Pass) -> None:
        chunk = _Chunk(refused={key: NotPosted(Reason.UNDECIDABLE, "the process ended over it several times")})
        self._record(mailbox, chunk)
        _mark(mailbox, chunk.ends)
        result.handled += 1

    def _chunk(self, mailbox: Mailbox, keys: Sequence[str], policy: Policy, patience: Patience, result: Pass) -> None:
        chunk = _Chunk()
        known = self.store.handled(mailbox.place, keys)
        chunk.ends = {key: end for key, end in known.items() if end is Disposition.POSTED}
        fresh = [key for key in keys if key not in chunk.ends]
        for found in mailbox.fetch(fresh, self.largest) if fresh else ():
            if isinstance(found, Unreadable):
                self._pass_over(found, mailbox, patience, chunk)
            else:
                self._read(found, policy, mailbox, chunk)
        self._find_originals(chunk, policy, mailbox, patience)
        self._look_up(chunk)
        for key, reading in chunk.readings.items():
            self._decide(key, reading, policy, mailbox, chunk)
        self._post(chunk, patience, result)
        self._record(mailbox, chunk)
        _mark(mailbox, chunk.ends)
        result.handled += len(chunk.ends)

    def _read(self, raw: RawMessage, policy: Policy, mailbox: Mailbox, chunk: _Chunk) -> None:
        found = self._carefully(lambda: read(raw, policy), raw.key, mailbox)
        if isinstance(found, Probe):
            self.probe_arrived(found.handle)
            found = NotPosted(Reason.PROBE)
        self._keep(raw.key, found, chunk)

    def _pass_over(self, found: Unreadable, mailbox: Mailbox, patience: Patience, chunk: _Chunk) -> None:
        """The others do not wait for one that the server does not give. It is tried again, with pauses, and then put aside."""
        log.warning("message %s of %s cannot be read: %s", found.key, mailbox.place.mailbox, found.failure.cause)
        if self.store.failed(mailbox.place, found.key) < MOST_UNREADABLE:
            patience.failed(found.key, found.failure.retry_after)
        else:
            patience.done(found.key)
            chunk.refused[found.key] = NotPosted(Reason.UNDECIDABLE, "the mailbox does not give it")

    def _keep(self, key: str, found: Reading | NotPosted | None, chunk: _Chunk) -> None:
        if isinstance(found, NotPosted):
            chunk.refused[key] = found
        elif found is not None:
            chunk.readings[key] = found

    def _find_originals(self, chunk: _Chunk, policy: Policy, mailbox: Mailbox, patience: Patience) -> None:
        """Of those that name a Message-ID in which there is no intent: a server may have given it to a mail of ours."""
        now = self.clock.now()
        named = {key: (unknown_original(reading), now - reading.raw.received_at) for key, reading in chunk.readings.items()}
        answers = {key: (name, age) for key, (name, age) in named.items() if name}
        sought = self.originals.seek(mailbox, answers)
        for key, message_id in sought.found.items():
            reading = chunk.readings.pop(key)
            self._keep(key, self._carefully(partial(recognised, reading, message_id, policy), key, mailbox), chunk)
        for key in set(answers) - set(sought.found):
            if key in sought.waiting:
                del chunk.readings[key]
                patience.failed(key, sought.waiting[key])
            else:
                patience.done(key)

    def _look_up(self, chunk: _Chunk) -> None:
        """All that is known around these messages, in three questions."""
        readings = chunk.readings
        answered = self.store.answered({reading.handle for reading in readings.values() if reading.handle})
        senders = self.people.users_by_email({reading.incoming.sender or "" for reading in readings.values()})
        recipients = self.people.users_by_id({found.user_id for found in answered.values() if found.user_id})
        for key, reading in readings.items():
            found = answered.get(reading.handle or "")
            sender = senders.get(reading.incoming.sender or "")
            chunk.circles[key] = Circle(found, sender, recipients.get(found.user_id or "") if found else None, self.embedded)

    def _decide(self, key: str, reading: Reading, policy: Policy, mailbox: Mailbox, chunk: _Chunk) -> None:
        origin = Origin(mailbox.place, key)
        end = self._carefully(lambda: decide(reading, chunk.circles[key], origin, policy), key, mailbox)
        if isinstance(end, Reply):
            chunk.replies[key] = end
        elif end is not None:
            chunk.refused[key] = end

    def _carefully(self, decision: Callable[[], T], key: str, mailbox: Mailbox) -> T | NotPosted | None:
        """A mistake of ours in one decision must not keep the others; what fails again and again is put aside, counted."""
        try:
            return decision()
        except Exception:  # whatever a hostile message brings about
            log.exception("message %s of %s could not be decided", key, mailbox.place.mailbox)
        if self.store.failed(mailbox.place, key) < MOST_FAILURES:
            return None
        return NotPosted(Reason.UNDECIDABLE, "the decision failed several times; the log has the details")

    def _post(self, chunk: _Chunk, patience: Patience, result: Pass) -> None:
        replies = list(chunk.replies.items())
        if not replies:
            return
        for (key, _reply), posting in zip(replies, self.conversations.post([reply for _key, reply in replies]), strict=True):
            self._note(key, posting, chunk, patience, result)

    def _note(self, key: str, posting: Posting, chunk: _Chunk, patience: Patience, result: Pass) -> None:
        if isinstance(posting, Posted):
            chunk.ends[key] = Disposition.POSTED
            patience.done(key)
        elif isinstance(posting, PostRefused):
            chunk.refused[key] = NotPosted(Reason.REFUSED_BY_CATALOG, posting.detail)
            patience.done(key)
        else:
            log.warning("a reply is not posted yet: %s", posting.detail)
            result.retried += 1
            if posting.everywhere:
                result.blocked = posting
            else:
                patience.failed(key, posting.retry_after)

    def _record(self, mailbox: Mailbox, chunk: _Chunk) -> None:
        explanations = self._explanations(chunk)
        handled = [
            Handled(key, end.disposition, end.reason.value, explanations.get(key)) for key, end in chunk.refused.items()
        ]
        if handled:
            self.store.record(mailbox.place, handled, self.clock.now())
        for key, end in chunk.refused.items():
            chunk.ends[key] = end.disposition
            log.info("message %s of %s is not posted: %s%s", key, mailbox.place.mailbox, end.reason, _in_brackets(end.detail))

    def _explanations(self, chunk: _Chunk) -> Mapping[str, Explanation]:
        refused = [
            Refused(chunk.readings[key], chunk.circles[key], end) for key, end in chunk.refused.items() if key in chunk.circles
        ]
        return self.explaining.explanations(refused)


def _mark(mailbox: Mailbox, ends: Mapping[str, Disposition]) -> None:
    for disposition in Disposition:
        keys = [key for key, end in ends.items() if end is disposition]
        if keys:
            mailbox.mark(keys, disposition)


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""
