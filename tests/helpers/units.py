# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd units of the roles application and reply_sync, rendered from their templates."""

from __future__ import annotations

from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROLES = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail/roles"
APPLICATION = "catalog-mail.service"
REPLY_SYNC = "catalog-mail-reply-sync.service"
ARCHIVE = "catalog-mail-archive.service"
TIMER = "catalog-mail-archive.timer"


def unit(name: str, systemd: int = 252, **variables: Any) -> str:
    """Return a unit as written to a host, with the role's defaults and these variables."""
    role = "application" if name == APPLICATION else "reply_sync"
    values: dict[str, Any] = {
        **yaml.safe_load((ROLES / role / "defaults/main.yml").read_text(encoding="utf-8")),
        "reply_sync__found": {"systemd_version": systemd, "archive": {"enabled": True, "on_calendar": "Mon 03:30"}},
        **variables,
    }
    # As in Ansible: a line with only a block tag is removed.
    folder = FileSystemLoader(ROLES / role / "templates")
    environment = Environment(loader=folder, trim_blocks=True, autoescape=False, undefined=StrictUndefined)  # noqa: S701
    return environment.get_template(f"{name}.j2").render(values)


def options(name: str, **how: Any) -> RawConfigParser:
    """Return the sections of a unit; the last value of a repeated option."""
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit(name, **how))
    return parser
