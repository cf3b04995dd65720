# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of mailbox_scope and mailbox_scope_info: roles in Exchange for mailboxes, over Graph beta."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence

from .._core.errors import InputRefused, MicrosoftFailed, RegistrationMissing
from .._core.module import Job, Plan, Spec
from .common import (
    MICROSOFT,
    WHICH,
    application,
    connected,
    decided,
    difference,
    missing,
    name_of,
    principal,
    without_principal,
)
from .graph_client import Graph
from .graph_permissions_needed import (
    READ_APPLICATION,
    READ_CONSENT,
    READ_SCOPE,
    READ_SERVICE_PRINCIPAL,
    READ_USER,
    SHOW_SCOPE,
    WRITE_SCOPE,
    Right,
)
from .graph_requests import BatchRead, RequestOptions
from .graph_responses import Answer, already_exists, quoted, values
from .mailbox_scope_plan import (
    MAIL,
    PREFIX,
    Change,
    DesiredScope,
    Present,
    after,
    assignments_of,
    described,
    is_id,
    matches,
    plan,
    role_names,
    tenant_wide,
    warning,
)

SPEC = MICROSOFT + WHICH + Spec({
    "roles": {"type": "list", "elements": "str", "required": True},
    "mailboxes": {"type": "list", "elements": "str", "default": []},
    "purge": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
})
INFO = MICROSOFT + WHICH

EXCHANGE = "/roleManagement/exchange"
NONE = Present("", {}, {}, frozenset())
"""The present state of an application that does not exist."""


