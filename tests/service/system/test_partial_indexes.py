# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables declare the same indexes, with the same conditions, as the migrations create."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from catalog_mail.adapters.database import tables
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.migrate import migrate
from sqlalchemy import Engine, text

DEFINITIONS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url)
    yield made
    made.dispose()


def indexes(engine: Engine) -> dict[str, str]:
    """Return the definition of each index, without differences of layout."""
    with engine.connect() as connection:
        rows = connection.execute(text(DEFINITIONS[engine.dialect.name]))
        return {name: " ".join(definition.split()) for name, definition in rows}


def empty_again(engine: Engine) -> None:
    """Remove the tables, and PostgreSQL's functions for them."""
    if engine.dialect.name == "sqlite":
        tables.metadata.drop_all(engine)
        return
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


def test_tables_and_migrations_have_the_same_indexes(empty: Engine) -> None:
    tables.metadata.create_all(empty)
    declared = indexes(empty)
    assert any(" WHERE " in definition for definition in declared.values()), "no condition has reached the database"
    empty_again(empty)
    migrate(empty)
    migrated = {name: definition for name, definition in indexes(empty).items() if not name.startswith("alembic_version")}
    assert migrated == declared
