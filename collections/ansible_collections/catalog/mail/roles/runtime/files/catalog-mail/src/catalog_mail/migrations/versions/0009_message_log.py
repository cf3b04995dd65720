# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store sender, subject and time of each message of the mailbox of replies, and index what is listed and what is removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog_mail.domain.replies.logged import entry_id
from catalog_mail.domain.replies.mailbox import Place

revision = "0009"
down_revision = "0008"

_ROWS = 1000
_COLUMNS = (
    sa.Column("id", sa.String(26)),
    sa.Column("sender", sa.String(320)),
    sa.Column("subject", sa.String(300)),
    sa.Column("message_id", sa.String(300)),
    sa.Column("received_at", sa.DateTime(timezone=True)),
    sa.Column("detail", sa.Text()),
    sa.Column("delivery_id", sa.String(26)),
    sa.Column("retry_at", sa.DateTime(timezone=True)),
)
_INDEXES = (
    ("ix_handled_disposition_handled_at_id", "handled", ["disposition", "handled_at", "id"]),
    ("ix_handled_sender_disposition_handled_at_id", "handled", ["sender", "disposition", "handled_at", "id"]),
    ("ix_replies_posted_at", "replies", ["posted_at"]),
    ("ix_explanations_at", "explanations", ["at"]),
)
_PARTIAL = (
    ("ix_handled_retry", ["mailbox", "retry_at"], "retry_at IS NOT NULL"),
    ("ix_handled_unfinished", ["mailbox"], "disposition IN ('left', 'waiting')"),
)


def upgrade() -> None:
    """Add the columns, name each row by its place, and create the indexes."""
    for column in _COLUMNS:
        op.add_column("handled", column)
    _name_rows()
    with op.batch_alter_table("handled") as table:
        table.alter_column("id", existing_type=sa.String(26), nullable=False)
        table.create_unique_constraint(op.f("uq_handled_id"), ["id"])
    for name, table_name, columns in _INDEXES:
        op.create_index(name, table_name, columns)
    for name, columns, condition in _PARTIAL:
        where = sa.text(condition)
        op.create_index(name, "handled", columns, sqlite_where=where, postgresql_where=where)


def _name_rows() -> None:
    """Give the rows their ids, in portions."""
    connection = op.get_bind()
    names = ("mailbox", "validity", "message")
    table = sa.table("handled", sa.column("id"), *(sa.column(name) for name in names))
    mine = [table.c[name] == sa.bindparam(f"of_{name}") for name in names]
    change = sa.update(table).where(*mine).values(id=sa.bindparam("new_id"))
    some = sa.select(*(table.c[name] for name in names)).where(table.c.id.is_(None)).limit(_ROWS)
    while rows := connection.execute(some).all():
        values = [
            {"of_mailbox": row.mailbox, "of_validity": row.validity, "of_message": row.message,
             "new_id": entry_id(Place(row.mailbox, row.validity), row.message)}
            for row in rows
        ]  # fmt: skip
        connection.execute(change, values)
