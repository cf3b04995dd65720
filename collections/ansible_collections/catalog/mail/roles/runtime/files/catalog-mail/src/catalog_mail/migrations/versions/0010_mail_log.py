# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add the columns and indexes by which deliveries are listed, and by which old ones are removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_COLUMNS = (
    sa.Column("kind", sa.String(50), server_default="", nullable=False),
    sa.Column("recipient", sa.String(320), server_default="", nullable=False),
    sa.Column("subject", sa.String(300), nullable=True),
    sa.Column("cause", sa.String(50), nullable=True),
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
)
_CONVERSATIONS = "kind IN ('assignment', 'mention')"
_OTHERS = "(kind NOT IN ('assignment', 'mention'))"
# Name, table, columns and condition of each new index; one of the same name is replaced.
_INDEXES = (
    ("ix_deliveries_kind_accepted_at", "deliveries", ["kind", "accepted_at"], None),
    ("ix_deliveries_recipient_accepted_at", "deliveries", ["recipient", "accepted_at"], None),
    ("ix_deliveries_cause_accepted_at", "deliveries", ["cause", "accepted_at"], "cause IS NOT NULL"),
    ("ix_deliveries_with_message", "deliveries", ["ended_at"], "message IS NOT NULL"),
    ("ix_notifications_of_conversations", "notifications", ["created_at"], _CONVERSATIONS),
    ("ix_notifications_with_key", "notifications", ["created_at"], f"idempotency_key IS NOT NULL AND {_OTHERS}"),
    ("ix_notifications_plain", "notifications", ["created_at"], f"idempotency_key IS NULL AND {_OTHERS}"),
)

_VALUES = """
UPDATE deliveries SET
    kind = (SELECT kind FROM notifications WHERE notifications.id = deliveries.notification_id),
    recipient = lower(address),
    subject = (
        SELECT CASE WHEN kind = 'message' THEN substr({subject}, 1, 300) END
        FROM notifications WHERE notifications.id = deliveries.notification_id
    ),
    cause = COALESCE({code}, reason),
    ended_at = CASE WHEN state IN ('failed', 'sent', 'suppressed') THEN COALESCE(sent_at, accepted_at) END
"""
_IN_JSON = {
    "sqlite": {"subject": "json_extract(data, '$.subject')", "code": "json_extract(failure, '$.code')"},
    "postgresql": {"subject": "data ->> 'subject'", "code": "failure ->> 'code'"},
}


def upgrade() -> None:
    """Add the columns with the values of the deliveries that are there, then the indexes.

    The subject of an earlier mail that was written from its data is not known: it stands in the mail alone.
    """
    for column in _COLUMNS:
        op.add_column("deliveries", column)
    op.execute(_VALUES.format(**_IN_JSON[op.get_bind().dialect.name]))
    op.drop_index("ix_deliveries_with_message", "deliveries")
    for name, table, columns, condition in _INDEXES:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
