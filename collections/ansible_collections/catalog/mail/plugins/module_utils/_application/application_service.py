# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of application_service: run the application with its present files, or go back to the proven version."""

from __future__ import annotations

import time
from typing import Any, Dict

from .._core.errors import ServiceFailed
from .._core.file_facts import expected_file
from .._core.file_transaction import file_state
from .._core.module import Job, Plan, Spec
from .._core.systemd import Systemd
from .application_service_plan import ApplicationState, plan
from .local_api import LocalApi
from .runtime_versions import CURRENT, PROVEN, RuntimeVersions
from .service_changes import diff

UNIT = "catalog-mail.service"
_POLL_SECONDS = 0.2

SPEC = Spec({
    "listen": {"type": "str", "default": "127.0.0.1:8025"},
    "runtime_folder": {"type": "path", "default": "/opt/catalog-mail"},
    # The option is a path, not a secret.
    "token_file": {"type": "path", "default": "/etc/catalog-mail/admin-token", "no_log": False},
    "files": {
        "type": "list", "elements": "dict", "default": [], "options": {
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            # Some of the files hold a password, which the digest would let others guess.
            "sha256": {"type": "str", "no_log": True},
            "mode": {"type": "str"},
            "owner": {"type": "str"},
            "group": {"type": "str"},
        },
    },
    "ready_timeout": {"type": "int", "default": 60},
})


class ApplicationService(Job):
    """Run the application's service with its present files."""

    def __init__(self, module) -> None:
        params = module.params
        self._systemd = Systemd(module)
        self._api = LocalApi(params["listen"])
        self._versions = RuntimeVersions(params["runtime_folder"])
        self._files = [expected_file(option) for option in params["files"]]
        self._token_file = params["token_file"]
        self._ready_timeout = params["ready_timeout"]

    def plan(self) -> Plan:
        """Compare the running service with its files and its version; writes nothing."""
        state = self._state()
        changes = plan(state)
        different = [file.path for file in self._files if file.differs_from(file_state(file.path))]
        accepted = state.ready and self._api.accepts_token(self._token_file)
        return Plan(changes, {
            "changes": changes, "different_files": different, "token_accepted": accepted, "running": state.ready,
            "version": state.version, "proven_version": state.proven_version}, diff(UNIT, changes))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Enable and start the service. Raises ServiceFailed when it does not become ready; the proven version is back then."""
        began = int(time.time())
        names = {one["name"]: one["before"] for one in plan.changes}
        self._systemd.daemon_reload()
        if "enabled" in names:
            self._systemd.enable(UNIT)
        if "service" in names and not self._becomes_ready("start" if names["service"] == "stopped" else "restart"):
            raise self._failure(plan.result["version"], self._systemd.journal(UNIT, began))
        if "proven_version" in names:
            self._versions.point(PROVEN, plan.result["version"])
        accepted = self._api.accepts_token(self._token_file)
        return {"running": True, "token_accepted": accepted, "proven_version": plan.result["version"]}

    def _state(self) -> ApplicationState:
        [unit] = self._systemd.states(UNIT)
        paths = [*(file.path for file in self._files), self._versions.current_link]
        return ApplicationState(
            enabled=unit.enabled, active=unit.active, ready=unit.active and self._api.is_ready(),
            stale=self._systemd.changed_since(unit.process_started, paths),
            version=self._versions.named(CURRENT), proven_version=self._versions.named(PROVEN))

    def _becomes_ready(self, verb: str) -> bool:
        """Start or restart the service; return whether it is ready within ``ready_timeout``."""
        if not self._systemd.restart(UNIT, verb)[0]:
            return False
        deadline = time.monotonic() + self._ready_timeout
        while time.monotonic() < deadline:
            if self._api.is_ready():
                return True
            if self._systemd.states(UNIT)[0].active_state not in ("active", "activating"):
                return False
            time.sleep(_POLL_SECONDS)
        return False

    def _failure(self, version: str, journal: str) -> ServiceFailed:
        """Go back to the proven version, if there is another one; return the failure to raise."""
        begin, end = f"{UNIT} does not become ready.", f"The last lines of its journal: {journal}"
        proven = self._versions.named(PROVEN)
        if proven in ("", version) or not self._versions.is_complete(proven):
            return ServiceFailed(
                f"{begin} {end}\nNo other version has worked on this host, so none could be restored.",
                unit=UNIT, version=version)
        self._versions.point(CURRENT, proven)
        works = self._becomes_ready("restart")
        outcome = "is in use again" if works else "was restored, and does not become ready either"
        return ServiceFailed(
            f"{begin} The version {version} cannot be used here; {proven} {outcome}. {end}",
            unit=UNIT, version=version, restored_version=proven)