class MailboxScope(Job):
    """Assign and remove an application's roles in Exchange as a task says."""

    def __init__(self, module) -> None:
        params = self._params = module.params
        self._desired = DesiredScope(
            role_names(params["roles"]), frozenset(map(str.strip, params["mailboxes"])), params["purge"],
            params["state"] == "absent")
        if "" in self._desired.mailboxes:
            raise InputRefused("mailboxes", "one of them is empty", "Write its address or object id, or leave it out")
        if not ((self._desired.roles and self._desired.mailboxes) or self._desired.purge or self._desired.absent):
            raise InputRefused(
                "mailboxes" if self._desired.roles else "roles", "none is named, so there is no role to assign",
                "Name at least one, or set state: absent or purge: true to remove roles")
        self._module = module
        self._graph = connected(module)
        self._unborn = ""
        self._roles = self._desired.roles if not self._desired.purge else frozenset(MAIL)

    def plan(self) -> Plan:
        """Read the roles in Exchange and compare them with the desired ones. Raises MicrosoftFailed."""
        present, changes = decided(self._graph, self._read, lambda found: plan(found, self._desired))
        if self._unborn and not self._desired.absent:
            self._module.warn(f"{self._unborn} So check mode assumes that an earlier task would create it.")
        told = warning(present, self._desired)
        if told:
            self._module.warn(told)
        shown = after(present, changes)
        return Plan(changes, _result(present, shown), difference(name_of(self._params), described(present), shown))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Grant and revoke roles in Exchange as planned; return the result. Raises MicrosoftFailed."""
        present = self._read()
        for change in plan.changes:
            if change.action == "assign":
                self._assign(present, change)
            else:
                self._remove(change)
        done = self._graph.wait_until_visible(self._read, lambda found: matches(found, self._desired), "The roles of Exchange")
        return _result(done, described(done))

    def _read(self) -> Present:
        try:
            return read_scope(self._graph, self._params, self._roles, self._desired.mailboxes)
        except RegistrationMissing as exc:
            if not self._desired.absent and not self._module.check_mode:
                raise
            self._unborn = str(exc)
            return Present("", {}, {one: one for one in self._desired.mailboxes}, frozenset())

    def _assign(self, present: Present, change: Change) -> None:
        path = f"/beta{EXCHANGE}/roleAssignments"
        body = {
            "principalId": f"/ServicePrincipals/{present.service_principal_id}",
            "roleDefinitionId": present.role_ids[change.role], "directoryScopeId": change.scope}

        def look() -> Optional[Answer]:
            there = {(one.role, one.scope) for one in self._read().assignments}
            return Answer(201, {}) if (change.role, change.scope) in there else None

        answer = self._graph.send(WRITE_SCOPE, "POST", path, body, options=RequestOptions(fresh=True, look=look))
        if not already_exists(answer):
            self._graph.expect(answer, WRITE_SCOPE, "POST", path)

    def _remove(self, change: Change) -> None:
        path = f"/beta{EXCHANGE}/roleAssignments/{change.id}"
        answer = self._graph.send(WRITE_SCOPE, "DELETE", path)
        if answer.status != 404:
            self._graph.expect(answer, WRITE_SCOPE, "DELETE", path)


def read_scope(
    graph: Graph, params: Mapping[str, Any], roles: FrozenSet[str], mailboxes: FrozenSet[str], right: Right = READ_SCOPE,
) -> Present:
    """Read the present state in two requests. Raises RegistrationMissing when the application does not exist.

    ``right`` is named in the error when the automation may not read the roles.

    Assignments are listed by role, since the form of a principal in beta's filters varies, and such roles are few.
    """
    names, addresses = sorted(roles), sorted(one for one in mailboxes if not is_id(one))
    first = [BatchRead(READ_APPLICATION, application(params, "id,appId"), optional=True)]
    first += [
        BatchRead(right, f"{EXCHANGE}/roleDefinitions?$filter=displayName%20eq%20'{quoted(PREFIX + name)}'") for name in names]
    first += [BatchRead(READ_USER, f"/users/{quoted(one)}?$select=id", optional=True) for one in addresses]
    document, *rest = graph.batch(first, "beta")
    if document is None:
        raise missing(params)
    role_ids = _role_ids(dict(zip(names, rest)))
    user_ids = _user_ids(mailboxes, dict(zip(addresses, rest[len(names):])))

    app_id = str(document["appId"])
    consent = BatchRead(READ_CONSENT, principal(app_id, "/appRoleAssignments"), optional=True)
    listings = [
        BatchRead(right, f"{EXCHANGE}/roleAssignments?$filter=roleDefinitionId%20eq%20'{role_ids[name]}'") for name in names]
    owner, grants, *pages = graph.batch(
        [BatchRead(READ_SERVICE_PRINCIPAL, principal(app_id, "?$select=id"), optional=True), consent, *listings], "beta")
    if owner is None:
        raise without_principal("unique_name" if params["unique_name"] else "app_id", app_id)
    service_principal_id = str(owner["id"])
    assigned = [one for read, page in zip(listings, pages) for one in graph.collected(read, page or {})]
    return Present(
        service_principal_id, role_ids, user_ids, assignments_of(assigned, role_ids, service_principal_id),
        tenant_wide(graph.collected(consent, grants or {})))


def _role_ids(found: Mapping[str, Optional[Mapping[str, Any]]]) -> Dict[str, str]:
    ids: Dict[str, str] = {}
    for name, page in found.items():
        definitions: Sequence[Mapping[str, Any]] = [one for one in values(page) if one.get("isEnabled", True)]
        if not definitions:
            raise MicrosoftFailed(
                f"Exchange has no role {PREFIX}{name} in this tenant.",
                "RBAC for Applications needs Exchange Online; a new tenant gets its roles with the first mailbox.", field="roles")
        ids[name] = str(definitions[0]["id"])
    return ids


def _user_ids(mailboxes: FrozenSet[str], found: Mapping[str, Optional[Mapping[str, Any]]]) -> Dict[str, str]:
    unknown = sorted(name for name, user in found.items() if user is None)
    if unknown:
        raise InputRefused(
            "mailboxes", f"there is no user {', '.join(unknown)} in this tenant",
            "Write the user principal name or the object id of each; a shared mailbox has a user too")
    ids = {name: str(user["id"]).lower() for name, user in found.items() if user}
    return {**{one: one.lower() for one in mailboxes if is_id(one)}, **ids}


def _result(present: Present, shown: Mapping[str, List[str]]) -> Dict[str, Any]:
    return {
        "service_principal_id": present.service_principal_id or None, "scope": shown, "tenant_wide": sorted(present.tenant_wide)}


def read_state(module) -> Dict[str, Any]:
    """Return the result of mailbox_scope_info."""
    try:
        found = read_scope(connected(module), module.params, frozenset(MAIL), frozenset(), SHOW_SCOPE)
    except RegistrationMissing:
        return {"exists": False, **_result(NONE, {})}
    return {"exists": True, **_result(found, described(found))}
