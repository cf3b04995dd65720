# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run DBOS Transact with one queue and one workflow, whose only argument is the name of a batch.

The progress of a batch is recorded with its deliveries, not as steps of DBOS: its database holds only names of batches,
no messages and no addresses. What DBOS remembers of a batch decides nothing: a workflow that is lost, stuck or begun twice does
no harm (see `DurableQueue`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, WorkflowSerializationFormat
from sqlalchemy import URL, Engine, create_engine, event

from catalog_mail.adapters.database.engine import liveliness
from catalog_mail.adapters.sqlite_connections import replace_lost_connections

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
        self._client: DBOSClient | None = None

    def start(self) -> None:
        """Launch DBOS; it works on batches from now on."""
        _quiet()
        self._engine = _make_engine(self._database)
        DBOS(config=self._config(self._engine))
        # No limit of retries: a batch that was interrupted a hundred times must still be sent. And JSON for the argument: pickle,
        # the default of DBOS, runs code that somebody may have written into the database.
        decorate = DBOS.workflow(
            name=WORKFLOW, max_recovery_attempts=None, serialization_type=WorkflowSerializationFormat.PORTABLE
        )
        decorate(_named(self._work))
        DBOS.launch()
        # This client raises at once when the database fails; DBOS's own calls wait for it, up to 90 seconds at a time.
        self._client = DBOSClient(
            system_database_engine=self._engine,
            dbos_system_schema=_schema(self._database),
            application_name=NAME,
            retry_connection_errors=False,
        )
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
        if self._client is not None:
            self._client.destroy()
        DBOS.destroy(destroy_registry=True)
        if self._engine is not None:
            self._engine.dispose()

    def enqueue(self, batch: str) -> None:
        """Create the workflow of this batch."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": batch,
            "app_version": WORKFLOW_VERSION,
            "serialization_type": WorkflowSerializationFormat.PORTABLE,
        }
        self._started().enqueue(options, batch)

    def forget(self, batches: Iterable[str]) -> None:
        """Remove the workflows of batches that nobody works on."""
        left = sorted(batches)
        if left:
            self._started().delete_workflows(left)

    def left_behind(self, created_for: timedelta, now: datetime) -> frozenset[str]:
        """Return the batches of workflows that were created longer ago than `created_for` and have not ended: one page."""
        found = self._started().list_workflows(
            name=WORKFLOW, status=UNFINISHED, end_time=_before(created_for, now), limit=PAGE, load_input=False, load_output=False
        )
        return frozenset(status.workflow_id for status in found)

    def collect(self, finished_for: timedelta, now: datetime) -> int:
        """Remove workflows that ended longer ago than `finished_for`, at most one page; return their number."""
        found = self._started().list_workflows(
            name=WORKFLOW,
            status=FINISHED,
            completed_before=_before(finished_for, now),
            limit=PAGE,
            load_input=False,
            load_output=False,
        )
        self.forget(status.workflow_id for status in found)
        return len(found)

    def _started(self) -> DBOSClient:
        if self._client is None:
            raise RuntimeError("the queue has not been started")
        return self._client

    def _config(self, engine: Engine) -> DBOSConfig:
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": self._database.render_as_string(hide_password=False),
            "system_database_engine": engine,
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
        schema = _schema(self._database)
        if schema:
            config["dbos_system_schema"] = schema
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


def _schema(database: URL) -> str | None:
    """Return the schema of DBOS's tables, where the database has schemas."""
    return None if database.get_backend_name() == "sqlite" else SCHEMA


def _before(age: timedelta, now: datetime) -> str:
    """Return the time `age` ago, in DBOS's form."""
    return (now - age).astimezone(UTC).isoformat()


def _make_engine(database: URL) -> Engine:
    if database.get_backend_name() == "sqlite":
        return _sqlite(database)
    return create_engine(
        database, connect_args=liveliness(database), pool_pre_ping=True, pool_size=10, max_overflow=20, hide_parameters=True
    )


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
    replace_lost_connections(engine)
    return engine
