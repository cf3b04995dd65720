# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start `catalog-mail` processes as forks of one process that has imported its modules, in a sixth of the processor time.

Importing takes a second of processor time, and the tests start the service and its commands some two thousand times.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

PROGRAM = [sys.executable, "-m", "catalog_mail"]
IMPORTED = (
    "alembic.command", "catalog_mail.api.app", "catalog_mail.bootstrap.application", "catalog_mail.bootstrap.replying",
    "catalog_mail.bootstrap.serving", "catalog_mail.cli", "catalog_mail.daemon", "catalog_mail.services.reply_watch", "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite", "uvicorn")
"""Modules that most of the processes import."""
AT_START = ("PYTHON", "LD_")
"""The beginnings of names of environment variables that have an effect only at the start of a program."""
PR_SET_CHILD_SUBREAPER = 36


class ForkServer:
    """The process that is forked, and its socket. Forks become child processes of the caller."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._lock = threading.Lock()
        self._requests, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            words = [sys.executable, str(Path(__file__).resolve()), str(other.fileno())]
            self._process = subprocess.Popen(words, env=environment, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL)

    def can_run(self, words: list[str], environment: dict[str, str]) -> bool:
        """Return whether a fork does the same as a new program with these arguments and this environment."""
        return words[:len(PROGRAM)] == PROGRAM and at_start(environment) == at_start(self.environment)

    def fork(self, words: list[str], environment: dict[str, str], folder: str | None, streams: list[int]) -> int:
        """Fork a process with these standard streams; return its process id."""
        request = json.dumps({"words": words[len(PROGRAM):], "environment": environment, "folder": folder or os.getcwd()})
        with self._lock:
            # The fork is made by a process between, which ends at once: its child becomes a child of this process.
            set_subreaper(True)
            try:
                socket.send_fds(self._requests, [request.encode()], streams)
                return int(self._requests.recv(32))
            finally:
                set_subreaper(False)

    def close(self) -> None:
        """End the process. Its forks go on."""
        self._requests.close()
        self._process.wait()


class ForkedProcess(subprocess.Popen[Any]):
    """A process as subprocess.Popen makes it, made by the fork server where that does the same."""

    server: ForkServer | None = None

    def _execute_child(self, *arguments: Any) -> None:
        (words, _program, prepare, _close, passed, folder, environment, *_more, in_child, _in, _out, out_child, _err, err_child,
         _signals, _gid, _gids, _uid, _umask, new_session, _group) = arguments
        plain = not (prepare or passed or new_session) and environment is not None
        if self.server is None or not plain or not self.server.can_run(words, environment):
            super()._execute_child(*arguments)
            return
        streams = [own if own != -1 else inherited for own, inherited in ((in_child, 0), (out_child, 1), (err_child, 2))]
        self.pid = self.server.fork(words, environment, folder, streams)
        self._child_created = True
        self._close_pipe_fds(*arguments[10:16])


def at_start(environment: dict[str, str]) -> dict[str, str]:
    """Return the variables that have an effect only at the start of a program."""
    return {name: value for name, value in environment.items() if name.startswith(AT_START)}


def set_subreaper(on: bool) -> None:
    """Have this process adopt orphaned descendants, or no more."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def next_request(requests: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Answer requests in this process. Return once for each of them: in its fork, with its content and streams."""
    while True:
        message, streams, _flags, _address = socket.recv_fds(requests, 1 << 20, 3)
        if not message:
            os._exit(0)
        reading, writing = os.pipe()
        if os.fork() == 0:
            pid = os.fork()
            if pid == 0:
                return json.loads(message), streams
            os.write(writing, str(pid).encode())
            os._exit(0)
        os.wait()
        requests.send(os.read(reading, 32))
        for descriptor in (*streams, reading, writing):
            os.close(descriptor)


def run(request: dict[str, Any], streams: list[int]) -> None:
    """Be the program that the request names."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = [PROGRAM[-1], *request["words"]]
    runpy.run_module("catalog_mail", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    sys.path.pop(0)
    for module in IMPORTED:
        __import__(module)
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()
    run(*next_request(socket.socket(fileno=int(sys.argv[1]))))
