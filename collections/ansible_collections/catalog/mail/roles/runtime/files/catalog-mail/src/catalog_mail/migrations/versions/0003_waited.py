# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the pauses of each delivery, so that a wrong clock does not end its retries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; a delivery that is being retried begins to count anew."""
    for name in ("waited", "pause"):
        op.add_column("deliveries", sa.Column(name, sa.Float(), server_default="0", nullable=False))
