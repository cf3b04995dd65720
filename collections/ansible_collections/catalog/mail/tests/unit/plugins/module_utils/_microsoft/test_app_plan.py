# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App registrations: which one is meant, and what has to change."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.app_plan import (
    Change,
    Present,
    Registration,
    Wanted,
    after,
    as_wanted,
    check_creation,
    check_identity,
    described,
    meant,
    plan,
    registration_of,
)

ID, APP = "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"
FOUND = Registration(ID, APP, "Catalog", "catalog", "AzureADMyOrg")
THERE = Present(FOUND, "sp")
CREATE = Change("create", "application", {"displayName": "Catalog", "signInAudience": "AzureADMyOrg", "uniqueName": "catalog"})
PRINCIPAL = Change("create", "service_principal", {})


@pytest.mark.parametrize("present,wanted,changes", [
    (Present(), Wanted("catalog", display_name="Catalog"), [CREATE, PRINCIPAL]),
    (Present(), Wanted("catalog"), [
        Change("create", "application", {**CREATE.properties, "displayName": "catalog"}), PRINCIPAL]),
    (THERE, Wanted("catalog"), []),
    (THERE, Wanted("catalog", display_name="Catalog", sign_in_audience="AzureADMyOrg"), []),
    (Present(FOUND), Wanted("catalog"), [PRINCIPAL]),
    (THERE, Wanted("catalog", display_name="Other"), [Change("update", "application", {"displayName": "Other"})]),
    (THERE, Wanted("catalog", sign_in_audience="AzureADMultipleOrgs"),
     [Change("update", "application", {"signInAudience": "AzureADMultipleOrgs"})]),
    # One that was made by hand is given the unique name, by which it is found from then on.
    (Present(Registration(ID, APP, "Catalog"), "sp"), Wanted("catalog", APP),
     [Change("update", "application", {"uniqueName": "catalog"})]),
    (THERE, Wanted("catalog", absent=True), [Change("delete", "application", {})]),
    (Present(), Wanted("catalog", absent=True), []),
])
def test_plan(present, wanted, changes):
    assert plan(present, wanted) == changes
    assert as_wanted(present, wanted) == (not changes)


@pytest.mark.parametrize("present,wanted,shown", [
    (Present(), Wanted("catalog", display_name="Catalog"),
     {"display_name": "Catalog", "unique_name": "catalog", "sign_in_audience": "AzureADMyOrg", "service_principal": True}),
    (THERE, Wanted("catalog", display_name="Other"),
     {"display_name": "Other", "unique_name": "catalog", "sign_in_audience": "AzureADMyOrg", "service_principal": True}),
    (THERE, Wanted("catalog"), described(THERE)),
    (THERE, Wanted("catalog", absent=True), {}),
])
def test_the_difference_says_what_will_be(present, wanted, shown):
    assert after(present, plan(present, wanted)) == shown


@pytest.mark.parametrize("found,wanted", [
    (FOUND, Wanted("catalog", app_id="33333333-0000-0000-0000-000000000000")),
    (FOUND, Wanted("other", app_id=APP)),
])
def test_options_that_name_two_different_ones(found, wanted):
    with pytest.raises(InputRefused):
        check_identity(found, wanted)


@pytest.mark.parametrize("found,wanted", [
    (None, Wanted("catalog")), (FOUND, Wanted("catalog")), (FOUND, Wanted("catalog", app_id=APP.upper())),
    (Registration(ID, APP, "Catalog"), Wanted("catalog", app_id=APP)),
])
def test_options_that_name_one(found, wanted):
    check_identity(found, wanted)


def test_a_display_name_of_several_is_refused_with_all_of_them():
    other = Registration("x", "44444444-0000-0000-0000-000000000000", "Catalog")
    assert meant([], "Catalog") is None
    assert meant([FOUND], "Catalog") == FOUND
    with pytest.raises(InputRefused) as refused:
        meant([FOUND, other], "Catalog")
    assert APP in str(refused.value) and other.app_id in str(refused.value) and refused.value.details["field"] == "display_name"


@pytest.mark.parametrize("wanted,namesakes,field", [
    (Wanted(app_id=APP), [], "app_id"),
    (Wanted(display_name="Catalog"), [], "display_name"),
    # It may be the one that somebody registered by hand.
    (Wanted("catalog", display_name="Catalog"), [Registration(ID, APP, "Catalog")], "display_name"),
])
def test_what_is_not_made(wanted, namesakes, field):
    with pytest.raises(InputRefused) as refused:
        check_creation(wanted, namesakes)
    assert refused.value.details["field"] == field


def test_a_namesake_of_another_unique_name_is_no_doubt():
    check_creation(Wanted("catalog", display_name="Catalog"), [Registration(ID, APP, "Catalog", "other")])


def test_from_graph():
    assert registration_of({"id": ID, "appId": APP, "displayName": None}) == Registration(ID, APP, "")
