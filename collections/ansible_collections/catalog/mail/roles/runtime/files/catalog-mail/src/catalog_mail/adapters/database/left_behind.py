# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count what another database would not know: messages that are not sent yet, and replies to messages that were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, inspect, select

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.queries import chunks
from catalog_mail.adapters.database.tables import deliveries, one_of, reply_workers
from catalog_mail.domain.notifications.notification import State

_OPEN = one_of(deliveries.c.state, [State.ACCEPTED, State.QUEUED, State.SENDING, State.RETRYING])
_NEWEST_ANSWERABLE = select(deliveries.c.id).where(deliveries.c.handle.is_not(None)).order_by(deliveries.c.id.desc()).limit(1)


@dataclass(frozen=True)
class LeftBehind:
    """The numbers of open deliveries and of unread messages in the mailbox of replies."""

    deliveries: int = 0
    replies: int = 0


def left_behind(source: Engine, target: Engine | None) -> LeftBehind:
    """Return what `target` does not know; None is a database without a table. An older schema of `source` will do."""
    with reading(source) as connection:
        if not inspect(connection).has_table(deliveries.name):
            return LeftBehind()
        waiting = list(connection.execute(select(deliveries.c.id).where(_OPEN)).scalars())
        answerable = list(connection.execute(_NEWEST_ANSWERABLE).scalars())
        reports = list(connection.execute(select(reply_workers.c.report)).scalars())
    unread = max((int(report.get("backlog") or 0) for report in reports), default=0)
    missing = _missing(target, [*waiting, *answerable]) if waiting or (answerable and unread) else set()
    return LeftBehind(sum(key in missing for key in waiting), unread if missing.intersection(answerable) else 0)


def _missing(target: Engine | None, keys: Sequence[str]) -> set[str]:
    if target is None:
        return set(keys)
    with reading(target) as connection:
        if not inspect(connection).has_table(deliveries.name):
            return set(keys)
        return set(keys) - _known(connection, keys)


def _known(connection: Connection, keys: Sequence[str]) -> set[str]:
    query = select(deliveries.c.id)
    return {
        found for chunk in chunks(keys) for found in connection.execute(query.where(deliveries.c.id.in_(chunk))).scalars()
    }
