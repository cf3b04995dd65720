# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run DBOS Transact with one queue and one workflow, whose only argument is the name of a batch.

The progress of a batch is recorded with its deliveries, not as steps of DBOS: its database holds only names of batches,
no messages and no addresses. DBOS finishes each workflow, also after a kill.
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
# DBOS runs a workflow only on the version that queued it. The meaning of a batch's name does not depend on the package's
# version, so this version is fixed; otherwise an upgrade would orphan the workflows queued before it.
WORKFLOW_VERSION = "1"
# Seconds between two polls of the queue: the longest wait of a message when the service is idle. Each poll costs two
# milliseconds; with a limit per second, whose batches are small, polls are more frequent.
POLLING = 0.2
POLLING_LIMITED = 0.1
UNFINISHED = ["ENQUEUED", "PENDING", "DELAYED"]
FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
PAGE = 500


@dataclass(frozen=True)
class Limits:
    """Largest number of unfinished batches of one node, and of batches begun per second by all nodes (0: no limit)."""

    concurrency: int
    per_second: int


class Transact:
    """DBOS, launched and stopped. A process can have only one."""

    def __init__(self, database: URL, node: str, limits: Limits, work: Callable[[str], None]) -> None:
        self._database = database
        self._node = node
        self._limits = limits
        self._work = work
        self._engine: Engine | None = None
        self._workflow: Callable[[str], None] | None = None

    def start(self) -> None:
        """Launch DBOS; it works on batches from now on, also on those of an earlier run of this node."""
        _quiet()
        DBOS(config=self._config())
        # No limit of retries: a batch that was interrupted a hundred times must still be sent. And JSON for the argument: pickle,
        # the default of DBOS, runs code that somebody may have written into the database.
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
        """Stop DBOS without waiting; the caller has made sure that no batch is being worked on."""
        DBOS.destroy(destroy_registry=True)
        if self._engine is not None:
            self._engine.dispose()

    def enqueue(self, batch: str) -> None:
        """Create the workflow of this batch, unless there is one."""
        if self._workflow is None:
            raise RuntimeError("the queue has not been started")
        with SetWorkflowID(batch):
            DBOS.enqueue_workflow(QUEUE, self._workflow, batch)

    def unfinished(self, batches: Sequence[str]) -> frozenset[str]:
        """Return the batches with a workflow that will run; workflows of another version never would."""
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
        """Return the nodes with unfinished workflows."""
        found = DBOS.list_workflows(name=WORKFLOW, status="PENDING", limit=PAGE, load_input=False, load_output=False)
        return frozenset(status.executor_id for status in found if status.executor_id)

    def begun(self, node: str) -> frozenset[str]:
        """Return the batches whose workflows this node has begun and not ended, as the engine's database has it."""
        found = DBOS.list_workflows(
            name=WORKFLOW, status="PENDING", executor_id=node, app_version=WORKFLOW_VERSION, load_input=False, load_output=False
        )
        return frozenset(status.workflow_id for status in found)

    def begin_again(self, batches: Iterable[str]) -> None:
        """Queue the workflows of these batches again, except those that have ended."""
        DBOS.resume_workflows(sorted(batches), queue_name=QUEUE)

    def take_over(self, nodes: Iterable[str]) -> int:
        """Queue again the unfinished workflows of these nodes, which must be dead; return their number.

        An undocumented function of DBOS, which DBOS calls by order of its own coordinator. It changes only workflows that still
        belong to one of these nodes, so two nodes may take over the same one.
        """
        return len(DBOS._recover_pending_workflows(sorted(nodes)))

    def collect(self, finished_for: timedelta, now: datetime) -> int:
        """Remove workflows that ended longer ago than `finished_for`, at most one page; return their number."""
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
            # DBOS's events are not used, so neither are their triggers. Their listener thread would only sleep, and
            # delay a stop.
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
    """Send DBOS's log to the service's handlers; with its own handler it would write to stderr in another format."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _sqlite(database: URL) -> Engine:
    """Return the engine of the queue's own SQLite file.

    A power failure, but not a kill, may lose its last transactions: that saves a disk flush for each, of which DBOS's default
    needs three. Deliveries are stored safely in their own database, and those whose batch was lost get a new one.
    """
    engine = create_engine(database, connect_args={"timeout": 30}, pool_size=10, max_overflow=100, hide_parameters=True)

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"  # as DBOS sets it for an engine of its own
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)
    return engine
