# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of tasks have the form that every promised ansible-core understands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "collections/ansible_collections/catalog/mail"
FILES = [*COLLECTION.glob("roles/*/tasks/*.yml"), *COLLECTION.glob("roles/*/handlers/*.yml"), *COLLECTION.glob("playbooks/*.yml"),
         *ROOT.glob("playbooks/*.yml")]  # fmt: skip
CONDITIONS = ("when", "changed_when", "failed_when", "until", "that")


def conditions(item: Any) -> Iterator[str]:
    """Yield every condition in a playbook or a list of tasks."""
    if isinstance(item, list):
        for one in item:
            yield from conditions(one)
    elif isinstance(item, dict):
        for name, value in item.items():
            if name in CONDITIONS:
                yield from (str(one) for one in (value if isinstance(value, list) else [value]))
            else:
                yield from conditions(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_choice_is_in_brackets(path: Path) -> None:
    """Up to 2.18 a condition is put between `{% if` and `%}`, where `a if b else c` is an error."""
    found = list(conditions(yaml.safe_load(path.read_text())))
    assert [text for text in found if " if " in text and not (text.startswith("(") and text.endswith(")"))] == []


SPECS = [yaml.safe_load(path.read_text()) for path in COLLECTION.glob("roles/*/meta/argument_specs.yml")]
TYPED = {
    name for spec in SPECS for entry in spec["argument_specs"].values() for name, option in entry["options"].items()
    if option.get("type") in ("bool", "int")} | {"site_application", "site_reply_sync"}  # fmt: skip
EXPRESSION = re.compile(r"{{(.*?)}}", re.DOTALL)
VARIABLES = [*COLLECTION.glob("roles/*/vars/*.yml"), *COLLECTION.glob("roles/*/defaults/*.yml")]


def unconverted(expression: str) -> list[str]:
    """Return the variables of types bool and int that the expression computes with as they are."""
    without_texts = re.sub(r"'[^']*'", "''", expression)
    converted = re.sub(r"\b(\w+)( \| default\([^)]*\))? \| (bool|int|string)\b", "", without_texts)
    return [] if expression.strip() in TYPED else sorted(TYPED & set(re.findall(r"\w+", converted)))


@pytest.mark.parametrize("path", [*FILES, *VARIABLES], ids=lambda path: str(path.relative_to(ROOT)))
def test_booleans_and_numbers_are_converted(path: Path) -> None:
    """`-e name=false` gives a text: it is true in an expression, no condition for newer versions, and no number."""
    text = "".join(line for line in path.read_text().splitlines(keepends=True) if not line.lstrip().startswith("#"))
    found = [*conditions(yaml.safe_load(text)), *EXPRESSION.findall(text)]
    assert {one: unconverted(one) for one in found if unconverted(one)} == {}


def test_the_rule_finds_what_it_is_for() -> None:
    assert unconverted("site_application | default(true)") == ["site_application"]
    assert unconverted("x and not site_application | default(true) | bool") == []
    assert unconverted(" site_application ") == []
