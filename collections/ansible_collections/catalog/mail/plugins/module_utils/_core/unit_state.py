# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The state of a systemd unit, as a value that pure code compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping


@dataclass(frozen=True)
class UnitState:
    """A unit as ``systemctl show`` describes it.

    ``active_state`` is the property ActiveState, empty when systemd does not know the unit. ``process_started`` and
    ``activated`` are times in systemd's format, empty when the unit never started.
    """

    active_state: str = ""
    enabled: bool = False
    process_started: str = ""
    activated: str = ""

    @property
    def active(self) -> bool:
        """Whether the unit runs."""
        return self.active_state == "active"

    @property
    def on(self) -> bool:
        """Whether the unit runs and is enabled."""
        return self.active and self.enabled

    @property
    def alive(self) -> bool:
        """Whether the unit runs, starts or stops."""
        return self.active_state not in ("", "inactive", "failed")


PROPERTIES = ("ActiveState", "UnitFileState", "ExecMainStartTimestamp", "ActiveEnterTimestamp")
"""The properties that ``unit_state`` reads."""


def unit_state(properties: Mapping[str, str], is_linked: bool = False) -> UnitState:
    """Read the properties that ``systemctl show`` prints.

    A unit whose file was removed has no state of the file, and is enabled once the file is back if it ``is_linked``.
    """
    active_state, unit_file_state, process_started, activated = (properties.get(name, "") for name in PROPERTIES)
    enabled = unit_file_state == "enabled" or (not unit_file_state and is_linked)
    return UnitState(active_state, enabled, process_started, activated)
