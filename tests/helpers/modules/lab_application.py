# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application as the module tests use it: the real service of this checkout, in the network of a lab host.

It runs on this machine, with this machine's Python, but it listens on the loopback interface of that host, sees the
names and the files that a service there would see, and sends through the lab's mail server. So nothing has to be
installed in the host, and the modules find it where they look for it by default.
"""
from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.modules.lab_host import LabHost
from helpers.service.process import RunningService
from helpers.waiting import PATIENCE

PORT = 8025
"""Where the modules look for an application unless told otherwise."""
TOKENS = "/etc/catalog-mail"
# What may run of a deployed application; the second would read the mailbox of replies beside the tests' own.
UNITS = "catalog-mail.service catalog-mail-reply-sync.service"
ALICE = "alice@corp.test"

# Runs a command with the files of $1 in place of this machine's, in a mount namespace that ends with it.
SEE_FILES = """
for path in hosts resolv.conf ssl; do mount --bind "$1/$path" "/etc/$path"; done
shift
exec "$@"
"""


class Application(RunningService):
    """The service in a lab host's network. Nothing may listen on its port there; see `make_room`."""

    def __init__(self, host: LabHost, folder: Path, port: int = PORT, **settings: Any) -> None:
        self.host = host
        self.files = folder / "etc"
        super().__init__(folder, {"listen": f"127.0.0.1:{port}", **settings})
        self.port = port
        self._copy_files()

    def prepare(self) -> None:
        """Key, database and tokens. The administrator's is one that the role `application` would make."""
        self._succeed("key")
        self._succeed("migrate")
        token = self.folder / "token"
        self._succeed("token", "ensure", "--name", "ansible", "--role", "server_admin", "--email", ALICE, "--file", str(token))
        self.tokens["server_admin"] = token.read_text().strip()
        self.tokens["viewer"] = self._succeed("token", "create", "--name", "viewer", "--role", "viewer").strip()
        shutil.copy(self.database, self.folder / "never-configured")

    def deploy(self) -> None:
        """Start it, and put its tokens where the modules look for one: `admin-token` and, by role, the others."""
        self.prepare()
        self.start()
        self.host.sh(f"mkdir -p {TOKENS}; chmod 0755 {TOKENS}")
        for role, token in self.tokens.items():
            self.put_token("admin-token" if role == "server_admin" else f"{role}-token", token)

    def put_token(self, name: str, token: str) -> str:
        """Write a token into a file of root's alone in the host; its path."""
        path = f"{TOKENS}/{name}"
        self.host.sh(f"umask 077; cat > {path}", stdin=f"{token}\n".encode())
        return path

    def is_ready(self) -> bool:
        """Return whether the service answers in its host that it is ready."""
        return self.host.exec("python3", "-c", ASK_HEALTH, self.url).out.strip() == "ready"

    def settings(self) -> dict[str, Any]:
        """The settings in force, as the command of the application tells them."""
        found: dict[str, Any] = json.loads(self._succeed("settings", "export"))
        return found

    def add_users(self, *names: str) -> None:
        """Users of the catalog, with addresses such as alice@corp.test."""
        for name in names:
            body = {"name": name, "display_name": name.title(), "email": f"{name}@corp.test"}
            done = self.host.exec("python3", "-c", ADD_USER, self.url, self.tokens["server_admin"], json.dumps(body))
            assert done.code == 0, done.err

    @contextmanager
    def reading_replies(self) -> Iterator[None]:
        """The process that reads the mailbox of replies runs."""
        process = self.background("reply-sync")
        try:
            yield
            assert process.poll() is None, self.log.read_text()[-3000:]
        finally:
            process.terminate()
            process.wait(PATIENCE)

    def send(self, recipient: str = ALICE) -> subprocess.CompletedProcess[str]:
        """Send a test message with the settings in force."""
        return self.command("test-email", "--to", recipient)

    def forget(self) -> None:
        """Back to an application that was never configured."""
        self.end()
        for path in self.folder.glob("*.db*"):
            path.unlink()
        shutil.copy(self.folder / "never-configured", self.database)
        self.start()

    def end(self) -> None:
        """Have it end at once, if it runs."""
        if self.process and self.process.poll() is None:
            self.kill()

    def _copy_files(self) -> None:
        """What the service is to see of its host."""
        self.files.mkdir()
        shutil.copytree("/etc/ssl", self.files / "ssl", symlinks=True, ignore=shutil.ignore_patterns("private"))
        for path in ("hosts", "resolv.conf", "ssl/lab-ca.crt", "ssl/certs/company-ca.pem"):
            (self.files / path).write_bytes(self.host.read(f"/etc/{path}"))

    def _words(self, *words: str) -> list[str]:
        network = ["nsenter", f"--target={self.host.pid()}", "--net"]
        return [*network, "unshare", "--mount", "sh", "-euc", SEE_FILES, "sh", str(self.files), *super()._words(*words)]


ASK_HEALTH = """
import json, sys, urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    print("ready" if json.load(opener.open(sys.argv[1] + "/api/v1/health", timeout=5))["ready"] else "not ready")
except OSError as error:
    print(error)
"""


ADD_USER = """
import sys, urllib.error, urllib.request
url, token, body = sys.argv[1:]
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
try:
    opener.open(urllib.request.Request(url + "/api/v1/users", body.encode(), headers), timeout=240)
except urllib.error.HTTPError as error:
    sys.exit(None if error.code == 409 else error.read().decode())
"""


def make_room(host: LabHost) -> bool:
    """Stop a deployed application and set its files aside. Return True if it was running."""
    return host.sh(
        "systemctl is-active --quiet catalog-mail.service && echo running; "
        # One command per unit: `systemctl stop` with a missing unit stops none of the others.
        f"for unit in {UNITS}; do systemctl stop $unit 2>/dev/null || true; done; "
        f"test ! -e {TOKENS} || test -e {TOKENS}.aside || mv {TOKENS} {TOKENS}.aside; rm -rf {TOKENS}").strip() == "running"


def give_back(host: LabHost, *, running: bool) -> None:
    """Restore the files that `make_room` has set aside, and start the application if it was running."""
    host.sh(f"rm -rf {TOKENS}; test ! -e {TOKENS}.aside || mv {TOKENS}.aside {TOKENS}")
    if running:
        host.sh(f"for unit in {UNITS}; do systemctl start $unit || test $unit != catalog-mail.service; done")
