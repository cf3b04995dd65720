# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The packages that Postfix needs, by operating system. Pure.

Written from the distributions' package lists. The family of RHEL (EL 8, 9 and 10) is covered by unit tests alone.
"""

from __future__ import annotations

from typing import Sequence, Tuple

from .._core.os_release import DEBIAN, OperatingSystem

_DEBIAN_UNIT_BY_PART = 13

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


def required_packages(system: OperatingSystem, additional: Sequence[str]) -> Tuple[str, ...]:
    """Return the packages that Postfix needs on a system of a known family, and the additional ones."""
    if system.family == DEBIAN:
        return (*_DEBIAN_PACKAGES, *additional)
    lmdb = _REDHAT_LMDB_PACKAGES if system.release >= _REDHAT_LMDB_RELEASE else ()
    return (*_REDHAT_PACKAGES, *lmdb, *additional)


def unit_of(system: OperatingSystem, config_directory: str) -> str:
    """Return the unit of systemd that starts the instance with this configuration directory.

    Debian has a template for further instances: by the instance's name, which postmulti(1) keeps equal to the directory's, up
    to Debian 12; later by the part of the directory's name after "postfix-".
    """
    name = config_directory.rstrip("/").rpartition("/")[2]
    if system.family != DEBIAN or config_directory.rstrip("/") == "/etc/postfix":
        return "postfix.service"
    part = name[len("postfix-"):] if name.startswith("postfix-") and system.release >= _DEBIAN_UNIT_BY_PART else name
    return f"postfix@{part}.service"
