# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The edge to systemd: its commands and its journal. It reads and does; it decides nothing."""

from __future__ import annotations

import os
from typing import Dict, List, Sequence, Tuple

from .errors import ServiceFailed
from .unit_state import PROPERTIES, UnitState, unit_state


class Systemd:
    """The service manager of this host."""

    def __init__(self, module) -> None:
        """``module`` is the Ansible module; its run_command and get_bin_path are used."""
        self._module = module
        self._paths: Dict[str, str] = {}

    def states(self, *units: str) -> List[UnitState]:
        """The state of each unit, also of one that systemd does not know."""
        names = [f"--property={name}" for name in PROPERTIES]
        _code, out, _err = self._run("systemctl", "show", *names, "--timestamp=us", *units)
        # A paragraph for each unit, in their order; none at all where systemd does not run.
        paragraphs = [*out.strip().split("\n\n"), *[""] * len(units)]
        return [
            unit_state({name: value for name, _equals, value in (line.partition("=") for line in paragraph.splitlines())})
            for paragraph in paragraphs[:len(units)]]

    def version(self) -> int:
        """The number of this systemd, 0 where it does not tell."""
        _code, out, _err = self._run("systemctl", "--version")
        words = out.split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    def changed_since(self, moment: str, paths: Sequence[str]) -> bool:
        """Whether content or attributes of one of these paths changed after this moment, given in systemd's words.

        A path that does not exist counts as unchanged, a moment that cannot be read as past. A link is not followed.
        """
        existing = [path for path in paths if os.path.lexists(path)]
        if not moment or not existing:
            return False
        code, out, _err = self._run("find", *existing, "-maxdepth", "0", "-newerct", moment)
        return bool(out.strip()) or code != 0

    def daemon_reload(self) -> None:
        """Have systemd read its units again."""
        self._run("systemctl", "daemon-reload")

    def enable(self, unit: str) -> None:
        """Have a boot start a unit. Raises ServiceFailed when systemd refuses."""
        code, _out, err = self._run("systemctl", "enable", "--quiet", unit)
        if code:
            raise ServiceFailed(f"{unit} cannot be enabled: {err.strip()}", unit=unit)

    def restart(self, unit: str, verb: str = "restart") -> Tuple[bool, str]:
        """Start or restart a unit, also one that failed too often; whether it worked, and the reason where it did not."""
        self._run("systemctl", "reset-failed", unit)
        code, _out, err = self._run("systemctl", verb, unit)
        return code == 0, err.strip()

    def disable(self, *units: str) -> None:
        """Stop units, and have no boot start them."""
        self._run("systemctl", "disable", "--now", "--quiet", *units)

    def stop(self, *units: str) -> None:
        """Stop units."""
        self._run("systemctl", "stop", *units)

    def journal(self, unit: str, since: int, lines: int = 15) -> str:
        """The last lines that a unit wrote since this time, in seconds since 1970."""
        words = (f"--unit={unit}", f"--since=@{since}", "--no-pager", "--output=cat", f"--lines={lines}")
        _code, out, _err = self._run("journalctl", *words)
        return out.strip() or "(nothing)"

    def _run(self, command: str, *words: str) -> Tuple[int, str, str]:
        if command not in self._paths:
            self._paths[command] = self._module.get_bin_path(command, required=True)
        return self._module.run_command(
            [self._paths[command], *words], environ_update={"LC_ALL": "C"}, errors="surrogateescape")
