# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of application_service: run the application with its present files, or go back to the proven version."""

from __future__ import annotations

import os
import pwd
import time
from typing import Any, Dict, Mapping, Optional

from .._core.errors import ServiceFailed
from .._core.file_facts import ExpectedFile, FileState, expected_file
from .._core.file_transaction import attributes_of, file_state, set_attributes
from .._core.module import Job, Plan, Spec
from .._core.systemd import Systemd
from .application_service_plan import ApplicationState, kept_attributes, plan
from .local_api import LocalApi
from .runtime_versions import CURRENT, PROVEN, RuntimeVersions
from .service_changes import diff

UNIT = "catalog-mail.service"
UNKNOWN = "Unknown until a run has started the application: whether it accepts the token for administration."
_POLL_SECONDS = 0.2

Found = Mapping[str, Optional[FileState]]
"""The states of the files on the host, by path."""

SPEC = Spec({
    "listen": {"type": "str", "default": "127.0.0.1:8025"},
    "runtime_folder": {"type": "path", "default": "/opt/catalog-mail"},
    # The option is a path, not a secret.
    "token_file": {"type": "path", "default": "/etc/catalog-mail/admin-token", "no_log": False},
    "admin_email": {"type": "str", "default": ""},
    "files": {
        "type": "list", "elements": "dict", "default": [], "options": {
            "path": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            # Some of the files hold a password, which the digest would let others guess.
            "sha256": {"type": "str", "no_log": True},
            "mode": {"type": "str"},
            "owner": {"type": "str"},
            "group": {"type": "str"},
            "keep": {"type": "bool", "default": False},
            "restart": {"type": "str", "choices": ["changed", "missing", "never"], "default": "changed"},
        },
    },
    "user": {"type": "str", "default": "catalog-mail"},
    "shell": {"type": "path", "default": "/usr/sbin/nologin"},
    "version": {"type": "str"},
    "reinstalled": {"type": "bool", "default": False},
    "apply": {"type": "bool", "default": True},
    "ready_timeout": {"type": "int", "default": 60},
})


class ApplicationService(Job):
    """Run the application's service with its present files."""

    def __init__(self, module) -> None:
        params = module.params
        self._module = module
        self._systemd = Systemd(module)
        self._api = LocalApi(params["listen"])
        self._versions = RuntimeVersions(params["runtime_folder"])
        self._files = [expected_file(option) for option in params["files"]]
        self._token_file = params["token_file"]
        self._admin_email = params["admin_email"]
        self._ready_timeout = params["ready_timeout"]

    def plan(self) -> Plan:
        """Compare the running service with its files and its version; writes nothing."""
        found = {file.path: _found(file) for file in self._files}
        state = self._state(found)
        changes = [*kept_attributes(self._files, found), *plan(state)]
        different = [file.path for file in self._files if file.differs_from(found[file.path])]
        missing = [path for path in different if found[path] is None]
        restarting = [file.path for file in self._files if file.restarts(found[file.path])]
        token = self._token(state.ready and not self._database_is_lost(found))
        unknown = UNKNOWN if token == "unknown" else ""
        if unknown and self._module.check_mode and self._module.params["apply"]:
            self._module.warn(unknown)
        shell = _shell(self._module.params["user"])
        return Plan(changes, {
            "user_exists": shell is not None, "user_is_set_up": shell == self._module.params["shell"],
            "changes": changes, "different_files": different, "missing_files": missing, "restarting_files": restarting,
            "token": token, "token_accepted": token == "accepted", "unknown": unknown, "running": state.ready,
            "version": state.version, "proven_version": state.proven_version}, diff(UNIT, changes))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Enable and start the service. Raises ServiceFailed when it does not become ready; the proven version is back then."""
        began = int(time.time())
        names = {one["name"]: one["before"] for one in plan.changes}
        for one in plan.changes:
            if os.path.isabs(one["name"]):
                set_attributes(one["name"], one["after"])
        self._systemd.daemon_reload()
        if "enabled" in names:
            self._systemd.enable(UNIT)
        if "service" in names and not self._becomes_ready("start" if names["service"] == "stopped" else "restart"):
            raise self._failure(plan.result["version"], self._systemd.journal(UNIT, began))
        if "proven_version" in names:
            self._versions.point(PROVEN, plan.result["version"])
        token = self._token(ready=True)
        return {
            "running": True, "token": token, "token_accepted": token == "accepted", "unknown": "",
            "proven_version": plan.result["version"]}

    def _token(self, ready: bool) -> str:
        kept = any(file.keep and file.path == self._token_file for file in self._files)
        return self._api.token(self._token_file, ready, kept, self._admin_email)

    def _database_is_lost(self, found: Found) -> bool:
        """Whether the service runs on without a file that its next start creates again, empty."""
        return any(file.restart == "missing" and found[file.path] is None for file in self._files)

    def _state(self, found: Found) -> ApplicationState:
        [unit] = self._systemd.states(UNIT)
        read = [file.path for file in self._files if file.restart == "changed" and file.present]
        stale = self._systemd.changed_since(unit.process_started, [*read, self._versions.current_link])
        # Check mode plans as if the files and the version were there; otherwise earlier tasks have written them.
        differs = any(file.restarts(found[file.path]) for file in self._files)
        current = self._versions.named(CURRENT)
        planning = self._module.check_mode or not self._module.params["apply"]
        version = self._module.params["version"] or current if planning else current
        switches = planning and (version != current or self._module.params["reinstalled"])
        return ApplicationState(
            enabled=unit.enabled, active=unit.active, ready=unit.active and self._api.is_ready(),
            stale=stale or differs or switches, version=version, proven_version=self._versions.named(PROVEN))

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


def _shell(user: str) -> Optional[str]:
    """Return the login shell of a user; None when there is no such user."""
    try:
        return pwd.getpwnam(user).pw_shell
    except KeyError:
        return None


def _found(file: ExpectedFile) -> Optional[FileState]:
    """Return the state on the host, with the digest if that is compared."""
    return attributes_of(file.path) if file.sha256 is None else file_state(file.path)
