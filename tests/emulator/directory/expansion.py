# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$expand of applications and service principals: at most 20 of what hangs on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emulator.answer import bad_request
from emulator.directory import any_object
from emulator.odata.query import DIRECTORY, Options, read_single
from emulator.odata.schema import APP_ROLE_ASSIGNMENT, FEDERATED_CREDENTIAL
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

MOST = 20
_EXPANDED = re.compile(r"(?P<name>\w+)(?:\(\$select=(?P<select>[\w,]+)\))?\Z")


def expanded(call: Call, options: Options, document: Document) -> dict[str, Any]:
    """The properties that $expand adds."""
    if not options.expand:
        return {}
    match = _EXPANDED.match(options.expand.strip())
    name = match["name"] if match else options.expand
    if match is None or name not in options.type.navigations:
        raise bad_request(
            "Parsing OData Select and Expand failed: "
            f"Could not find a property named '{name}' on type '{options.type.name}'.", "BadRequest",
        )  # fmt: skip
    return {name: _related(call, name, {"$select": match["select"]} if match["select"] else {}, document)[:MOST]}


def _related(call: Call, name: str, query: Mapping[str, str], document: Document) -> list[dict[str, Any]]:
    if name == "owners":
        options = read_single(query, any_object.ANY_OBJECT, DIRECTORY)
        return [any_object.pruned(options, owner) for owner in any_object.owners(call, document)]
    if name in ("appRoleAssignments", "appRoleAssignedTo"):
        end = "principalId" if name == "appRoleAssignments" else "resourceId"
        options = read_single(query, APP_ROLE_ASSIGNMENT, DIRECTORY)
        return [options.pruned(one) for one in call.view.all("appRoleAssignment", **{end: document["id"]})]
    if name == "federatedIdentityCredentials":
        options = read_single(query, FEDERATED_CREDENTIAL, DIRECTORY)
        return [options.pruned(one) for one in call.view.all("federatedIdentityCredential", application=document["id"])]
    return []
