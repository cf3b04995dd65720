# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Common parts of the modules for Microsoft: login, identity of an app registration, diffs."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, TypeVar

from .._core.errors import InputRefused, RegistrationMissing
from .._core.module import Spec
from .graph_client import Graph
from .graph_responses import key
from .login import LOGIN, read_login

Found = TypeVar("Found")

MICROSOFT = Spec({
    "login": LOGIN,
    "timeout": {"type": "int", "default": 300},
    "consecutive_reads": {"type": "int", "default": 5},
})
"""Options of every module that uses Graph."""

WHICH = Spec(
    {"unique_name": {"type": "str"}, "app_id": {"type": "str"}},
    mutually_exclusive=(("unique_name", "app_id"),),
    required_one_of=(("unique_name", "app_id"),),
)
"""Options that name an existing app registration."""


def connected(module) -> Graph:
    """Return a Graph client with the login of a task. Raises InputRefused, also for an empty name of the registration."""
    for name in ("unique_name", "app_id", "display_name"):
        if module.params.get(name) is not None and not module.params[name].strip():
            raise InputRefused(name, "it is empty", "Write it, or leave it out")
    return Graph(read_login(module.params["login"]), module.params, module.run_command)


def application(params: Mapping[str, Any], select: str) -> str:
    """Return the path of the registration that a task names."""
    name, property_name = ("unique_name", "uniqueName") if params["unique_name"] else ("app_id", "appId")
    return f"/applications{key(property_name, params[name])}?$select={select}"


def principal(app_id: str, rest: str = "") -> str:
    """Return the path of a registration's service principal."""
    return f"/servicePrincipals{key('appId', app_id)}{rest}"


def missing(params: Mapping[str, Any]) -> RegistrationMissing:
    """Return the failure for a registration that does not exist."""
    name = "unique_name" if params["unique_name"] else "app_id"
    return RegistrationMissing(
        name, f"there is no app registration with {name} {params[name]!r} in this tenant",
        "Make it with catalog.mail.entra_app first, or correct the name")


def without_principal(option: str, app_id: str) -> RegistrationMissing:
    """Return the failure for a registration without a service principal, which permissions and roles need."""
    return RegistrationMissing(
        option, f"the registration {app_id} has no service principal in this tenant", "Make it with catalog.mail.entra_app first")


def decided(
    graph: Graph, read: Callable[[], Found], plan: Callable[[Found], Sequence[Any]],
) -> Tuple[Found, List[Any]]:
    """Return the present state and the changes. Changes are planned only from a state on which consecutive reads agree."""
    found = read()
    changes = list(plan(found))
    if changes:
        found = graph.read_consistently(read, found)
        changes = list(plan(found))
    return found, changes


def difference(name: str, before: Any, after: Any) -> Sequence[Dict[str, Any]]:
    """Return a diff of two states; empty when they are equal."""
    if before == after:
        return ()
    return ({"before_header": name, "after_header": name, "before": before, "after": after},)


def name_of(params: Mapping[str, Any]) -> str:
    """Return the name of the registration in diffs."""
    found: Optional[str] = params["unique_name"] or params["app_id"] or params.get("display_name")
    return f"app registration {found}"
