# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata of a client secret or certificate: kept with the credential, removed with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.settings.certificate import facts
from catalog_mail.domain.settings.fields import InvalidValue, timestamp
from catalog_mail.domain.settings.reading import REGISTRATIONS, value_at
from catalog_mail.services.settings_editor import EmailTestOptions
from helpers.service.certificates import Authority
from helpers.service.settings_memory import ADMIN, SettingsInMemory

APP = {"tenant_id": "corp.test", "client_id": "11111111-2222-3333-4444-555555555555"}
SECRET = {**APP, "client_secret": "first", "client_secret_key_id": "key-1", "client_secret_expires_at": "2027-05-01T10:00:00Z"}
KNOWN = ("key-1", "2027-05-01T10:00:00Z")


def saved(memory: SettingsInMemory, section: str, **app: Any) -> None:
    """Save this registration."""
    sections: dict[str, Any] = {"notifications": {"enabled": False}, "interactions": {}}
    sections[section.partition(".")[0]]["microsoft"] = app
    memory.editor.save(sections, options=EmailTestOptions(wanted=False), if_match=None, principal=ADMIN)


def shown(memory: SettingsInMemory, section: str) -> tuple[Any, Any]:
    """Return key ID and end as they are read."""
    part = value_at(memory.settings.read().document, section)
    return part["client_secret_key_id"], part["client_secret_expires_at"]


@pytest.fixture(params=REGISTRATIONS)
def section(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize(
    ("then", "known"),
    [
        (APP, KNOWN),  # the update omits the secret, so the secret is kept with its metadata
        ({**APP, "client_secret": "first"}, KNOWN),
        ({**APP, "client_secret": "second"}, (None, None)),
        ({**APP, "client_secret": "second", "client_secret_key_id": "key-2"}, ("key-2", None)),
        ({**APP, "client_secret_key_id": "key-2"}, ("key-2", KNOWN[1])),
        ({**APP, "client_secret_key_id": None, "client_secret_expires_at": None}, (None, None)),
        ({**APP, "client_secret": None}, (None, None)),
        ({**SECRET, "client_secret": None}, (None, None)),
        ({}, (None, None)),  # without a tenant the secret is deleted
        ({**APP, "client_secret": {"present": True}, "certificate_thumbprint": "AB"}, KNOWN),
    ],
)
def test_metadata_is_kept_and_removed_with_its_secret(section: str, then: dict[str, Any], known: tuple[Any, Any]) -> None:
    memory = SettingsInMemory()
    saved(memory, section, **SECRET)
    assert shown(memory, section) == KNOWN
    saved(memory, section, **then)
    assert shown(memory, section) == known


@pytest.mark.parametrize("name", ["client_secret_key_id", "client_secret_expires_at"])
def test_metadata_without_a_secret_is_refused(section: str, name: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        saved(SettingsInMemory(), section, **APP, **{name: SECRET[name]})
    assert refusal.value.field == f"{section}.{name}"


def test_a_plan_shows_the_metadata(section: str) -> None:
    memory = SettingsInMemory()
    saved(memory, section, **SECRET)
    app = {**APP, "client_secret": "second", "client_secret_key_id": "key-2"}
    sections: dict[str, Any] = {"notifications": {"enabled": False}, "interactions": {}}
    sections[section.partition(".")[0]]["microsoft"] = app
    assert [(change.path.rpartition(".")[2], change.before, change.after) for change in memory.editor.plan(sections)] == [
        ("client_secret_key_id", "key-1", "key-2"),
        ("client_secret_expires_at", KNOWN[1], None),
        ("client_secret", "present", "changed"),
    ]


def test_credential_metadata_is_saved_without_a_test_message() -> None:
    memory = SettingsInMemory()
    sections = {
        "notifications": {"transport": "microsoft", "microsoft": {**SECRET, "email_address": "catalog@corp.test"}},
    }
    memory.editor.save(sections, options=EmailTestOptions(wanted=False), if_match=None, principal=ADMIN)
    sections["notifications"]["microsoft"]["client_secret_key_id"] = "key-2"  # type: ignore[index]
    done = memory.editor.save(sections, options=EmailTestOptions(), if_match=None, principal=ADMIN)
    assert ([change.path for change in done.changes], done.email_test) == (["notifications.microsoft.client_secret_key_id"], None)


def test_a_document_of_an_earlier_version_is_shown(section: str) -> None:
    memory = SettingsInMemory()
    saved(memory, section, **APP)
    part = value_at(memory.store.stored.document, section)
    for name in ("client_secret_key_id", "client_secret_expires_at"):
        del part[name]
    assert shown(memory, section) == (None, None)


def test_metadata_is_read_from_a_certificate(section: str, tmp_path: Path) -> None:
    memory = SettingsInMemory()
    text = Authority(tmp_path).server_file("catalog").read_text(encoding="utf-8")
    saved(memory, section, **APP, certificate=text)
    found = facts(text)
    part = value_at(memory.settings.read().document, section)
    assert found is not None
    assert part["certificate_thumbprint"] == found.thumbprint
    assert len(found.thumbprint) == 40
    assert part["certificate_expires_at"] == found.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    saved(memory, section, **part)  # sent back unchanged
    assert value_at(memory.settings.read().document, section) == part


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n\u2603\n-----END CERTIFICATE-----\n",
    ],
)
def test_without_a_certificate_there_is_no_metadata(text: str | None) -> None:
    assert facts(text) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2027-05-01T10:00:00Z", "2027-05-01T10:00:00Z"),
        ("2027-05-01T10:00:00.1234567Z", "2027-05-01T10:00:00Z"),
        ("2027-05-01t12:00:00+02:00", "2027-05-01T10:00:00Z"),
        ("2027-05-01T09:30:00.5-00:30", "2027-05-01T10:00:00Z"),
    ],
)
def test_a_timestamp_has_one_form(text: str, read: str) -> None:
    assert timestamp(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "", "2027-05-01", "2027-05-01T10:00:00", "2027-13-01T10:00:00Z", "0001-01-01T00:00:00+23:59", "tomorrow",
        "2027-05-01T10:00:00Z\n",
    ],
)
def test_an_invalid_timestamp_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        timestamp(text)
