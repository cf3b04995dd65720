# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start services ahead, so that a test gets one without waiting."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from helpers.service.process import RunningService


class ServicePool:
    """Services with a folder and a copied database each; one is started ahead for each configuration already requested."""

    def __init__(self, folder: Path, prepared: RunningService) -> None:
        self._folder = folder
        self._prepared = prepared
        self._ahead: dict[str, RunningService] = {}
        self._made: list[RunningService] = []

    def take(self, **settings: Any) -> RunningService:
        """Return a new service with these settings in its configuration file."""
        key = json.dumps(settings, sort_keys=True)
        service = self._ahead.pop(key, None) or self._begin(settings)
        service.wait()
        self._ahead[key] = self._begin(settings)
        return service

    def close(self) -> None:
        """Kill the services that still run."""
        for service in self._made:
            if service.process and service.process.poll() is None:
                service.kill()

    def _begin(self, settings: dict[str, Any]) -> RunningService:
        folder = self._folder / f"node{len(self._made) + 1}"
        folder.mkdir()
        service = RunningService(folder, dict(settings))
        service.adopt(self._prepared)
        service.start(wait=False)
        self._made.append(service)
        return service
