# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail folders: rename, move, copy, count, and child folders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from emulator.running import Running
from helpers.graph_requests import error, mail
from requests import Response

Graph = Callable[..., Response]
Made = Callable[..., dict[str, Any]]


@pytest.fixture
def folders(mailbox: str) -> str:
    return f"/v1.0/users/{mailbox}/mailFolders"


@pytest.fixture
def made(graph: Graph, folders: str) -> Made:
    """Create a folder: made(name, below)."""

    def make(name: str, below: str = "msgfolderroot", **given: Any) -> dict[str, Any]:
        answer = graph("POST", f"{folders}/{below}/childFolders", {"displayName": name, **given})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make


def _names(graph: Graph, path: str) -> list[str]:
    return [one["displayName"] for one in graph("GET", path).json()["value"]]


def test_a_folder_is_renamed(graph: Graph, folders: str, made: Made):
    one, _ = made("One"), made("Two")
    changed = graph("PATCH", f"{folders}/{one['id']}", {"displayName": "one"})
    assert (changed.status_code, changed.json()["displayName"], changed.json()["id"]) == (200, "one", one["id"])
    assert error(graph("PATCH", f"{folders}/{one['id']}", {"displayName": "TWO"}))[:2] == (409, "ErrorFolderExists")
    assert error(graph("PATCH", f"{folders}/{one['id']}", {"displayName": ""}))[0] == 400
    assert graph("GET", f"{folders}/{one['id']}").json()["displayName"] == "one"


def test_a_folder_within_a_folder(entra: Running, graph: Graph, mailbox: str, folders: str, made: Made):
    one = made("One")
    two = made("Two", one["id"])
    three = made("Three", two["id"])
    path = f"{folders}/{one['id']}/childFolders/{two['id']}"
    assert graph("GET", path).json()["displayName"] == "Two"
    message = entra.put_message(mailbox, mail(mailbox, "deep"), folder=two["id"])
    assert [found["subject"] for found in graph("GET", f"{path}/messages").json()["value"]] == ["deep"]
    assert graph("PATCH", f"{path}/messages/{message['id']}", {"isRead": True}).status_code == 200
    assert graph("GET", f"{path}/childFolders/{three['id']}/messages").json()["value"] == []
    assert graph("GET", f"{folders}/{one['id']}/childFolders/{three['id']}").status_code == 404
    assert graph("GET", f"{folders}/inbox/childFolders/{two['id']}/messages").status_code == 404


def test_a_folder_is_moved_with_its_content(entra: Running, graph: Graph, mailbox: str, folders: str, made: Made):
    one = made("One")
    two = made("Two", one["id"])
    entra.put_message(mailbox, mail(mailbox, "held"), folder=two["id"])
    moved = graph("POST", f"{folders}/{two['id']}/move", {"destinationId": "archive"})
    archive = graph("GET", f"{folders}/archive").json()
    assert (moved.status_code, moved.json()["parentFolderId"]) == (200, archive["id"])
    assert (moved.json()["totalItemCount"], archive["childFolderCount"]) == (1, 1)
    assert _names(graph, f"{folders}/{one['id']}/childFolders") == []


def test_a_folder_is_copied_with_its_content(entra: Running, graph: Graph, mailbox: str, folders: str, made: Made):
    one = made("One")
    made("Two", one["id"])
    entra.put_message(mailbox, mail(mailbox, "held"), folder=one["id"])
    copied = graph("POST", f"{folders}/{one['id']}/copy", {"destinationId": "archive"})
    assert (copied.status_code, copied.json()["totalItemCount"]) == (200, 1)
    assert copied.json()["id"] != one["id"]
    assert _names(graph, f"{folders}/{copied.json()['id']}/childFolders") == ["Two"]
    assert graph("GET", f"{folders}/{one['id']}").json()["totalItemCount"] == 1
    assert error(graph("POST", f"{folders}/{one['id']}/copy", {"destinationId": "archive"}))[:2] == (409, "ErrorFolderExists")


def test_invalid_destinations_of_a_folder(graph: Graph, folders: str, made: Made):
    one = made("One")
    two = made("Two", one["id"])
    for target, status in ((two["id"], 400), (one["id"], 400), ("", 400), ("nowhere", 400), ("clutter", 404)):
        assert graph("POST", f"{folders}/{one['id']}/move", {"destinationId": target}).status_code == status
    assert graph("POST", f"{folders}/inbox/move", {"destinationId": one["id"]}).status_code == 403


def test_folders_are_counted(graph: Graph, folders: str, made: Made):
    before = int(graph("GET", f"{folders}/$count").text)
    one = made("One")
    made("Two", one["id"])
    made("Hidden", one["id"], isHidden=True)
    assert graph("GET", f"{folders}/$count").text == str(before + 1)
    assert graph("GET", f"{folders}/{one['id']}/childFolders/$count").text == "1"
    assert _names(graph, f"{folders}/{one['id']}/childFolders") == ["Two"]
    assert _names(graph, f"{folders}/{one['id']}/childFolders?includeHiddenFolders=true") == ["Two", "Hidden"]


def test_children_are_expanded(graph: Graph, folders: str, made: Made):
    one = made("One")
    made("Two", one["id"])
    found = graph("GET", f"{folders}/{one['id']}?$expand=childFolders($select=displayName)").json()
    assert [set(child) for child in found["childFolders"]] == [{"id", "displayName"}]
    listed = graph("GET", f"{folders}?$top=50&$expand=childFolders").json()["value"]
    [again] = [folder for folder in listed if folder["id"] == one["id"]]
    assert [child["displayName"] for child in again["childFolders"]] == ["Two"]


@pytest.mark.parametrize("name", ["clutter", "ConversationHistory", "scheduled", "searchfolders", "syncissues"])
def test_a_missing_well_known_folder(graph: Graph, folders: str, name: str):
    assert error(graph("GET", f"{folders}/{name}"))[:2] == (404, "ErrorItemNotFound")
    assert error(graph("GET", f"{folders}/{name}/messages"))[:2] == (404, "ErrorItemNotFound")
    assert error(graph("GET", f"{folders}/bogus"))[:2] == (400, "ErrorInvalidIdMalformed")


def test_a_folder_is_deleted_with_its_content(entra: Running, graph: Graph, mailbox: str, folders: str, made: Made):
    one = made("One")
    two = made("Two", one["id"])
    message = entra.put_message(mailbox, mail(mailbox), folder=two["id"])
    assert graph("DELETE", f"{folders}/{one['id']}").status_code == 204
    for path in (f"mailFolders/{one['id']}", f"mailFolders/{two['id']}", f"messages/{message['id']}"):
        assert error(graph("GET", f"/v1.0/users/{mailbox}/{path}"))[:2] == (404, "ErrorItemNotFound")


@pytest.mark.parametrize("body", [
    {}, {"displayName": 5}, {"displayName": "x", "colour": "red"}, {"displayName": "x", "isHidden": 5},
])  # fmt: skip
def test_a_folder_of_another_type_is_refused(graph: Graph, folders: str, body: dict[str, Any]):
    assert error(graph("POST", folders, body))[0] == 400
