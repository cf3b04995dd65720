# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create or upgrade the database schema by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

import catalog_mail
from catalog_mail.adapters.database.revision import check_copied

# An arbitrary number for an advisory lock: nodes that start at the same time migrate one after the other.
LOCK = 7_203_441


def migrate(engine: Engine) -> str:
    """Apply the missing migrations; return the revision. Safe to run twice, concurrently, and to be killed."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        upgrade(connection)
    return wanted()


def upgrade(connection: Connection) -> None:
    """Apply the missing migrations in this connection's transaction. Raises Misconfigured for a copy that has not ended."""
    check_copied(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def wanted() -> str:
    """Return the newest revision of this version."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(catalog_mail.__file__).parent / "migrations"))
    return config
