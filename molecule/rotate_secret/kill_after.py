#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a command, and kill all its processes after a request to the emulator; runs on the control node.

    kill_after.py addPassword COMMAND...

The first argument is a part of the request's path. Exit status 1: the command ended before such a request.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "shared"))
from labkit import entra


def asked_for(words: str) -> bool:
    """Return True if the emulator has answered a request whose path contains `words` with 200."""
    log = json.loads(entra.control("GET", "requests"))["requests"]
    return any(words in one["path"] and one["status"] == 200 for one in log)


def main() -> None:
    """Run the script; ask the emulator every tenth of a second."""
    words, *command = sys.argv[1:]
    entra.control("DELETE", "requests")
    process = subprocess.Popen(command, start_new_session=True)
    while not asked_for(words):
        if process.poll() is not None:
            sys.exit(f"The command ended with {process.returncode} before it asked for {words}.")
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


if __name__ == "__main__":
    main()
