# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The packages that Postfix needs, by operating system. Pure.

Written from the distributions' package lists. The family of RHEL (EL 8, 9 and 10) is covered by unit tests alone.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Sequence, Tuple

DEBIAN = "debian"
REDHAT = "redhat"

_REDHAT_IDS = ("rhel", "centos", "fedora")

# default_database_type is hash on Debian 12 and 13, which needs no package of its own.
_DEBIAN_PACKAGES = (
    "postfix",
    # The SASL mechanisms PLAIN and LOGIN, without which Postfix says "no mechanism available" (debops issue 169).
    "libsasl2-modules",
    "ca-certificates",
)
_REDHAT_PACKAGES = (
    "postfix",
    # The SASL mechanisms PLAIN and LOGIN (thias/puppet-postfix issue 22).
    "cyrus-sasl-plain",
    "ca-certificates",
    # With this library the modules keep the SELinux context of a file that they replace.
    "python3-libselinux",
)
# EL 10 and later have no Berkeley DB: default_database_type is lmdb, which needs its own package
# (linux-system-roles/postfix issue 163). EL 8 and 9 use hash without a further package.
_REDHAT_LMDB_RELEASE = 10
_REDHAT_LMDB_PACKAGES = ("postfix-lmdb",)


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


def required_packages(system: OperatingSystem, additional: Sequence[str]) -> Tuple[str, ...]:
    """Return the packages that Postfix needs on a system of a known family, and the additional ones."""
    if system.family == DEBIAN:
        return (*_DEBIAN_PACKAGES, *additional)
    lmdb = _REDHAT_LMDB_PACKAGES if system.release >= _REDHAT_LMDB_RELEASE else ()
    return (*_REDHAT_PACKAGES, *lmdb, *additional)
