# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Merge the e-mail settings of a task into those in force, and show the difference. Pure.

A document is the body of the application's API: sections of nested objects. The API writes the whole document: a
missing setting goes back to its default, a missing secret stays, since the API never returns secrets. So a task's
settings are merged into the present ones before they are sent.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple

from .settings_options import NOTES, SECRETS, SETTINGS

Document = Mapping[str, Any]

_MAILBOX_TEST = 60
"""Seconds that opening the mailbox of replies may take: the application's timeout is 30 for each step."""

_MICROSOFT_TEST = 120
"""Seconds that either test may take at Microsoft: the authority's metadata, the login, two answers of Graph, 30 each."""

_NOTES = frozenset(path for paths in NOTES.values() for path in paths)

_OF_A_SECRET = ("present", "absent", "changed", "removed")
"""The words of the API for a secret before and after a change."""


def given(options: Mapping[str, Any]) -> Dict[str, Any]:
    """Return a task's options without those left out, which Ansible passes as null."""
    found: Dict[str, Any] = {}
    for name, value in options.items():
        said = given(value) if isinstance(value, Mapping) else value
        if said is not None and said != {}:
            found[name] = said
    return found


def merged(current: Document, desired: Document) -> Dict[str, Any]:
    """Return the document to write: the present one with the settings of a task (as ``given`` returns them).

    An empty text removes a setting: a secret becomes null, by which the API removes it; another setting is left out,
    which resets it to its default. A secret that the task does not give is left out, which keeps it. The metadata of a
    secret are left out when the task gives the secret without them: the application knows whether the secret is new.
    """
    sections = {name: current[name] for name in SETTINGS if isinstance(current.get(name), Mapping)}
    return _laid_over(sections, desired, "")


def _laid_over(current: Document, desired: Document, above: str) -> Dict[str, Any]:
    document: Dict[str, Any] = {}
    outdated = {path for name in desired for path in NOTES.get(above + name, ())}
    for name, value in current.items():
        if above + name not in SECRETS and above + name not in outdated:
            document[name] = _laid_over(value, {}, f"{above}{name}.") if isinstance(value, Mapping) else value
    for name, value in desired.items():
        path = above + name
        if isinstance(value, Mapping):
            below = current.get(name)
            document[name] = _laid_over(below if isinstance(below, Mapping) else {}, value, f"{path}.")
        elif value != "":
            document[name] = value
        elif path in SECRETS or path in _NOTES:
            document[name] = None
        else:
            document.pop(name, None)
    return document


def leaves(document: Document, above: str = "") -> Iterator[Tuple[str, Any]]:
    """Yield each setting of a document with its path: ``notifications.smtp.port``, 587."""
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{above}{name}.")
        else:
            yield above + name, value


def redacted(changes: Sequence[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """Return the changes without secrets: a secret's change is one word, even if the API should return the secret."""
    return [
        {"path": one["path"], "before": _seen(one["path"], one["before"]), "after": _seen(one["path"], one["after"])}
        for one in changes]


def _seen(path: str, value: Any) -> Any:
    return value if path not in SECRETS or value in _OF_A_SECRET else "changed"


def diff(changes: Sequence[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """Return a diff in Ansible's form with the changed settings only; a secret is a word in brackets."""
    if not changes:
        return []
    shown = redacted(changes)
    return [{
        "before_header": "e-mail settings",
        "after_header": "e-mail settings",
        "before": _document((one["path"], one["before"]) for one in shown),
        "after": _document((one["path"], one["after"]) for one in shown),
    }]


def _document(found: Iterable[Tuple[str, Any]]) -> Dict[str, Any]:
    document: Dict[str, Any] = {}
    for path, value in found:
        *folders, name = path.split(".")
        place = document
        for folder in folders:
            if not isinstance(place.get(folder), dict):
                place[folder] = {}
            place = place[folder]
        place[name] = f"({value})" if path in SECRETS else value
    return document


def longest_test(document: Document) -> int:
    """Return the seconds that the tests of message and mailbox may take, by the timeouts in the settings or the defaults."""
    notifications, interactions = document.get("notifications") or {}, document.get("interactions") or {}
    timeout = (notifications.get("smtp") or {}).get("timeout")
    message = math.ceil(timeout) if isinstance(timeout, (int, float)) and timeout > 0 else 30
    if notifications.get("transport") == "microsoft":
        message = _MICROSOFT_TEST
    mailbox = _MICROSOFT_TEST if interactions.get("receiver") == "microsoft" else _MAILBOX_TEST
    return message + (mailbox if interactions.get("enabled") else 0)


def logins(desired: Document) -> List[Tuple[str, str]]:
    """Return pairs of user name and secret that a task gives, to hide them in messages of servers."""
    found = []
    for path, value in leaves(desired):
        if path in SECRETS and value:
            section: Any = desired
            for folder in path.split(".")[:-1]:
                section = section[folder]
            found.append((str(section.get("username", "")), value))
    return found
