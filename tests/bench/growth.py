# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what lists, metrics, health, housekeeping and takeover cost with 10,000, 100,000 and 1,000,000 deliveries.

A table for each database: microseconds of processor time of one call, of this process and of the database's (PostgreSQL's
backend), and the number of statements; then the ratios to the first column. As many deliveries are open at each size, and the
rest are final, with as many notifications, and half as many replies and posts.

Ends with 1 when a call with 1,000,000 deliveries takes more than 3 times the processor time or another number of statements
than with 10,000: constant, or logarithmic (a search in an index takes 1.5 times the comparisons).

Usage: growth.py [--sizes 10000,100000,1000000] [--databases sqlite,postgresql]
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.service import postgres
from helpers.service.process import SOURCE

sys.path.insert(0, str(SOURCE))

from catalog_mail.adapters.database.audit import DatabaseAudit
from catalog_mail.adapters.database.conversations import DatabaseConversations
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.health import DatabaseProbe
from catalog_mail.adapters.database.leases import DatabaseLeases
from catalog_mail.adapters.database.migrate import migrate
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.domain.identifiers import new_id
from helpers.service.large_database import NOW, Filled, analyze, fill, name
from sqlalchemy import Engine, event

LIMIT = 3.0
ROUNDS, CALLS = 20, 5
BATCH, NODES_BATCHES = 20, 30


@dataclass(frozen=True)
class Cost:
    """Microseconds of processor time, and statements, of one call."""

    processor: float
    statements: float


def calls(engine: Engine, filled: Filled) -> dict[str, Callable[[], object]]:
    """Return the calls by name. None changes the number of deliveries in a state."""
    notifications, conversations = DatabaseNotifications(engine), DatabaseConversations(engine)
    leases, deliveries, replies = DatabaseLeases(engine), DatabaseDeliveries(engine), DatabaseReplies(engine)
    middle, audit = filled.deliveries // 2, DatabaseAudit(engine)

    def metrics() -> None:
        notifications.counts(), notifications.oldest_open(), replies.outcomes(), replies.put_aside(NOW - timedelta(days=7))

    def health() -> None:
        probe = DatabaseProbe(engine)
        probe.try_to_store(NOW)
        probe.open_deliveries()

    def housekeeping() -> None:
        leases.renew([lease.batch for lease in leases.leases()], node="node1", at=NOW)
        deliveries.forget_messages(ended_before=filled.accepted_at(filled.first_with_message), limit=500)

    def takeover() -> None:
        for _batch in range(NODES_BATCHES):
            leases.claim(new_id(), node="lost", at=NOW - timedelta(days=1), limit=BATCH)
        assert leases.end([lease for lease in leases.leases() if lease.node == "lost"]) == BATCH * NODES_BATCHES

    return {
        "newest conversations": lambda: conversations.conversations(limit=50),
        "older conversations": lambda: conversations.conversations(limit=50, before=name("c", filled.conversations // 2)),
        "older posts": lambda: conversations.posts(name("c", 0), limit=50, before=name("p", filled.replies // 4 * 2)),
        "audit": lambda: audit.entries(limit=50, before=filled.conversations // 2),
        "notification": lambda: (notifications.notification(name("n", middle)), notifications.deliveries(name("n", middle))),
        "metrics": metrics,
        "health": health,
        "housekeeping": housekeeping,
        "takeover of 30 batches": takeover,
    }


class Database:
    """A filled database, and the processor time and statements that it has taken."""

    def __init__(self, url: str, size: int) -> None:
        self.engine = make_engine(url)
        migrate(self.engine)
        self.calls = calls(self.engine, fill(self.engine, size))
        analyze(self.engine)
        self.statements = 0
        self._backends: set[int] = set()
        event.listen(self.engine, "before_cursor_execute", self._count)

    def _count(self, connection: Any, *_more: object) -> None:
        self.statements += 1
        if connection.dialect.name == "postgresql":
            self._backends.add(connection.connection.dbapi_connection.info.backend_pid)

    def processor(self) -> float:
        """Return the seconds that this process and the database's backends have used."""
        return time.process_time() + sum(_nanoseconds(pid) for pid in self._backends) / 1e9


def measure(databases: Mapping[int, Database], what: str) -> dict[int, Cost]:
    """Return the cost of a call at each size: the least of several rounds in turns, as other programs disturb most."""
    best: dict[int, Cost] = {}
    for database in databases.values():
        database.calls[what]()
    for _round in range(ROUNDS):
        for size, database in databases.items():
            began, before = database.processor(), database.statements
            for _call in range(CALLS):
                database.calls[what]()
            cost = Cost((database.processor() - began) / CALLS * 1e6, (database.statements - before) / CALLS)
            best[size] = min(cost, best.get(size, cost), key=lambda one: one.processor)
    return best


def _nanoseconds(pid: int) -> int:
    """Return the processor time of another process."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


@contextlib.contextmanager
def database(kind: str) -> Iterator[Callable[[int], str]]:
    """Yield a function that returns the URL of a new database for a size."""
    with contextlib.ExitStack() as stack:
        if kind == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield lambda size: f"sqlite:///{folder}/{size}.db"
        else:
            server = stack.enter_context(postgres.server())
            yield lambda size: postgres.create_database(server.url, f"size{size}").replace("://", "+psycopg://")


def show(kind: str, databases: Mapping[int, Database]) -> bool:
    """Measure, and print the table; return whether nothing grows more than it may."""
    first, *others = databases
    columns = "".join(f"{size:>12,}" for size in databases)
    ratios = "".join(f"{f'{size:,} : {first:,}':>22}" for size in others)
    print(f"\n{kind}: microseconds of processor time a call\n{'':24}{'statements':>12}{columns}{ratios}", flush=True)
    met = True
    for what in databases[first].calls:
        costs = measure(databases, what)
        least, most = costs[first], costs[max(costs)]
        times = "".join(f"{cost.processor:>12,.0f}" for cost in costs.values())
        ratios = "".join(f"{costs[size].processor / least.processor:>22.2f}" for size in others)
        print(f"{what:24}{least.statements:>12.0f}{times}{ratios}", flush=True)
        met &= most.processor <= LIMIT * least.processor and most.statements == least.statements
    return met


def main() -> int:
    """Measure, print, and compare with the goal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    options = parser.parse_args()
    met = True
    for kind in options.databases.split(","):
        with database(kind) as url:
            sizes = [int(size) for size in options.sizes.split(",")]
            databases = {size: Database(url(size), size) for size in sizes}
            met &= show(kind, databases)
            for one in databases.values():
                one.engine.dispose()
    print(f"\ngoal of at most {LIMIT:.0f} times the processor time and as many statements: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
