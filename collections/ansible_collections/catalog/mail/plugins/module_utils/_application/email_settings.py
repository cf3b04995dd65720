# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of email_settings and email_settings_info: Test and Save, and reading."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional

from .._core.errors import ApiFailed, InputRefused
from .._core.module import Job, Plan, Spec
from .api_options import API, PENDING
from .client import CatalogApi
from .responses import is_before_start
from .settings_merge import diff, given, logins, longest_test, merged, redacted
from .settings_options import SETTINGS

SPEC = API + PENDING + Spec(
    {
        **SETTINGS,
        "test": {"type": "bool", "default": True},
        "test_recipient": {"type": "str"},
    },
    required_one_of=(tuple(SETTINGS),),
)


class EmailSettings(Job):
    """Change the application's e-mail settings to those of a task."""

    def __init__(self, module) -> None:
        self._module = module
        params = module.params
        self._desired = given({name: params[name] or {} for name in SETTINGS})
        self._test = _test(params)
        self._document: Dict[str, Any] = {}
        self._revision = 0
        self._api: Optional[CatalogApi] = None

    def plan(self) -> Plan:
        """Let the application compare its settings with the desired ones. Raises ModuleFailure."""
        if self._module.check_mode and self._module.params["pending"]:
            return self._unknown(f"{self._module.params['pending']} does not exist yet.")
        try:
            return self._planned(self._connected())
        except ApiFailed as exc:
            if not (self._module.check_mode and is_before_start(exc)):
                raise
            return self._unknown(exc.details["cause"])

    def _planned(self, api: CatalogApi) -> Plan:
        stored = api.read()
        self._document, self._revision = merged(stored.settings, self._desired), stored.revision
        changes = api.plan(self._document)
        return Plan(changes, _result(changes, stored.settings, stored.revision), diff(changes))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Save the settings with Test and Save; return the result. Raises ModuleFailure."""
        extra_timeout = 0 if self._test is False else longest_test(self._document)
        saved = self._connected().save(self._document, self._test, self._revision, extra_timeout)
        for sentence in saved.advice:
            self._module.warn(sentence)
        found = {"test": saved.test, "tested_mailbox": saved.tested_mailbox, "advice": list(saved.advice)}
        return {**_result(saved.changes, *saved.stored), **found}

    def _connected(self) -> CatalogApi:
        """Return the client of the API; one connection serves the whole run."""
        if self._api is None:
            self._api = CatalogApi(self._module.params, logins(self._desired))
        return self._api

    def _unknown(self, cause: str) -> Plan:
        """Plan nothing for check mode while the application cannot be asked; say so in one line."""
        unknown = f"Unknown until a run has started the application: which e-mail settings change. {cause}"
        self._module.warn(unknown)
        return Plan((), {**_result([], {}, 0), "unknown": unknown})


def read_settings(module) -> Dict[str, Any]:
    """Return the result of email_settings_info."""
    api = CatalogApi(module.params)
    stored = api.read()
    return {"settings": stored.settings, "revision": stored.revision, "health": api.health()}


def _test(params: Mapping[str, Any]) -> Any:
    """Return the API's value ``test``: an address, False for no test message, None for the owner of the token."""
    recipient = params["test_recipient"]
    if not params["test"]:
        return False
    if recipient == "":
        raise InputRefused("test_recipient", "it is empty", "Give an address, or leave it out for that of the token's owner")
    return None if recipient is None else {"recipient": recipient}


def _result(changes: List[Dict[str, Any]], settings: Mapping[str, Any], revision: int) -> Dict[str, Any]:
    return {
        "changes": redacted(changes), "settings": settings, "revision": revision,
        "test": None, "tested_mailbox": None, "advice": [], "unknown": ""}
