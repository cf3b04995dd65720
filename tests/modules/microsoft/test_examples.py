# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the examples in the documentation of the Graph modules unchanged, except for the emulator's address."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulator.running import Running
from helpers.modules.graph_modules import AUTOMATION, ROOT, environment

# The last module's examples remove the registration that all examples use.
MODULES = (
    "entra_app_credential", "entra_app_info", "graph_permissions", "graph_permissions_info", "mailbox_scope",
    "mailbox_scope_info", "mailbox_message_info", "entra_app",
)
# Names in the examples, and variables that they take from an inventory.
TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
BY_HAND = "99999999-8888-7777-6666-555555555555"
SENT, SECRET = "<1@example.com>", "the-automations-own-secret"
VARIABLES = {"vault_automation_secret": SECRET, "key_id_in_use": "", "sent": {"message_id": SENT}}


@pytest.fixture
def of_the_examples(tmp_path: Path) -> Iterator[Running]:
    """Create a tenant with the automation, registrations and mailboxes of the examples."""
    with Running(tmp_path / "entra") as running:
        running.seed({
            "id": TENANT, "domains": ["example.com"],
            "users": [{"user_principal_name": f"{name}@example.com"} for name in ("noreply", "replies", "anna")],
            "applications": [
                {"display_name": "Automation", "app_id": CLIENT, "roles": [*AUTOMATION, "Mail.Read"],
                 "secret": SECRET},
                {"display_name": "Made by hand", "app_id": BY_HAND},
            ]})
        running.put_message("anna@example.com", f"From: noreply@example.com\r\nMessage-ID: {SENT}\r\n\r\nA test.\r\n".encode())
        yield running


@functools.cache
def documentation() -> Any:
    """Return ansible-doc's output for all these modules."""
    shown = subprocess.run(
        ["ansible-doc", "--json", "--type", "module", *(f"catalog.mail.{module}" for module in MODULES)], capture_output=True,
        check=True, cwd=ROOT, env=environment())
    return json.loads(shown.stdout)


def examples(module: str) -> list[dict[str, Any]]:
    """Return the tasks of a module's EXAMPLES, from ansible-doc."""
    tasks: list[dict[str, Any]] = yaml.safe_load(documentation()[f"catalog.mail.{module}"]["examples"])
    return tasks


def at(emulator: Running, task: dict[str, Any]) -> dict[str, Any]:
    """Return the task with the emulator's address in its login."""
    address = {"authority_url": emulator.url, "graph_url": emulator.url, "ca_file": str(emulator.ca_file)}
    return {
        name: {**options, "login": {**options.get("login", {}), **address}} if name.startswith("catalog.mail.") else options
        for name, options in task.items()}


def test_examples_run_as_they_are_written(of_the_examples: Running, tmp_path: Path) -> None:
    """Run one play per module; every task passes. A task whose condition does not hold is skipped."""
    tasks = {"registration": examples("entra_app")[:1], **{module: examples(module) for module in MODULES}}
    assert all(any(f"catalog.mail.{module}" in task for task in tasks[module]) for module in MODULES)
    plays = [{
        "name": name, "hosts": "localhost", "connection": "local", "gather_facts": False,
        "module_defaults": {"group/catalog.mail.microsoft": {"consecutive_reads": 2}},
        "vars": {**VARIABLES, "ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [at(of_the_examples, task) for task in listed]} for name, listed in tasks.items()]
    playbook = tmp_path / "examples.yml"
    playbook.write_text(yaml.safe_dump(plays, sort_keys=False))
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", str(playbook)], capture_output=True, text=True, check=False, cwd=ROOT,
        env=environment(
            AZURE_TENANT_ID=TENANT, AZURE_CLIENT_ID=CLIENT, AZURE_CLIENT_SECRET=SECRET))
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert SECRET not in output
    passed, skipped = (int(done.stdout.rpartition(f"{word}=")[2].split()[0]) for word in ("ok", "skipped"))
    assert passed + skipped == sum(map(len, tasks.values())) and skipped <= 1, output
