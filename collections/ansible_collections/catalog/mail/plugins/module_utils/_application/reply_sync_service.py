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
from .._core.file_transaction import file_state
from .._core.module import Job, Plan, Spec
from .._core.systemd import Systemd
from .api_options import API
from .client import CatalogApi
from .reply_sync_service_plan import (
    DEFAULT_ARCHIVE,
    SERVICE,
    TIMER,
    UNITS,
    ArchiveSettings,
    ReplySyncState,
    archive_settings,
    plan_absent,
    plan_present,
)
from .runtime_versions import RuntimeVersions
from .service_changes import diff

SPEC = API + Spec({
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "runtime_folder": {"type": "path", "default": "/opt/catalog-mail"},
    "unit_folder": {"type": "path", "default": "/etc/systemd/system"},
    "files": {"type": "list", "elements": "path", "default": []},
})


class ReplySyncService(Job):
    """Run the service and the archive's timer with their present files, or stop both."""

    def __init__(self, module) -> None:
        self._module = module
        self._params = module.params
        self._systemd = Systemd(module)

    def plan(self) -> Plan:
        """Compare the units with the application's settings. Raises ApiFailed, except in check mode, without those settings."""
        present = self._params["state"] == "present"
        archive, settings_error = self._archive() if present else (None, "")
        state = self._state()
        changes = plan_absent(state) if archive is None else plan_present(state, archive)
        files = {unit: file_state(self._unit_path(unit)) for unit in UNITS}
        return Plan(changes, {
            "changes": changes,
            "unit_files": {unit: file.shown() if file else None for unit, file in files.items()},
            "archive": archive.shown() if archive else None,
            "settings_error": settings_error,
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

    def _archive(self) -> Tuple[ArchiveSettings, str]:
        """Return the archive's settings in force; in check mode also why the settings cannot be read, else an empty text."""
        try:
            return archive_settings(CatalogApi(self._params).read().settings), ""
        except ApiFailed as exc:
            if not self._module.check_mode:
                raise
            return DEFAULT_ARCHIVE, str(exc)

    def _state(self) -> ReplySyncState:
        units = dict(zip(UNITS, self._systemd.states(*UNITS)))
        current = RuntimeVersions(self._params["runtime_folder"]).current_link
        paths = [*self._params["files"], self._unit_path(SERVICE), current]
        return ReplySyncState(
            units,
            service_stale=self._systemd.changed_since(units[SERVICE].process_started, paths),
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
