# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The refusals of role entra_app, rendered from the role's own files by Ansible itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROLE = Path(__file__).parents[2] / "collections/ansible_collections/catalog/mail/roles/entra_app"
VALID = [{"unique_name": "x", "uses": ["notifications"]}, {"unique_name": "y", "uses": ["interactions"]}]


def refusals(**settings: Any) -> list[str]:
    """Return the role's refusals of these settings."""
    loader = DataLoader()
    variables: dict[str, Any] = {"inventory_hostname": "catalog1"}
    for file in ("defaults/main.yml", "vars/main.yml"):
        variables.update(loader.load_from_file(str(ROLE / file), trusted_as_template=True))
    variables.update(entra_app_registrations=VALID, **settings)
    found: list[str] = Templar(loader=loader, variables=variables).template(variables["entra_app__refusals"])
    return found


def test_valid_settings() -> None:
    assert refusals() == []
    assert refusals(entra_app_grace_seconds=0, entra_app_propagation_timeout=0, entra_app_rotate_before_days=0) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entra_app_valid_days", 3651),
        ("entra_app_rotate_before_days", 180),
        ("entra_app_grace_seconds", -1),
        ("entra_app_propagation_timeout", 86401),
    ],
)
def test_a_value_out_of_range(name: str, value: int) -> None:
    """Each is refused by its own sentence."""
    [text] = refusals(**{name: value})
    assert text.startswith(f"{name}: ")
    assert str(value) in text


def test_several_values_out_of_range() -> None:
    """All are named at a time."""
    found = refusals(entra_app_grace_seconds=-1, entra_app_propagation_timeout=-1)
    assert [text.partition(":")[0] for text in found] == ["entra_app_grace_seconds", "entra_app_propagation_timeout"]
