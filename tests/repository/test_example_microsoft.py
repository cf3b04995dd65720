# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example inventory for Microsoft 365 is the lab's with other names, so that the lab's scenarios show that it works.

Scenario modern_auth passes `site` and `verify` with the lab's inventory. Each variable that the example has beyond it is
tried in the file that is named here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
EXAMPLE = ("inventories/example_microsoft/group_vars/catalog.yml",)
LAB = (
    "inventories/lab/group_vars/lab.yml", "inventories/lab/group_vars/catalog.yml",
    "molecule/shared/microsoft/group_vars/catalog.yml", "molecule/shared/microsoft/host_vars/catalog12.yml")
BEYOND_THE_LAB = {
    "postfix_mydestination": "tests/roles/test_postfix_variables.py",
    "entra_app_registrations[].mailboxes[]": "molecule/modern_auth/verify.yml",
    "entra_app_registrations[].credential": "molecule/rotate_secret/vars/by_certificate.yml",
    "entra_app_valid_days": "tests/rotation/test_life_cycle.py",
    "entra_app_rotate_before_days": "tests/rotation/test_life_cycle.py",
    "entra_app_propagation_timeout": "tests/rotation/test_life_cycle.py",
    "email_settings_notifications.from.address": "molecule/builtin_smtp/group_vars/catalog.yml",
    "email_settings_interactions.authserv_id": "tests/service/system/test_graph_replies.py",
    "email_settings_interactions.quick_look": "tests/service/system/test_graph_quick_look.py",
    "verify_graph_mailbox": "molecule/modern_auth/verify.yml",
    # Scenario modern_auth uses its default.
    "verify_timeout": "collections/ansible_collections/catalog/mail/roles/verify/tasks/main.yml",
}
"""Variable of the example that the lab's inventory lacks -> the file in which it is tried."""


def variables(files: tuple[str, ...]) -> dict[str, Any]:
    """Return the variables of these files; a later file replaces whole variables of an earlier one, as in Ansible."""
    found: dict[str, Any] = {}
    for file in files:
        found.update(yaml.safe_load((ROOT / file).read_text(encoding="utf-8")))
    return found


def kinds(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path of each value that holds no others, such as `a.b[].c`, and the name of its type."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from kinds(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for each in value:
            yield from kinds(each, f"{path}[]")
    else:
        yield path, type(value).__name__


def test_common_variables_have_the_same_kind() -> None:
    example, lab = (dict(kinds(variables(files))) for files in (EXAMPLE, LAB))
    common = example.keys() & lab.keys()
    assert {path: example[path] for path in common} == {path: lab[path] for path in common}
    assert {"entra_app_registrations[].uses[]", "email_settings_notifications.microsoft.email_address"} <= common


def test_settings_that_choose_microsoft_have_the_same_values() -> None:
    example, lab = variables(EXAMPLE), variables(LAB)
    for found in (example, lab):
        assert found["email_settings_notifications"]["transport"] == "microsoft"
        assert found["email_settings_interactions"]["receiver"] == "microsoft"
    names = ("unique_name", "display_name", "uses")
    one, other = (found["entra_app_registrations"][0] for found in (example, lab))
    assert [one[name] for name in names] == [other[name] for name in names]


def test_each_further_variable_of_the_example_is_tried_elsewhere() -> None:
    example, lab = (dict(kinds(variables(files))) for files in (EXAMPLE, LAB))
    assert example.keys() - lab.keys() == BEYOND_THE_LAB.keys() | {"ansible_user"} - lab.keys()
    for path, file in BEYOND_THE_LAB.items():
        name = path.replace("[]", "").rpartition(".")[2]
        assert name in (ROOT / file).read_text(encoding="utf-8"), path
