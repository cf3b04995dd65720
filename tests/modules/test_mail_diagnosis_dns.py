# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mail_diagnosis_info asks a name server of the test for the records of a sender and of a public address, without a host."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.dns_faults import ADDRESS, FAULTS
from helpers.modules.graph_modules import HOST, environment
from helpers.name_server import NameServer
from helpers.waiting import PATIENCE

ABOUT_THE_DNS = {one for fault in FAULTS.values() for one in fault.expected | fault.of_host}


def diagnose(**options: Any) -> dict[str, Any]:
    """Run the module on this machine, without an application."""
    given = {"application_expected": False, **options}
    name = "ansible_collections.catalog.mail.plugins.modules.mail_diagnosis_info"
    output = HOST.run(name, json.dumps({"ANSIBLE_MODULE_ARGS": given}), environment(), PATIENCE)
    result: dict[str, Any] = json.JSONDecoder().raw_decode(output[output.find("{"):])[0]
    return result


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_dns_is_found(name: str) -> None:
    """The resolver of the module finds what dnspython finds for the service."""
    fault = FAULTS[name]
    with NameServer(fault.zone, fault.failing) as names:
        result = diagnose(
            sender="noreply@corp.test", public_address=ADDRESS, helo_name="mail.corp.test", dkim_selectors=["mail2026"],
            name_servers=["127.0.0.1:9", names.address])
    assert not result.get("failed"), result
    found = {one["id"] for one in result["findings"]}
    assert found & ABOUT_THE_DNS == fault.expected | fault.of_host
    assert names.by_tcp > 0 or name != "long answers"


def test_a_name_server_that_is_away_is_named() -> None:
    result = diagnose(sender="noreply@corp.test", name_servers=["127.0.0.1:9"])
    assert "dns-not-answering" in {one["id"] for one in result["findings"]}


def test_a_wrong_option_is_refused() -> None:
    refused = diagnose(public_address="mail.corp.test")
    assert refused["failed"] and refused["msg"].startswith("public_address: 'mail.corp.test' is not an IP address.")
