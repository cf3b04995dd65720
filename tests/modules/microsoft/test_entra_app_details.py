# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an administrator records with a registration: owners, notes, tags, federated credentials; and its redirect URIs."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.modules.graph_modules import Modules

GITHUB = {
    "name": "main", "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:contoso/catalog:ref:refs/heads/main"}
GITLAB = {
    "name": "gitlab", "issuer": "https://gitlab.contoso.com", "subject": "project_path:data/catalog:ref_type:branch:ref:main",
    "audiences": ["https://gitlab.contoso.com"], "description": "The nightly run"}


def change(modules: Modules, **options: Any) -> dict[str, Any]:
    """Return the diff of a change that check mode predicted, and that a second run finds done."""
    modules.emulator.forget_requests()
    shown = modules.run("entra_app", check=True, **options)
    assert shown.get("changed") and modules.writes() == [], shown
    done = modules.run("entra_app", **options)
    assert done.get("changed") and done["diff"] == shown["diff"], (done, shown["diff"])
    again = modules.run("entra_app", **options)
    assert not again["changed"] and "diff" not in again, again
    found: dict[str, Any] = done["diff"][0]
    return found


def test_notes_reference_and_tags(modules: Modules, name: str) -> None:
    told = {"notes": "Sends the catalog's mail", "service_management_reference": "CI-4711", "tags": ["mail", "catalog"]}
    made = change(modules, unique_name=name, **told)
    assert {key: made["after"][key] for key in told} == {**told, "tags": ["catalog", "mail"]}
    there = modules.registration(uniqueName=name)
    assert (there["notes"], there["serviceManagementReference"], there["tags"]) == (told["notes"], "CI-4711", ["catalog", "mail"])
    info = modules.run("entra_app_info", unique_name=name)
    assert {key: info[key] for key in told} == {**told, "tags": ["catalog", "mail"]}
    assert not modules.run("entra_app", unique_name=name)["changed"], "what is left out stays"
    removed = change(modules, unique_name=name, notes="", service_management_reference="", tags=[])
    assert not {"notes", "tags", "service_management_reference"} & set(removed["after"])


def test_owners(modules: Modules, name: str) -> None:
    user = modules.emulator.user("owner")
    other = modules.emulator.application("its team")["service_principal_id"]
    added = change(modules, unique_name=name, owners=[user["user_principal_name"]])
    assert added["after"]["owners"] == [user["id"]]
    both = change(modules, unique_name=name, owners=[other])
    assert both["after"]["owners"] == sorted([user["id"], other]), "the others stay"
    assert modules.run("entra_app_info", unique_name=name)["owners"] == both["after"]["owners"]
    purged = change(modules, unique_name=name, owners=[other], purge_owners=True)
    assert purged["after"]["owners"] == [other] and modules.registration(uniqueName=name)["owners"] == [other]
    refused = modules.run("entra_app", unique_name=name, owners=["nobody@contoso.test"])
    assert refused["failed"] and refused["field"] == "owners" and "nobody@contoso.test" in refused["msg"]


def test_the_automation_stays_an_owner(modules: Modules, automation_with: Any, name: str) -> None:
    """With Application.ReadWrite.OwnedBy it could not change the registration any more."""
    alone = automation_with("Application.ReadWrite.OwnedBy")
    user = modules.emulator.user("owner")
    assert alone.run("entra_app", unique_name=name, owners=[user["id"]], purge_owners=True)["changed"]
    assert sorted(modules.registration(uniqueName=name)["owners"]) == sorted([
        user["id"], alone.application["service_principal_id"]])
    assert not alone.run("entra_app", unique_name=name, owners=[user["id"]], purge_owners=True)["changed"]


def test_federated_credentials(modules: Modules, name: str) -> None:
    made = change(modules, unique_name=name, federated_credentials=[GITHUB, GITLAB])
    first, second = made["after"]["federated_credentials"]
    assert (first["name"], second) == ("gitlab", {**GITHUB, "audiences": ["api://AzureADTokenExchange"], "description": ""})
    assert modules.run("entra_app_info", unique_name=name)["federated_credentials"] == [first, second]
    assert not modules.run("entra_app", unique_name=name)["changed"], "what is left out stays"
    other = {**GITHUB, "subject": "repo:contoso/catalog:environment:production"}
    changed = change(modules, unique_name=name, federated_credentials=[other])
    assert [one["subject"] for one in changed["after"]["federated_credentials"]] == [other["subject"]]
    renamed = change(modules, unique_name=name, federated_credentials=[{**other, "name": "production"}])
    assert [one["name"] for one in renamed["after"]["federated_credentials"]] == ["production"]
    assert change(modules, unique_name=name, federated_credentials=[])["after"]["federated_credentials"] == []


@pytest.mark.parametrize("given, words", [
    ([GITHUB, {**GITLAB, "name": "main"}], "the name main"),
    ([GITHUB, {**GITHUB, "name": "again"}], "issuer and subject"),
    ([{**GITHUB, "audiences": ["a", "b"]}], "2 audiences"),
])
def test_federated_credentials_that_entra_refuses(modules: Modules, name: str, given: list[Any], words: str) -> None:
    refused = modules.run("entra_app", check=True, unique_name=name, federated_credentials=given)
    assert refused["failed"] and refused["field"] == "federated_credentials" and words in refused["msg"] and refused["remedy"]


@pytest.mark.parametrize("fault", ["lose", "fail"])
def test_a_failure_midway_is_repaired_by_the_next_run(modules: Modules, name: str, fault: str) -> None:
    user = modules.emulator.user("owner")
    options = {"unique_name": name, "owners": [user["id"]], "federated_credentials": [GITHUB]}
    modules.set_fault(fault, method="POST", path="federatedIdentityCredentials")
    modules.set_fault(fault, method="POST", path="owners")
    assert modules.run("entra_app", **options).get("changed") and not modules.untriggered_faults()
    assert not modules.run("entra_app", **options)["changed"]


def test_redirect_uris_of_an_adopted_registration(modules: Modules, name: str) -> None:
    made = modules.emulator.application(name)
    path, token = f"/v1.0/applications/{made['object_id']}", modules.emulator.token(modules.application)
    uris = {"web": {"redirectUris": ["https://old.test/a"]}, "publicClient": {"redirectUris": ["http://localhost"]}}
    assert modules.emulator.graph(token, "PATCH", path, uris).status_code == 204
    kept = modules.run("entra_app", unique_name=name, app_id=made["app_id"], redirect_uris="keep")
    assert kept["redirect_uris"] == ["https://old.test/a", "http://localhost"] and "warnings" not in kept
    shown = modules.run("entra_app", check=True, unique_name=name)
    assert shown["changed"] and all(uri in shown["warnings"][0] for uri in kept["redirect_uris"])
    removed = change(modules, unique_name=name)
    assert removed["before"]["redirect_uris"] == kept["redirect_uris"] and "redirect_uris" not in removed["after"]
    there = modules.registration(uniqueName=name)
    assert [there[platform]["redirectUris"] for platform in ("web", "spa", "publicClient")] == [[], [], []]
