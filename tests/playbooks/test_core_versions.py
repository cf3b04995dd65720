# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection works with each ansible-core that it names, from a control node that reaches its host by SSH.

The oldest and the newest version run in `make test`, those in between with CATALOG_MAIL_MATRIX=1 (`make matrix`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

import pytest
from helpers.core_versions import ON_DEBIAN_13, ON_THIS_MACHINE, ControlNode, control_node
from helpers.modules.lab_host import Done, LabHost
from helpers.playbooks import ROOT, lab, run_ansible

HOST = "catalog12"
WHERE = ("-i", "inventories/lab", "--limit", HOST)
VERSIONS = [*ON_THIS_MACHINE, *ON_DEBIAN_13]
TESTED = VERSIONS if os.environ.get("CATALOG_MAIL_MATRIX") else [VERSIONS[0], VERSIONS[-1]]
DAMAGE = "systemctl disable -q catalog-mail.service && postconf -e 'relayhost =' && chmod 666 /etc/catalog-mail/config.toml"


def play(node: ControlNode, name: str, *arguments: str, status: int = 0, **variables: str) -> str:
    """Run a playbook, which must end with the status, without a warning about this collection; return its output."""
    done = node.run("ansible-playbook", *WHERE, f"playbooks/{name}.yml", *arguments, **variables)
    assert done.code == status, done.out + done.err
    assert not re.search(r"(?i)\[(?:deprecation )?warning\].{0,300}catalog", done.err), done.err
    return done.out


def changes(output: str) -> int:
    return int(re.findall(r"changed=(\d+)", output)[-1])


def version_of(done: Done) -> str:
    found = re.search(r"core (\d+\.\d+)", done.out)
    assert found, done.out + done.err
    return found[1]


@pytest.fixture(scope="module", autouse=True)
def _hosts() -> Iterator[None]:
    """Install the application on the host, by the usual version, unless an earlier test has done that."""
    lab("up", HOST, "catalog13", "mail")
    done = run_ansible("ansible-playbook", *WHERE, "playbooks/site.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    yield
    lab("reset", "catalog13")


def test_all_named_versions_are_tested() -> None:
    text = (ROOT / "collections/ansible_collections/catalog/mail/meta/runtime.yml").read_text()
    assert f'requires_ansible: ">={VERSIONS[0]}.0"' in text


@pytest.mark.parametrize("version", TESTED)
def test_a_version_plans_repairs_and_proves(version: str) -> None:
    node, host = control_node(version), LabHost(HOST)
    assert version_of(node.run("ansible", "--version")) == version
    assert changes(play(node, "site")) == 0
    host.sh(DAMAGE)
    shown = play(node, "drift", "--diff", status=2)
    assert "relayhost  (none) -> [mail.corp.test]:587" in shown
    assert changes(shown) >= 2
    corrected = play(node, "drift", "-e", "drift_correct=true", ANSIBLE_STDOUT_CALLBACK="catalog.mail.steps")
    assert "none failed" in corrected
    assert "Corrected: " in corrected
    assert "No drift" in play(node, "drift")
    assert host.sh("systemctl is-enabled catalog-mail.service").strip() == "enabled"
    play(node, "verify")
    # Newer versions repeat the command line beside an error.
    wrong = json.dumps({"parameters": {}, "passwort": "{{ word }}"})
    refused = node.run("ansible", *WHERE, "catalog", "-m", "catalog.mail.postfix_config", "-a", wrong, "-e", "word=hunter2")
    assert refused.code != 0
    assert "passwort" in refused.out
    assert "hunter2" not in refused.out + refused.err
