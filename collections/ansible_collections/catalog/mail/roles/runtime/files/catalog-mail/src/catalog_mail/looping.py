# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a loop under systemd: report readiness, and end it on SIGTERM. Loads no HTTP server, unlike `daemon`."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from collections.abc import Callable

import sdnotify

from catalog_mail.watchdog import Progress, Watchdog

log = logging.getLogger(__name__)


def watch(run: Callable[[Callable[[], None], Callable[[], bool]], None], progress: Progress) -> None:
    """Call `run(ready, stopping)` until SIGTERM or SIGINT. `ready()` sends READY=1; `stopping()` is true after a signal.

    systemd's watchdog gets its beats while `progress` is alive. A loop comes round by asking `stopping`.
    """
    systemd = sdnotify.SystemdNotifier()
    stopping = threading.Event()

    def is_stopping() -> bool:
        progress.came_round()
        return stopping.is_set()

    def stop(number: int, _frame: object) -> None:
        log.info("stopping (%s)", signal.Signals(number).name)
        systemd.notify("STOPPING=1")
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    Watchdog(progress).start_thread()
    gc.collect()
    gc.freeze()  # collections need not look through what was loaded until now, and stays
    run(lambda: systemd.notify("READY=1"), is_stopping)
    log.info("stopped")
