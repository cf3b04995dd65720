"""The documentation names the defaults of the service, which the modules and roles themselves do not set."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.catalog.mail.plugins.modules import email_settings
from catalog_mail.config import Config
from catalog_mail.domain.settings.document import Document
from pydantic import BaseModel

ROLES = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail/roles"
SAYS = re.compile(r"service's default is (?:V\()?([^).,]*|no limit)")
# Descriptions that name their default in another form: it depends on another setting, or is a text of no characters.
OTHERWISE = {
    "notifications.from.display_name": "The service's default is no name.",
    "notifications.smtp.tls": "sending fails when the server does not offer that. It is the service's default. V(implicit)",
    "interactions.imap.tls": "but the service's default is V(implicit)",
    "interactions.intent_tracking": "V(auto), the service's default,",
    "interactions.archive.enabled": "The service's default is V(true) for V(imap), V(false) for V(microsoft).",
}


def defaults(model: type[BaseModel], above: str = "") -> dict[str, Any]:
    """The default of each field of a settings document by its path, without those that are empty."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias or name}"
        value = field.get_default(call_default_factory=True)
        if isinstance(value, BaseModel):
            found |= defaults(type(value), f"{path}.")
        elif value is not None:
            found[path] = value.value if isinstance(value, Enum) else value
    return found


def described(options: dict[str, Any], below: str, above: str = "") -> dict[str, str]:
    """The description of each option by its path, in one line."""
    found: dict[str, str] = {}
    for name, option in options.items():
        lines = option["description"] if isinstance(option["description"], list) else [option["description"]]
        found[above + name] = " ".join(lines)
        found |= described(option.get(below) or {}, below, f"{above}{name}.")
    return found


def of_role(role: str, prefix: str, *sections: str) -> dict[str, str]:
    text = (ROLES / role / "meta/argument_specs.yml").read_text(encoding="utf-8")
    options = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    return described({section: options[f"{prefix}_{section}"] for section in sections}, "options")


def spoken(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


SETTINGS = defaults(Document)
OF_MODULE = described(yaml.safe_load(email_settings.DOCUMENTATION)["options"], "suboptions")
OF_ROLE = of_role("email_settings", "email_settings", "notifications", "interactions")
SECTIONS = ("queue", "replies", "microsoft")
CONFIGURED = {path: value for path, value in defaults(Config).items() if path.partition(".")[0] in SECTIONS}
OF_APPLICATION = of_role("application", "application", *SECTIONS)


@pytest.mark.parametrize("where", ["module", "role"])
@pytest.mark.parametrize("path", sorted(SETTINGS | {"interactions.archive.enabled": None}))
def test_settings_name_the_service_default(path: str, where: str) -> None:
    text = (OF_MODULE if where == "module" else OF_ROLE)[path]
    if path in OTHERWISE:
        assert OTHERWISE[path] in text
    else:
        assert SAYS.findall(text) == [spoken(SETTINGS[path])]


@pytest.mark.parametrize("path", sorted(CONFIGURED))
def test_options_of_the_application_name_the_service_default(path: str) -> None:
    assert SAYS.findall(OF_APPLICATION[path]) == [spoken(CONFIGURED[path])]


def test_no_default_is_named_that_the_service_does_not_have() -> None:
    named = {path for path, text in (OF_MODULE | OF_ROLE).items() if SAYS.search(text)}
    assert named <= set(SETTINGS) | set(OTHERWISE)
    assert {path for path, text in OF_APPLICATION.items() if SAYS.search(text)} == set(CONFIGURED)


def test_the_service_chooses_archiving_by_the_receiver() -> None:
    for receiver, archived in (("imap", True), ("microsoft", False)):
        document = Document.model_validate({"interactions": {"receiver": receiver}})
        assert document.interactions.archive.enabled is archived
