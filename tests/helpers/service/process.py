# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, call, stop and kill the real service as a process, for tests."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import requests

from helpers.waiting import PATIENCE, wait_until

SOURCE = Path(__file__).resolve().parents[3] / "collections/ansible_collections/catalog/mail/roles/runtime/files/catalog-mail/src"
ADMIN = "admin@corp.test"


def free_port() -> int:
    """Return a free port of the loopback, outside the range from which the kernel assigns ports."""
    while True:
        port = 10_000 + secrets.randbelow(22_768)  # below the range of ports that the kernel assigns
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def wait_until_free(port: int) -> None:
    """Wait until no process listens on the port."""

    def is_free() -> bool:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return True
        return False

    wait_until(is_free, f"something still listens on port {port}")


def toml(document: Mapping[str, Any]) -> str:
    """Return a configuration file with this content; tables last, as TOML requires."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in document.items() if not isinstance(value, Mapping)]
    for name, table in document.items():
        if isinstance(table, Mapping):
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


@dataclass
class RunningService:
    """A service with a folder of its own.

    `settings` are added to its configuration file. `tokens` holds one token a role: server_admin (whose e-mail address is
    ADMIN), catalog and viewer. `popen` starts the processes.
    """

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    popen: ClassVar[type[subprocess.Popen[Any]]] = subprocess.Popen

    def __post_init__(self) -> None:
        self.port = free_port()
        self.config = self.folder / "config.toml"
        self.log = self.folder / "service.log"
        self.database = self.folder / "catalog-mail.db"
        self.configure()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def configure(self, **settings: Any) -> None:
        """Write the configuration file, with these settings changed."""
        self.settings.update(settings)
        document: dict[str, Any] = {
            "base_url": "https://catalog.example.com",
            "listen": f"127.0.0.1:{self.port}",
            "database_url": f"sqlite:///{self.database}",
            "key_file": str(self.folder / "key"),
            "templates": str(self.folder / "templates"),
            "user": "root",
            "node": self.folder.name,
            **self.settings,
        }
        self.config.write_text(toml(document))

    def command(self, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a `catalog-mail` command with these arguments to its end."""
        standard_input = options.pop("input", None)
        pipes = {"stdin": subprocess.DEVNULL if standard_input is None else subprocess.PIPE, "stdout": subprocess.PIPE}
        with self.popen(
            self._words(*words), env=self._environment(), stderr=subprocess.PIPE, text=True, **pipes, **options
        ) as process:
            try:
                output, errors = process.communicate(standard_input, timeout=PATIENCE)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def background(self, *words: str) -> subprocess.Popen[bytes]:
        """Run a `catalog-mail` command beside the service, with the same log."""
        with self.log.open("ab") as log:
            return self.popen(self._words(*words), env=self._environment(), stdout=log, stderr=log)

    @contextlib.contextmanager
    def syncing(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run `catalog-mail reply-sync` beside the service; stop it at the end."""
        process = self.background("reply-sync")
        try:
            yield process
            assert process.poll() is None, self.log.read_text()
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, self.log.read_text()

    def prepare(self) -> None:
        """Create key, database and tokens, once."""
        self._succeed("key")
        self._succeed("migrate")
        for role in ("server_admin", "catalog", "viewer"):
            if role not in self.tokens:
                self.create_token(role, *(["--email", ADMIN] if role == "server_admin" else []))

    def create_token(self, role: str, *options: str) -> None:
        """Create a token of this role and this name."""
        self.tokens[role] = self._succeed("token", "create", "--name", role, "--role", role, *options).strip()

    def adopt(self, prepared: RunningService) -> None:
        """Start from a copy of another service's key, database and tokens."""
        for name in (self.database.name, f"{self.database.name}.created", "key"):
            shutil.copy2(prepared.folder / name, self.folder / name)
        self.tokens = dict(prepared.tokens)

    def start(self, *, wait: bool = True) -> None:
        """Start the service; with `wait`, wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = self.popen(self._words("serve"), env=self._environment(), stdout=log, stderr=log)
        if wait:
            self.wait()

    def wait(self) -> None:
        """Wait until the service answers that it is ready."""

        def is_ready() -> bool:
            assert self.process
            assert self.process.poll() is None, f"the service has ended:\n{self.log.read_text()}"
            return self.is_ready()

        wait_until(is_ready, lambda: f"the service is not ready:\n{self.log.read_text()}")

    def is_ready(self) -> bool:
        """Return whether the service answers that it is ready."""
        try:
            return bool(requests.get(f"{self.url}/api/v1/health", timeout=5).json()["ready"])
        except requests.RequestException:
            return False

    def stop(self) -> int:
        """Send SIGTERM; return the exit status."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Send SIGKILL."""
        assert self.process
        self.process.kill()
        self.process.wait(PATIENCE)

    def call(
        self, method: str, path: str, body: Any = None, *, role: str | None = "server_admin", **options: Any
    ) -> requests.Response:
        """Send a request to the API below /api/v1, by default as server admin. `headers` are added."""
        headers = options.pop("headers", {})
        if role:
            headers = {"Authorization": f"Bearer {self.tokens[role]}", **headers}
        return requests.request(method, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=PATIENCE, **options)

    def save(self, settings: Mapping[str, Any], **options: Any) -> requests.Response:
        """Save e-mail settings, by default without a test message."""
        return self.call("PUT", "/settings/email-server", {"settings": settings, "test": options.pop("test", False)}, **options)

    def _succeed(self, *words: str) -> str:
        done = self.command(*words)
        assert done.returncode == 0, f"catalog-mail {' '.join(words)}: {done.stderr}"
        return done.stdout

    def _words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "catalog_mail", "--config", str(self.config), *words]

    def _environment(self) -> dict[str, str]:
        return process_environment()


def process_environment() -> dict[str, str]:
    """Return the environment of the service's processes."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), "NO_PROXY": "127.0.0.1,localhost"}


@contextlib.contextmanager
def started_service(folder: Path, **settings: Any) -> Iterator[RunningService]:
    """Run a ready service with these settings in its configuration file; kill it at the end."""
    running = RunningService(folder, settings)
    running.prepare()
    running.start()
    try:
        yield running
    finally:
        running.kill()


def through(port: int, **settings: Any) -> dict[str, Any]:
    """Return settings that send through a plain SMTP server on the loopback."""
    return {
        "notifications": {
            "enabled": True,
            "transport": "smtp",
            "from": {"address": "noreply@corp.test", "display_name": "Data Catalog"},
            "smtp": {"host": "127.0.0.1", "port": port, "tls": "none", "timeout": round(PATIENCE)},
            **settings,
        }
    }
