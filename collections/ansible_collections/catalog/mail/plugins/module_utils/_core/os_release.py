# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The name and version of an operating system, read from the text of /etc/os-release. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Tuple

DEBIAN = "debian"
REDHAT = "redhat"

_REDHAT_IDS = ("rhel", "centos", "fedora")


@dataclass(frozen=True)
class OperatingSystem:
    """The names of a system, its own and those of the systems that it is derived from, and its major version."""

    names: Tuple[str, ...] = ()
    release: int = 0

    @property
    def family(self) -> str:
        """Return DEBIAN or REDHAT; empty for another system."""
        if "debian" in self.names:
            return DEBIAN
        return REDHAT if any(name in _REDHAT_IDS for name in self.names) else ""


def operating_system(os_release: str) -> OperatingSystem:
    """Read the content of /etc/os-release (os-release(5): ID, ID_LIKE, VERSION_ID)."""
    pairs = (line.partition("=") for line in os_release.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    values = {name.strip(): _unquoted(value) for name, _equals, value in pairs}
    names = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".split()
    major = values.get("VERSION_ID", "").partition(".")[0]
    return OperatingSystem(tuple(names), int(major) if major.isdigit() else 0)


def _unquoted(value: str) -> str:
    try:
        return " ".join(shlex.split(value))
    except ValueError:  # a quotation without an end
        return value.strip("\"' ")
