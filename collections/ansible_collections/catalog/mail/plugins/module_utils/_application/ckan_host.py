# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read CKAN's configuration files and its systemd units, and restart the units. An edge."""

from __future__ import annotations

import os
from typing import Dict, List, Mapping, Optional, Sequence

from .._core.errors import InputRefused, ServiceFailed
from .._core.file_transaction import read_bytes
from .._core.systemd import Systemd
from .ckan_environment import CONFIG_FILE, command_of, environment_file, environment_of, file_of
from .ckan_ini import CkanIni
from .ckan_state import CkanState


class CkanHost:
    """CKAN on this host: the configuration file to edit, and the units that run CKAN."""

    def __init__(self, module, path: str, units: Sequence[str]) -> None:
        self._systemd = Systemd(module)
        self._path = os.path.abspath(path)
        self._units = units

    def state(self) -> CkanState:
        """Return what CKAN reads. Raises InputRefused when a unit starts CKAN with a file that does not lead to ours."""
        environments: Dict[str, Mapping[str, str]] = {}
        top = _files(self._path)
        for unit in self._units:
            own = self._environments(unit)
            environments.update(own)
            started_with = self._config_file(unit, own)
            if started_with:
                chain = _files(started_with)
                if self._place(chain) is None:
                    raise InputRefused(
                        "ckan.config_file", f"{unit} starts CKAN with {started_with}, which is not based on {self._path}",
                        f"Write {started_with}, or name the units that read {self._path}")
                top = max(top, chain, key=len)
        return CkanState(top, self._place(top) or 0, environments)

    def restart(self) -> None:
        """Restart the units. Raises ServiceFailed when one does not start."""
        for unit in self._units:
            started, words = self._systemd.restart(unit)
            if not started:
                raise ServiceFailed(f"{unit} does not start with the new settings: {words}", unit=unit)

    def running(self) -> bool:
        """Whether all units run."""
        return not self._units or all(state.active for state in self._systemd.states(*self._units))

    def _place(self, files: Sequence[CkanIni]) -> Optional[int]:
        ours = os.path.realpath(self._path)
        return next((number for number, ini in enumerate(files) if os.path.realpath(ini.path) == ours), None)

    def _environments(self, unit: str) -> Dict[str, Mapping[str, str]]:
        shown = self._systemd.properties(unit, "LoadState", "Environment", "EnvironmentFiles")
        if shown["LoadState"] != ["loaded"]:
            raise InputRefused("ckan.units", f"systemd has no unit {unit}", "Name the units that run CKAN, such as ckan.service")
        found: Dict[str, Mapping[str, str]] = {}
        # A file counts before Environment=, and the last file before the others (systemd.exec(5)).
        for line in reversed(shown["EnvironmentFiles"]):
            path = line.partition(" (")[0]
            found[f"{path} (EnvironmentFile of {unit})"] = environment_file((read_bytes(path) or b"").decode("utf-8", "replace"))
        found[unit] = environment_of(shown["Environment"])
        return found

    def _config_file(self, unit: str, environments: Mapping[str, Mapping[str, str]]) -> Optional[str]:
        commands = self._systemd.properties(unit, "ExecStart")["ExecStart"]
        named = [path for path in (file_of(command_of(command)) for command in commands) if path]
        return next(iter([*named, *(one[CONFIG_FILE] for one in environments.values() if CONFIG_FILE in one)]), None)


def _files(path: str) -> List[CkanIni]:
    """Return a configuration file and those that it is based on (``use = config:FILE``), the one that counts first."""
    files = [_read(os.path.abspath(path))]
    while files[-1].based_on:
        following = os.path.normpath(os.path.join(os.path.dirname(files[-1].path), files[-1].based_on))
        if following in [ini.path for ini in files]:
            raise InputRefused(
                "ckan.config_file", f"{following} is based on itself by the option use", "Correct use in one of the files")
        files.append(_read(following))
    return files


def _read(path: str) -> CkanIni:
    content = read_bytes(path)
    if content is None:
        raise InputRefused("ckan.config_file", f"there is no file {path} on this host", "Name the configuration file of CKAN")
    return CkanIni.from_bytes(content, path)
