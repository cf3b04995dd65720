# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of email_settings and email_settings_info, for every application that has an adapter."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Sequence

from .._core.errors import InputRefused
from .._core.module import Job, Plan, Spec
from .alation import Alation
from .alation_options import ALATION
from .api_options import API, PENDING
from .catalog_mail import CatalogMail
from .ckan import Ckan
from .ckan_options import CKAN
from .port import Application, NotYetKnown, Planned, Stored, Unmanaged, worksheet
from .settings_merge import diff, given, redacted
from .settings_options import SECRETS, SETTINGS

ADAPTERS: Mapping[str, Callable[[Any, Mapping[str, Any]], Application]] = {
    "catalog_mail": CatalogMail, "alation": Alation, "ckan": Ckan}
"""The adapter of each value of the option ``application``: it takes the Ansible module and the settings of the task."""

APPLICATIONS = API + ALATION + CKAN + Spec({
    "application": {"type": "str", "choices": list(ADAPTERS), "default": "catalog_mail"},
})

SPEC = APPLICATIONS + PENDING + Spec(
    {
        **SETTINGS,
        "test": {"type": "bool", "default": True},
        "test_recipient": {"type": "str"},
        "unmanaged": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
    },
    required_one_of=(tuple(SETTINGS),),
)


class EmailSettings(Job):
    """Change an application's e-mail settings to those of a task."""

    def __init__(self, module) -> None:
        self._module = module
        self._desired = given({name: module.params[name] or {} for name in SETTINGS})
        self._application = _adapter(module, self._desired)

    def plan(self) -> Plan:
        """Compare the settings in force with the desired ones. Raises CatalogMailError."""
        try:
            self._planned = self._application.plan(self._desired)
        except NotYetKnown as exc:
            return self._unknown(str(exc))
        self._tell(self._planned.unmanaged)
        return Plan(self._planned.changes, _result(self._planned), diff(self._planned.changes))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Test and save the settings; return the result. Raises CatalogMailError."""
        saved = self._application.save(self._desired, self._planned)
        for sentence in saved.advice:
            self._module.warn(sentence)
        return {
            "changes": redacted(saved.changes), "settings": saved.stored.settings, "revision": saved.stored.revision,
            "test": saved.test, "tested_mailbox": saved.tested_mailbox, "advice": list(saved.advice),
            "restarted": list(saved.restarted)}

    def _tell(self, unmanaged: Sequence[Unmanaged]) -> None:
        """Refuse what the application cannot take by Ansible, or warn of it."""
        if not unmanaged:
            return
        if self._module.params["unmanaged"] == "fail":
            first, *others = unmanaged
            raise InputRefused(
                first.path, first.reason + "".join(f". {one.path}: {one.reason}" for one in others),
                "Leave it out, or set unmanaged: warn, which saves the other settings and returns a worksheet for this one")
        self._module.warn(f"To be set by hand, see worksheet: {', '.join(one.path for one in unmanaged)}.")

    def _unknown(self, cause: str) -> Plan:
        """Plan nothing for check mode while the application cannot be asked; say so in one line."""
        unknown = f"Unknown until a run has started the application: which e-mail settings change. {cause}"
        self._module.warn(unknown)
        return Plan((), {**_result(Planned(Stored({}, 0), ())), "unknown": unknown})


def read_settings(module) -> Dict[str, Any]:
    """Return the result of email_settings_info."""
    application = _adapter(module, {})
    stored = application.read()
    return {"settings": stored.settings, "revision": stored.revision, "health": application.health()}


def _adapter(module, desired: Mapping[str, Any]) -> Application:
    return ADAPTERS[module.params["application"]](module, desired)


def _result(planned: Planned) -> Dict[str, Any]:
    return {
        "changes": redacted(planned.changes), "settings": planned.stored.settings, "revision": planned.stored.revision,
        "worksheet": worksheet(planned.unmanaged, SECRETS), "restarted": [], "test": None, "tested_mailbox": None,
        "advice": [], "unknown": ""}
