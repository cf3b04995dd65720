# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The app registration that a task names, and the changes to it."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.app_plan import (
    Change,
    Deleted,
    DesiredApp,
    Present,
    Registration,
    after,
    check_creation,
    check_deleted,
    check_identity,
    described,
    matches,
    meant,
    plan,
    registration_of,
)

ID, APP = "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"
FOUND = Registration(ID, APP, "Catalog", "catalog", "AzureADMyOrg")
THERE = Present(FOUND, "sp")
CREATE = Change("create", "application", {"displayName": "Catalog", "signInAudience": "AzureADMyOrg", "uniqueName": "catalog"})
PRINCIPAL = Change("create", "service_principal", {})
AT = "2026-11-01T10:00:00Z"
GONE = Deleted(FOUND, AT)
RESTORE = Change("restore", "application", {})
RESTORE_PRINCIPAL = Change("restore", "service_principal", {})


@pytest.mark.parametrize("present,desired,changes", [
    (Present(), DesiredApp("catalog", display_name="Catalog"), [CREATE, PRINCIPAL]),
    (Present(), DesiredApp("catalog"), [
        Change("create", "application", {**CREATE.properties, "displayName": "catalog"}), PRINCIPAL]),
    (THERE, DesiredApp("catalog"), []),
    (THERE, DesiredApp("catalog", display_name="Catalog", sign_in_audience="AzureADMyOrg"), []),
    (Present(FOUND), DesiredApp("catalog"), [PRINCIPAL]),
    (THERE, DesiredApp("catalog", display_name="Other"), [Change("update", "application", {"displayName": "Other"})]),
    (THERE, DesiredApp("catalog", sign_in_audience="AzureADMultipleOrgs"),
     [Change("update", "application", {"signInAudience": "AzureADMultipleOrgs"})]),
    # A registration created by hand gets the unique name, by which later runs find it.
    (Present(Registration(ID, APP, "Catalog"), "sp"), DesiredApp("catalog", APP),
     [Change("update", "application", {"uniqueName": "catalog"})]),
    (THERE, DesiredApp("catalog", absent=True), [Change("delete", "application", {})]),
    (Present(), DesiredApp("catalog", absent=True), []),
    (Present(deleted=GONE, deleted_principal_id="sp"), DesiredApp("catalog"), [RESTORE, RESTORE_PRINCIPAL]),
    (Present(deleted=GONE, deleted_principal_id="sp"), DesiredApp("catalog", display_name="Other"), [
        RESTORE, Change("update", "application", {"displayName": "Other"}), RESTORE_PRINCIPAL]),
    (Present(deleted=GONE), DesiredApp("catalog"), [RESTORE, PRINCIPAL]),
    (Present(deleted=GONE, deleted_principal_id="sp"), DesiredApp("catalog", display_name="Catalog", deleted="purge"),
     [Change("purge", "application", {}), CREATE, PRINCIPAL]),
    (Present(FOUND, deleted_principal_id="sp"), DesiredApp("catalog"), [RESTORE_PRINCIPAL]),
    (Present(FOUND, deleted_principal_id="sp"), DesiredApp("catalog", deleted="refuse"), [PRINCIPAL]),
])
def test_plan(present, desired, changes):
    assert plan(present, desired) == changes
    assert matches(present, desired) == (not changes)


@pytest.mark.parametrize("present,desired,shown", [
    (Present(), DesiredApp("catalog", display_name="Catalog"),
     {"display_name": "Catalog", "unique_name": "catalog", "sign_in_audience": "AzureADMyOrg", "service_principal": True}),
    (THERE, DesiredApp("catalog", display_name="Other"),
     {"display_name": "Other", "unique_name": "catalog", "sign_in_audience": "AzureADMyOrg", "service_principal": True}),
    (THERE, DesiredApp("catalog"), described(THERE)),
    (THERE, DesiredApp("catalog", absent=True), {}),
    (Present(deleted=GONE), DesiredApp("catalog", display_name="Other"), {
        "app_id": APP, "display_name": "Other", "unique_name": "catalog", "sign_in_audience": "AzureADMyOrg",
        "service_principal": True}),
    (Present(deleted=GONE), DesiredApp("catalog", deleted="purge"), {
        "display_name": "catalog", "unique_name": "catalog", "sign_in_audience": "AzureADMyOrg", "service_principal": True}),
])
def test_the_diff_shows_the_state_after_the_changes(present, desired, shown):
    assert after(present, plan(present, desired)) == shown


@pytest.mark.parametrize("found,desired", [
    (FOUND, DesiredApp("catalog", app_id="33333333-0000-0000-0000-000000000000")),
    (FOUND, DesiredApp("other", app_id=APP)),
])
def test_options_that_name_two_different_ones(found, desired):
    with pytest.raises(InputRefused):
        check_identity(found, desired)


@pytest.mark.parametrize("found,desired", [
    (None, DesiredApp("catalog")), (FOUND, DesiredApp("catalog")), (FOUND, DesiredApp("catalog", app_id=APP.upper())),
    (Registration(ID, APP, "Catalog"), DesiredApp("catalog", app_id=APP)),
])
def test_options_that_name_one(found, desired):
    check_identity(found, desired)


def test_an_ambiguous_display_name_is_refused():
    other = Registration("x", "44444444-0000-0000-0000-000000000000", "Catalog")
    assert meant([], "Catalog") is None
    assert meant([FOUND], "Catalog") == FOUND
    with pytest.raises(InputRefused) as refused:
        meant([FOUND, other], "Catalog")
    assert APP in str(refused.value) and other.app_id in str(refused.value) and refused.value.details["field"] == "display_name"


@pytest.mark.parametrize("desired,namesakes,field", [
    (DesiredApp(app_id=APP), [], "app_id"),
    (DesiredApp(display_name="Catalog"), [], "display_name"),
    # The namesake may be the registration, created by hand.
    (DesiredApp("catalog", display_name="Catalog"), [Registration(ID, APP, "Catalog")], "display_name"),
])
def test_refused_creations(desired, namesakes, field):
    with pytest.raises(InputRefused) as refused:
        check_creation(desired, namesakes)
    assert refused.value.details["field"] == field


def test_a_namesake_with_another_unique_name_is_accepted():
    check_creation(DesiredApp("catalog", display_name="Catalog"), [Registration(ID, APP, "Catalog", "other")])


def test_from_graph():
    assert registration_of({"id": ID, "appId": APP, "displayName": None}) == Registration(ID, APP, "")


@pytest.mark.parametrize("desired,field,words", [
    (DesiredApp("catalog", deleted="refuse"), "unique_name", "until 2026-12-01T10:00:00Z"),
    (DesiredApp(app_id=APP, deleted="refuse"), "app_id", "deleted at 2026-11-01T10:00:00Z"),
    (DesiredApp("catalog", APP, deleted="purge"), "app_id", "an app_id of its own"),
    (DesiredApp("catalog", ID), "app_id", "not " + ID),
])
def test_a_deleted_registration_in_the_way_is_refused(desired, field, words):
    with pytest.raises(InputRefused) as refusal:
        check_deleted(GONE, desired)
    assert refusal.value.details["field"] == field and words in str(refusal.value)
