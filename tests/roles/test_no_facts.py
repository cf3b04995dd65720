# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No play and no role gathers facts: that costs each host a task that is slower than most others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "collections/ansible_collections/catalog/mail"
PLAYBOOKS = sorted((COLLECTION / "playbooks").glob("*.yml"))
ROLE_FILES = sorted(path for path in (COLLECTION / "roles").glob("*/*/*") if path.suffix in {".yml", ".j2"})
# Where plays set their check mode, which --check must not lose.
SETTING = re.compile(r"^ *(site__check_mode_of_plays|check_mode): .*", re.MULTILINE)
FACTS = re.compile(r"\bansible_(facts|os_family|distribution\w*|hostname|fqdn|default_ipv4)\b|\b(setup|gather_facts):")


class _Loader(yaml.SafeLoader):
    """Reads tags of Ansible, such as !unsafe, as plain text."""


_Loader.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_scalar(node))


def plays(path: Path) -> list[dict[str, Any]]:
    """Return the plays of a playbook that run on hosts; imported playbooks are files of their own."""
    return [play for play in yaml.load(path.read_text(encoding="utf-8"), _Loader) if "hosts" in play]  # noqa: S506  # a safe loader


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_no_play_gathers_facts(path: Path) -> None:
    assert [play["name"] for play in plays(path) if play.get("gather_facts") is not False] == []


@pytest.mark.parametrize("path", ROLE_FILES, ids=lambda path: str(path.relative_to(COLLECTION / "roles")))
def test_no_role_gathers_or_reads_facts(path: Path) -> None:
    assert FACTS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", [*PLAYBOOKS, *ROLE_FILES], ids=lambda path: str(path.relative_to(COLLECTION)))
def test_no_role_reads_the_check_mode_of_ansible(path: Path) -> None:
    """It stays false where a play or a task sets check_mode; the modules return the mode of their task as check_mode."""
    assert "ansible_check_mode" not in SETTING.sub("", path.read_text(encoding="utf-8"))


def test_the_playbooks_and_roles_are_found() -> None:
    assert {"site", "verify"} <= {path.stem for path in PLAYBOOKS}
    assert len(ROLE_FILES) > len(list((COLLECTION / "roles").glob("*/tasks/main.yml")))
