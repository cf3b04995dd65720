# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host in a folder: systemctl and journalctl with their state in a file, and the runtime's versions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

# .../ansible_collections/catalog/mail/tests/unit/plugins/modules/conftest.py
COLLECTIONS = Path(__file__).resolve().parents[7]

SYSTEMCTL = r'''
import json, sys, time
file = sys.argv.pop(1)
state = json.load(open(file))
verb, names = sys.argv[1], [word for word in sys.argv[2:] if not word.startswith("--")]
if verb == "--version":
    print("systemd 252 (252.38-1~deb12u1)")
elif verb == "show":
    shown = [word.partition("=")[2] for word in sys.argv if word.startswith("--property=")]
    units = [state["units"].get(name, {}) for name in names]
    print("\n\n".join("\n".join(f"{one}={unit.get(one, '')}" for one in shown) for unit in units))
else:
    state["calls"].append(" ".join([verb, *names]))
    failed = state["calls"][-1] in state["failing"]
    now = time.time()
    moment = time.strftime("%a %Y-%m-%d %H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d} UTC"
    for name in names:
        unit = state["units"].setdefault(name, {"ActiveState": "inactive"})
        if verb in ("start", "restart"):
            unit["ActiveState"] = "failed" if failed else "active"
            unit["ExecMainStartTimestamp"] = unit["ActiveEnterTimestamp"] = moment
        elif verb == "stop" or (verb == "disable" and "--now" in sys.argv):
            unit["ActiveState"] = "inactive"
        if verb in ("enable", "disable") and not failed:
            unit["UnitFileState"] = f"{verb}d"
    json.dump(state, open(file, "w"))
    if failed:
        sys.exit(f"Job for {names[0]} failed.")
'''
JOURNALCTL = "print('broken on purpose')"


class HostFolder:
    """A simulated host; its systemd and files are in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state_file = folder / "state.json"
        self.runtime = folder / "runtime"
        self.token = folder / "admin-token"
        (folder / "bin").mkdir()
        for name, code, argument in (("systemctl", SYSTEMCTL, self.state_file), ("journalctl", JOURNALCTL, "")):
            (folder / f"{name}.py").write_text(code)
            program = folder / "bin" / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} {folder}/{name}.py {argument} "$@"\n')
            program.chmod(0o755)
        self.runtime.mkdir()
        self.token.write_text("cmail_token\n")
        self.token.chmod(0o600)
        self.write_state({"units": {}, "calls": [], "failing": []})

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.state_file.read_text())
        return found

    def write_state(self, state: dict[str, Any]) -> None:
        self.state_file.write_text(json.dumps(state))

    def failing(self, *calls: str) -> None:
        """Make these calls of systemctl fail, such as `restart catalog-mail.service`."""
        self.write_state({**self.state(), "failing": list(calls)})

    def unit(self, name: str) -> dict[str, str]:
        found: dict[str, str] = self.state()["units"].get(name, {})
        return found

    def calls(self) -> list[str]:
        """Return the calls of systemctl that change something, since the previous call of this method."""
        state = self.state()
        self.write_state({**state, "calls": []})
        found: list[str] = state["calls"]
        return found

    def install(self, version: str) -> None:
        """Install a version and use it."""
        (self.runtime / version).mkdir()
        (self.runtime / version / ".complete").touch()
        link = self.runtime / "current"
        link.unlink(missing_ok=True)
        link.symlink_to(version)

    def touch(self, path: Path) -> None:
        """Change a file's attributes later than every unit's start. The kernel's file times lag by a few ms."""
        time.sleep(0.02)
        path.chmod(0o600)
        path.chmod(0o640)

    def run(self, module: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run a module on this host as Ansible does; return its result."""
        given = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
        done = subprocess.run(
            [sys.executable, "-m", f"ansible_collections.catalog.mail.plugins.modules.{module}"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": given}), capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                 "PYTHONPATH": os.pathsep.join([str(COLLECTIONS), *sys.path])})
        assert done.stdout, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result


@pytest.fixture
def host(tmp_path: Path) -> HostFolder:
    """A simulated host without a unit and without a version."""
    return HostFolder(tmp_path)
