# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications for the contract test: each adapter of email_settings with the application that it writes to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.modules.graph_modules import environment
from helpers.modules.module_process import ModuleHost
from helpers.service.alation import Alation
from helpers.service.process import RunningService
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE

MODULES = "ansible_collections.catalog.mail.plugins.modules"
CKAN_INI = """\
# The configuration of a catalog
[DEFAULT]
debug = false

[app:main]
use = egg:ckan
ckan.site_url = http://data.example.com
ckan.plugins = activity
  text_view

## Email settings
#smtp.server = localhost
smtp.starttls = False

[loggers]
keys = root
"""


@dataclass
class Adapter:
    """An application as the modules see it.

    ``options`` name the application to a module; ``state`` returns all that the application keeps of its settings.
    ``unmanaged`` are settings that the adapter refuses; ``removes`` tells whether an empty text removes a setting.
    """

    options: dict[str, Any]
    state: Callable[[], Any]
    host: ModuleHost
    unmanaged: dict[str, Any] = field(default_factory=dict)
    removes: bool = True
    outputs: list[str] = field(default_factory=list)

    def save(self, notifications: dict[str, Any], *, check: bool = False, **more: Any) -> dict[str, Any]:
        """Run email_settings with a test message to alice, unless told otherwise."""
        given = {"notifications": notifications, "test_recipient": "alice@example.com", **more}
        return self._run("email_settings", check, given)

    def read(self) -> dict[str, Any]:
        """Run email_settings_info."""
        return self._run("email_settings_info", False, {})

    def _run(self, module: str, check: bool, given: dict[str, Any]) -> dict[str, Any]:
        words = {**self.options, **given, "_ansible_check_mode": check, "_ansible_diff": True}
        out = self.host.run(f"{MODULES}.{module}", json.dumps({"ANSIBLE_MODULE_ARGS": words}), environment(), PATIENCE)
        result: dict[str, Any] = json.loads(out)
        self.outputs.append(json.dumps({name: value for name, value in result.items() if name != "invocation"}))
        return result


def catalog_mail(service: RunningService, folder: Path, host: ModuleHost) -> Adapter:
    """The application of this collection."""
    token = folder / "admin-token"
    token.write_text(service.tokens["server_admin"])
    token.chmod(0o600)
    return Adapter(
        {"api_url": service.url, "token_file": str(token)},
        lambda: service.call("GET", "/settings/email-server").json(), host)


# Names of keys that an administrator would give; only the stand-in has them.
ALATION_KEYS = {
    "notifications.smtp.port": "alation.email.port", "notifications.smtp.tls": "alation.email.use_tls",
    "notifications.from.address": "alation.email.from_email"}
ALATION_SETTINGS = {"alation.email.port": 25, "alation.email.use_tls": False, "alation.email.from_email": ""}


def alation(stand_in: Alation, host: ModuleHost, **options: Any) -> Adapter:
    """A stand-in for Alation, with the keys above unless ``options`` say otherwise."""
    where = {"root": str(stand_in.root), "keys": ALATION_KEYS, **options}
    return Adapter(
        {"application": "alation", "alation": where}, stand_in.stored, host,
        unmanaged={"from": {"display_name": "Data Catalog"}, "smtp": {"timeout": 5}}, removes=False)


def ckan(folder: Path, host: ModuleHost) -> Adapter:
    """CKAN's configuration file, without units that run CKAN."""
    path = folder / "ckan.ini"
    path.write_text(CKAN_INI)
    return Adapter(
        {"application": "ckan", "ckan": {"config_file": str(path)}}, path.read_bytes, host,
        unmanaged={"from": {"display_name": "Data Catalog"}, "smtp": {"timeout": 5}})


def through(sink: MailSink, **smtp: Any) -> dict[str, Any]:
    """Return settings of notifications that send through this server."""
    return {
        "transport": "smtp", "from": {"address": "noreply@example.com"},
        "smtp": {"host": "127.0.0.1", "port": sink.port, "tls": "none", **smtp}}
