# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a real PostgreSQL of Debian's packages on its own port and folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.service.process import free_port
from helpers.waiting import PATIENCE, wait_until

PASSWORD = "not-secret-in-a-test"


def programs() -> Path:
    """Return the folder of `initdb` and `postgres`, of the newest version installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    assert found, "PostgreSQL is not installed: .ci/bootstrap lab installs Debian's package postgresql"
    return found[-1].parent


class PostgreSQL:
    """A server with its data in a folder, which PostgreSQL's user must be able to enter, at an address of this machine."""

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        self._folder = folder
        self._address = address
        self._user = _unprivileged(folder)
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql://admin:{PASSWORD}@{address}:{self._port}"
        """The administrator's URL, without a database."""
        (folder / "password").write_text(PASSWORD)
        _run(self._user, programs() / "initdb", "--pgdata", folder / "data", "--username", "admin", "--auth", "scram-sha-256",
             "--pwfile", folder / "password", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        with (folder / "data/pg_hba.conf").open("a") as access:
            access.write("host all all samenet scram-sha-256\n")

    def start(self) -> None:
        """Start the server, unless it runs, and wait until it answers."""
        if self._process is None or self._process.poll() is not None:
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [*_as(self._user), programs() / "postgres", "-D", self._folder / "data", "-p", str(self._port),
                     "-k", self._folder, "-c", f"listen_addresses={self._address}", "-c", "max_connections=200",
                     "-c", "fsync=off"],
                    stdout=subprocess.DEVNULL, stderr=log,
                )  # fmt: skip
        wait_until(self._answers, lambda: f"PostgreSQL does not answer:\n{(self._folder / 'log').read_text()}")

    def stop(self) -> None:
        """Stop the server at once; open connections are closed."""
        if self._process:
            self._process.send_signal(signal.SIGINT)  # "fast"
            self._process.wait(PATIENCE)

    def _answers(self) -> bool:
        words = [*_as(self._user), programs() / "pg_isready", "-q", "-h", self._address, "-p", str(self._port)]
        return subprocess.run(words, check=False, timeout=PATIENCE, cwd="/").returncode == 0


@contextmanager
def server(folder: Path | None = None, address: str = "127.0.0.1") -> Iterator[PostgreSQL]:
    """Run a server, in a folder of its own by default; stop it at the end. Its neighbours in its network can log in."""
    # Not below pytest's own folders, which only root may enter: the server runs as another user.
    with tempfile.TemporaryDirectory(prefix="catalog-mail-postgresql-", ignore_cleanup_errors=True) as own:
        running = PostgreSQL(folder or Path(own), address)
        running.start()
        try:
            yield running
        finally:
            running.stop()


def create_database(url: str, name: str) -> str:
    """Create an empty database; return its URL."""
    import psycopg  # noqa: PLC0415

    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    return f"{url}/{name}"


def _unprivileged(folder: Path) -> str | None:
    """As root, give the folder to the package's user and return its name: PostgreSQL refuses root. Else return None."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("postgres")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return "postgres"


def _as(user: str | None) -> list[str]:
    if user is None:
        return []
    setpriv = shutil.which("setpriv")
    assert setpriv, "setpriv is missing (package util-linux)"
    return [setpriv, "--reuid", user, "--regid", user, "--init-groups"]


def _run(user: str | None, *words: str | Path) -> None:
    done = subprocess.run([*_as(user), *words], capture_output=True, text=True, timeout=PATIENCE, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
