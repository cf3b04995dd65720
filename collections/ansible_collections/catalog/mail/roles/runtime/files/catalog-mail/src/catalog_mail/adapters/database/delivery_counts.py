# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the deliveries by state while they change, so that nothing needs to count the rows of a table that grows.

Triggers keep `delivery_counts` in the transaction of each change, so that the counts are right after a kill or a rollback, and
whichever version or program makes the change. The number of deliveries in a state is the sum of the state's rows.

PostgreSQL: two transactions that change the same row wait for each other. So each transaction uses a slot that no other
transaction holds; only with more than SLOTS transactions at once must one wait. SQLite has one writer, and one slot.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Table, event, func, select

from catalog_mail.adapters.database.tables import delivery_counts, metadata
from catalog_mail.domain.notifications.notification import State

SLOTS = 64
# An arbitrary first number for the advisory locks of the slots.
_LOCK = 7_203_442

_SQLITE_ADD = """
    INSERT INTO delivery_counts (state, slot, deliveries) VALUES ({row}.state, 0, {change})
    ON CONFLICT (state, slot) DO UPDATE SET deliveries = deliveries + {change};
"""
_ADDED, _REMOVED = _SQLITE_ADD.format(row="NEW", change=1), _SQLITE_ADD.format(row="OLD", change=-1)
_SQLITE = [
    f"CREATE TRIGGER count_deliveries_insert AFTER INSERT ON deliveries BEGIN {_ADDED} END",
    "CREATE TRIGGER count_deliveries_update AFTER UPDATE OF state ON deliveries WHEN OLD.state <> NEW.state"
    f" BEGIN {_REMOVED} {_ADDED} END",
    f"CREATE TRIGGER count_deliveries_delete AFTER DELETE ON deliveries BEGIN {_REMOVED} END",
]

_POSTGRESQL_FUNCTION = """
CREATE FUNCTION count_deliveries_{event}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own integer := mod(pg_backend_pid(), {slots});
BEGIN
    FOR look IN 1..{slots} LOOP
        EXIT WHEN pg_try_advisory_xact_lock({lock}, own);
        own := mod(own + 1, {slots});
    END LOOP;
    INSERT INTO delivery_counts AS known (state, slot, deliveries)
    SELECT state, own, sum(change) FROM ({changes}) AS changes GROUP BY state HAVING sum(change) <> 0 ORDER BY state
    ON CONFLICT (state, slot) DO UPDATE SET deliveries = known.deliveries + excluded.deliveries;
    RETURN NULL;
END $$
"""
_POSTGRESQL_TRIGGER = """
CREATE TRIGGER count_deliveries_{event} AFTER {event} ON deliveries REFERENCING {tables}
FOR EACH STATEMENT EXECUTE FUNCTION count_deliveries_{event}()
"""
_NEW = "NEW TABLE AS added", "SELECT state, 1 AS change FROM added"
_OLD = "OLD TABLE AS removed", "SELECT state, -1 AS change FROM removed"
_POSTGRESQL = [
    text
    for event_name, parts in (("insert", [_NEW]), ("update", [_NEW, _OLD]), ("delete", [_OLD]))
    for text in (
        _POSTGRESQL_FUNCTION.format(
            event=event_name, slots=SLOTS, lock=_LOCK, changes=" UNION ALL ".join(changes for _table, changes in parts)
        ),
        _POSTGRESQL_TRIGGER.format(event=event_name, tables=" ".join(table for table, _changes in parts)),
    )
]


def create_triggers(connection: Connection) -> None:
    """Create the triggers, and on PostgreSQL their functions."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)


def _after_create(_target: object, connection: Connection, *, tables: list[Table] | None = None, **_options: object) -> None:
    if tables and delivery_counts in tables:
        create_triggers(connection)


event.listen(metadata, "after_create", _after_create)


_total = func.sum(delivery_counts.c.deliveries)
_NUMBERS = select(delivery_counts.c.state, _total).group_by(delivery_counts.c.state).having(_total != 0)


def numbers(connection: Connection) -> Mapping[State, int]:
    """Return the number of deliveries by state; states without deliveries are left out."""
    return {State(state): int(number) for state, number in connection.execute(_NUMBERS)}
