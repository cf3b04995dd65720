# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the schema revision of the database, without loading Alembic."""

from __future__ import annotations

from sqlalchemy import Column, Engine, MetaData, String, Table, inspect, select

from catalog_mail.adapters.database.engine import reading

# The newest migration's revision; a test compares both.
WANTED = "0006"
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32)))


def current(engine: Engine) -> str | None:
    """Return the revision of the database; None for an empty one."""
    if not inspect(engine).has_table(_VERSION.name):
        return None
    with reading(engine) as connection:
        return connection.execute(select(_VERSION.c.version_num)).scalar()
