"""$expand of applications and service principals: at most 20 of what hangs on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulator.answer import bad_request
from emulator.odata.query import DIRECTORY, Options, read_single
from emulator.odata.schema import APP_ROLE_ASSIGNMENT, FEDERATED_CREDENTIAL
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

MOST = 20
_TYPES = {"user": "#microsoft.graph.user", "servicePrincipal": "#microsoft.graph.servicePrincipal",
          "application": "#microsoft.graph.application"}  # fmt: skip


def object_named(call: Call, key: str) -> Document | None:
    """A directory object of any kind, as lists of owners show it."""
    for kind, type_ in _TYPES.items():
        found = call.view.get(kind, key.lower())
        if found and found["tenant"] == call.tenant and not found.get("deletedDateTime"):
            return {"@odata.type": type_, "id": found["id"], "displayName": found["displayName"]}
    return None


def expanded(call: Call, options: Options, document: Document) -> dict[str, Any]:
    """The properties that $expand adds."""
    if not options.expand:
        return {}
    name = re.sub(r"\(.*\)\Z", "", options.expand).strip()
    if name not in options.type.navigations:
        raise bad_request(
            "Parsing OData Select and Expand failed: "
            f"Could not find a property named '{name}' on type '{options.type.name}'.", "BadRequest",
        )  # fmt: skip
    return {name: _related(call, name, document)[:MOST]}


def _related(call: Call, name: str, document: Document) -> list[dict[str, Any]]:
    if name == "owners":
        return [owner for key in document["owners"] if (owner := object_named(call, key))]
    if name in ("appRoleAssignments", "appRoleAssignedTo"):
        end = "principalId" if name == "appRoleAssignments" else "resourceId"
        bare = read_single({}, APP_ROLE_ASSIGNMENT, DIRECTORY)
        return [bare.pruned(one) for one in call.view.all("appRoleAssignment", **{end: document["id"]})]
    if name == "federatedIdentityCredentials":
        bare = read_single({}, FEDERATED_CREDENTIAL, DIRECTORY)
        return [bare.pruned(one) for one in call.view.all("federatedIdentityCredential", application=document["id"])]
    return []
