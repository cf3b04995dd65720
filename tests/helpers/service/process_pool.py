"""Services that are ready when a test asks for one: the next starts while a test runs, which mostly waits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from helpers.service.process import RunningService


class Stock:
    """Each with a folder of its own and a copy of what is prepared; one is ahead for each configuration that was asked for."""

    def __init__(self, folder: Path, prepared: RunningService) -> None:
        self._folder = folder
        self._prepared = prepared
        self._ahead: dict[str, RunningService] = {}
        self._made: list[RunningService] = []

    def take(self, **settings: Any) -> RunningService:
        """One that nobody had before, with these settings in its configuration file."""
        key = json.dumps(settings, sort_keys=True)
        service = self._ahead.pop(key, None) or self._begin(settings)
        service.wait()
        self._ahead[key] = self._begin(settings)
        return service

    def close(self) -> None:
        """Kill what still runs."""
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
