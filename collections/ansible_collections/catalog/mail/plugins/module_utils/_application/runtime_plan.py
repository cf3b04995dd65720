# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Choose the version of the application to use, and plan its installation. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Sequence, Tuple

from .service_changes import Change, change

INSTALLATION = "installation"
CURRENT = "current"
ATTRIBUTES = "0755 root:root"
"""Mode, owner and group of the folder of the versions."""


@dataclass(frozen=True)
class RuntimeState:
    """The present state of the folder of the versions, by its path ``folder``.

    ``intact`` are the versions whose files are as they were installed; ``damaged`` are the others that were complete
    once. ``current`` is the target of the link to the version in use. ``attributes`` are mode, owner and group of the
    folder; ``command`` is the path of the link for the command, ``command_target`` its present target, and
    ``command_desired`` the desired one. Values of something that does not exist are empty.
    """

    folder: str
    intact: Tuple[str, ...]
    damaged: Tuple[str, ...]
    current: str
    attributes: str
    command: str
    command_target: str
    command_desired: str


def wanted_version(own: str, previous: bool, intact: Sequence[str], current: str) -> str:
    """Return the version to use; empty when the previous version is requested and none is intact.

    The version in use comes first, so that a host on its previous version keeps it when the collection is updated.
    """
    if not previous:
        return own
    kept = [name for name in (current, *sorted(intact)) if name in intact and name != own]
    return kept[0] if kept else ""


def plan(state: RuntimeState, wanted: str) -> List[Change]:
    """Return the changes after which the wanted version is intact and in use."""
    changes = []
    if state.attributes != ATTRIBUTES:
        changes.append(change(state.folder, state.attributes, ATTRIBUTES))
    if wanted not in state.intact:
        changes.append(change(INSTALLATION, "damaged" if wanted in state.damaged else "missing", "complete"))
    if state.current != wanted:
        changes.append(change(CURRENT, state.current, wanted))
    if state.command_target != state.command_desired:
        changes.append(change(state.command, state.command_target, state.command_desired))
    return changes
