# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The adapter of this collection's own application: the application itself compares, tests and saves."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from .._core.errors import ApiFailed, InputRefused
from .client import CatalogApi
from .port import Application, Document, NotYetKnown, Planned, Saved, Stored
from .responses import is_before_start
from .settings_merge import logins, longest_test, merged


class CatalogMail(Application):
    """The application of this collection, by its API. One connection serves the whole run."""

    def __init__(self, module, desired: Document) -> None:
        self._module = module
        self._params = module.params
        self._test = _test(module.params)
        self._logins = logins(desired)
        self._client: Optional[CatalogApi] = None

    def read(self) -> Stored:
        """Return the settings in force."""
        return self._api().read()

    def health(self) -> Dict[str, Any]:
        """Return the application's own report."""
        return self._api().health()

    def plan(self, desired: Document) -> Planned:
        """Let the application compare its settings with the desired ones."""
        check_mode = self._module.check_mode
        if check_mode and self._params.get("pending"):
            raise NotYetKnown(f"{self._params['pending']} does not exist yet.")
        try:
            stored = self._api().read()
            return Planned(stored, self._api().plan(merged(stored.settings, desired)))
        except ApiFailed as exc:
            if check_mode and is_before_start(exc):
                raise NotYetKnown(exc.details["cause"]) from None
            raise

    def save(self, desired: Document, planned: Planned) -> Saved:
        """Save the settings with Test and Save."""
        document = merged(planned.stored.settings, desired)
        extra_timeout = 0 if self._test is False else longest_test(document)
        return self._api().save(document, self._test, planned.stored.revision, extra_timeout)

    def _api(self) -> CatalogApi:
        if self._client is None:
            self._client = CatalogApi(self._params, self._logins)
        return self._client


def _test(params: Mapping[str, Any]) -> Any:
    """Return the API's value ``test``: an address, False for no test message, None for the owner of the token."""
    recipient = params.get("test_recipient")
    if not params.get("test", True):
        return False
    if recipient == "":
        raise InputRefused("test_recipient", "it is empty", "Give an address, or leave it out for that of the token's owner")
    return None if recipient is None else {"recipient": recipient}
