# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill a migrated database with the data of months, by a statement a table, for tests and measurements of growth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog_mail.adapters.database import tables
from catalog_mail.domain.replies.mailbox import Place
from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    LargeBinary,
    String,
    Table,
    case,
    cast,
    func,
    insert,
    literal,
    null,
    select,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLACE = Place("imap://replies@mail.corp.test/INBOX", "1")
# The deliveries accepted last: as many in each of these states, whatever the size of the table.
OPEN = {"sending": 32, "queued": 640, "retrying": 1500, "accepted": 1000}
USERS = 1000
_DAYS = 150
_BATCH = 20
# Deliveries whose next attempt is due.
_DUE = 10

Number = ColumnElement[int]


@dataclass(frozen=True)
class Filled:
    """The number of rows of the large tables; each row is named by its place, from 0."""

    deliveries: int

    @property
    def conversations(self) -> int:
        return self.deliveries // 5

    @property
    def replies(self) -> int:
        return self.deliveries // 2

    @property
    def first_with_message(self) -> int:
        """The place of the oldest delivery whose message is kept: of a fifth, and of a thousand final ones at least."""
        return min(self.deliveries * 4 // 5, self.deliveries - sum(OPEN.values()) - 1000)

    @property
    def last_batch(self) -> str:
        """The batch with the last of the queued deliveries."""
        return name("b", (self.deliveries - OPEN["accepted"] - OPEN["retrying"] - 1) // _BATCH)

    def accepted_at(self, place: int) -> datetime:
        """Return when a delivery was accepted."""
        return NOW - timedelta(seconds=(self.deliveries - place) * self.step)

    @property
    def step(self) -> int:
        """Seconds between two deliveries: all are of the same 150 days."""
        return max(1, _DAYS * 86_400 // self.deliveries)


def name(kind: str, place: int) -> str:
    """Return the id or key of the row at a place."""
    return f"{kind}{10**9 + place}"


def handle(place: int) -> str:
    """Return the handle of a delivery, which every tenth has."""
    return name("h", place)


def fill(engine: Engine, deliveries: int) -> Filled:
    """Fill an empty database with this many deliveries (at least 5,000) and notifications, and what comes with them."""
    filled = Filled(deliveries)
    with engine.begin() as connection:
        _insert(connection, tables.users, USERS, _user)
        _insert(connection, tables.conversations, filled.conversations, _conversation)
        _insert(connection, tables.posts, filled.replies, lambda i: _post(i, filled))
        _insert(connection, tables.notifications, deliveries, _notification)
        when = _time(connection)
        _insert(connection, tables.deliveries, deliveries, lambda i: _delivery(i, filled, when))
        _insert(connection, tables.replies, filled.replies, _reply)
        _insert(connection, tables.handled, filled.replies, _handled)
        _insert(connection, tables.explanations, filled.conversations, _explanation)
        _insert(connection, tables.audit, filled.conversations, _entry)
    return filled


def analyze(engine: Engine) -> None:
    """Let the database collect its statistics."""
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _insert(connection: Connection, table: Table, rows: int, row: Callable[[Number], Mapping[str, Any]]) -> None:
    numbers = select(literal(0).label("i")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < rows - 1))
    values = row(numbers.c.i)
    columns = [
        value if isinstance(value, ColumnElement) else literal(value, table.c[column].type) for column, value in values.items()
    ]
    connection.execute(insert(table).from_select(list(values), select(*columns).select_from(numbers)))


def _name(kind: str, place: Number) -> ColumnElement[str]:
    return literal(kind) + cast(place + 10**9, String)


def _at(verb: str) -> dict[str, datetime]:
    return {f"{verb}_at": NOW - timedelta(days=40)}


def _time(connection: Connection) -> Callable[[Number], ColumnElement[datetime]]:
    """Return a function that turns seconds after the present into a time."""
    now = int(NOW.timestamp())
    if connection.dialect.name == "sqlite":
        return lambda seconds: func.strftime("%Y-%m-%d %H:%M:%S.000000", seconds + now, "unixepoch")
    return lambda seconds: func.to_timestamp(seconds + now)


def _user(i: Number) -> dict[str, Any]:
    return {"id": _name("u", i), "name": _name("name", i), "display_name": "A name", "email": _address(i),
            "server_admin": cast(i < 3, Boolean), "active": True}  # fmt: skip


def _address(i: Number) -> ColumnElement[str]:
    return _name("user", i % USERS) + "@corp.test"


def _conversation(i: Number) -> dict[str, Any]:
    return {"id": _name("c", i), "title": "A title", "created_by": _name("u", i % USERS), "assignee_id": null()} | _at("created")


def _post(i: Number, filled: Filled) -> dict[str, Any]:
    # Half of all posts are in one conversation.
    conversation = case((i % 2 == 0, 0), else_=i % filled.conversations)
    return {"id": _name("p", i), "conversation_id": _name("c", conversation), "author_id": _name("u", i % USERS),
            "text": "A text", "mentions": literal([], JSON), "idempotency_key": _name("k", i)} | _at("created")  # fmt: skip


def _notification(i: Number) -> dict[str, Any]:
    return {"id": _name("n", i), "kind": case((i % 10 == 0, "mention"), else_="message"), "created_by": "catalog",
            "data": literal({"subject": "A subject", "text": "A text"}, JSON), "thread": _name("conversation.c", i),
            "idempotency_key": _name("k", i), "fingerprint": "f" * 64} | _at("created")  # fmt: skip


def _delivery(i: Number, filled: Filled, when: Callable[[Number], ColumnElement[datetime]]) -> dict[str, Any]:
    begins, states = filled.deliveries - sum(OPEN.values()), []
    final = i < begins
    for state, number in OPEN.items():
        begins += number
        states.append((i < begins, state))
    old = i < filled.first_with_message
    first_accepted = filled.deliveries - OPEN["accepted"]
    first_retrying = first_accepted - OPEN["retrying"]
    retrying = (i >= first_retrying) & (i < first_accepted)
    accepted_at = when((i - filled.deliveries) * filled.step)
    return {
        "id": _name("d", i),
        "notification_id": _name("n", i),
        "number": 0,
        "kind": case((i % 10 == 0, "mention"), else_="message"),
        "address": _address(i),
        "recipient": _address(i),
        "display_name": "A name",
        "subject": "A subject",
        "state": case((final & (i % 100 == 0), "failed"), (final & (i % 100 == 1), "suppressed"), (final, "sent"), *states[:-1],
                      else_="accepted"),
        "accepted_at": accepted_at,
        "message_id": _name("m", i),
        "message": case((old, null()), else_=literal(b"x" * 200, LargeBinary)),
        "attempts": 1,
        "pause": case((retrying, 60.0), else_=0.0),
        "next_attempt_at": case((retrying, when((i - first_retrying - _DUE) * 2)), else_=null()),
        "cause": case((final & (i % 100 == 0), "recipient-refused"), (final & (i % 100 == 1), "switched_off"),
                      (retrying, "timed-out"), else_=null()),
        "sent_at": case((final, accepted_at), else_=null()),
        "ended_at": case((final, accepted_at), else_=null()),
        "batch": case((i < first_retrying, _name("b", i // _BATCH)), else_=null()),
        "node": "node1",
        "renewed_at": NOW,
        "handle": case((i % 10 == 0, _name("h", i)), else_=null()),
    }  # fmt: skip


def _reply(i: Number) -> dict[str, Any]:
    return {"key": _name("r", i), "post_id": _name("p", i)} | _at("posted")


def _handled(i: Number) -> dict[str, Any]:
    return {"mailbox": PLACE.mailbox, "validity": PLACE.validity, "message": cast(i, String),
            "disposition": case((i % 1000 == 0, "quarantined"), else_="posted"), "reason": "", "id": _name("l", i),
            "sender": _address(i), "subject": "Re: A subject"} | _at("handled")  # fmt: skip


def _explanation(i: Number) -> dict[str, Any]:
    return {"key": _name("e", i), "address": _address(i), "at": NOW - timedelta(days=40)}


def _entry(_i: Number) -> dict[str, Any]:
    return {"at": NOW - timedelta(days=40), "actor": "admin", "action": "settings", "outcome": "saved",
            "detail": literal({}, JSON)}  # fmt: skip
