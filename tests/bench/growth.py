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
from collections.abc import Callable, Iterator
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
from sqlalchemy import Engine, event, text

LIMIT = 3.0
ROUNDS, CALLS = 5, 10
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
        deliveries.forget_messages(accepted_before=filled.accepted_at(filled.first_with_message), limit=500)

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


class Meter:
    """Measures calls on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._statements = 0
        self._backends: set[int] = set()
        event.listen(engine, "before_cursor_execute", self._count)

    def _count(self, connection: Any, *_more: object) -> None:
        self._statements += 1
        if connection.dialect.name == "postgresql":
            self._backends.add(connection.connection.dbapi_connection.info.backend_pid)

    def measure(self, call: Callable[[], object]) -> Cost:
        """Return the least of several rounds, since other programs disturb most of them."""
        call()
        best, before = float("inf"), self._statements
        for _round in range(ROUNDS):
            began = self._processor()
            for _call in range(CALLS):
                call()
            best = min(best, self._processor() - began)
        return Cost(best / CALLS * 1e6, (self._statements - before) / ROUNDS / CALLS)

    def _processor(self) -> float:
        return time.process_time() + sum(_nanoseconds(pid) for pid in self._backends) / 1e9


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


def measure(url: str, size: int) -> dict[str, Cost]:
    """Fill a database with this many deliveries, and return the cost of each call."""
    engine = make_engine(url)
    migrate(engine)
    filled = fill(engine, size)
    analyze(engine)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CHECKPOINT"))
    meter = Meter(engine)
    costs = {what: meter.measure(call) for what, call in calls(engine, filled).items()}
    engine.dispose()
    return costs


def show(kind: str, found: dict[int, dict[str, Cost]]) -> bool:
    """Print the table; return whether nothing grows more than it may."""
    first, *_others, last = found
    columns = "".join(f"{size:>12,}" for size in found)
    ratios = "".join(f"{f'{size:,} : {first:,}':>22}" for size in list(found)[1:])
    print(f"\n{kind}: microseconds of processor time a call\n{'':24}{'statements':>12}{columns}{ratios}")
    met = True
    for what, least in found[first].items():
        costs = [of_size[what] for of_size in found.values()]
        times = "".join(f"{cost.processor:>12,.0f}" for cost in costs)
        ratios = "".join(f"{cost.processor / least.processor:>22.2f}" for cost in costs[1:])
        print(f"{what:24}{least.statements:>12.0f}{times}{ratios}", flush=True)
        most = found[last][what]
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
            met &= show(kind, {size: measure(url(size), size) for size in sizes})
    print(f"\ngoal of at most {LIMIT:.0f} times the processor time and as many statements: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
