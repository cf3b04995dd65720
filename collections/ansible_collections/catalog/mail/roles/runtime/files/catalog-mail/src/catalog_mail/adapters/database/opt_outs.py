# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store opt-outs of addresses in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Engine, bindparam, delete, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.queries import chunks, ensure_row
from catalog_mail.adapters.database.tables import opt_outs
from catalog_mail.domain.notifications.notification import Kind

_OPTED_OUT = select(opt_outs.c.address, opt_outs.c.kind).where(opt_outs.c.address.in_(bindparam("addresses", expanding=True)))


class DatabaseOptOuts:
    """Implements ports.OptOutStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def opt_out(self, address: str, kind: Kind, at: datetime) -> None:
        """Opt out. Idempotent: the first time is kept."""
        ensure_row(self._engine, opt_outs, {"address": address.lower(), "kind": kind.value, "at": at})

    def opt_in(self, address: str, kind: Kind) -> None:
        """Remove an opt-out, if there is one."""
        with self._engine.begin() as connection:
            connection.execute(delete(opt_outs).where(opt_outs.c.address == address.lower(), opt_outs.c.kind == kind.value))

    def opted_out(self, address: str, kind: Kind) -> bool:
        """Return whether this address has opted out of this kind."""
        with reading(self._engine) as connection:
            return (address.lower(), kind.value) in opted_out(connection, [address])


def opted_out(connection: Connection, addresses: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return the opt-outs of these addresses, each as the address in lower case and the kind's value."""
    wanted = chunks(address.lower() for address in addresses)
    return frozenset(
        (row.address, row.kind) for chunk in wanted for row in connection.execute(_OPTED_OUT, {"addresses": chunk})
    )
