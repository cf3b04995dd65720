# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles accept the example inventories, whose documented password opens the vault."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers.playbooks import ROOT, run_ansible

EXAMPLE = ROOT / "inventories/example"
MICROSOFT = ROOT / "inventories/example_microsoft"


def documented_password() -> str:
    """Return the vault's password from the inventory's README."""
    found = re.search(r"The password of the vault is `(\w+)`", (EXAMPLE / "README.md").read_text(encoding="utf-8"))
    assert found
    return found[1]


def run(tmp_path: Path, program: str, *arguments: str) -> str:
    """Run an ansible program with the vault's password and return its output."""
    password = tmp_path / "password"
    password.write_text(documented_password(), encoding="utf-8")
    done = run_ansible(program, *arguments, "--vault-password-file", password)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_secrets_are_encrypted_and_fictitious(tmp_path: Path) -> None:
    """The vault is encrypted, and every secret in it contains the word fictitious."""
    vault = EXAMPLE / "group_vars/catalog/vault.yml"
    assert vault.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;")
    secrets = [line for line in run(tmp_path, "ansible-vault", "view", str(vault)).splitlines() if ": " in line]
    values = [line for line in secrets if not line.startswith("#")]
    assert len(values) == 4
    assert all("fictitious" in value for value in values)


@pytest.mark.parametrize(
    "inventory, hosts, playbook, roles",
    # `site` includes the role entra_app, which `rotate_secret` checks, only when its turn comes.
    [(EXAMPLE, 2, "site", 5), (EXAMPLE, 2, "verify", 1), (MICROSOFT, 1, "site", 5), (MICROSOFT, 1, "verify", 1),
     (MICROSOFT, 1, "rotate_secret", 1)],
)
def test_the_roles_accept_the_inventories(tmp_path: Path, inventory: Path, hosts: int, playbook: str, roles: int) -> None:
    """Every variable has the type that the role specifies. The test contacts no host."""
    # Ansible checks a role's arguments with any tags; no task has this tag.
    output = run(tmp_path, "ansible-playbook", "-i", str(inventory), f"playbooks/{playbook}.yml", "--tags", "nothing-else")
    assert output.count("ok: [catalog") == hosts * roles
    assert len(re.findall(rf"ok={roles} +changed=0 +unreachable=0 +failed=0", output)) == hosts


ONE_MAILBOX = ["--extra-vars", "replies_address=catalog-replies@example.com"]
# Values in JSON are typed: the list of hosts is a list.
ONE_DATABASE = ["--extra-vars", json.dumps({
    "application_database_url": "postgresql://c@db.example.com/c",
    "application_cluster": ["catalog1.example.com", "catalog2.example.com"],
}), "--tags", "nothing-else"]  # fmt: skip


@pytest.mark.parametrize(("options", "refused"), [
    (["--check"], True), (["--limit", "catalog1.example.com"], True), (ONE_DATABASE, False),
])  # fmt: skip
def test_two_databases_on_one_mailbox_are_refused(tmp_path: Path, options: list[str], refused: bool) -> None:
    """`site` names hosts, mailbox and remedy before it contacts a host; hosts that share a database are accepted."""
    password = tmp_path / "password"
    password.write_text(documented_password(), encoding="utf-8")
    inventory = ["-i", EXAMPLE, "--vault-password-file", password]
    done = run_ansible("ansible-playbook", *inventory, "playbooks/site.yml", *ONE_MAILBOX, *options)
    assert (done.returncode != 0) is refused, done.stdout + done.stderr
    found = " ".join(done.stdout.split())
    words = "the hosts catalog1.example.com, catalog2.example.com have one mailbox of replies (catalog-replies@example.com)"
    assert (words in found) is refused, done.stdout
    if refused:
        assert done.stdout.count("TASK [") == 1, done.stdout
        assert "fictitious" not in done.stdout + done.stderr


def test_every_setting_is_a_role_variable() -> None:
    """Ansible ignores a misspelt variable, so the test looks up each one in the roles' specifications."""
    specified = set()
    for role in ("postfix", "runtime", "application", "entra_app", "email_settings", "reply_sync", "verify"):
        text = (ROOT / f"collections/ansible_collections/catalog/mail/roles/{role}/meta/argument_specs.yml").read_text(
            encoding="utf-8")
        specified |= set(re.findall(r"^      (\w+):$", text, re.MULTILINE))
    files = [EXAMPLE / "group_vars/catalog/mail.yml", *(EXAMPLE / "host_vars").glob("*.yml")]
    files += [MICROSOFT / "group_vars/catalog.yml", *(ROOT / "molecule/shared/microsoft").glob("*_vars/*.yml")]
    files += (ROOT / "inventories/lab").glob("*_vars/catalog*.yml")
    for file in files:
        text = file.read_text(encoding="utf-8")
        names = re.findall(
            r"^((?:postfix|runtime|application|entra_app|email_settings|reply_sync|verify)_\w+):", text, re.MULTILINE)
        assert names
        assert set(names) <= specified, file
