# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Plan the changes after which the application's service runs with its present files. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Mapping, Optional, Sequence

from .._core.file_facts import ExpectedFile, FileState
from .service_changes import Change, change


@dataclass(frozen=True)
class ApplicationState:
    """The present state of the application's service.

    ``ready``: the service runs and its health check succeeds. ``stale``: a file that it reads at its start is younger
    than that start, or differs from the desired one. ``version`` is the version in use, ``proven_version`` the one that
    last became ready.
    """

    enabled: bool
    active: bool
    ready: bool
    stale: bool
    version: str
    proven_version: str


def plan(state: ApplicationState) -> List[Change]:
    """Return the changes needed, in order; their names are ``enabled``, ``service`` and ``proven_version``."""
    changes = []
    if not state.enabled:
        changes.append(change("enabled", False, True))
    if not state.ready or state.stale:
        changes.append(change("service", _service(state), "running"))
    if state.proven_version != state.version:
        changes.append(change("proven_version", state.proven_version, state.version))
    return changes


def kept_attributes(files: Sequence[ExpectedFile], found: Mapping[str, Optional[FileState]]) -> List[Change]:
    """Return the changes to mode, owner and group of existing files; their names are the paths."""
    changes = []
    for file in files:
        state = found[file.path]
        desired = file.kept(state)
        if state is not None and desired:
            changes.append(change(file.path, state.attributes, desired))
    return changes


def _service(state: ApplicationState) -> str:
    if not state.active:
        return "stopped"
    return "running with older files" if state.ready else "not ready"
