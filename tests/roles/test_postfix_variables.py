# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of role postfix, rendered from the role's own files by Ansible itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLE = Path(__file__).parents[2] / "collections/ansible_collections/catalog/mail/roles/postfix"

def render(name: str, role: Path = ROLE, **settings: Any) -> Any:
    """Return the value of one variable, given the inventory's settings and the module's result."""
    loader = DataLoader()
    variables: dict[str, Any] = {}
    for file in (role / "defaults/main.yml", role / "vars/main.yml"):
        if file.exists():
            variables.update(loader.load_from_file(str(file), trusted_as_template=True))
    variables.update(settings)
    return Templar(loader=loader, variables=variables).template(variables[name])


SET_UP = {"system_family": "debian", "missing_packages": [], "enabled": True, "running": True}


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ({}, True),
        ({"system_family": "redhat"}, True),
        ({"system_family": ""}, False),
        ({"missing_packages": ["postfix"]}, False),
        ({"enabled": False}, False),
        ({"running": False}, False),
    ],
)
def test_whether_a_host_needs_packages_or_a_start(difference: dict[str, Any], expected: bool) -> None:
    """Only then the role includes the tasks that install packages and start Postfix."""
    assert render("postfix__is_set_up", postfix__host={**SET_UP, **difference}) is expected


OWN = {"inet_interfaces": ["loopback-only"], "mydestination": ["$myhostname", "localhost.$mydomain", "localhost"]}


def test_parameters_left_alone() -> None:
    """Without settings only the role's own parameters are set; empty names are skipped."""
    assert render("postfix__all_parameters") == {**OWN, "smtp_tls_security_level": "may"}


def test_level_of_a_relay() -> None:
    """With a relay, also one for some senders only, the relay's options set the TLS level."""
    assert render("postfix__all_parameters", postfix_relayhost=["[smtp.example.com]:587"]) == OWN
    one = [{"sender": "@example.com", "relayhost": "[smtp.example.com]:587"}]
    assert render("postfix__all_parameters", postfix_relay_sender_dependent=one) == OWN


def test_another_instance_may_be_started() -> None:
    rendered = render("postfix__all_parameters", postfix_config_directory="/etc/postfix-out")
    assert rendered == {**OWN, "smtp_tls_security_level": "may", "multi_instance_enable": "yes"}


def test_role_verify_sends_by_the_same_instance() -> None:
    verify = ROLE.parent / "verify"
    assert render("verify_config_directory", verify) == "/etc/postfix"
    assert render("verify_config_directory", verify, postfix_config_directory="/etc/postfix-out") == "/etc/postfix-out"


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
