# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Record on the host that a restart is due, so that a killed run leaves it to the next one. An edge."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Sequence, Tuple

from .._core.file_transaction import clear_workspaces, workspace, write_private

FOLDER = "/var/lib/catalog-mail-settings"
DUE = {"path": "restart", "before": "due", "after": "done"}
"""The change of a task that makes up the restart of an earlier run."""


def record_path(name: str, place: str, folder: str, ending: str = "") -> str:
    """Return the path of a record; ``place`` tells several installations on one host apart, such as a configuration file."""
    digest = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return os.path.join(folder, f"{name}-{digest}{ending}.json")


class RestartRecord:
    """The restarts that are due after a change of the settings of one application."""

    def __init__(self, application: str, place: str, folder: str = FOLDER) -> None:
        self._path = record_path(application, place, folder)

    def due(self) -> Tuple[str, ...]:
        """Return what has to be restarted; empty when nothing has."""
        try:
            with open(self._path, encoding="utf-8") as stream:
                found = json.load(stream)
        except FileNotFoundError:
            return ()
        return tuple(name for name in found["restart_due"] if isinstance(name, str))

    def note(self, names: Sequence[str]) -> None:
        """Record that these are due; on the disk before the function returns."""
        folder = os.path.dirname(self._path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with workspace(folder) as private:
            source = write_private(private, json.dumps({"restart_due": list(names)}).encode())
            _to_disk(source)
            os.replace(source, self._path)
        _to_disk(folder)

    def clear(self) -> None:
        """Remove the record, after the restart, and what a killed run has left beside it."""
        clear_workspaces(os.path.dirname(self._path))
        if os.path.exists(self._path):
            os.unlink(self._path)


def _to_disk(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
