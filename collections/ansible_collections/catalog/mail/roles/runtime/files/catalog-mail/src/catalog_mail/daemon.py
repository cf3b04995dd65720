# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the service under systemd: report readiness, and finish work in progress on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import sdnotify
import uvicorn

from catalog_mail.domain.errors import Misconfigured
from catalog_mail.http_limits import ACCEPTED_AT_ONCE, BACKLOG, LARGEST_HEADER, Connections, HttpLimits, LimitedProtocol
from catalog_mail.watchdog import Watchdog, Worker

log = logging.getLogger(__name__)

# Seconds that the service may take after a stop signal for complete requests; a Test and Save waits for a mail server. What a
# client has to send or to read has less time (http_limits).
REQUESTS_SECONDS = 45


class Queue(Worker, Protocol):
    """The background work of the service."""

    def start(self, lost: Callable[[], None]) -> None:
        """Start working, and return. `lost` is called when the work ends by itself."""

    def stop(self) -> None:
        """Accept no new work, finish the work in progress, then return."""


class _Server(uvicorn.Server):
    """Uvicorn with limited connections and without signal handlers of its own.

    When it listens, it calls `ready`, and begins to feed the watchdog from its event loop. When it begins to stop, it calls
    `stopping`, which answers the clients that wait for an event.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        stopping: Callable[[], None],
        limits: HttpLimits,
        watchdog: Watchdog,
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping
        self._watchdog = watchdog
        self._beating: asyncio.Task[None] | None = None
        self._connections = Connections(limits)
        self.server_state = self._connections

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        for listener in sockets or []:
            listener.listen(BACKLOG)
        if self.started:
            self._ready()
            self._beating = asyncio.create_task(self._watchdog.beat_in_loop())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._connections.stopping = True
        self._stopping()
        await super().shutdown(sockets=sockets)


def serve(app: Any, *, host: str, port: int, queue: Queue, limits: HttpLimits, stopping: Callable[[], None]) -> None:
    """Run until SIGTERM or SIGINT; `stopping` is called in the event loop as the stop begins.

    Raises Misconfigured when the address cannot be listened on.

    `Type=notify`: READY=1 is sent when the API answers and the queue works; from then on systemd's watchdog gets its beats
    while the event loop turns and the queue is alive. A stop closes the listening socket, answers the open requests, then stops
    the queue. A request that is complete is answered; clients that send or read slowly delay the stop by less than 10 seconds.
    Raises SystemExit when the queue ends by itself.
    """
    listener = _listen(host, port)
    systemd = sdnotify.SystemdNotifier()
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,  # never the one of httptools, which has no limits
        ws="none",
        proxy_headers=False,  # X-Forwarded-* are any client's own words
        backlog=ACCEPTED_AT_ONCE,
        h11_max_incomplete_event_size=LARGEST_HEADER,
        timeout_keep_alive=limits.idle_timeout,
        log_config=None,
        log_level="error",  # at other levels each malformed request of any client is a line
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=REQUESTS_SECONDS,
        lifespan="off",
    )
    server = _Server(config, lambda: systemd.notify("READY=1"), stopping, limits, Watchdog(queue))

    def stop(number: int, _frame: object) -> None:
        log.info("stopping (%s)", signal.Signals(number).name)
        systemd.notify("STOPPING=1")
        server.should_exit = True

    failed = threading.Event()

    def lost() -> None:
        failed.set()
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        queue.start(lost)
        log.info("listening on %s port %d, for up to %d connections", host, port, limits.possible_connections)
        server.run(sockets=[listener])
    finally:
        queue.stop()
    log.info("stopped")
    if failed.is_set():
        sys.exit(1)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Misconfigured(
            f"Nothing can listen on {host} port {port}: {error.strerror}.",
            "Stop what uses the port ('ss -ltnp' names it), or choose another in the configuration file.",
            field="listen",
        ) from error
