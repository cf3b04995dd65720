# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables. Each change needs a migration in `catalog_mail/migrations/versions`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    event,
    literal_column,
)

from catalog_mail.domain.notifications.notification import IN_CONVERSATIONS, State
from catalog_mail.domain.replies.logged import UNFINISHED
from catalog_mail.domain.replies.mailbox import Disposition


class Instant(TypeDecorator[datetime]):
    """A time with a zone: stored in UTC, and read as UTC from SQLite too, which stores no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC. The time must have a zone."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Add the zone UTC, which SQLite does not store."""
        if value is None:
            return None
        stored: datetime = value
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
ID = String(26)


def one_of(column: Column[str], values: Collection[str]) -> ColumnElement[bool]:
    """Return the condition with the values as literals: a partial index serves only queries that name the same literals."""
    return column.in_([literal_column(f"'{value}'") for value in values])


# The indexes that hold only the rows with a condition. The condition is an option of each dialect, and SQLAlchemy imports a
# dialect to check an option of it: for a quick start, the tables get the options of the dialect that creates them only.
_PARTIAL: dict[Index, ColumnElement[bool]] = {}


@event.listens_for(metadata, "before_create")
def _set_conditions(_metadata: MetaData, connection: Connection, **_more: Any) -> None:
    """Give the partial indexes their conditions, as options of this connection's dialect."""
    for index, condition in _PARTIAL.items():
        index.dialect_kwargs[f"{connection.dialect.name}_where"] = condition


