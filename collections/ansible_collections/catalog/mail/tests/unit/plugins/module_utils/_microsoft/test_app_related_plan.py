# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners and federated credentials: what is added, changed and removed, in which order."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.app_related_plan import (
    DesiredRelated,
    Federated,
    Related,
    plan_related,
    related_after,
)

MAIN = Federated("main", "https://issuer.test", "repo:a", ("api://x",), "", "1")
OTHER = Federated("other", "https://issuer.test", "repo:b", ("api://x",), "", "2")
RENAMED = Federated("renamed", "https://issuer.test", "repo:a", ("api://x",))
CHANGED = Federated("main", "https://issuer.test", "Repo:a", ("api://x",))


def owners(*ids: str) -> Related:
    return Related(owners=frozenset(ids))


@pytest.mark.parametrize("present,desired,steps", [
    (Related(), DesiredRelated(), []),
    (owners("a"), DesiredRelated(frozenset("a")), []),
    (owners("a"), DesiredRelated(frozenset("b")), ["create b"]),
    (owners("a", "me"), DesiredRelated(frozenset("b"), True, "me"), ["create b", "delete a"]),
    (owners("a"), DesiredRelated(frozenset(), True, "me"), ["delete a"]),
    (owners("a"), DesiredRelated(frozenset()), []),
    (Related(federated=(MAIN,)), DesiredRelated(federated=(MAIN,)), []),
    (Related(federated=(MAIN,)), DesiredRelated(), []),
    (Related(federated=()), DesiredRelated(federated=(MAIN, OTHER)), ["create main", "create other"]),
    (Related(federated=(MAIN, OTHER)), DesiredRelated(federated=(MAIN,)), ["delete other"]),
    # The letters' case counts; the old one goes before a new one with the same issuer and subject comes.
    (Related(federated=(MAIN,)), DesiredRelated(federated=(CHANGED,)), ["update 1"]),
    (Related(federated=(MAIN,)), DesiredRelated(federated=(RENAMED,)), ["delete main", "create renamed"]),
])
def test_plan(present, desired, steps):
    found = plan_related(present, desired)
    assert [f"{one.action} {one.properties.get('name') or one.properties['id']}" for one in found] == steps
    after = related_after(present, desired)
    if desired.owners is not None:
        assert set(after["owners"]) >= desired.owners
    if desired.federated is not None:
        assert [one["name"] for one in after["federated_credentials"]] == sorted(one.name for one in desired.federated)
