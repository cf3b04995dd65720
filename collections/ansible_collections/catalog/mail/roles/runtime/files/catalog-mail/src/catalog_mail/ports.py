"""What the use cases need from outside, as Protocols. Adapters fulfil them; `bootstrap` brings the two together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from catalog_mail.domain.conversation import Conversation, Post
from catalog_mail.domain.diagnosis import Failure
from catalog_mail.domain.mailbox import Disposition, Filed, MailboxEvidence, Overview, Place, RawMessage
from catalog_mail.domain.notification import Delivery, Kind, Notification, State
from catalog_mail.domain.original import Original
from catalog_mail.domain.outcome import Outcome
from catalog_mail.domain.people import Principal, Role, User
from catalog_mail.domain.reply import Answered, Reply
from catalog_mail.domain.settings import MailboxServer, SendingSettings


class Clock(Protocol):
    """The time, always with its zone (UTC)."""

    def now(self) -> datetime: ...


# -- sending -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Evidence:
    """What a mail server said when it took a message over.

    `response` is its answer (`250 2.0.0 Ok: queued as 4F1...`), `server` who answered, `tls` protocol and cipher of the
    connection or None, `authenticated` the user that logged in or None, `seconds` from connecting to the answer.
    """

    server: str
    response: str
    tls: str | None
    authenticated: str | None
    seconds: float


class MailSender(Protocol):
    """One way to send, with its settings. Safe to use from several threads; keeps connections open between messages."""

    @property
    def settles_after(self) -> float:
        """Seconds after a hand-over from which on `again` can tell whether the message was taken; 0 where it never can."""

    def reserve(self) -> float:
        """Take a turn for one message: 0, or for how many seconds nothing is to be sent; then ask again."""

    def send(self, message: bytes, envelope_from: str, envelope_to: str, *, again: bool = False) -> Evidence:
        """Hand over one message. Raises SendingFailed and nothing else.

        `again` says that this message may have been handed over before: where that can be found out, it is not sent twice.
        """

    def close(self) -> None: ...


class MailSenders(Protocol):
    """Makes senders, and keeps one for each set of settings."""

    def sender(self, settings: SendingSettings) -> MailSender: ...

    def probe(self, settings: SendingSettings) -> MailSender:
        """A sender of its own for one test; the caller closes it."""

    def close(self) -> None: ...


# -- settings ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StoredSecret:
    """A secret as the store keeps it: `value` is None where it cannot be decrypted any more (the key was lost)."""

    value: str | None = field(repr=False)
    changed_at: datetime


@dataclass(frozen=True)
class StoredSettings:
    """The document without its secrets, and the secrets by their path (`notifications.smtp.password`).

    `revision` is 0 while nothing was ever saved; then `document` is empty.
    """

    revision: int
    document: Mapping[str, Any]
    secrets: Mapping[str, StoredSecret]
    changed_at: datetime | None = None
    changed_by: str | None = None


@dataclass(frozen=True)
class AuditEntry:
    """Who did what when, and how it ended. `detail` is JSON without a secret. `id` is given by the log."""

    at: datetime
    actor: str
    action: str
    outcome: str
    detail: Mapping[str, Any]
    id: int | None = None


class SettingsStore(Protocol):
    def load(self) -> StoredSettings: ...

    def revision(self) -> int:
        """The stored revision alone; cheap."""

    def save(
        self, document: Mapping[str, Any], secrets: Mapping[str, str | None], *, expected_revision: int, audit: AuditEntry
    ) -> StoredSettings:
        """Store document, secrets and audit entry in one transaction, or nothing.

        `secrets` holds what changes: a new value, or None to remove. Raises PreconditionFailed if the stored revision is
        not `expected_revision`.
        """


class AuditLog(Protocol):
    def record(self, entry: AuditEntry) -> None: ...

    def entries(self, *, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
        """Newest first; `before` is the id to go on from."""


class TokenStore(Protocol):
    def add(self, name: str, role: Role, email: str | None, digest: bytes) -> None:
        """Raises Conflict if the name is taken."""

    def replace(self, name: str, role: Role, email: str | None, digest: bytes) -> bool:
        """Let this be the token of that name and role from now on, and no other; False if there was none of them."""

    def find(self, digest: bytes) -> Principal | None:
        """Who has the token with this SHA-256, unless it was revoked."""

    def is_revoked(self, digest: bytes) -> bool: ...

    def revoke(self, name: str) -> bool:
        """False if there is none of that name."""

    def all(self) -> Sequence[TokenRecord]: ...

    def update_email(self, name: str, email: str | None) -> None: ...


@dataclass(frozen=True)
class TokenRecord:
    """A token as it is listed; what it stands for is known to its owner alone."""

    name: str
    role: Role
    email: str | None
    created_at: datetime
    revoked_at: datetime | None


# -- notifications -----------------------------------------------------------------------------------------------------


class NotificationStore(Protocol):
    """Notifications and their deliveries, for those who ask for them and look them up."""

    def add(self, notification: Notification, deliveries: Sequence[Delivery]) -> tuple[Notification, bool]:
        """Store all in one transaction. With an idempotency key that is known, nothing is stored and the earlier
        notification returned with False. Raises Conflict if that one had other content."""

    def notification(self, notification_id: str) -> Notification: ...  # raises NotFound

    def deliveries(self, notification_id: str) -> Sequence[Delivery]: ...

    def delivery(self, delivery_id: str) -> Delivery: ...  # raises NotFound

    def counts(self) -> Mapping[State, int]: ...

    def oldest_open(self) -> datetime | None:
        """When the oldest delivery that is not final was accepted."""


class DeliveryQueue(Protocol):
    """The durable queue. Whatever is stored and not final is worked on until it is, by this node or another."""

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """Begin with these at once. They must be stored; enqueueing an id twice is the same as once."""


class DeliveryStore(Protocol):
    """The deliveries as the queue works on them: in batches, each of which one durable workflow has.

    A delivery that is `queued` or `sending` belongs to the batch that it names. Only what belongs to a batch is sent, so
    that nothing is sent by two workflows.
    """

    def claim(self, batch: str, *, at: datetime, limit: int) -> int:
        """Put up to so many into a new batch, `queued`: what is to be tried again by now, then what was accepted, oldest
        first. Returns how many."""

    def queued(self) -> int:
        """How many are `queued`, in all batches."""

    def held(self, batch: str) -> Sequence[tuple[Delivery, Notification]]:
        """What is still to be done of a batch, oldest first."""

    def begin(self, batch: str, delivery: Delivery) -> bool:
        """Record that this one is `sending`: its message and the number of this try are kept from now on.

        False if it is not to be sent here: it belongs to another batch by now, or somebody else has begun this try.
        """

    def finish(self, delivery: Delivery, outcome: Outcome) -> None:
        """Record how a try ended, with its number. A final state is never left again."""

    def postpone(self, batch: str, outcome: Outcome) -> None:
        """The rest of a batch has the same outcome, without a try of its own."""

    def release(self, batch: str) -> int:
        """The rest of a batch is `accepted` again, for another batch. Returns how many."""

    def batches(self, *, claimed_before: datetime, limit: int) -> Sequence[str]:
        """Batches from before then with something still to be done."""

    def forget_messages(self, *, accepted_before: datetime, limit: int) -> int:
        """Remove the rendered messages of old final deliveries. Returns how many."""


class Nodes(Protocol):
    """The nodes that work on one queue, each with its last sign of life."""

    def beat(self, name: str) -> None:
        """A sign of life of this one."""

    def beats(self) -> Mapping[str, datetime]:
        """The last sign of each, by the clock of each: good to see that it changes, not to be compared."""

    def forget(self, name: str) -> None:
        """It has ended, and left nothing undone."""


class Templates(Protocol):
    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """The text of a template such as `mention.txt` or `mention.html`; HTML is escaped. Raises Misconfigured."""


# -- the embedded catalog ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Notice:
    """A notification with its deliveries, to be stored together with what it tells about."""

    notification: Notification
    deliveries: Sequence[Delivery]


class CatalogStore(Protocol):
    """Users, conversations, subscriptions and opt-outs. Addresses and names are found whatever their capitals."""

    def add_user(self, user: User) -> None:
        """Raises Conflict for a name or address that another has."""

    def replace_user(self, user: User) -> None:
        """Replace who has this id. Raises NotFound, or Conflict for a name or address that another has."""

    def user(self, user_id: str) -> User: ...  # raises NotFound

    def users(self, *, limit: int, after: str | None = None) -> Sequence[User]:
        """By name; `after` is the name to go on from."""

    def users_by_id(self, ids: Iterable[str]) -> Mapping[str, User]: ...

    def users_by_name(self, names: Iterable[str]) -> Mapping[str, User]:
        """By their names in lower case; names that nobody has are left out."""

    def users_by_email(self, addresses: Iterable[str]) -> Mapping[str, User]:
        """By their addresses in lower case."""

    def server_admins(self) -> Sequence[User]:
        """The active ones."""

    def add_conversation(self, conversation: Conversation, post: Post | None, notices: Sequence[Notice]) -> None:
        """With its first post and what tells of it, in one transaction."""

    def conversation(self, conversation_id: str) -> Conversation: ...  # raises NotFound

    def conversations(self, *, limit: int, before: str | None = None) -> Sequence[Conversation]:
        """Newest first; `before` is the id to go on from. Raises NotFound for an unknown one."""

    def assign(self, conversation_id: str, user_id: str | None, notices: Sequence[Notice]) -> bool:
        """With what tells of it, in one transaction; False, and nothing stored, where it was so already."""

    def add_post(self, post: Post, notices: Sequence[Notice]) -> tuple[Post, bool]:
        """With what tells of it, in one transaction. With an idempotency key that is known, nothing is stored and the
        earlier post returned with False. Raises Conflict if that one had other content."""

    def posts(self, conversation_id: str, *, limit: int, before: str | None = None) -> Sequence[Post]:
        """Newest first; `before` is the id to go on from. Raises NotFound for an unknown one."""

    def subscribe(self, user_id: str, event: str) -> None: ...

    def unsubscribe(self, user_id: str, event: str) -> None: ...

    def subscriptions(self, user_id: str) -> Sequence[str]: ...

    def subscribers(self, event: str) -> Sequence[User]:
        """The active ones."""

    def opt_out(self, address: str, kind: Kind, at: datetime) -> None: ...

    def opt_in(self, address: str, kind: Kind) -> None: ...

    def opted_out(self, address: str, kind: Kind) -> bool: ...

    def opted_out_of(self, addresses: Iterable[str], kind: Kind) -> frozenset[str]:
        """Which of these addresses, in lower case, do not want this kind."""


# -- replies -----------------------------------------------------------------------------------------------------------


class Mailbox(Protocol):
    r"""An open mailbox, for one thread. Every method raises MailboxFailed and nothing else.

    Nothing that is read here becomes \Seen by being read.
    """

    @property
    def place(self) -> Place: ...

    @property
    def keeps_keywords(self) -> bool:
        """Whether a keyword that is set here stays."""

    def unread(self) -> Sequence[str]:
        """The keys of all unread messages at this moment, oldest first."""

    def fetch(self, keys: Sequence[str], largest: int) -> Iterable[RawMessage]:
        """These messages, those larger than so many bytes without their body. One that is gone by now is left out."""

    def originals(self, message_ids: Sequence[str]) -> Mapping[str, Original]:
        """What is known of the mails that a server gave these Message-IDs; nothing where there is nowhere to look.

        A failure is part of the answer, and not raised.
        """

    def mark(self, keys: Sequence[str], disposition: Disposition) -> None:
        """Make them read, with the disposition's keyword where the server keeps it. One that is gone is left out."""

    def overview(self, since: str | None) -> Overview:
        """What stands here; `since` is the `last` of an earlier overview of this place, None for the first."""

    def wait(self, seconds: float) -> bool:
        """Wait until something has changed here (True) or so many seconds have passed (False); long waits are no fault.

        A server that does not tell of changes makes it wait to the end.
        """

    def filed(self) -> Iterable[Filed]:
        """All messages that are read."""

    def archive(self, keys: Sequence[str]) -> int:
        """Move these to the archive's mailbox, which is made if it is missing. How many were moved."""

    def archived(self) -> Iterable[Filed]:
        """What stands in the archive; empty where there is none."""

    def expire(self, keys: Sequence[str]) -> int:
        """Remove these from the archive for good, and nothing else. How many were removed."""

    def close(self) -> None:
        """Close the connection; raises nothing."""


