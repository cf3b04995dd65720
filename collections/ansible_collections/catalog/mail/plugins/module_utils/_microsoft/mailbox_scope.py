# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of mailbox_scope and mailbox_scope_info: roles of Exchange for mailboxes, over Graph beta."""

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
from .graph_client import Ask, Graph, More
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
from .graph_responses import Answer, quoted, values
from .mailbox_scope_plan import (
    MAIL,
    PREFIX,
    Change,
    Present,
    Wanted,
    after,
    as_wanted,
    assignments_of,
    described,
    is_id,
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
"""What there is of an application that is not there."""


class MailboxScope(Job):
    """Bring an application's roles of Exchange to what a task says."""

    def __init__(self, module) -> None:
        params = self._params = module.params
        self._wanted = Wanted(
            role_names(params["roles"]), frozenset(map(str.strip, params["mailboxes"])), params["purge"],
            params["state"] == "absent")
        if "" in self._wanted.mailboxes:
            raise InputRefused("mailboxes", "one of them is empty", "Write its address or object id, or leave it out")
        if not ((self._wanted.roles and self._wanted.mailboxes) or self._wanted.purge or self._wanted.absent):
            raise InputRefused(
                "mailboxes" if self._wanted.roles else "roles", "none is named, so that there is nothing to give",
                "Name at least one, or say state: absent or purge: true to take some away")
        self._module = module
        self._graph = connected(module)
        self._unborn = ""
        self._roles = self._wanted.roles if not self._wanted.purge else frozenset(MAIL)

    def plan(self) -> Plan:
        """Read the roles in Exchange and compare them with the desired ones. Raises MicrosoftFailed."""
        present, changes = decided(self._graph, self._read, lambda found: plan(found, self._wanted))
        if self._unborn and not self._wanted.absent:
            self._module.warn(f"{self._unborn} So this check mode takes it for one that is yet to be made.")
        told = warning(present, self._wanted)
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
        done = self._graph.settle(self._read, lambda found: as_wanted(found, self._wanted), "The roles of Exchange")
        return _result(done, described(done))

    def _read(self) -> Present:
        try:
            return read_scope(self._graph, self._params, self._roles, self._wanted.mailboxes)
        except RegistrationMissing as exc:
            if not self._wanted.absent and not self._module.check_mode:
                raise
            self._unborn = str(exc)
            return Present("", {}, {one: one for one in self._wanted.mailboxes}, frozenset())

    def _assign(self, present: Present, change: Change) -> None:
        path = f"/beta{EXCHANGE}/roleAssignments"
        body = {
            "principalId": f"/ServicePrincipals/{present.service_principal_id}",
            "roleDefinitionId": present.role_ids[change.role], "directoryScopeId": change.scope}

        def look() -> Optional[Answer]:
            there = {(one.role, one.scope) for one in self._read().assignments}
            return Answer(201, {}) if (change.role, change.scope) in there else None

        answer = self._graph.send(WRITE_SCOPE, "POST", path, body, more=More(fresh=True, look=look))
        if answer.status != 409:
            self._graph.expect(answer, WRITE_SCOPE, "POST", path)

    def _remove(self, change: Change) -> None:
        path = f"/beta{EXCHANGE}/roleAssignments/{change.id}"
        answer = self._graph.send(WRITE_SCOPE, "DELETE", path)
        if answer.status != 404:
            self._graph.expect(answer, WRITE_SCOPE, "DELETE", path)


def read_scope(
    graph: Graph, params: Mapping[str, Any], roles: FrozenSet[str], mailboxes: FrozenSet[str], right: Right = READ_SCOPE,
) -> Present:
    """What there is of an application, in two requests; raises RegistrationMissing where there is none.

    ``right`` is what is named where the automation may not read the roles.

    Assignments are listed by role: what beta takes for a principal in a filter varies, and roles for applications are few.
    """
    names, addresses = sorted(roles), sorted(one for one in mailboxes if not is_id(one))
    first = [Ask(READ_APPLICATION, application(params, "id,appId"), optional=True)]
    first += [
        Ask(right, f"{EXCHANGE}/roleDefinitions?$filter=displayName%20eq%20'{quoted(PREFIX + name)}'") for name in names]
    first += [Ask(READ_USER, f"/users/{quoted(one)}?$select=id", optional=True) for one in addresses]
    document, *rest = graph.batch(first, "beta")
    if document is None:
        raise missing(params)
    role_ids = _role_ids(dict(zip(names, rest)))
    user_ids = _user_ids(mailboxes, dict(zip(addresses, rest[len(names):])))

    app_id = str(document["appId"])
    consent = Ask(READ_CONSENT, principal(app_id, "/appRoleAssignments"), optional=True)
    listings = [
        Ask(right, f"{EXCHANGE}/roleAssignments?$filter=roleDefinitionId%20eq%20'{role_ids[name]}'") for name in names]
    owner, grants, *pages = graph.batch(
        [Ask(READ_SERVICE_PRINCIPAL, principal(app_id, "?$select=id"), optional=True), consent, *listings], "beta")
    if owner is None:
        raise without_principal("unique_name" if params["unique_name"] else "app_id", app_id)
    service_principal_id = str(owner["id"])
    assigned = [one for ask, page in zip(listings, pages) for one in graph.collected(ask, page or {})]
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
    """What mailbox_scope_info returns."""
    try:
        found = read_scope(connected(module), module.params, frozenset(MAIL), frozenset(), SHOW_SCOPE)
    except RegistrationMissing:
        return {"exists": False, **_result(NONE, {})}
    return {"exists": True, **_result(found, described(found))}
