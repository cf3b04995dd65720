# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Combine the files and variables that CKAN reads at its start, and plan the edit of one file. Pure."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

from .._core.errors import InputRefused
from .ckan_environment import Environments, Override, override
from .ckan_ini import CkanIni, effective, source
from .ckan_settings import OPTIONS, PATHS, Values


@dataclass(frozen=True)
class CkanState:
    """The files that CKAN reads, the one that counts first; ``own`` is the place of the one to edit among them."""

    files: Sequence[CkanIni]
    own: int
    environments: Environments

    @property
    def present(self) -> Dict[str, Optional[str]]:
        """Return CKAN's options for e-mail as it has them after its next start; None for one that nothing sets."""
        overridden = {option: self._override(option) for option in OPTIONS}
        return {option: found.value if found else self._in_files(self.files, option) for option, found in overridden.items()}

    def edited(self, values: Values) -> CkanIni:
        """Return the file with these options. Raises InputRefused when something else decides one of them."""
        files: List[CkanIni] = list(self.files)
        files[self.own] = files[self.own].edited(values)
        for option, value in values.items():
            found = self._override(option)
            if found:
                raise InputRefused(
                    PATHS[option], f"the variable {found.variable} of {found.place} overrides {option} in {files[self.own].path}",
                    "Change or remove the variable there")
            if (self._in_files(files, option) or None) != (value or None):
                place = source(files, option)
                raise InputRefused(
                    PATHS[option], f"{place} sets {option} for CKAN, whatever {files[self.own].path} says",
                    f"Change or remove {option} there")
        return files[self.own]

    def _override(self, option: str) -> Optional[Override]:
        return override(option, self.environments)

    def _in_files(self, files: Sequence[CkanIni], option: str) -> Optional[str]:
        variables = {
            name: value for one in self.environments.values() for name, value in one.items() if name.startswith("CKAN_")}
        top = files[0].path
        return effective(files, option, {**variables, "here": posixpath.dirname(top), "__file__": top})