class Mailboxes(Protocol):
    """Opens mailboxes."""

    def open(self, server: MailboxServer, sent_from: str | None = None) -> Mailbox:
        """`sent_from` is the account that sends what is answered here, where it can be looked into. Raises MailboxFailed."""

    def probe(self, server: MailboxServer) -> MailboxEvidence:
        """Open it for a test, change nothing in it, close it. Raises MailboxFailed."""


@dataclass(frozen=True)
class Posted:
    """The catalog has the reply. `post_id` where it told one; `already` if it had it before."""

    post_id: str | None = None
    already: bool = False


@dataclass(frozen=True)
class PostRefused:
    """The catalog will not take this reply, now or later. `detail` for the log."""

    detail: str


@dataclass(frozen=True)
class PostFailed:
    """It could not be posted for now. `retry_after` seconds, where the catalog named them.

    `everywhere` says that the next reply would fail in the same way: the catalog is down, throttles, or is not set up.
    """

    detail: str
    retry_after: float | None = None
    everywhere: bool = False


Posting = Posted | PostRefused | PostFailed


class Conversations(Protocol):
    """Where replies go: a catalog's conversations. A reply whose `key` is known there is not posted again."""

    def post(self, replies: Sequence[Reply]) -> Sequence[Posting]:
        """What became of each, in their order. Raises nothing that a catalog could cause."""


