"""The opt-outs of addresses in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine, delete, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.queries import chunks, ensure_row
from catalog_mail.adapters.database.tables import opt_outs
from catalog_mail.domain.notifications.notification import Kind


class DatabaseOptOuts:
    """Fulfils ports.OptOutStore and ports.OptOutCheck."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def opt_out(self, address: str, kind: Kind, at: datetime) -> None:
        """Once or twice is the same; the first time counts."""
        ensure_row(self._engine, opt_outs, {"address": address.lower(), "kind": kind.value, "at": at})

    def opt_in(self, address: str, kind: Kind) -> None:
        """Also where there is no opt-out."""
        with self._engine.begin() as connection:
            connection.execute(delete(opt_outs).where(opt_outs.c.address == address.lower(), opt_outs.c.kind == kind.value))

    def opted_out(self, address: str, kind: Kind) -> bool:
        """Whether this address does not want this kind."""
        return bool(opted_out_of(self._engine, [address], kind))


def opted_out_of(engine: Engine, addresses: Iterable[str], kind: Kind) -> frozenset[str]:
    """Which of these do not want this kind."""
    found: set[str] = set()
    with reading(engine) as connection:
        for chunk in chunks(address.lower() for address in addresses):
            query = select(opt_outs.c.address).where(opt_outs.c.address.in_(chunk), opt_outs.c.kind == kind.value)
            found.update(connection.execute(query).scalars())
    return frozenset(found)
