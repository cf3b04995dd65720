# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add the tables of replies by e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from catalog_mail.adapters.database.tables import Instant

revision = "0002"
down_revision = "0001"


def _place() -> list[sa.Column[str]]:
    return [
        sa.Column("mailbox", sa.String(length=400), nullable=False),
        sa.Column("validity", sa.String(length=50), nullable=False),
        sa.Column("message", sa.String(length=300), nullable=False),
    ]


def upgrade() -> None:
    """Create the tables, and add a handle to the deliveries of conversations."""
    op.add_column("deliveries", sa.Column("handle", sa.String(length=14), nullable=True))
    op.execute(
        "UPDATE deliveries SET handle = substr(id, 1, 14) WHERE notification_id IN"
        " (SELECT id FROM notifications WHERE kind IN ('mention', 'assignment'))"
    )
    op.create_index(op.f("ix_deliveries_handle"), "deliveries", ["handle"])
    op.create_table(
        "replies",
        sa.Column("key", sa.String(length=52), nullable=False),
        sa.Column("post_id", sa.String(length=200), nullable=True),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_replies")),
    )
    op.create_table(
        "handled",
        *_place(),
        sa.Column("disposition", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=50), nullable=False),
        sa.Column("handled_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "validity", "message", name=op.f("pk_handled")),
    )
    op.create_index(op.f("ix_handled_handled_at"), "handled", ["handled_at"])
    op.create_table(
        "undecided",
        *_place(),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "validity", "message", name=op.f("pk_undecided")),
    )
    op.create_table(
        "reply_outcomes",
        sa.Column("disposition", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=50), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("disposition", "reason", name=op.f("pk_reply_outcomes")),
    )
    op.create_table(
        "explanations",
        sa.Column("key", sa.String(length=52), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_explanations")),
    )
    op.create_index(op.f("ix_explanations_address_at"), "explanations", ["address", "at"])
    op.create_table(
        "reply_workers",
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("beat_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_reply_workers")),
    )
    op.create_table(
        "mailbox_marks",
        *_place()[:2],
        sa.Column("last", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "validity", name=op.f("pk_mailbox_marks")),
    )
    op.create_table(
        "probes",
        sa.Column("handle", sa.String(length=14), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("handle", name=op.f("pk_probes")),
    )
    op.create_index(op.f("ix_probes_route"), "probes", ["route"])
