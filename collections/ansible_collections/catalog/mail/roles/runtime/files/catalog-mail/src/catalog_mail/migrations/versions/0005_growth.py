# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the deliveries by state as they change, and index what is looked for in tables that grow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog_mail.adapters.database.delivery_counts import create_triggers

revision = "0005"
down_revision = "0004"

# Name, table, columns and condition of each new index; one of the same name is replaced.
_INDEXES = (
    ("ix_conversations_created_at_id", "conversations", ["created_at", "id"], None),
    ("ix_posts_conversation_id_created_at_id", "posts", ["conversation_id", "created_at", "id"], None),
    ("ix_deliveries_batch", "deliveries", ["batch"], "state IN ('queued', 'sending')"),
    ("ix_deliveries_handle", "deliveries", ["handle"], "handle IS NOT NULL"),
    ("ix_deliveries_state_next_attempt_at", "deliveries", ["state", "next_attempt_at"], "next_attempt_at IS NOT NULL"),
    ("ix_deliveries_with_message", "deliveries", ["accepted_at"], "message IS NOT NULL"),
    ("ix_handled_quarantined", "handled", ["handled_at"], "disposition IN ('quarantined')"),
)
_DROPPED = (
    ("ix_posts_conversation_id", "posts"),
    ("ix_deliveries_batch", "deliveries"),
    ("ix_deliveries_handle", "deliveries"),
    ("ix_deliveries_state_next_attempt_at", "deliveries"),
    ("ix_handled_handled_at", "handled"),
)


def upgrade() -> None:
    """Replace the indexes; create the triggers and then count, so that no change in between is missed."""
    for name, table in _DROPPED:
        op.drop_index(name, table)
    for name, table, columns, condition in _INDEXES:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "delivery_counts",
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("deliveries", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state", "slot", name=op.f("pk_delivery_counts")),
    )
    create_triggers(op.get_bind())
    op.execute("INSERT INTO delivery_counts SELECT state, 0, count(*) FROM deliveries GROUP BY state")
