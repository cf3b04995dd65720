# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of reply_sync_service: run the reader of the mailbox of replies, and its archive as the settings say."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Tuple

from .._core.errors import ApiFailed, ServiceFailed
from .._core.file_transaction import file_state, read_bytes
from .._core.module import Job, Plan, Spec
from .._core.systemd import Systemd
from .api_options import API, PENDING
from .client import CatalogApi
from .reply_sync_service_plan import (
    SERVICE,
    TIMER,
    UNITS,
    ArchiveSettings,
    ReplySyncState,
    archive_of_unit,
    archive_settings,
    plan_absent,
    plan_present,
    with_changes,
)
from .responses import is_before_start
from .runtime_versions import RuntimeVersions
from .service_changes import diff

UNKNOWN = "Unknown until a run has started the application: whether and when replies are archived."

SPEC = API + PENDING + Spec({
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "runtime_folder": {"type": "path", "default": "/opt/catalog-mail"},
    "unit_folder": {"type": "path", "default": "/etc/systemd/system"},
    "files": {"type": "list", "elements": "path", "default": []},
    "different_files": {"type": "list", "elements": "path", "default": []},
    "settings_changes": {"type": "list", "elements": "dict", "default": []},
    "apply": {"type": "bool", "default": True},
})


class ReplySyncService(Job):
    """Run the service and the archive's timer with their present files, or stop both."""

    def __init__(self, module) -> None:
        self._module = module
        self._params = module.params
        self._systemd = Systemd(module)

    def plan(self) -> Plan:
        """Compare the units with the application's settings. Raises ApiFailed, unless it only plans, without those settings."""
        present = self._params["state"] == "present"
        state = self._state()
        archive, settings_error, unknown = self._archive(state) if present else (None, "", "")
        changes = plan_absent(state) if archive is None else plan_present(state, archive)
        files = {unit: file_state(self._unit_path(unit)) for unit in UNITS}
        if unknown and self._params["apply"]:
            self._module.warn(unknown)
        return Plan(changes, {
            "changes": changes,
            "unit_files": {unit: file.shown() if file else None for unit, file in files.items()},
            "archive": archive.shown() if archive else None,
            "settings_error": settings_error,
            "unknown": unknown,
            "systemd_version": self._systemd.version(),
        }, diff("catalog-mail-reply-sync", changes))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Start or stop the units. Raises ServiceFailed when one does not start."""
        desired = {one["name"]: one["after"] for one in plan.changes}
        if self._params["state"] == "absent":
            self._systemd.disable(TIMER, SERVICE)
            self._systemd.stop(*UNITS)
            return {}
        began = int(time.time())
        self._systemd.daemon_reload()
        if desired.get(TIMER) == "running":
            self._start_timer()
        elif TIMER in desired:
            self._systemd.disable(TIMER)
        if SERVICE in desired:
            self._start_service(began)
        return {}

    @property
    def _plans_only(self) -> bool:
        return self._module.check_mode or not self._params["apply"]

    def _archive(self, state: ReplySyncState) -> Tuple[ArchiveSettings, str, str]:
        """Return the archive's settings in force, and, if they cannot be read, why, and the line that says so in check mode.

        Check mode adds the changes that the task before would make.
        """
        pending = self._params["pending"]
        if self._module.check_mode and pending:
            return self._archive_by_units(state), "", f"{UNKNOWN} {pending} does not exist yet."
        try:
            settings = CatalogApi(self._params).read().settings
        except ApiFailed as exc:
            if not self._plans_only:
                raise
            return self._archive_by_units(state), str(exc), self._unknown(exc)
        if self._plans_only:
            settings = with_changes(settings, self._params["settings_changes"])
        return archive_settings(settings), "", ""

    def _unknown(self, failure: ApiFailed) -> str:
        """Return the line for check mode. Raises the failure in check mode when starting the application does not end it."""
        if not self._module.check_mode:
            return ""
        if not is_before_start(failure):
            raise failure
        return f"{UNKNOWN} {failure.details['cause']}"

    def _archive_by_units(self, state: ReplySyncState) -> ArchiveSettings:
        """Return the settings that the timer on this host has, so that nothing unknown is reported as a change."""
        timer = state.units[TIMER]
        text = (read_bytes(self._unit_path(TIMER)) or b"").decode("utf-8", "replace")
        is_set_up = os.path.exists(self._unit_path(SERVICE))
        return archive_of_unit(text, enabled=timer.active or timer.enabled, is_set_up=is_set_up)

    def _state(self) -> ReplySyncState:
        units = dict(zip(UNITS, self._systemd.states(*UNITS)))
        current = RuntimeVersions(self._params["runtime_folder"]).current_link
        paths = [*self._params["files"], self._unit_path(SERVICE), current]
        given = set(self._params["different_files"])
        different = given if self._plans_only else set()
        return ReplySyncState(
            units,
            rewritten=tuple(unit for unit in UNITS if self._unit_path(unit) in given),
            service_stale=bool(different & set(paths))
            or self._systemd.changed_since(units[SERVICE].process_started, paths),
            timer_stale=self._systemd.changed_since(units[TIMER].activated, [self._unit_path(TIMER)]))

    def _unit_path(self, unit: str) -> str:
        return os.path.join(self._params["unit_folder"], unit)

    def _start_timer(self) -> None:
        self._systemd.enable(TIMER)
        works, reason = self._systemd.restart(TIMER)
        if not works:
            raise ServiceFailed(
                f"{TIMER} does not start: {reason} Correct interactions.archive.on_calendar.", unit=TIMER)

    def _start_service(self, began: int) -> None:
        self._systemd.enable(SERVICE)
        if not self._systemd.restart(SERVICE)[0]:
            journal = self._systemd.journal(SERVICE, began)
            raise ServiceFailed(
                f"{SERVICE} does not become ready. The last lines of its journal: {journal}", unit=SERVICE)
