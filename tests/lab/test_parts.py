# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package sources, certificates and passwords of the lab; these tests need no host."""
from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import types

import pytest

SHARED = pathlib.Path(__file__).resolve().parents[2] / "molecule" / "shared"
MIRROR = "http://mirror.example/debian/"


@pytest.fixture
def parts(monkeypatch, tmp_path) -> types.SimpleNamespace:
    """Return the modules of labkit, with an empty lab folder."""
    monkeypatch.syspath_prepend(SHARED)
    monkeypatch.setenv("CATALOG_MAIL_LAB_HOME", str(tmp_path))
    from labkit import certificates, definition, images, state  # noqa: PLC0415  the fixture sets the import path first

    return types.SimpleNamespace(certificates=certificates, definition=definition, images=images, state=state)


@pytest.mark.parametrize(
    ("suite", "sources", "expected"),
    [
        ("bookworm", [(MIRROR, "bookworm", "main")], [f"deb {MIRROR} bookworm main"]),
        ("trixie", [(MIRROR, "bookworm", "main")], [f"deb {MIRROR} trixie main"]),
        (
            "trixie",
            [(MIRROR, "bookworm-security", "main"), (MIRROR, "bookworm-updates", "main")],
            [f"deb {MIRROR} trixie-security main", f"deb {MIRROR} trixie-updates main"],
        ),
        ("trixie", [(MIRROR, "bookworm-backports", "main"), (MIRROR, "bookworm", "main")], [f"deb {MIRROR} trixie main"]),
        ("bookworm", [(MIRROR, "bookworm", "main"), (MIRROR, "trixie", "main")], [f"deb {MIRROR} bookworm main"]),
    ],
)
def test_sources_are_rewritten_for_another_release(parts, suite, sources, expected):
    assert parts.images.lines_for(suite, sources) == expected


def test_certificates_are_reused(parts, tmp_path):
    parts.certificates.ensure()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    assert {path.name for path in before} > {"ca.crt", "mail.key", "other.crt", "untrusted.crt"}
    parts.certificates.ensure()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before


def remove_key(folder: pathlib.Path) -> None:
    (folder / "mail.key").unlink()


def cut_short(folder: pathlib.Path) -> None:
    (folder / "other.crt").write_text("-----BEGIN CERTIFICATE-----\n")


def swap_keys(folder: pathlib.Path) -> None:
    shutil.copy(folder / "other.key", folder / "mail.key")


@pytest.mark.parametrize("damage", [remove_key, cut_short, swap_keys, shutil.rmtree])
def test_damaged_certificates_are_replaced_with_the_ca(parts, tmp_path, damage):
    parts.certificates.ensure()
    authority = (tmp_path / "ca.crt").read_text()
    damage(tmp_path / "certificates")
    parts.certificates.ensure()
    assert (tmp_path / "ca.crt").read_text() != authority
    subprocess.run(
        ["openssl", "verify", "-CAfile", tmp_path / "ca.crt", "-verify_hostname", "mail.corp.test",
         tmp_path / "certificates" / "mail.crt"],
        check=True, capture_output=True,
    )


def test_certificates_that_lack_a_name_are_made_anew(parts, monkeypatch, tmp_path):
    parts.certificates.ensure()
    authority = (tmp_path / "ca.crt").read_text()
    names = {**parts.certificates._NAMES, "other": ("lab-ca", ("other.corp.test", "new.corp.test"))}
    monkeypatch.setattr(parts.certificates, "_NAMES", names)
    parts.certificates.ensure()
    assert (tmp_path / "ca.crt").read_text() != authority


@pytest.mark.parametrize(("days", "reused"), [(29, False), (31, True)])
def test_certificates_are_renewed_30_days_before_expiry(parts, monkeypatch, tmp_path, days, reused):
    monkeypatch.setattr(parts.certificates, "_VALID_DAYS", days)
    parts.certificates.ensure()
    authority = (tmp_path / "ca.crt").read_text()
    parts.certificates.ensure()
    assert ((tmp_path / "ca.crt").read_text() == authority) is reused


def test_passwords_are_generated_once_and_differ(parts, tmp_path):
    first = parts.state.credentials()
    assert set(first) == set(parts.definition.USERS)
    assert len(set(first.values())) == len(first)
    assert parts.state.credentials() == first
    assert json.loads((tmp_path / "credentials.json").read_text()) == {"users": first}


def test_only_a_new_user_gets_a_new_password(parts, tmp_path):
    (tmp_path / "credentials.json").write_text('{"users": {"alice@corp.test": "kept", "gone@corp.test": "x"}}')
    users = parts.state.credentials()
    assert set(users) == set(parts.definition.USERS)
    assert users["alice@corp.test"] == "kept"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"users": null}'])
def test_an_invalid_credentials_file_is_replaced(parts, tmp_path, content):
    (tmp_path / "credentials.json").write_text(content)
    assert set(parts.state.credentials()) == set(parts.definition.USERS)


def test_a_changed_definition_changes_the_image_tag(parts):
    image = parts.definition.HOSTS["catalog12"].image
    other = parts.definition.Image(image.name, image.suite, image.include, (*image.carries, "swaks"))
    assert other.tag() != image.tag()
    assert other.tag().rpartition(":")[0] == image.tag().rpartition(":")[0]
