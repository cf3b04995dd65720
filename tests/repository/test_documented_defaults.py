# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's documentation names the defaults of the service's configuration file, which the role itself does not set.

test_twins_settings.py checks the same for the e-mail settings.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import yaml
from catalog_mail.config import Config
from pydantic import BaseModel

ROLES = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail/roles"
SAYS = re.compile(r"service's default is (?:V\()?([^).,]*|no limit)")


def defaults(model: type[BaseModel], above: str = "") -> dict[str, Any]:
    """Return the non-empty default of each field of a settings document by its path."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias or name}"
        value = field.get_default(call_default_factory=True)
        if isinstance(value, BaseModel):
            found |= defaults(type(value), f"{path}.")
        elif value is not None:
            found[path] = value.value if isinstance(value, Enum) else value
    return found


def described(options: dict[str, Any], above: str = "") -> dict[str, str]:
    """Return the description of each option by its path, in one line."""
    found: dict[str, str] = {}
    for name, option in options.items():
        lines = option["description"] if isinstance(option["description"], list) else [option["description"]]
        found[above + name] = " ".join(lines)
        found |= described(option.get("options") or {}, f"{above}{name}.")
    return found


def spoken(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


SECTIONS = ("queue", "http", "replies", "microsoft")
SPECIFICATION = yaml.safe_load((ROLES / "application/meta/argument_specs.yml").read_text(encoding="utf-8"))
OPTIONS = SPECIFICATION["argument_specs"]["main"]["options"]
DESCRIPTIONS = described({section: OPTIONS[f"application_{section}"] for section in SECTIONS})
CONFIGURED = {path: value for path, value in defaults(Config).items() if path.partition(".")[0] in SECTIONS}


@pytest.mark.parametrize("path", sorted(CONFIGURED))
def test_options_of_the_application_name_the_service_default(path: str) -> None:
    assert SAYS.findall(DESCRIPTIONS[path]) == [spoken(CONFIGURED[path])]


def test_documented_defaults_exist_in_the_service() -> None:
    assert {path for path, text in DESCRIPTIONS.items() if SAYS.search(text)} == set(CONFIGURED)
