# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""email_settings_info against the real application."""
from __future__ import annotations

import re

from helpers.modules.lab_application import Application

SETTINGS = {"deployment", "notifications", "interactions", "changed_at", "changed_by"}


def test_of_an_application_that_was_never_configured(application: Application) -> None:
    application.forget()
    found = application.host.module("email_settings_info", {})
    assert not found["changed"] and found["revision"] == 0 and set(found["settings"]) == SETTINGS
    assert found["settings"]["notifications"]["enabled"] is False
    assert found["settings"]["notifications"]["smtp"]["password"] == {"present": False, "changed_at": None}
    assert found["health"]["ready"] is True and found["health"]["configured"] is False
    assert {**found, "check_mode": True} == application.host.module("email_settings_info", {}, check=True)


def test_secrets_are_shown_as_present_with_their_age(application: Application) -> None:
    desired = {
        "enabled": True, "transport": "smtp", "from": {"address": "noreply@corp.test"},
        "smtp": {"host": "mail.corp.test", "username": "u", "password": "hunter2-hunter2"}}
    saved = application.host.module("email_settings", {"notifications": desired, "test": False})
    found = application.host.module("email_settings_info", {})
    assert (found["settings"], found["revision"]) == (saved["settings"], saved["revision"])
    password = found["settings"]["notifications"]["smtp"]["password"]
    assert password["present"] is True and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", password["changed_at"])
    assert found["settings"]["changed_by"] == "ansible"
    assert found["health"]["configured"] is True and found["health"]["problems"] == []
    assert "hunter2" not in str(found)


def test_without_a_token(application: Application) -> None:
    found = application.host.module("email_settings_info", {"token_file": "/etc/catalog-mail/none"})
    assert found["failed"] and found["code"] == "token-missing" and "/etc/catalog-mail/none" in found["msg"]
