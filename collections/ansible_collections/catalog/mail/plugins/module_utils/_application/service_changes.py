# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Changes to a service of the application, and their diff. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence

Change = Dict[str, Any]
"""The ``name`` of a changed value, its value ``before`` and ``after``."""


def change(name: str, before: Any, after: Any) -> Change:
    """Return one change."""
    return {"name": name, "before": before, "after": after}


def diff(header: str, changes: Sequence[Change]) -> List[Dict[str, str]]:
    """Return a diff in Ansible's form with a line for each change; empty without changes."""
    if not changes:
        return []
    return [{
        "before_header": header, "after_header": header,
        **{side: "".join(f"{one['name']}: {_shown(one[side])}\n" for one in changes) for side in ("before", "after")}}]


def _shown(value: Any) -> str:
    return {True: "yes", False: "no", "": "(none)"}.get(value, str(value))
