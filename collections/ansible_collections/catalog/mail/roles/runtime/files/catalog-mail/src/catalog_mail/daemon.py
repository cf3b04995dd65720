# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running service: told to systemd when it is ready, stopped without breaking off what it is sending."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import sdnotify
import uvicorn

from catalog_mail.domain.errors import Misconfigured

log = logging.getLogger(__name__)

# How long open requests may take after a stop was asked for; a Test and Save waits for a mail server.
REQUESTS_SECONDS = 45


class Part(Protocol):
    """Something that works in the background."""

    def start(self) -> None:
        """Begin, and return."""

    def stop(self) -> None:
        """Take no new work, finish what is being done, and return when that is so."""


class _Server(uvicorn.Server):
    """Uvicorn that leaves signals to `serve`, and tells when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()


def serve(app: Any, *, host: str, port: int, parts: list[Part]) -> None:
    """Run until SIGTERM or SIGINT. Raises Misconfigured where nothing can listen on this address.

    `Type=notify`: READY=1 is sent when requests are answered and the queue is worked on. A stop closes the socket first,
    answers the requests that are open, then lets every part finish what it does.
    """
    listener = _listen(host, port)
    systemd = sdnotify.SystemdNotifier()
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=REQUESTS_SECONDS,
        lifespan="off",
    )
    server = _Server(config, lambda: systemd.notify("READY=1"))

    def stop(number: int, _frame: object) -> None:
        log.info("stopping (%s)", signal.Signals(number).name)
        systemd.notify("STOPPING=1")
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    started: list[Part] = []
    try:
        for part in parts:
            part.start()
            started.append(part)
        log.info("listening on %s port %d", host, port)
        server.run(sockets=[listener])
    finally:
        for part in reversed(started):
            part.stop()
    log.info("stopped")


def watch(run: Callable[[Callable[[], None], Callable[[], bool]], None]) -> None:
    """Run something that has no socket, until SIGTERM or SIGINT. It is given `ready`, which tells systemd, and `stopping`."""
    systemd = sdnotify.SystemdNotifier()
    stopping = threading.Event()

    def stop(number: int, _frame: object) -> None:
        log.info("stopping (%s)", signal.Signals(number).name)
        systemd.notify("STOPPING=1")
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    run(lambda: systemd.notify("READY=1"), stopping.is_set)
    log.info("stopped")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise Misconfigured(
            f"Nothing can listen on {host} port {port}: {error.strerror}.",
            "Stop what uses the port ('ss -ltnp' names it), or choose another in the configuration file.",
            field="listen",
        ) from error
