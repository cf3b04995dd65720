# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Compare documents of settings, for an adapter that reads an application's settings one by one. Pure."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from .._core.errors import InputRefused
from .port import Document, Unmanaged
from .settings_merge import leaves
from .settings_options import SECRETS

DESTINATION = ("notifications.smtp.host", "notifications.smtp.port", "notifications.smtp.tls", "notifications.smtp.username")
"""The settings that decide who receives the password of the mail server."""
PASSWORD = "notifications.smtp.password"

Reason = Callable[[str], str]


def secret(present: bool) -> Dict[str, Any]:
    """Return how a document shows a secret; when it was changed is not known."""
    return {"present": present, "changed_at": None}


def changes(before: Document, after: Document, new_secrets: Mapping[str, Optional[str]]) -> List[Dict[str, Any]]:
    """Return the settings that differ, each with ``path``, ``before`` and ``after``.

    ``new_secrets`` holds the word for each secret that changes: ``changed``, or ``removed``.
    """
    old, new = dict(leaves(_without_secrets(before))), dict(leaves(_without_secrets(after)))
    found = [
        {"path": path, "before": old.get(path), "after": value} for path, value in new.items() if value != old.get(path)]
    for path, word in new_secrets.items():
        found.append({"path": path, "before": "present" if at(before, path)["present"] else "absent", "after": word})
    return found


def unmanaged(desired: Document, after: Document, labels: Mapping[str, str], reason: Reason) -> List[Unmanaged]:
    """Return the settings of a task that the document after a save would not have.

    An empty text asks for the application's default, which each setting that the application does not have is at.
    """
    present = dict(leaves(_without_secrets(after)))
    return [
        Unmanaged(path, labels.get(path, path), value, reason(path))
        for path, value in leaves(desired) if not _is_met(path, value, after, present)]


def _is_met(path: str, value: Any, after: Document, present: Mapping[str, Any]) -> bool:
    if path in SECRETS:
        held = at(after, path)
        return value == "" or bool(held)
    return value == "" or present.get(path) == value


def at(document: Document, path: str) -> Any:
    """Return the value at a path; None when there is none."""
    place: Any = document
    for name in path.split("."):
        place = place.get(name) if isinstance(place, Mapping) else None
    return place


def refuse_stored_secret(found: Sequence[Mapping[str, Any]], desired: Document, stored: bool) -> None:
    """Refuse a new destination without the password in the task, so that no stored password goes to another server."""
    moved = [one["path"] for one in found if one["path"] in DESTINATION]
    if stored and moved and at(desired, PASSWORD) is None and at(desired, DESTINATION[-1]) != "":
        raise InputRefused(
            PASSWORD, f"{moved[0]} changes, and the stored password must not go to another server or user",
            "Give the password of that server, or an empty text to log in without one")


def _without_secrets(document: Document) -> Dict[str, Any]:
    shown: Dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            if set(value) != {"present", "changed_at"}:
                shown[name] = _without_secrets(value)
        else:
            shown[name] = value
    return shown
