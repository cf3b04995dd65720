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


@contextmanager
def server() -> Iterator[str]:
    """Run a server; yield the administrator's URL, without a database. The server is stopped and removed at the end."""
    # Not below pytest's own folders, which only root may enter: the server runs as another user.
    folder = tempfile.TemporaryDirectory(prefix="catalog-mail-postgresql-", ignore_cleanup_errors=True)
    with folder as name, _running(Path(name)) as url:
        yield url


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    user = _unprivileged(folder)
    data = folder / "data"
    (folder / "password").write_text(PASSWORD)
    port = free_port()
    _run(user, programs() / "initdb", "--pgdata", data, "--username", "admin", "--auth", "scram-sha-256",
         "--pwfile", folder / "password", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
    process = subprocess.Popen(
        [*_as(user), programs() / "postgres", "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1",
         "-c", "max_connections=200"],
        stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
    )  # fmt: skip
    try:
        wait_until(lambda: _answers(user, port), lambda: f"PostgreSQL does not answer:\n{(folder / 'log').read_text()}")
        yield f"postgresql://admin:{PASSWORD}@127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)  # "fast": open connections are closed
        process.wait(PATIENCE)


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


def _answers(user: str | None, port: int) -> bool:
    words = [*_as(user), programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(words, check=False, timeout=PATIENCE, cwd="/").returncode == 0
