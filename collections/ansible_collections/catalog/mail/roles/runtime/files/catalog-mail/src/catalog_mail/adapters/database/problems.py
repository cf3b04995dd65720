# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Store the problems that the administrators are told of, each with what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from catalog_mail.adapters.database.engine import reading
from catalog_mail.adapters.database.events import add_events
from catalog_mail.adapters.database.notifications import insert_notices
from catalog_mail.adapters.database.queries import lock_table
from catalog_mail.adapters.database.tables import problems
from catalog_mail.adapters.database.writing import write
from catalog_mail.domain.trouble.plan import Episode, changed
from catalog_mail.domain.trouble.problem import Problem
from catalog_mail.ports.catalog import Notice
from catalog_mail.ports.problems import Change

_STORED = select(problems).order_by(problems.c.key)


class DatabaseProblems:
    """Implements ports.ProblemStore. The table has few rows: the kinds of problems are few, and those that ended leave it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def episodes(self) -> Sequence[Episode]:
        """Implement `ProblemStore.episodes`."""
        with reading(self._engine) as connection:
            return _episodes(connection)

    def apply(self, change: Change) -> bool:
        """Implement `ProblemStore.apply`."""
        try:
            return write(self._engine, lambda connection: _apply(connection, change, change.notice))
        except IntegrityError:  # this e-mail was stored before, so a database of an earlier time was restored
            return write(self._engine, lambda connection: _apply(connection, change, None))


def _apply(connection: Connection, change: Change, notice: Notice | None) -> bool:
    lock_table(connection, problems)
    if set(_episodes(connection)) != set(change.before):
        return False
    kept = {episode.problem.key for episode in change.after}
    different = list(changed(change.before, change.after))
    removed = [episode.problem.key for episode in change.before if episode.problem.key not in kept]
    keys = [*removed, *(episode.problem.key for episode in different)]
    connection.execute(delete(problems).where(problems.c.key.in_(keys)))
    if different:
        connection.execute(insert(problems), [_row(episode) for episode in different])
    insert_notices(connection, [notice] if notice else [])
    add_events(connection, change.events)
    return True


def _episodes(connection: Connection) -> list[Episode]:
    found = []
    for row in connection.execute(_STORED).mappings():
        values = dict(row)
        problem = Problem(**{name: values.pop(name) for name in Problem.__dataclass_fields__})
        found.append(Episode(problem, **values))
    return found


def _row(episode: Episode) -> dict[str, object]:
    values = asdict(episode)
    return {**values.pop("problem"), **values}
