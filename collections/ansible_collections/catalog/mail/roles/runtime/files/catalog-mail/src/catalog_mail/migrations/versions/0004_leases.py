# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record with each delivery which node works on it, and when that node last said so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Replace the nodes' heartbeats by leases; deliveries that were in a batch wait for a new one."""
    op.add_column("deliveries", sa.Column("node", sa.String(100), nullable=True))
    op.add_column("deliveries", sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_column("deliveries", "claimed_at")
    op.drop_table("nodes")
    op.execute("UPDATE deliveries SET batch = NULL WHERE state IN ('queued', 'sending')")
    op.execute("UPDATE deliveries SET state = 'accepted' WHERE state = 'queued'")
