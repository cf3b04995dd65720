# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The commands and the journal of systemd. An edge: it reads and writes; it decides nothing."""

from __future__ import annotations

import os
from typing import Dict, List, Sequence, Tuple

from .errors import ServiceFailed
from .unit_state import PROPERTIES, UnitState, unit_state

_WANTS = ("/etc/systemd/system/multi-user.target.wants", "/etc/systemd/system/timers.target.wants")
"""The folders with the links of enabled units."""


class Systemd:
    """The service manager of this host."""

    def __init__(self, module) -> None:
        """``module`` is the Ansible module; its run_command and get_bin_path are used."""
        self._module = module
        self._paths: Dict[str, str] = {}

    def states(self, *units: str) -> List[UnitState]:
        """Return the state of each unit, also of a unit that systemd does not know."""
        names = [f"--property={name}" for name in PROPERTIES]
        _code, out, _err = self._run("systemctl", "show", *names, "--timestamp=us", *units)
        # systemctl prints a paragraph for each unit, in their order, or nothing when systemd does not run.
        paragraphs = [*out.strip().split("\n\n"), *[""] * len(units)]
        return [
            unit_state(
                {name: value for name, _equals, value in (line.partition("=") for line in paragraph.splitlines())},
                is_linked=any(os.path.lexists(os.path.join(folder, unit)) for folder in _WANTS))
            for unit, paragraph in zip(units, paragraphs)]

    def properties(self, unit: str, *names: str) -> Dict[str, List[str]]:
        """Return properties of a unit as ``systemctl show`` prints them; a list, since it prints some more than once."""
        _code, out, _err = self._run("systemctl", "show", *(f"--property={name}" for name in names), unit)
        found: Dict[str, List[str]] = {name: [] for name in names}
        for line in out.splitlines():
            name, _equals, value = line.partition("=")
            if name in found and value:
                found[name].append(value)
        return found

    def starts_at_boot(self, unit: str) -> bool:
        """Whether a unit is enabled, for longer than until the next boot."""
        _code, out, _err = self._run("systemctl", "is-enabled", unit)
        return out.strip() == "enabled"

    def version(self) -> int:
        """Return the version number of systemd; 0 when it is unknown."""
        _code, out, _err = self._run("systemctl", "--version")
        words = out.split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def changed_since(self, moment: str, paths: Sequence[str]) -> bool:
        """Whether content or attributes of one of the paths changed after ``moment``, a time in systemd's format.

        A path that does not exist counts as unchanged, a time that cannot be read as past. Links are not followed.
        """
        existing = [path for path in paths if os.path.lexists(path)]
        if not moment or not existing:
            return False
        code, out, _err = self._run("find", *existing, "-maxdepth", "0", "-newerct", moment)
        return bool(out.strip()) or code != 0

    def daemon_reload(self) -> None:
        """Have systemd reload its unit files."""
        self._run("systemctl", "daemon-reload")

    def enable(self, unit: str) -> None:
        """Enable a unit: the next boot starts it. Raises ServiceFailed when systemd refuses."""
        code, _out, err = self._run("systemctl", "enable", "--quiet", unit)
        if code:
            raise ServiceFailed(f"{unit} cannot be enabled: {err.strip()}", unit=unit)

    def restart(self, unit: str, verb: str = "restart") -> Tuple[bool, str]:
        """Start or restart a unit, also past its start limit; return success, and the reason of a failure."""
        self._run("systemctl", "reset-failed", unit)
        code, _out, err = self._run("systemctl", verb, unit)
        return code == 0, err.strip()

    def disable(self, *units: str) -> None:
        """Stop and disable units."""
        self._run("systemctl", "disable", "--now", "--quiet", *units)

    def stop(self, *units: str) -> None:
        """Stop units."""
        self._run("systemctl", "stop", *units)

    def journal(self, unit: str, since: int, lines: int = 15) -> str:
        """Return the last lines that a unit logged after ``since``, in seconds since 1970."""
        words = (f"--unit={unit}", f"--since=@{since}", "--no-pager", "--output=cat", f"--lines={lines}")
        _code, out, _err = self._run("journalctl", *words)
        return out.strip() or "(nothing)"

    def _run(self, command: str, *words: str) -> Tuple[int, str, str]:
        if command not in self._paths:
            self._paths[command] = self._module.get_bin_path(command, required=True)
        return self._module.run_command(
            [self._paths[command], *words], environ_update={"LC_ALL": "C"}, errors="surrogateescape")