tokens = Table(
    "tokens",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("email", String(320)),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

# A single row, with id 1.
settings = Table(
    "settings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", JSON, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(100), nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("path", String(100), primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(50), nullable=False),
    Column("outcome", String(50), nullable=False),
    Column("detail", JSON, nullable=False),
)

# Names and addresses are in lower case, since capitals do not distinguish users or mailboxes.
users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("display_name", String(200), nullable=False),
    Column("email", String(320), nullable=False, unique=True),
    Column("server_admin", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("title", String(300), nullable=False),
    Column("created_by", ID, ForeignKey("users.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("assignee_id", ID, ForeignKey("users.id")),
    Index(None, "created_at", "id"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("conversation_id", ID, ForeignKey("conversations.id"), nullable=False),
    Column("author_id", ID, ForeignKey("users.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("mentions", JSON, nullable=False),
    Column("idempotency_key", String(200), unique=True),
    Index(None, "conversation_id", "created_at", "id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    Column("event", String(200), primary_key=True, index=True),
)

# By address, since recipients of other catalogs are not users here; in lower case.
opt_outs = Table(
    "opt_outs",
    metadata,
    Column("address", String(320), primary_key=True),
    Column("kind", String(50), primary_key=True),
    Column("at", Instant, nullable=False),
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String(100), nullable=False),
    Column("data", JSON, nullable=False),
    Column("thread", String(200)),
    Column("idempotency_key", String(200), unique=True),
    Column("fingerprint", String(64)),
)
# The reasons for which a notification stays in the log for a time of its own; each is in one of these indexes.
OF_CONVERSATIONS = one_of(notifications.c.kind, sorted(IN_CONVERSATIONS))
_OTHERS = ~OF_CONVERSATIONS
WITH_KEY = notifications.c.idempotency_key.is_not(None) & _OTHERS
PLAIN = notifications.c.idempotency_key.is_(None) & _OTHERS
_PARTIAL[Index("ix_notifications_of_conversations", notifications.c.created_at)] = OF_CONVERSATIONS
_PARTIAL[Index("ix_notifications_with_key", notifications.c.created_at)] = WITH_KEY
_PARTIAL[Index("ix_notifications_plain", notifications.c.created_at)] = PLAIN

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("notification_id", ID, ForeignKey("notifications.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),  # its position among the deliveries of the notification
    Column("kind", String(50), nullable=False, server_default=""),  # that of the notification
    Column("address", String(320), nullable=False),
    # The address in lower case; an @ and the name for a name that no user has, which has no address.
    Column("recipient", String(320), nullable=False, server_default=""),
    Column("display_name", String(200), nullable=False),
    Column("user_id", ID),
    Column("subject", String(300)),  # known once the mail is rendered
    Column("state", String(20), nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("message_id", String(300)),
    Column("message", LargeBinary),
    Column("attempts", Integer, nullable=False),
    # In seconds: the pauses before the attempts so far, and the pause before the next one.
    Column("waited", Float, nullable=False, server_default="0"),
    Column("pause", Float, nullable=False, server_default="0"),
    Column("failure", JSON),
    Column("reason", String(50)),
    Column("cause", String(50)),  # the code of the failure, or the reason
    Column("response", Text),
    Column("next_attempt_at", Instant),
    Column("sent_at", Instant),
    Column("ended_at", Instant),  # set in a final state
    # The lease of a queued or sending delivery: its batch, the node that works on the batch, and when that node last said so.
    Column("batch", ID),
    Column("node", String(100)),
    Column("renewed_at", Instant),
    # The handle by which the intent of a reply names the delivery; only for deliveries that can be answered.
    Column("handle", String(14)),
    Index(None, "state", "accepted_at"),
    Index(None, "kind", "accepted_at"),
    Index(None, "recipient", "accepted_at"),
)
_columns = deliveries.c
# The deliveries that belong to a batch.
HELD = one_of(_columns.state, [State.QUEUED, State.SENDING])
_PARTIAL[Index(None, _columns.batch)] = HELD
_PARTIAL[Index(None, _columns.handle)] = _columns.handle.is_not(None)
_PARTIAL[Index(None, _columns.state, _columns.next_attempt_at)] = _columns.next_attempt_at.is_not(None)
_PARTIAL[Index(None, _columns.cause, _columns.accepted_at)] = _columns.cause.is_not(None)
_PARTIAL[Index("ix_deliveries_with_message", _columns.ended_at)] = _columns.message.is_not(None)

# The numbers of deliveries by state, kept by triggers; see delivery_counts.
delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("state", String(20), primary_key=True),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("deliveries", BigInteger, nullable=False),
)

# The limit of messages per second: one row with the time of the next free slot, in seconds of the epoch.
pace = Table(
    "pace",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("next_slot", Float, nullable=False),
)

# Reports about drift, and the hosts with changes that are left to correct.
drift_reports = Table(
    "drift_reports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("reporter", String(100), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("report", JSON, nullable=False),
)
drifting_hosts = Table(
    "drifting_hosts",
    metadata,
    Column("host", String(500), primary_key=True),
    Column("changes", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)

# For programs that wait for events; only the newest are kept.
events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("at", Instant, nullable=False),
    Column("data", JSON, nullable=False),
)

# The problems that the administrators are told of, and what they were told: `told` is the stage of the last e-mail.
problems = Table(
    "problems",
    metadata,
    Column("key", String(400), primary_key=True),
    Column("node", String(100)),
    Column("about", String(20), nullable=False),
    Column("code", String(50), nullable=False),
    Column("cause", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("field", String(200)),
    Column("stage", Integer, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("absent_since", Instant),
    Column("announced", Boolean, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("told", Integer),
)

# -- replies

# Posted replies: the key is the same for every copy of a reply, in every mailbox.
replies = Table(
    "replies",
    metadata,
    Column("key", String(52), primary_key=True),
    Column("post_id", String(200)),  # in the form of the other catalog
    Column("posted_at", Instant, nullable=False, index=True),
)

# The log of messages, by their place: `validity` is UIDVALIDITY, `message` the UID. `disposition` is a LogOutcome, and `id`
# names the row in the API. `retry_at` is the time of a request to try the message again.
_PLACE = (("mailbox", String(400)), ("validity", String(50)), ("message", String(300)))
handled = Table(
    "handled",
    metadata,
    *(Column(name, form, primary_key=True) for name, form in _PLACE),
    Column("disposition", String(20), nullable=False),
    Column("reason", String(50), nullable=False),  # empty for posted messages
    Column("handled_at", Instant, nullable=False),
    Column("id", ID, nullable=False, unique=True),
    Column("sender", String(320)),
    Column("subject", String(300)),
    Column("message_id", String(300)),
    Column("received_at", Instant),
    Column("detail", Text),
    Column("delivery_id", ID),
    Column("retry_at", Instant),
    Index(None, "disposition", "handled_at", "id"),
    Index(None, "sender", "disposition", "handled_at", "id"),
)
_PARTIAL[Index("ix_handled_retry", handled.c.mailbox, handled.c.retry_at)] = handled.c.retry_at.is_not(None)
QUARANTINED = one_of(handled.c.disposition, [Disposition.QUARANTINED])
_PARTIAL[Index("ix_handled_quarantined", handled.c.handled_at)] = QUARANTINED
MESSAGE_UNFINISHED = one_of(handled.c.disposition, sorted(UNFINISHED))
_PARTIAL[Index("ix_handled_unfinished", handled.c.mailbox)] = MESSAGE_UNFINISHED

# Failed decisions about a message, and their number.
undecided = Table(
    "undecided",
    metadata,
    *(Column(name, form, primary_key=True) for name, form in _PLACE),
    Column("tries", Integer, nullable=False),
)

# Unread messages with an intent that no key of this installation signed, and when each was first seen.
foreign_intents = Table(
    "foreign_intents",
    metadata,
    *(Column(name, form, primary_key=True) for name, form in _PLACE),
    Column("seen_at", Instant, nullable=False),
)

reply_outcomes = Table(
    "reply_outcomes",
    metadata,
    Column("disposition", String(20), primary_key=True),
    Column("reason", String(50), primary_key=True),
    Column("messages", Integer, nullable=False),
)

# Explanations sent about refused replies: one for each reply, and a limited number for each address.
explanations = Table(
    "explanations",
    metadata,
    Column("key", String(52), primary_key=True),
    Column("address", String(320), nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Index(None, "address", "at"),
)

# The processes that read the mailbox, each with its last report.
reply_workers = Table(
    "reply_workers",
    metadata,
    Column("name", String(150), primary_key=True),
    Column("report", JSON, nullable=False),
    Column("beat_at", Instant, nullable=False),
)

# The messages up to which mailboxes were checked for messages read by other programs.
mailbox_marks = Table(
    "mailbox_marks",
    metadata,
    *(Column(name, form, primary_key=True) for name, form in _PLACE[:2]),
    Column("last", String(300), nullable=False),
)

# Probes that test whether mail to a sub-address arrives; `route` identifies the settings of a probe.
probes = Table(
    "probes",
    metadata,
    Column("handle", String(14), primary_key=True),
    Column("route", String(64), nullable=False, index=True),
    Column("sent_at", Instant, nullable=False),
    Column("found", Boolean),
)