@dataclass(frozen=True)
class Written:
    """A reply as it is stored: with its post and what tells of it (the embedded catalog), or with another catalog's id."""

    reply: Reply
    post: Post | None = None
    notices: Sequence[Notice] = ()
    post_id: str | None = None


@dataclass(frozen=True)
class Explanation:
    """A mail that tells somebody why their reply was refused. `key` is the same for every copy of the reply."""

    key: str
    address: str
    notice: Notice


@dataclass(frozen=True)
class Handled:
    """What became of a message that was not posted."""

    key: str
    disposition: Disposition
    reason: str
    explanation: Explanation | None = None


class ReplyStore(Protocol):
    """What is remembered of replies. Each method that writes is one transaction, and twice is the same as once."""

    def handled(self, place: Place, keys: Sequence[str]) -> Mapping[str, Disposition]:
        """What became of these messages, as far as they were handled."""

    def answered(self, handles: Iterable[str]) -> Mapping[str, Answered]:
        """The mails that these handles name."""

    def posted(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        """Which of these replies were posted, each with the id of its post where one is known."""

    def add(self, written: Sequence[Written], at: datetime) -> Sequence[Posted]:
        """Store posts, what tells of them, and what became of the messages. A reply whose key is known is not posted again."""

    def record(self, place: Place, handled: Sequence[Handled], at: datetime) -> Sequence[Notice]:
        """Store what became of messages, with the explanations; those that were stored now are returned."""

    def failed(self, place: Place, key: str) -> int:
        """Our decision about this message failed once more; how often by now."""

    def decided(self, place: Place, key: str) -> None:
        """It did not fail after all."""

    def explained(self, addresses: Iterable[str], since: datetime) -> Mapping[str, int]:
        """How many explanations each of these was sent since then."""

    def outcomes(self) -> Mapping[tuple[Disposition, str], int]:
        """How many messages came to which end, by disposition and reason."""


@dataclass(frozen=True)
class WorkerReport:
    """What a process that reads the mailbox says of itself; times are UTC.

    `state` is one word: working, waiting, failed, disabled. `error` is its last failure, None while all is well.
    """

    name: str
    version: str
    state: str
    last_good_poll: datetime | None = None
    backlog: int = 0
    oldest_unread: datetime | None = None
    taken_by_others: int = 0
    error: Failure | None = None
    error_since: datetime | None = None
    retried: int = 0
    beat_at: datetime | None = None


class ReplyWorkers(Protocol):
    """The processes that read the mailbox."""

    def report(self, report: WorkerReport) -> None:
        """Let this be what is known of it."""

    def reports(self) -> Sequence[WorkerReport]:
        """The last of each."""

    def forget(self, names: Iterable[str]) -> None:
        """They have ended."""


class MailboxMarks(Protocol):
    """Up to where a mailbox was looked through."""

    def mark(self, place: Place) -> str | None:
        """None if it never was."""

    def move(self, place: Place, last: str) -> None:
        """Up to here."""


@dataclass(frozen=True)
class ProbeState:
    """A test of sub-addresses: when it was sent, and whether its mail came; None while that is open."""

    handle: str
    sent_at: datetime
    found: bool | None


class Probes(Protocol):
    """Tests of sub-addresses; `route` stands for the settings that they went by."""

    def last(self, route: str) -> ProbeState | None:
        """The newest one."""

    def sent(self, route: str, handle: str, at: datetime) -> None:
        """One goes out."""

    def settle(self, handle: str, *, found: bool) -> None:
        """Its mail came, or will not come."""
