# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the schema revision of the database, without loading Alembic."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.domain.errors import Misconfigured

# The newest migration's revision; a test compares both.
WANTED = "0011"
VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
# The revision of a database while another one is copied into it.
BEING_COPIED = "copying"


def current(engine: Engine) -> str | None:
    """Return the revision of the database; None for an empty one."""
    if not inspect(engine).has_table(VERSION.name):
        return None
    with reading(engine) as connection:
        return connection.execute(select(VERSION.c.version_num)).scalar()


def check_copied(connection: Connection) -> None:
    """Raise Misconfigured for a database into which a copy has begun and not ended."""
    if inspect(connection).has_table(VERSION.name) and connection.execute(select(VERSION)).scalar() == BEING_COPIED:
        raise copy_not_ended()


def copy_not_ended() -> Misconfigured:
    """Return the error of a database into which a copy has begun and not ended."""
    return Misconfigured(
        "A copy into this database has begun and not ended, so it holds no data.",
        "Run 'catalog-mail database copy' again with the earlier database in the configuration, or drop this database.",
        field="database_url",
    )
