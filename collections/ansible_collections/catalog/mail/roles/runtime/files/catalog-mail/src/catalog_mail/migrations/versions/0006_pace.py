# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the limit of messages per second in the database, and drop the tables of the engine that kept it before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the time of the next free slot; remove the engine's schema, which holds no messages."""
    op.create_table(
        "pace",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("next_slot", sa.Float(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SCHEMA IF EXISTS catalog_mail_queue CASCADE")
