# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab host as the module tests use it: shell, files, and modules run as Ansible runs them."""
from __future__ import annotations

import base64
import io
import json
import os
import shlex
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible

ROOT = Path(__file__).parents[3]
LAB = os.environ.get("CATALOG_MAIL_LAB", "")
LAB_HOME = Path(os.environ.get("CATALOG_MAIL_LAB_HOME") or Path.home() / f".cache/catalog-mail-lab{LAB}")
HOSTS = ("catalog12", "catalog13")
CODE = "/opt/module-tests"
CA = "/etc/ssl/lab-ca.crt"


class Hidden(dict[str, Any]):
    """Holds passwords; a failing test that shows its values does not show these."""

    def __repr__(self) -> str:
        return "<with passwords>"


@dataclass(frozen=True)
class Done:
    """How a command in a host ended."""

    code: int
    out: str
    err: str


class LabHost:
    """One host of the lab, by its inventory name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def exec(self, *command: str, stdin: bytes = b"", variables: dict[str, str] | None = None) -> Done:
        """Run a command in the host as root, over the kept SSH connection. sudo writes the command line into the journal."""
        settings = [f"{name}={value}" for name, value in (variables or {}).items()]
        words = ["sudo", "-n", "-H", "env", "-C", "/", *settings, *command]
        done = subprocess.run(
            ["ssh", "-F", LAB_HOME / "ssh_config", self.name, shlex.join(words)], input=stdin, capture_output=True,
            check=False, timeout=300)
        # 255 is also the code of a command that was killed; of that ssh says nothing.
        assert done.returncode != 255 or not done.stderr, f"no SSH connection to {self.name}: {done.stderr!r}"
        return Done(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def sh(self, script: str, stdin: bytes = b"") -> str:
        """The output of a shell script, which must succeed."""
        done = self.exec("sh", "-euc", script, stdin=stdin)
        assert done.code == 0, f"{script}\n{done.out}{done.err}"
        return done.out

    def in_network(self, *command: str) -> None:
        """Run a command of this machine in the host's network, where the host itself may change nothing."""
        subprocess.run(["nsenter", "--target", self.pid(), "--net", *command], check=True)

    def pid(self) -> str:
        """The process of this machine that is the host's first."""
        podman = ["podman", "inspect", "--format", "{{.State.Pid}}", f"cml{LAB}-{self.name}"]
        return subprocess.run(podman, capture_output=True, check=True, text=True).stdout.strip()

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        return base64.b64decode(self.sh(f"base64 -w0 {path}"))

    def write(self, path: str, content: bytes) -> None:
        """Write a file's bytes in place: its inode, mode and owner stay."""
        self.sh(f"cat > {path}", stdin=content)

    def bring_code(self) -> None:
        """Copy the collection's plugins and Ansible's module library there, where modules find them."""
        collection = ROOT / "collections/ansible_collections/catalog/mail/plugins"
        library = Path(ansible.__file__).parent
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for source, target in (
                (library / "module_utils", "ansible/module_utils"),
                (collection / "modules", "ansible_collections/catalog/mail/plugins/modules"),
                (collection / "module_utils", "ansible_collections/catalog/mail/plugins/module_utils"),
            ):
                archive.add(source, target, filter=lambda item: None if "__pycache__" in item.name else item)
        unpack = f"rm -rf {CODE} && mkdir -p {CODE} && tar -x -C {CODE} && touch {CODE}/ansible/__init__.py"
        self.sh(unpack, stdin=buffer.getvalue())

    def module(self, name: str, args: dict[str, Any], check: bool = False, diff: bool = True) -> dict[str, Any]:
        """Run one of our modules and return its result. Its options travel by standard input, as with Ansible."""
        options = {**args, "_ansible_check_mode": check, "_ansible_diff": diff}
        done = self.exec(
            "python3", "-m", f"ansible_collections.catalog.mail.plugins.modules.{name}",
            stdin=json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode(), variables={"PYTHONPATH": CODE})
        start = done.out.find("{")
        assert start >= 0, f"{name} returned no result:\n{done.out}{done.err}"
        result: dict[str, Any] = json.loads(done.out[start:])
        return result
