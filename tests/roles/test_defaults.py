# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The defaults of each role pass the role's own argument specification."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ROLES = Path(__file__).parents[2] / "collections/ansible_collections/catalog/mail/roles"
DESCRIBED = sorted(path.parents[1].name for path in ROLES.glob("*/meta/argument_specs.yml"))


def read(role: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROLES / role / path).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("role", DESCRIBED)
def test_the_defaults_of_a_role_pass_its_specification(role: str) -> None:
    options = read(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = {
        name: value for name, value in read(role, "defaults/main.yml").items() if "{{" not in str(value)}
    assert set(defaults) <= set(options)
    # Required options have no default, so the test omits them.
    specification = {name: {**option, "required": False} for name, option in options.items()}
    found = ArgumentSpecValidator(specification).validate(defaults)
    assert found.error_messages == []
