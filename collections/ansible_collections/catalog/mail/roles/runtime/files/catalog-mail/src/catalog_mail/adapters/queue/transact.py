# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DBOS Transact as this package uses it: one queue, one workflow, whose only argument is the name of a batch.

What the workflow does is recorded with the deliveries, not as steps of DBOS: its database holds names of batches, and
neither messages nor addresses. DBOS brings each workflow to its end, whatever is killed in between.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowSerializationFormat
from sqlalchemy import URL, Engine, create_engine, event

NAME = "catalog-mail"
QUEUE = "deliveries"
WORKFLOW = "deliver"
SCHEMA = "catalog_mail_queue"
# Workflows run only where the same version stands. What a batch's name means does not change with the package's version,
# so neither does this; otherwise an upgrade would leave behind what was queued before it.
WORKFLOW_VERSION = "1"
# Seconds between two looks at the queue: what a message waits at most when nothing else is going on. Each look costs two
# milliseconds, also while nothing happens; with a limit per second, whose batches are small, looks are more frequent.
POLLING = 0.2
POLLING_LIMITED = 0.1
UNFINISHED = ["ENQUEUED", "PENDING", "DELAYED"]
FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
PAGE = 500


@dataclass(frozen=True)
class Limits:
    """Batches begun and not ended by one node, and batches begun per second by all nodes (0: no limit)."""

    concurrency: int
    per_second: int


class Transact:
    """DBOS, launched and stopped. DBOS allows one in a process."""

    def __init__(self, database: URL, node: str, limits: Limits, work: Callable[[str], None]) -> None:
        self._database = database
        self._node = node
        self._limits = limits
        self._work = work
        self._engine: Engine | None = None
        self._workflow: Callable[[str], None] | None = None

    def start(self) -> None:
        """Launch it; from now on batches are worked on, those of an earlier run of this node as well."""
        _quiet()
        DBOS(config=self._config())
        # Without end: a batch that was interrupted a hundred times is still to be sent. And with JSON for its argument:
        # what DBOS would use by default, pickle, runs whatever somebody has written into the database.
        decorate = DBOS.workflow(
            name=WORKFLOW, max_recovery_attempts=None, serialization_type=WorkflowSerializationFormat.PORTABLE
        )
        self._workflow = decorate(_named(self._work))
        DBOS.launch()
        limiter: Any = {"limit": self._limits.per_second, "period": 1.0} if self._limits.per_second else None
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._limits.concurrency,
            limiter=limiter,
            polling_interval_sec=POLLING_LIMITED if limiter else POLLING,
            on_conflict="always_update",
        )

    def stop(self) -> None:
        """End it. Waits for nothing: whoever calls this has seen that no batch is being worked on."""
        DBOS.destroy(destroy_registry=True)
        if self._engine is not None:
            self._engine.dispose()

    def enqueue(self, batch: str) -> None:
        """A workflow for this batch; a second for the same is none."""
        if self._workflow is None:
            raise RuntimeError("the queue has not been started")
        with SetWorkflowID(batch):
            DBOS.enqueue_workflow(QUEUE, self._workflow, batch)

    def unfinished(self, batches: Sequence[str]) -> frozenset[str]:
        """Which of these have a workflow that will work on them; one of another version never would."""
        if not batches:
            return frozenset()
        found = DBOS.list_workflows(
            workflow_ids=list(batches),
            status=UNFINISHED,
            app_version=WORKFLOW_VERSION,
            load_input=False,
            load_output=False,
        )
        return frozenset(status.workflow_id for status in found)

    def working(self) -> frozenset[str]:
        """The nodes that have begun workflows and not ended them."""
        found = DBOS.list_workflows(name=WORKFLOW, status="PENDING", limit=PAGE, load_input=False, load_output=False)
        return frozenset(status.executor_id for status in found if status.executor_id)

    def take_over(self, nodes: Iterable[str]) -> int:
        """Queue again what these have begun; they must be dead. Returns how many batches.

        DBOS calls this when its own coordinator tells it to, and keeps it out of the documented interface. It changes only
        workflows that still stand under one of these names: two nodes that take over the same do no harm.
        """
        return len(DBOS._recover_pending_workflows(sorted(nodes)))

    def collect(self, finished_for: timedelta, now: datetime) -> int:
        """Remove workflows that ended so long ago, at most one page. Returns how many."""
        before = (now - finished_for).astimezone(UTC).isoformat()
        found = DBOS.list_workflows(
            name=WORKFLOW, status=FINISHED, completed_before=before, limit=PAGE, load_input=False, load_output=False
        )
        if found:
            DBOS.delete_workflows([status.workflow_id for status in found])
        return len(found)

    def _config(self) -> DBOSConfig:
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": self._database.render_as_string(hide_password=False),
            "application_version": WORKFLOW_VERSION,
            "executor_id": self._node,
            "log_level": "WARNING",
            "enable_otlp": False,
            # Nothing here waits for DBOS's events: no triggers for them. The thread that would look for them only sleeps,
            # and a stop waits for it to wake up.
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.5,
            "scheduler_polling_interval_sec": 3600.0,
        }
        if self._database.get_backend_name() == "sqlite":
            self._engine = _sqlite(self._database)
            config["system_database_engine"] = self._engine
        else:
            config["dbos_system_schema"] = SCHEMA
            config["db_engine_kwargs"] = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 30, "hide_parameters": True}
        return config


def _named(work: Callable[[str], None]) -> Callable[[str], None]:
    def deliver(batch: str) -> None:
        work(batch)

    return deliver


def _quiet() -> None:
    """DBOS's own log goes where ours goes; without a handler of its own it would write to stderr in its own way."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _sqlite(database: URL) -> Engine:
    """The queue's own file.

    Its last transactions may be lost when the power fails, not by a kill: that saves a disk flush for each, and DBOS's
    default would take three. Deliveries are on disk in their own database, and those whose batch has vanished get another.
    """
    engine = create_engine(database, connect_args={"timeout": 30}, pool_size=10, max_overflow=100, hide_parameters=True)

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"  # as DBOS sets it for an engine of its own
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine
