# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the examples in the modules' documentation as they are written; the lab has the names of example.com."""
from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.modules.lab_host import ROOT, LabHost

# tests/modules/microsoft runs those of the modules for Entra and Graph, tests/playbooks/test_application.py those of
# the modules that need a deployed application.
ELSEWHERE = ("entra_", "graph_", "mailbox_", "application_runtime", "application_service", "reply_sync_service")
MODULES = sorted(
    path.stem for path in (ROOT / "collections/ansible_collections/catalog/mail/plugins/modules").glob("*.py")
    if not path.stem.startswith(ELSEWHERE))

# Variables that the examples take from an inventory.
PASSWORDS = {
    "relay_password": "hunter2", "reports_password": "hunter3", "vault_catalog_token": "hunter2-token",
    "vault_new_catalog_token": "hunter2-new"}
FROM_THE_LAB = {
    "vault_relay_password": "{{ lab_passwords['catalog@corp.test'] }}",
    "vault_replies_password": "{{ lab_passwords['replies@corp.test'] }}",
    "vault_alice_password": "{{ lab_passwords['alice@corp.test'] }}",
}
# Modules whose examples need an application on the host, and the fixture that runs it.
OF_THE_APPLICATION = {
    "email_settings": "application", "email_settings_info": "application", "mail_diagnosis_info": "application",
    "mail_log_info": "application",
    "reply_sync_info": "replies", "reply_test": "replies"}
RELAY = {
    "name": "Have the host send through the lab's relay",
    "catalog.mail.postfix_relayhost": {
        "relayhost": ["[mail.corp.test]:587"], "username": "catalog@corp.test", "reload": True,
        "password": "{{ vault_relay_password }}", "ca_file": "/etc/ssl/lab-ca.crt"},
}


def examples(module: str) -> list[dict[str, Any]]:
    """Return the tasks of a module's EXAMPLES, from ansible-doc, without those for CKAN and Alation.

    These are not on the lab's bare hosts; the scenario ckan and tests/service/system/test_alation_adapter.py run such tasks.
    """
    shown = subprocess.run(
        ["ansible-doc", "--json", "--type", "module", f"catalog.mail.{module}"],
        capture_output=True, check=True, cwd=ROOT)
    text = json.loads(shown.stdout)[f"catalog.mail.{module}"]["examples"]
    tasks: list[dict[str, Any]] = yaml.safe_load(text)
    return [task for task in tasks if (task.get(f"catalog.mail.{module}") or {}).get("application") not in ("alation", "ckan")]


def before(module: str) -> list[dict[str, Any]]:
    """Return tasks that prepare the objects used by a module's examples."""
    if module == "email_settings_info":
        return examples("email_settings")[:1]
    return [RELAY] if module == "test_email" else []


@pytest.mark.parametrize("module", MODULES)
def test_examples_run_as_written(
    module: str, debian12: LabHost, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if module in OF_THE_APPLICATION:
        request.getfixturevalue(OF_THE_APPLICATION[module])
    tasks = examples(module)
    assert any(f"catalog.mail.{module}" in task for task in tasks)
    play = {
        "name": "Run the examples", "hosts": debian12.name, "gather_facts": False, "vars": {**PASSWORDS, **FROM_THE_LAB},
        "pre_tasks": before(module), "tasks": tasks,
    }
    playbook = tmp_path / "examples.yml"
    playbook.write_text(yaml.safe_dump([play], sort_keys=False))
    done = subprocess.run(
        ["ansible-playbook", "-i", "inventories/lab", playbook], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert f"ok={len(tasks) + len(play['pre_tasks'])}" in done.stdout, done.stdout
