# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file and the unit of role application, rendered from the role's own files, and read by the service."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from catalog_mail.config import Config, check
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.http_limits import OTHER_FILES, HttpLimits

ROLES = Path(__file__).parents[2] / "collections/ansible_collections/catalog/mail/roles"
ROLE = ROLES / "application"


def configuration(**settings: Any) -> Config:
    """Return the configuration that the service reads from the file that the role writes."""
    loader = DataLoader()
    variables: dict[str, Any] = {"application_base_url": "https://catalog.example.com"}
    for file in ("defaults/main.yml", "vars/main.yml"):
        variables.update(loader.load_from_file(str(ROLE / file), trusted_as_template=True))
    variables.update(settings)
    text = (ROLE / "templates/config.toml.j2").read_text(encoding="utf-8")
    rendered = Templar(loader=loader, variables=variables).template(trust_as_template(text))
    return check(tomllib.loads(rendered), Path("config.toml"))


def test_hosts_and_limits_reach_the_service() -> None:
    usual = configuration()
    assert usual.allowed_hosts == []
    assert HttpLimits(**usual.http.model_dump()) == HttpLimits()
    hosts = ["proxy", "mail.example.com:8443", "[2001:db8::1]"]
    found = configuration(application_allowed_hosts=hosts, application_http={"connections": 50, "body_timeout": None})
    assert found.allowed_hosts == hosts
    assert HttpLimits(**found.http.model_dump()) == HttpLimits(connections=50)


@pytest.mark.parametrize("host", ["*.example.com", "https://proxy", "2001:db8::1", "proxy/path", "", "a b"])
def test_hosts_that_the_service_refuses(host: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        configuration(application_allowed_hosts=[host])
    assert caught.value.field == "allowed_hosts.0"
    assert "[2001:db8::1]" in str(caught.value)


@pytest.mark.parametrize("template", ["application/templates/catalog-mail.service.j2", "reply_sync/templates/process.j2"])
def test_units_allow_the_files_that_connections_need(template: str) -> None:
    found = re.search(r"^LimitNOFILE=(\d+)$", (ROLES / template).read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    assert int(found[1]) >= HttpLimits().connections + OTHER_FILES
