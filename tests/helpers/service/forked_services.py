# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have the services of tests start by a fork server."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

from helpers.service.fork_server import ForkedProcess, ForkServer
from helpers.service.process import RunningService, process_environment


@contextlib.contextmanager
def forked_services() -> Iterator[None]:
    """Have each RunningService start its processes by a fork server."""
    server = ForkServer(process_environment())
    ForkedProcess.server = server
    RunningService.popen = ForkedProcess
    try:
        yield
    finally:
        RunningService.popen = subprocess.Popen
        ForkedProcess.server = None
        server.close()
