# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles in Exchange for mailboxes."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.mailbox_scope_plan import (
    Assignment,
    Change,
    DesiredScope,
    Present,
    after,
    assignments_of,
    belongs,
    described,
    is_id,
    matches,
    plan,
    role_names,
    tenant_wide,
    warning,
)

SP = "5f3c2c10-0000-0000-0000-000000000001"
ROLES = {"Mail.Send": "role-send", "Mail.Read": "role-read"}
USERS = {"a@x.test": "AAAA", "b@x.test": "bbbb"}
SEND_A, SEND_B, READ_A = (
    Assignment("1", "Mail.Send", "/users/aaaa"), Assignment("2", "Mail.Send", "/users/bbbb"),
    Assignment("3", "Mail.Read", "/users/aaaa"))


def present(*assignments: Assignment, consented=()) -> Present:
    return Present(SP, ROLES, USERS, frozenset(assignments), frozenset(consented))


def desired_scope(roles=("Mail.Send",), mailboxes=("a@x.test",), **options) -> DesiredScope:
    return DesiredScope(frozenset(roles), frozenset(mailboxes), **options)


def removal(one: Assignment) -> Change:
    return Change("remove", one.role, one.scope, one.id)


ASSIGN_A = Change("assign", "Mail.Send", "/users/aaaa")


@pytest.mark.parametrize("there,desired,changes", [
    (present(), desired_scope(), [ASSIGN_A]),
    (present(SEND_A), desired_scope(), []),
    (present(SEND_B), desired_scope(), [ASSIGN_A]),
    (present(SEND_A), desired_scope(("Mail.Send", "Mail.Read"), USERS),
     [Change("assign", "Mail.Read", "/users/aaaa"), Change("assign", "Mail.Read", "/users/bbbb"),
      Change("assign", "Mail.Send", "/users/bbbb")]),
    (present(SEND_A, SEND_B, READ_A), desired_scope(), []),
    (present(SEND_A, SEND_B, READ_A), desired_scope(purge=True), [removal(SEND_B), removal(READ_A)]),
    (present(SEND_A), desired_scope(mailboxes=(), purge=True), [removal(SEND_A)]),
    (present(SEND_A, SEND_B, READ_A), desired_scope(absent=True), [removal(SEND_A)]),
    (present(SEND_A, SEND_B, READ_A), desired_scope(mailboxes=(), absent=True), [removal(SEND_A), removal(SEND_B)]),
    (present(), desired_scope(absent=True), []),
])
def test_plan(there, desired, changes):
    assert sorted(plan(there, desired), key=repr) == sorted(changes, key=repr)
    assert matches(there, desired) == (not changes)


def test_the_diff_shows_the_state_after_the_changes():
    there = present(SEND_B, READ_A, Assignment("9", "Mail.Read", "/groups/cccc"))
    assert described(there) == {"Mail.Read": ["/groups/cccc", "a@x.test"], "Mail.Send": ["b@x.test"]}
    assert after(there, plan(there, desired_scope(purge=True))) == {"Mail.Send": ["a@x.test"]}


def test_from_graph():
    def document(number, **more):
        return {"id": number, "principalId": f"/ServicePrincipals/{SP}", "roleDefinitionId": "role-send",
                "directoryScopeId": "/USERS/AAAA", "appScopeId": None, **more}

    found = [
        document("1"), document("2", principalId=SP.upper()), document("3", principalId="/ServicePrincipals/other"),
        document("4", roleDefinitionId="another"), document("5", appScopeId="own", directoryScopeId=None)]
    assert assignments_of(found, ROLES, SP) == {SEND_A, Assignment("2", "Mail.Send", "/users/aaaa")}
    assert belongs(f"/serviceprincipals/{SP}", SP) and not belongs("", SP)


def test_role_names():
    assert role_names(["Mail.Send", "Application Mail.Read"]) == {"Mail.Send", "Mail.Read"}
    with pytest.raises(InputRefused):
        role_names(["Calendars.Read"])


@pytest.mark.parametrize("text,yes", [(SP, True), (SP.upper(), True), ("a@x.test", False), (SP + "0", False), ("", False)])
def test_ids(text, yes):
    assert is_id(text) == yes


def test_consent_for_all_mailboxes_is_warned_of():
    assert warning(present(), desired_scope()) is None
    assert "Mail.Send" in str(warning(present(consented=["Mail.Send"]), desired_scope()))
    assert warning(present(consented=["Mail.Send"]), desired_scope(absent=True)) is None
    grants = [{"appRoleId": "B633E1C5-B582-4048-A93E-9F11B44C7E96"}, {"appRoleId": "something else"}]
    assert tenant_wide(grants) == {"Mail.Send"}
