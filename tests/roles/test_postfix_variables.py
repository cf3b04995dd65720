# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of role postfix on each operating system, rendered from the role's own files by Ansible itself.

The molecule scenarios run Debian 12 and 13; only these tests cover the RHEL family.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLE = Path(__file__).parents[2] / "collections/ansible_collections/catalog/mail/roles/postfix"

DEBIAN = ["postfix", "libsasl2-modules", "ca-certificates"]
EL = ["postfix", "cyrus-sasl-plain", "ca-certificates", "python3-libselinux"]
EL10 = [*EL, "postfix-lmdb"]


def render(name: str, look: str = "", **settings: Any) -> Any:
    """Return the value of one variable, given the output of inspect.sh and the inventory's settings."""
    loader = DataLoader()
    variables: dict[str, Any] = {"postfix__inspection": {"stdout": look}}
    for file in [ROLE / "defaults/main.yml", *sorted((ROLE / "vars/main").glob("*.yml"))]:
        variables.update(loader.load_from_file(str(file), trusted_as_template=True))
    variables.update(settings)
    return Templar(loader=loader, variables=variables).template(variables[name])


SYSTEMS = [
    pytest.param("system debian\nrelease 12", "Debian", DEBIAN, id="Debian 12"),
    pytest.param("system debian\nrelease 13", "Debian", DEBIAN, id="Debian 13"),
    pytest.param("system ubuntu\nsystem debian\nrelease 24", "Debian", DEBIAN, id="Ubuntu 24.04"),
    pytest.param("system rhel\nsystem fedora\nrelease 8", "RedHat", EL, id="RHEL 8"),
    pytest.param("system almalinux\nsystem rhel\nsystem centos\nrelease 9", "RedHat", EL, id="AlmaLinux 9"),
    pytest.param("system ol\nsystem fedora\nrelease 9", "RedHat", EL, id="Oracle Linux 9"),
    pytest.param("system centos\nsystem rhel\nrelease 10", "RedHat", EL10, id="CentOS Stream 10"),
    pytest.param("system rhel\nsystem fedora\nrelease 10", "RedHat", EL10, id="RHEL 10"),
]


@pytest.mark.parametrize("look, family, packages", SYSTEMS)
def test_packages_of_a_system(look: str, family: str, packages: list[str]) -> None:
    """Each system has its own package names, and lmdb where hash is not available."""
    assert render("postfix__family", look) == family
    assert render("postfix__packages", look) == packages


@pytest.mark.parametrize("look", ["system alpine\nrelease 3", "system opensuse-leap\nsystem suse\nrelease 15", ""])
def test_unknown_system(look: str) -> None:
    """An unknown system fails instead of using the packages of a known one."""
    assert render("postfix__family", look) == "unknown"


def test_missing_packages() -> None:
    """Only missing packages are requested, those of the inventory included."""
    look = "system debian\nrelease 12\npackage postfix\npackage ca-certificates\nservice enabled"
    assert render("postfix__missing", look) == ["libsasl2-modules"]
    with_pcre = render("postfix__missing", look, postfix_packages=["postfix-pcre"])
    assert sorted(with_pcre) == ["libsasl2-modules", "postfix-pcre"]
    assert render("postfix__missing", f"{look}\npackage libsasl2-modules") == []


@pytest.mark.parametrize(
    "look, enabled",
    [
        ("package postfix\nservice enabled", True),
        ("package postfix\nservice disabled", False),
        ("package postfix\nservice enabled-runtime", False),
        ("service masked", False),
        ("package enabled", False),
        ("", False),
    ],
)
def test_service_at_boot(look: str, enabled: bool) -> None:
    """Only a unit that starts at boot counts."""
    assert render("postfix__enabled", look) is enabled


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="this machine is no Debian")
def test_inspect_on_this_machine() -> None:
    """The script runs in a plain sh and prints only those of its arguments that are installed."""
    script = (ROLE / "files/inspect.sh").read_text(encoding="utf-8")
    run = subprocess.run(
        ["/bin/sh", "-c", script, "inspect.sh", "no-such-package-at-all", "base-files"],
        capture_output=True, text=True, check=False)
    assert run.stderr == ""
    assert render("postfix__family", run.stdout) == "Debian"
    assert render("postfix__installed", run.stdout) == ["base-files"]
    assert int(render("postfix__release", run.stdout)) >= 12


OWN = {"inet_interfaces": ["loopback-only"], "mydestination": ["$myhostname", "localhost.$mydomain", "localhost"]}


def test_parameters_left_alone() -> None:
    """Without settings only the role's own parameters are set; empty names are skipped."""
    assert render("postfix__all_parameters") == {**OWN, "smtp_tls_security_level": "may"}


def test_level_of_a_relay() -> None:
    """With a relay, also one for some senders only, a separate task sets the TLS level."""
    assert render("postfix__all_parameters", postfix_relayhost=["[smtp.example.com]:587"]) == OWN
    one = [{"sender": "@example.com", "relayhost": "[smtp.example.com]:587"}]
    assert render("postfix__all_parameters", postfix_relay_sender_dependent=one) == OWN


def test_parameters_of_the_inventory() -> None:
    """An empty list is a value, null removes a parameter, and postfix_parameters wins over the named variables."""
    rendered = render(
        "postfix__all_parameters",
        postfix_mydestination=[], postfix_myorigin="example.com", postfix_inet_interfaces=["all"],
        postfix_parameters={"inet_interfaces": ["127.0.0.1"], "soft_bounce": None, "delay_warning_time": "4h"})
    assert rendered == {
        "inet_interfaces": ["127.0.0.1"],
        "mydestination": [],
        "myorigin": "example.com",
        "smtp_tls_security_level": "may",
        "soft_bounce": None,
        "delay_warning_time": "4h",
    }


def test_defaults_and_specification_agree() -> None:
    """Each default equals the one in meta/argument_specs.yml, and each option has its default."""
    loader = DataLoader()
    options = loader.load_from_file(str(ROLE / "meta/argument_specs.yml"))["argument_specs"]["main"]["options"]
    defaults = loader.load_from_file(str(ROLE / "defaults/main.yml"))
    assert defaults == {name: option["default"] for name, option in options.items()}
