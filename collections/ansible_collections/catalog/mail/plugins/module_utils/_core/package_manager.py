# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The installed packages of this host, by dpkg or rpm. An edge: it reads; it decides nothing."""

from __future__ import annotations

from typing import List, Sequence

_INSTALLED = "installed "
_QUERIES = (
    ("dpkg-query", ("--show", "--showformat=${db:Status-Status} ${Package}\\n")),
    ("rpm", ("--query", "--queryformat", "installed %{NAME}\\n")),
)


def installed_packages(module, names: Sequence[str]) -> List[str]:
    """Return those of the packages that are installed; none on a host without dpkg and rpm."""
    for command, words in _QUERIES:
        path = module.get_bin_path(command)
        if path:
            _code, out, _err = module.run_command([path, *words, *names], environ_update={"LC_ALL": "C"})
            return [line[len(_INSTALLED):] for line in out.splitlines() if line.startswith(_INSTALLED)]
    return []
