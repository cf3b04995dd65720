# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults, as rules: which requests they meet, how often, and what then happens.

They are kept, so that a killed emulator goes on being told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from emulator import ids
from emulator.store import Document, Store

KINDS: dict[str, Document] = {
    "throttle": {"status": 429, "retry_after": 1},
    "fail": {"status": 503},
    "lose": {},
    "refuse_connection": {},
    "delay": {"seconds": 1.0},
    "rewrite_message_id": {},
    "access_policy": {},
    "conditional_access": {"status": 400, "error": "invalid_grant", "number": 53003},
}


class UnknownFault(ValueError):
    """No such kind; the text names those there are."""


@dataclass(frozen=True)
class Met:
    """The fault that applies to a request."""

    kind: str
    values: Document


class Rules:
    """Faults in the order of their making: {kind, method, path, app_id, mailbox, after, times, ...values}.

    `path` is a regular expression that is searched in the path with its query. The first `after` requests that fit pass, then
    `times` of them meet it (null: all).
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, wanted: Document) -> Document:
        if wanted.get("kind") not in KINDS:
            raise UnknownFault(f"There is no fault {wanted.get('kind')!r}; there are {', '.join(KINDS)}.")
        rule = {**KINDS[wanted["kind"]], "after": 0, "times": None, "met": 0, "seen": 0, **wanted, "id": ids.new()}
        re.compile(rule.get("path") or "")
        self._store.put("fault", rule["id"], rule)
        return rule

    def remove(self, key: str) -> None:
        self._store.delete("fault", key)

    def clear(self) -> None:
        for key in self._store.keys("fault"):
            self._store.delete("fault", key)

    def all(self) -> list[Document]:
        return list(self._store.all("fault"))

    def meet(self, kinds: tuple[str, ...], **request: Any) -> Met | None:
        """The first fault of these kinds that this request meets; it counts."""
        for key in self._store.keys("fault"):
            rule = self._store.get("fault", key)
            if rule and rule["kind"] in kinds and _fits(rule, request):
                rule["seen"] += 1
                meets = rule["seen"] > rule["after"] and (rule["times"] is None or rule["met"] < rule["times"])
                rule["met"] += int(meets)
                self._store.put("fault", key, rule)
                if meets:
                    return Met(rule["kind"], rule)
        return None


def _fits(rule: Document, request: dict[str, Any]) -> bool:
    for name in ("method", "app_id", "mailbox"):
        wanted = rule.get(name)
        if wanted and str(request.get(name, "")).lower() != str(wanted).lower():
            return False
    return not rule.get("path") or bool(re.search(rule["path"], request.get("path", ""), re.I))
