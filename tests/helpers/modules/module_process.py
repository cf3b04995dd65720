# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run modules one after the other, each in a forked process with the libraries already imported.

A module's process spends most of its time on importing Ansible, msal and requests. The host has imported them, forks for each
module, and the fork then does what `python -m` does. Nothing of the collection is imported before the fork.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

LIBRARIES = (
    "ansible.module_utils.basic", "msal", "requests", "cryptography.fernet", "cryptography.x509",
    "cryptography.hazmat.primitives.kdf.hkdf", "cryptography.hazmat.primitives.asymmetric.rsa",
)


class ModuleHost:
    """Client of the host process, which starts with the first module."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def run(self, name: str, given: str, environment: dict[str, str], timeout: float) -> str:
        """Run the module of this full name with this input; return its stdout and stderr."""
        with self._turn, tempfile.TemporaryDirectory() as folder:
            asked, out, err = (Path(folder) / word for word in ("in", "out", "err"))
            asked.write_text(given)
            order = {"name": name, "environment": environment, "files": [str(asked), str(out), str(err)]}
            late = threading.Timer(timeout, self._kill)
            late.start()
            code = self._ask(json.dumps(order), environment)
            late.cancel()
            assert code, f"{name} did not end within {timeout:g} seconds"
            return out.read_text() + err.read_text()

    def _ask(self, order: str, environment: dict[str, str]) -> str:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment)
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{order}\n")
        return self._process.stdout.readline()

    def _kill(self) -> None:
        assert self._process
        self._process.kill()

    def stop(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(timeout=240)


def serve() -> None:
    """Read orders, one a line; answer each with the module's exit code when it ends."""
    for library in LIBRARIES:
        importlib.import_module(library)
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(order: dict[str, Any]) -> NoReturn:
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, name in enumerate(order["files"]):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY, 0o600), number)
    # Open until the process ends.
    sys.stdin, sys.stdout, sys.stderr = open(0, closefd=False), open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    sys.argv = [order["name"]]
    code: Any = 0
    try:
        runpy.run_module(order["name"], run_name="__main__", alter_sys=True)
    except SystemExit as exc:
        code = exc.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(code or 0))


if __name__ == "__main__":
    serve()
