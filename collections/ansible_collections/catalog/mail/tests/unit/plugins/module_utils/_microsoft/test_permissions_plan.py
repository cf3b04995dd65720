# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions: names, sets, what is ours and what is somebody else's."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.permissions_plan import (
    GRAPH,
    Change,
    Entry,
    Grant,
    Present,
    Roles,
    Wanted,
    after,
    as_wanted,
    before,
    check,
    declared_of,
    granted_of,
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
# A role about mail that the tenant's Graph no longer lists, but Microsoft's table does.
RETIRED = "e2a3a72e-5f79-4c64-b1b1-878b674786c9"


def present(declared=(), granted=()) -> Present:
    return Present(frozenset(declared), frozenset(granted), "graph", ROLES)


def wanted(*names: str, **options) -> Wanted:
    return Wanted(frozenset(names), **options)


@pytest.mark.parametrize("there,wish,changes", [
    (present(), wanted("Mail.Send"), [Change("declare", role(SEND)), Change("grant", SEND)]),
    (present([role(SEND)], [grant(SEND)]), wanted("Mail.Send"), []),
    (present([role(SEND)]), wanted("Mail.Send"), [Change("grant", SEND)]),
    (present([], [grant(SEND)]), wanted("Mail.Send"), [Change("declare", role(SEND))]),
    # null leaves all as it is, an empty list removes what is about mail.
    (present([role(SEND), DELEGATED], [grant(READ)]), Wanted(None), []),
    (present([role(SEND)], [grant(SEND)]), wanted(), [Change("undeclare", role(SEND)), Change("revoke", grant(SEND))]),
    (present([role(SEND), role(READ)], [grant(SEND), grant(READ)]), wanted("Mail.Send"),
     [Change("undeclare", role(READ)), Change("revoke", grant(READ))]),
    (present([role(RETIRED)], [grant(RETIRED)]), wanted(),
     [Change("undeclare", role(RETIRED)), Change("revoke", grant(RETIRED))]),
    # What is foreign stays: other roles, delegated ones, other APIs.
    (present([role(USERS), DELEGATED, OTHER_API], [grant(USERS), grant(SEND, "other")]), wanted(), []),
    (present([role(USERS)], [grant(USERS)]), wanted("User.Read.All"), []),
    (present([role(USERS), DELEGATED], [grant(USERS), grant(SEND, "other")]), wanted(purge=True),
     [Change("undeclare", role(USERS)), Change("undeclare", DELEGATED),
      Change("revoke", grant(USERS)), Change("revoke", grant(SEND, "other"))]),
    # The same role of another API is another one.
    (present([role(SEND)], [grant(SEND, "other")]), wanted("Mail.Send"), [Change("grant", SEND)]),
    # Consent is somebody else's.
    (present(), wanted("Mail.Send", consent=False), [Change("declare", role(SEND))]),
    (present([role(SEND)], [grant(SEND)]), wanted(consent=False), [Change("undeclare", role(SEND))]),
])
def test_plan(there, wish, changes):
    assert sorted(plan(there, wish), key=repr) == sorted(changes, key=repr)
    assert as_wanted(there, wish) == (not changes)


def test_the_difference_says_what_will_be():
    there = present([role(READ), DELEGATED], [grant(READ), grant(USERS)])
    assert before(there) == {
        "permissions": [f"{GRAPH}/e1fe6dd8 (Scope)", "Mail.Read"], "consent": ["Mail.Read", "User.Read.All"]}
    assert after(there, plan(there, wanted("Mail.Send"))) == {
        "permissions": [f"{GRAPH}/e1fe6dd8 (Scope)", "Mail.Send"], "consent": ["Mail.Send", "User.Read.All"]}


def test_what_nobody_consented_to():
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
    check(wanted("Mail.Send"), ROLES)
    with pytest.raises(InputRefused) as refused:
        check(wanted(name), ROLES)
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
