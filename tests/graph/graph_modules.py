"""Runs modules as processes on this machine, as Ansible does, against the emulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.running import TENANT, Running

ROOT = Path(__file__).resolve().parents[2]
AGENT = "catalog.mail for Ansible"

AUTOMATION = (
    "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Exchange", "User.Read.All",
)


def environment(**more: str) -> dict[str, str]:
    """The environment without anything that a login could be found in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "IDENTITY_", "MSI_"))}
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    return {
        **kept, "PATH": path, "PYTHONPATH": str(ROOT / "collections"), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1", **more}


@dataclass
class Modules:
    """The modules, with the login of an automation. `outputs` is all that they ever printed."""

    emulator: Running
    application: dict[str, Any]
    outputs: list[str] = field(default_factory=list)

    @property
    def login(self) -> dict[str, Any]:
        return {
            "tenant_id": TENANT, "client_id": self.application["app_id"], "client_secret": self.application["client_secret"],
            **self.address}

    @property
    def address(self) -> dict[str, Any]:
        return {
            "authority_url": self.emulator.url, "graph_url": self.emulator.url, "ca_file": str(self.emulator.ca_file)}

    def run(self, module: str, /, check: bool = False, env: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
        """The result of one module. It has `login` unless one is given, and shorter patience than users have."""
        given = {
            "login": self.login, "timeout": 60, "consecutive_reads": 3, **options, "_ansible_check_mode": check,
            "_ansible_diff": True}
        done = subprocess.run(
            [sys.executable, "-m", f"ansible_collections.catalog.mail.plugins.modules.{module}"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": given}), env=environment(**(env or {})), capture_output=True, text=True,
            check=False, timeout=150)
        self.outputs.append(done.stdout + done.stderr)
        start = done.stdout.find("{")
        assert start >= 0, f"{module} returned no result:\n{done.stdout}{done.stderr}"
        result: dict[str, Any] = json.loads(done.stdout[start:])
        if "warnings" in result:
            result["warnings"] = [one if isinstance(one, str) else one["event"]["msg"] for one in result["warnings"]]
        return result

    def requests(self) -> list[dict[str, Any]]:
        """What the modules asked Graph: a batch is one request."""
        return [one for one in self.emulator.requests() if one["user_agent"] == AGENT]

    def writes(self) -> list[str]:
        """What they asked that is no reading."""
        return [
            f"{one['method']} {one['path']}" for one in self.requests()
            if one["method"] != "GET" and not one["path"].endswith("/$batch")]

    def registration(self, **having: Any) -> dict[str, Any]:
        """The only application in the emulator that has these properties."""
        found = [
            one for one in self.emulator.state()["applications"]
            if not one["deletedDateTime"] and all(one.get(name) == value for name, value in having.items())]
        assert len(found) == 1, found
        return dict(found[0])
