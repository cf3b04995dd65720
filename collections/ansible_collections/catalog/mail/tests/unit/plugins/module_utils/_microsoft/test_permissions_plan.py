# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions: names, sets, and the difference between managed and other ones."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.permissions_plan import (
    GRAPH,
    Change,
    DesiredPermissions,
    Entry,
    Grant,
    Present,
    Roles,
    after,
    before,
    check,
    declared_of,
    granted_of,
    matches,
    named,
    plan,
    required_of,
    roles_of,
    unconsented,
)

SEND, READ = "b633e1c5-b582-4048-a93e-9f11b44c7e96", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"
USERS = "df021288-bdef-4463-88db-98f22de89214"
ROLES = Roles({"Mail.Send": SEND, "Mail.Read": READ, "User.Read.All": USERS}, frozenset({"User.Read"}))


def role(role_id: str) -> Entry:
    return Entry(GRAPH, role_id, "Role")


def grant(role_id: str, resource: str = "graph") -> Grant:
    return Grant(f"{resource}-{role_id}", resource, role_id)


DELEGATED, OTHER_API = Entry(GRAPH, "e1fe6dd8", "Scope"), Entry("other", "dc890d15", "Role")
# A mail role that the tenant's Graph no longer lists, but Microsoft's table does.
RETIRED = "e2a3a72e-5f79-4c64-b1b1-878b674786c9"


def present(declared=(), granted=()) -> Present:
    return Present(frozenset(declared), frozenset(granted), "graph", ROLES)


def desired_permissions(*names: str, **options) -> DesiredPermissions:
    return DesiredPermissions(frozenset(names), **options)


@pytest.mark.parametrize("there,desired,changes", [
    (present(), desired_permissions("Mail.Send"), [Change("declare", role(SEND)), Change("grant", SEND)]),
    (present([role(SEND)], [grant(SEND)]), desired_permissions("Mail.Send"), []),
    (present([role(SEND)]), desired_permissions("Mail.Send"), [Change("grant", SEND)]),
    (present([], [grant(SEND)]), desired_permissions("Mail.Send"), [Change("declare", role(SEND))]),
    # null changes nothing, an empty list removes the mail permissions.
    (present([role(SEND), DELEGATED], [grant(READ)]), DesiredPermissions(None), []),
    (present([role(SEND)], [grant(SEND)]), desired_permissions(),
     [Change("undeclare", role(SEND)), Change("revoke", grant(SEND))]),
    (present([role(SEND), role(READ)], [grant(SEND), grant(READ)]), desired_permissions("Mail.Send"),
     [Change("undeclare", role(READ)), Change("revoke", grant(READ))]),
    (present([role(RETIRED)], [grant(RETIRED)]), desired_permissions(),
     [Change("undeclare", role(RETIRED)), Change("revoke", grant(RETIRED))]),
    # Other permissions stay: other roles, delegated ones, other APIs.
    (present([role(USERS), DELEGATED, OTHER_API], [grant(USERS), grant(SEND, "other")]), desired_permissions(), []),
    (present([role(USERS)], [grant(USERS)]), desired_permissions("User.Read.All"), []),
    (present([role(USERS), DELEGATED], [grant(USERS), grant(SEND, "other")]), desired_permissions(purge=True),
     [Change("undeclare", role(USERS)), Change("undeclare", DELEGATED),
      Change("revoke", grant(USERS)), Change("revoke", grant(SEND, "other"))]),
    # The same role id of another API is another permission.
    (present([role(SEND)], [grant(SEND, "other")]), desired_permissions("Mail.Send"), [Change("grant", SEND)]),
    # Without consent the module grants nothing.
    (present(), desired_permissions("Mail.Send", consent=False), [Change("declare", role(SEND))]),
    (present([role(SEND)], [grant(SEND)]), desired_permissions(consent=False), [Change("undeclare", role(SEND))]),
])
def test_plan(there, desired, changes):
    assert sorted(plan(there, desired), key=repr) == sorted(changes, key=repr)
    assert matches(there, desired) == (not changes)


def test_the_diff_shows_the_state_after_the_changes():
    there = present([role(READ), DELEGATED], [grant(READ), grant(USERS)])
    assert before(there) == {
        "permissions": [f"{GRAPH}/e1fe6dd8 (Scope)", "Mail.Read"], "consent": ["Mail.Read", "User.Read.All"]}
    assert after(there, plan(there, desired_permissions("Mail.Send"))) == {
        "permissions": [f"{GRAPH}/e1fe6dd8 (Scope)", "Mail.Send"], "consent": ["Mail.Send", "User.Read.All"]}


def test_permissions_without_consent():
    assert unconsented({"permissions": ["Mail.Send", "Mail.Read", "other/x (Role)"], "consent": ["Mail.Read"]}) == ["Mail.Send"]


def test_names():
    assert named(None) == (None, [])
    assert named(["Mail.Send"]) == (frozenset({"Mail.Send"}), [])
    names, warnings = named(["Mail.ReadBasicAll", "Mail.ReadBasic.All"])
    assert names == {"Mail.ReadBasic.All"} and len(warnings) == 1


@pytest.mark.parametrize("name,words", [
    ("Mail.Sent", "Did you mean Mail.Send"), ("User.Read", "for users only"), ("xyz", "no application permission"),
    ("mail.send", "Did you mean Mail.Send"),
])
def test_names_that_are_none(name, words):
    check(desired_permissions("Mail.Send"), ROLES)
    with pytest.raises(InputRefused) as refused:
        check(desired_permissions(name), ROLES)
    assert words in str(refused.value)


def test_roles_are_those_for_applications():
    found = roles_of({
        "appRoles": [
            {"value": "Mail.Send", "id": SEND.upper(), "allowedMemberTypes": ["Application"], "isEnabled": True},
            {"value": "Users.Only", "id": "1", "allowedMemberTypes": ["User"], "isEnabled": True},
            {"value": "Switched.Off", "id": "2", "allowedMemberTypes": ["Application"], "isEnabled": False},
            {"value": None, "id": "3", "allowedMemberTypes": ["Application"]},
        ],
        "oauth2PermissionScopes": [{"value": "Mail.Send", "id": "4"}, {"value": "User.Read", "id": "5"}],
    })
    assert found.by_name == {"Mail.Send": SEND} and found.delegated == {"User.Read"} and found.name("9") == "9"


def test_to_graph_and_back():
    declared = frozenset({role(SEND), DELEGATED, OTHER_API})
    written = required_of(declared)
    assert declared_of(written) == declared and [one["resourceAppId"] for one in written] == [GRAPH, "other"]
    assert granted_of([{"id": "a", "resourceId": "GRAPH", "appRoleId": SEND.upper()}]) == {Grant("a", "graph", SEND)}
