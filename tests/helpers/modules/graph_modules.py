# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run modules against the emulator as processes on this machine, as Ansible does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.running import TENANT, Running

from helpers.modules.module_process import ModuleHost
from helpers.waiting import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
AGENT = "catalog.mail for Ansible"

AUTOMATION = (
    "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Exchange", "User.Read.All",
)
HOST = ModuleHost()


def _run_alone(name: str, given: str, variables: dict[str, str], timeout: float) -> str:
    done = subprocess.run(
        [sys.executable, "-m", name], input=given, env=variables, capture_output=True, text=True, check=False, timeout=timeout)
    return done.stdout + done.stderr


def environment(**more: str) -> dict[str, str]:
    """Return the environment without variables and programs that provide a login."""
    providing = ("AZURE_", "IDENTITY_", "MSI_", "ACTIONS_", "GITLAB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(providing)}
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    return {
        **kept, "PATH": path, "PYTHONPATH": str(ROOT / "collections"), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1", **more}


def facts(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without the keys that describe the run's actions."""
    return {name: value for name, value in result.items() if name not in ("changed", "diff", "invocation")}


@dataclass
class Modules:
    """Runs the modules with the login of an automation. `outputs` collects everything they print."""

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
        """Run one module and return its result. The default login is `login`; timeouts are shorter than a user's.

        A PYTHONPATH in `env` that differs starts a new interpreter, with nothing imported yet.
        """
        if "login" not in options:
            options["login"] = self.login
        given = json.dumps({"ANSIBLE_MODULE_ARGS": {
            "timeout": 60, "consecutive_reads": 2, **options, "_ansible_check_mode": check, "_ansible_diff": True}})
        name, variables = f"ansible_collections.catalog.mail.plugins.modules.{module}", environment(**(env or {}))
        run = _run_alone if "PYTHONPATH" in (env or {}) else HOST.run
        output = run(name, given, variables, PATIENCE)
        self.outputs.append(output)
        start = output.find("{")
        assert start >= 0, f"{module} returned no result:\n{output}"
        result: dict[str, Any] = json.JSONDecoder().raw_decode(output[start:])[0]
        if "warnings" in result:
            result["warnings"] = [one if isinstance(one, str) else one["event"]["msg"] for one in result["warnings"]]
        return result

    def check_run_rerun(self, module: str, /, **options: Any) -> dict[str, Any]:
        """Return the result of a change that check mode predicted exactly; a second run finds it done in two requests."""
        self.emulator.forget_requests()
        shown = self.run(module, check=True, **options)
        assert shown.get("changed") and self.writes() == [], shown
        done = self.run(module, **options)
        assert done.get("changed") and done["diff"] == shown["diff"], (done, shown["diff"])
        self.emulator.forget_requests()
        again = self.run(module, **options)
        assert not again["changed"] and "diff" not in again and self.writes() == [] and len(self.requests()) <= 2, again
        assert facts(again) == facts(done)
        return done

    def requests(self) -> list[dict[str, Any]]:
        """Return the modules' requests to Graph; a batch is one request."""
        return [one for one in self.emulator.requests() if one["user_agent"] == AGENT]

    def stale_reads(self) -> int:
        """Count the reads after the first write that got 404."""
        log = self.requests()
        first = next(number for number, one in enumerate(log) if one["method"] != "GET" and one["status"] in (200, 201, 204))
        return len([one for one in log[first:] if one["method"] == "GET" and one["status"] == 404])

    def writes(self) -> list[str]:
        """Return the modules' write requests."""
        return [
            f"{one['method']} {one['path']}" for one in self.requests()
            if one["method"] != "GET" and not one["path"].endswith("/$batch")]

    def set_fault(self, kind: str, **where: Any) -> None:
        """Set a fault for the next request there. A lost response affects two requests; the emulator carries both out."""
        more = {"retry_after": 0} if kind == "throttle" else {}
        self.emulator.fault(kind, **where, times=2 if kind == "lose" else 1, **more)

    def untriggered_faults(self) -> list[dict[str, Any]]:
        """Return the faults that were not triggered as often as requested."""
        faults: list[dict[str, Any]] = self.emulator.control("GET", "faults")
        return [one for one in faults if one["met"] < one["times"]]

    def registration(self, **having: Any) -> dict[str, Any]:
        """Return the only application in the emulator with these properties."""
        found = [
            one for one in self.emulator.state()["applications"]
            if not one["deletedDateTime"] and all(one.get(name) == value for name, value in having.items())]
        assert len(found) == 1, found
        return dict(found[0])
