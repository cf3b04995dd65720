# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's options, its documentation and the role agree with the e-mail settings in the service's API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.catalog.mail.plugins.module_utils._application.settings_options import SECRETS, SETTINGS
from ansible_collections.catalog.mail.plugins.modules import email_settings
from catalog_mail.api.app import description

ROLE = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail/roles/email_settings"
# Read-only in the document, besides those with "Read-only" in their description.
TOLD = {"deployment", "changed_at", "changed_by"}
TYPES = {"string": {"str", "path"}, "integer": {"int"}, "boolean": {"bool"}, "object": {"dict"}}
SECRET_AS_READ = "#/components/schemas/SecretState"
# Defaults that depend on another setting, so the schema has none.
FOLLOWING = {"interactions.archive.enabled": ("true", "false")}


def resolved(schemas: Mapping[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    """Resolve the references of a property; of alternative forms, return the one that a person writes."""
    result = dict(node)
    forms = [form for form in node.get("anyOf", []) if form.get("type") != "null" and form.get("$ref") != SECRET_AS_READ]
    if forms:
        assert len(forms) == 1, node
        result |= resolved(schemas, forms[0])
    if "$ref" in node:
        result = {**schemas[node["$ref"].rpartition("/")[2]], **{name: value for name, value in node.items() if name != "$ref"}}
    return result


def properties(schemas: Mapping[str, Any], node: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each writable property by its dotted path."""
    for name, value in node.get("properties", {}).items():
        found = resolved(schemas, value)
        if "Read-only" in found.get("description", ""):
            continue
        yield above + name, found
        yield from properties(schemas, found, f"{above}{name}.")


def schema() -> dict[str, dict[str, Any]]:
    """Return the settings of the API by their path, without the read-only ones in TOLD."""
    schemas: Any = description()["components"]
    schemas = schemas["schemas"]
    return {path: one for path, one in properties(schemas, schemas["Document"]) if path not in TOLD}


def flat(options: Mapping[str, Any], below: str, above: str = "") -> dict[str, dict[str, Any]]:
    """Return Ansible options by their path; `below` is the key of an option's suboptions."""
    found = {}
    for name, option in options.items():
        found[above + name] = option
        found |= flat(option.get(below) or {}, below, f"{above}{name}.")
    return found


def documented() -> dict[str, dict[str, Any]]:
    """Return the module's documented options in the two sections."""
    options = yaml.safe_load(email_settings.DOCUMENTATION)["options"]
    return flat({name: options[name] for name in SETTINGS}, "suboptions")


def of_the_role() -> dict[str, dict[str, Any]]:
    """Return the role's options for the two sections, by the settings' names."""
    options = yaml.safe_load((ROLE / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    return flat({name: options[f"email_settings_{name}"] for name in SETTINGS}, "options")


SCHEMA = schema()
MODULE, DOCUMENTED, OF_THE_ROLE = flat(SETTINGS, "options"), documented(), of_the_role()
COPIES = [pytest.param(MODULE, id="module"), pytest.param(DOCUMENTED, id="documentation"), pytest.param(OF_THE_ROLE, id="role")]


def text_of(option: Mapping[str, Any]) -> str:
    """Return a description as one text."""
    told = option["description"]
    return " ".join(told if isinstance(told, list) else [told])


def test_the_schema_is_read():
    assert SCHEMA["notifications.smtp.port"]["default"] == 587
    assert SCHEMA["interactions.microsoft.cloud"]["enum"] == ["global", "us_gov", "us_gov_dod", "china"]
    assert len(SCHEMA) > 40


@pytest.mark.parametrize("copy", COPIES)
def test_settings_have_the_names_of_the_api(copy: dict[str, dict[str, Any]]):
    assert set(copy) == set(SCHEMA)


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("path", list(SCHEMA))
def test_a_setting_has_type_and_choices_of_the_api(copy: dict[str, dict[str, Any]], path: str):
    assert copy[path]["type"] in TYPES[SCHEMA[path]["type"]]
    assert set(copy[path].get("choices") or []) == set(SCHEMA[path].get("enum", []))


@pytest.mark.parametrize("path", list(SCHEMA))
def test_types_of_module_documentation_and_role_are_equal(path: str):
    assert MODULE[path]["type"] == DOCUMENTED[path]["type"] == OF_THE_ROLE[path]["type"]


def test_the_secrets_of_the_api_are_kept_out_of_logs():
    secrets = {path for path, one in SCHEMA.items() if one.get("format") == "password"}
    assert secrets == SECRETS
    assert secrets == {path for path, option in MODULE.items() if option.get("no_log")}
    assert secrets == {path for path, option in OF_THE_ROLE.items() if option.get("no_log")}


@pytest.mark.parametrize("copy", COPIES)
def test_options_have_no_defaults(copy: dict[str, dict[str, Any]]):
    """A default of an option would overwrite a setting that a task omits."""
    sections = set(SETTINGS)
    assert {path for path, option in copy.items() if "default" in option and path not in sections} == set()


def defaults() -> Iterator[tuple[str, str]]:
    """Return each default of the service in Ansible's notation."""
    for path, one in SCHEMA.items():
        value = one.get("default")
        if value not in (None, ""):
            yield path, str(value).lower() if isinstance(value, bool) else str(value)
    for path, values in FOLLOWING.items():
        yield from ((path, value) for value in values)


@pytest.mark.parametrize("copy", COPIES[1:])
@pytest.mark.parametrize("path, value", list(defaults()))
def test_a_description_names_the_default(copy: dict[str, dict[str, Any]], path: str, value: str):
    sentences = re.split(r"(?<=\.)\s+", text_of(copy[path]))
    assert [one for one in sentences if "default" in one.lower() and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", one)]


def test_each_documented_default_is_checked():
    assert len(list(defaults())) == 21
