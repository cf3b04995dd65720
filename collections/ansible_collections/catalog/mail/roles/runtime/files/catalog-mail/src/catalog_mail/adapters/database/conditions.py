# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what decides about an attempt to send, in one statement, since it is read before each attempt."""

from __future__ import annotations

from sqlalchemy import Engine, bindparam, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.tables import opt_outs, settings
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.ports.notifications import Conditions

_OPTED_OUT = select(opt_outs.c.at).where(opt_outs.c.address == bindparam("address"), opt_outs.c.kind == bindparam("kind"))
_CONDITIONS = select(select(settings.c.revision).scalar_subquery(), _OPTED_OUT.exists())


class DatabaseConditions:
    """Implements ports.AttemptConditions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def conditions(self, address: str, kind: Kind) -> Conditions:
        """Implement `AttemptConditions.conditions`."""
        with reading(self._engine) as connection:
            row = connection.execute(_CONDITIONS, {"address": address.lower(), "kind": kind.value}).one()
        return Conditions(row[0] or 0, opted_out=bool(row[1]))
