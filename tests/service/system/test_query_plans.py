# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No statement of the service reads all of a table that grows, on either database, with 100,000 deliveries."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from catalog_mail.adapters.database import tables
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.migrate import migrate
from helpers.service.large_database import analyze, fill
from helpers.service.query_plans import GROWING, counting_steps, recording, scans, without_a_statement
from helpers.service.store_calls import call_all
from sqlalchemy import Engine, func, select, text

# Not called: they set up the schema or a connection; `_put` repeats its own first statement after a race.
# `_seconds` and `lock_table` ask PostgreSQL only. A move to another database reads everything, once.
NOT_CALLED = frozenset(
    {"migrate.py migrate", "engine.py _prepare_sqlite", "engine.py _begin_immediately", "delivery_counts.py create_triggers",
     "reply_state.py _put", "leases.py _seconds", "queries.py lock_table",
     "alone.py _keep_others_out", "alone.py _other_connections", "alone.py prepare", "alone.py begin",
     "copying.py copy", "copying.py _begin", "copying.py _copy", "copying.py _continue_numbers", "copying.py _check",
     "left_behind.py left_behind", "left_behind.py _known"}
)  # fmt: skip


# Statements with a plan; the others begin and end transactions.
PLANNED = ("SELECT", "INSERT", "UPDATE", "DELETE")


def problems(engine: Engine, statements: dict[str, object]) -> list[str]:
    """Return each scan with its statement."""
    with engine.connect() as connection:
        return [
            f"{found}\n{statement}"
            for statement, values in statements.items()
            if statement.startswith(PLANNED)
            for found in scans(connection, statement, values)
        ]


def test_every_statement_uses_an_index(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate(engine)
    filled = fill(engine, 100_000)
    if engine.dialect.name != "sqlite":
        analyze(engine)
    with recording(engine) as found:
        call_all(engine, filled)
    assert without_a_statement(found, but=NOT_CALLED) == [], "call what is new in store_calls, so that its plan is looked at"
    assert problems(engine, found.statements) == []
    # SQLite's statistics are not collected by the service, and may be by an administrator.
    analyze(engine)
    assert problems(engine, found.statements) == []
    engine.dispose()


@pytest.mark.parametrize("with_statistics", [False, True])
def test_the_work_of_a_statement_does_not_grow(tmp_path: Path, with_statistics: bool) -> None:
    def steps(deliveries: int) -> Counter[str]:
        engine = make_engine(f"sqlite:///{tmp_path / str(deliveries)}.db")
        migrate(engine)
        filled = fill(engine, deliveries)
        if with_statistics:
            analyze(engine)
        with counting_steps(engine) as found:
            call_all(engine, filled)
        engine.dispose()
        return found

    few, many = steps(10_000), steps(100_000)
    assert set(few) == set(many)
    assert {text: (few[text], many[text]) for text in few if many[text] > 1.5 * few[text] + 10} == {}
    assert sum(few.values()) > 1000


def test_a_scan_is_noticed(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate(engine)
    fill(engine, 10_000)
    analyze(engine)
    with recording(engine) as found, engine.connect() as connection:
        for table in sorted(GROWING):
            connection.execute(select(func.count()).select_from(tables.metadata.tables[table]))
        connection.execute(text("SELECT count(*) FROM deliveries WHERE address = 'x'"))
        connection.execute(text("SELECT * FROM deliveries WHERE node = 'x' ORDER BY id LIMIT 5"))
        connection.execute(text("SELECT * FROM conversations ORDER BY title LIMIT 5"))
    assert len(problems(engine, found.statements)) == len(GROWING) + 3
    assert len(without_a_statement(found, but=NOT_CALLED)) > 50
    engine.dispose()
