# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Plan the changes to the services that read and archive the mailbox of replies. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .._core.errors import ApiFailed
from .._core.unit_state import UnitState
from .service_changes import Change, change

SERVICE = "catalog-mail-reply-sync.service"
ARCHIVE = "catalog-mail-archive.service"
TIMER = "catalog-mail-archive.timer"
UNITS = (SERVICE, ARCHIVE, TIMER)


@dataclass(frozen=True)
class ArchiveSettings:
    """Whether read mail is archived, and when, as a calendar event of systemd."""

    enabled: bool
    on_calendar: str

    def shown(self) -> Dict[str, Any]:
        """Return the settings for a module's result."""
        return {"enabled": self.enabled, "on_calendar": self.on_calendar}


DEFAULT_ARCHIVE = ArchiveSettings(enabled=False, on_calendar="Sun 02:00")
"""The settings before the first Save; a test compares them with the application's own defaults."""


def archive_settings(settings: Mapping[str, Any]) -> ArchiveSettings:
    """Read the archive's settings from the e-mail settings. Raises ApiFailed when they lack a member.

    Mail is archived only while replies are switched on and read over IMAP.
    """
    try:
        interactions = settings["interactions"]
        archive = interactions["archive"]
        enabled = bool(interactions["enabled"] and interactions["receiver"] == "imap" and archive["enabled"])
        return ArchiveSettings(enabled, str(archive["on_calendar"]))
    except (LookupError, TypeError):
        raise ApiFailed(
            "The application's settings do not contain when replies are archived: the application has another version.",
            "Let api_url name an application of the version that this collection deploys.", code="api-foreign") from None


def with_changes(settings: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> Dict[str, Any]:
    """Return the settings with these changes, each a ``path`` with dots and a value ``after``."""
    changed: Dict[str, Any] = json.loads(json.dumps(settings))
    for one in changes:
        *sections, name = str(one.get("path", "")).split(".")
        place: Any = changed
        for section in sections:
            place = place.get(section) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[name] = one.get("after")
    return changed


UNKNOWN_CALENDAR = "(unknown until a run has started the application)"
"""Stands for the calendar event where neither the application nor a unit tells it, in check mode."""


def archive_of_unit(text: str, enabled: bool, is_set_up: bool) -> ArchiveSettings:
    """Read the calendar event from the text of the timer's unit, for check mode.

    Without one it is the default on a host where the reader is not set up yet, and unknown on another.
    """
    found = re.search(r"^OnCalendar=(.+)$", text, re.MULTILINE)
    without = UNKNOWN_CALENDAR if is_set_up else DEFAULT_ARCHIVE.on_calendar
    return ArchiveSettings(enabled, found.group(1) if found else without)


@dataclass(frozen=True)
class ReplySyncState:
    """The present states of the units, by name.

    ``service_stale``: a file that the service reads at its start is younger than that start. ``timer_stale``: the
    timer's unit is younger than the timer's start. ``rewritten`` are the units whose files this run writes. What systemd
    says of such a unit depends on how far the run is, so it does not count.
    """

    units: Mapping[str, UnitState]
    service_stale: bool
    timer_stale: bool
    rewritten: Tuple[str, ...] = ()

    def described(self, name: str, stale: bool) -> str:
        """Return the state of a unit in words."""
        return "with another unit file" if name in self.rewritten else _described(self.units[name], stale)


def plan_present(state: ReplySyncState, archive: ArchiveSettings) -> List[Change]:
    """Return the changes, by unit name, that run the service, and run or stop the timer as the settings say."""
    changes = []
    timer, service = state.units[TIMER], state.units[SERVICE]
    if archive.enabled and (not timer.on or state.timer_stale or TIMER in state.rewritten):
        changes.append(change(TIMER, state.described(TIMER, state.timer_stale), "running"))
    if not archive.enabled and (timer.active or timer.enabled):
        changes.append(change(TIMER, state.described(TIMER, stale=False), "stopped"))
    if not service.on or state.service_stale or SERVICE in state.rewritten:
        changes.append(change(SERVICE, state.described(SERVICE, state.service_stale), "running"))
    return changes


def plan_absent(state: ReplySyncState) -> List[Change]:
    """Return the changes, by unit name, that stop and disable every unit."""
    return [
        change(name, _described(unit, stale=False), "stopped")
        for name, unit in state.units.items() if unit.alive or unit.enabled]


def _described(unit: UnitState, stale: bool) -> str:
    if not unit.alive:
        return "stopped, enabled" if unit.enabled else "stopped"
    if not unit.active:
        return unit.active_state
    if not unit.enabled:
        return "running, not enabled"
    return "running with older files" if stale else "running"
