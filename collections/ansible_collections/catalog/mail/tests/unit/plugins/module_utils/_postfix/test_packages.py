# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of each operating system. Real hosts are Debian 12 and 13; only these tests cover the family of RHEL."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.os_release import OperatingSystem, operating_system
from ansible_collections.catalog.mail.plugins.module_utils._postfix.packages import required_packages, unit_of

DEBIAN = ("postfix", "libsasl2-modules", "ca-certificates")
EL = ("postfix", "cyrus-sasl-plain", "ca-certificates", "python3-libselinux")
EL10 = (*EL, "postfix-lmdb")

SYSTEMS = [
    ("ID=debian\nVERSION_ID=\"12\"", "debian", DEBIAN),
    ("ID=debian\nVERSION_ID=\"13\"", "debian", DEBIAN),
    ("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"", "debian", DEBIAN),
    ("ID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8.10\"", "redhat", EL),
    ("ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"", "redhat", EL),
    ("ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.4\"", "redhat", EL),
    ("ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"10\"", "redhat", EL10),
    ("ID=debian\nVERSION_ID=\"12\"\nNAME=\"without an end\n", "debian", DEBIAN),
    ("ID=\"debian\nVERSION_ID='12", "debian", DEBIAN),
    ("ID='rhel'\nID_LIKE='fedora'\nVERSION_ID='10.0'", "redhat", EL10),
]


@pytest.mark.parametrize("os_release,family,packages", SYSTEMS)
def test_packages_of_a_system(os_release, family, packages):
    system = operating_system(os_release)
    assert system.family == family
    assert required_packages(system, ()) == packages
    assert required_packages(system, ["postfix-pcre"]) == (*packages, "postfix-pcre")


@pytest.mark.parametrize("os_release", ["ID=alpine\nVERSION_ID=3.20", "ID=opensuse-leap\nID_LIKE=\"suse opensuse\"", ""])
def test_an_unknown_system_has_no_family(os_release):
    assert operating_system(os_release).family == ""


def test_names_and_release():
    text = "# a comment = it's\nNAME=\"Debian GNU/Linux\"\n\nID=debian\nVERSION_ID=\"13\"\nVERSION=\"13 (trixie)\"\n"
    assert operating_system(text) == OperatingSystem(("debian",), 13)
    assert operating_system("ID=arch\nVERSION_ID=rolling") == OperatingSystem(("arch",), 0)


@pytest.mark.parametrize("system,directory,unit", [
    (OperatingSystem(("debian",), 12), "/etc/postfix", "postfix.service"),
    (OperatingSystem(("debian",), 13), "/etc/postfix/", "postfix.service"),
    (OperatingSystem(("debian",), 12), "/etc/postfix-out", "postfix@postfix-out.service"),
    (OperatingSystem(("debian",), 13), "/etc/postfix-out", "postfix@out.service"),
    (OperatingSystem(("rhel",), 9), "/etc/postfix-out", "postfix.service"),
])
def test_the_unit_of_an_instance(system, directory, unit):
    assert unit_of(system, directory) == unit
