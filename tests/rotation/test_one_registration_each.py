# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending by one app registration and reading replies by another: each with its own permissions and its own secret."""

from __future__ import annotations

import email
import email.policy
import functools
import signal
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.graph_requests import mail, send
from helpers.rotation import World
from helpers.service.catalog_users import add_user, start_conversation
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import answer
from helpers.waiting import PATIENCE, wait_until

NAMES = {"notifications": "catalog-sends", "interactions": "catalog-reads"}
PERMITTED = {
    "notifications": {"Mail.Send"},
    "interactions": {"Mail.Read", "Mail.ReadBasic", "Mail.ReadBasic.All", "Mail.ReadWrite"},
}
REPLIES, JANE = f"replies@{DOMAIN}", f"jane@{DOMAIN}"

SHOW = """
- name: What is shown
  hosts: catalog
  gather_facts: false
  tasks:
    - name: Read the settings
      catalog.mail.email_settings_info:
        api_url: "{{ email_settings_api_url }}"
        token_file: "{{ email_settings_token_file }}"
      register: email
    - name: Show the secrets in use
      ansible.builtin.debug:
        msg: "{{ item }} {{ used.client_id }} {{ used.client_secret_key_id }} {{ used.client_secret_expires_at }}"
      vars:
        used: "{{ email.settings[item].microsoft }}"
      loop: [notifications, interactions]
"""


@pytest.fixture(scope="module")
def both(shared: tuple[Running, RunningService], tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the environment after a first run of the role with one registration per use."""
    world = World(*shared, tmp_path_factory.mktemp("both"), {})
    world.begin()
    world.variables["entra_app_registrations"] = [registration(use) for use in NAMES]
    run = world.whole()
    assert run.failed == 0, run.output
    return world


def registration(use: str) -> dict[str, Any]:
    return {"unique_name": NAMES[use], "display_name": NAMES[use], "uses": [use]}


def apps(world: World) -> dict[str, dict[str, Any]]:
    """Return the registrations by their use."""
    found = {one["uniqueName"]: one for one in world.emulator.state()["applications"]}
    return {use: found[name] for use, name in NAMES.items()}


def shown(world: World) -> dict[str, list[str]]:
    """Return client ID, key id and end of the secret that email_settings_info shows for each use."""
    (world.folder / "show.yml").write_text(SHOW)
    run = world.ended(world.started(world.folder / "show.yml"))
    lines = [line.split('"msg": "')[1].rstrip('"').split() for line in run.output.splitlines() if '"msg": "' in line]
    return {use: words for use, *words in lines}


def held(world: World) -> dict[str, list[str]]:
    """Return the same fields of each registration's only secret, from Entra."""
    found = {}
    for use, app in apps(world).items():
        [secret] = app["passwordCredentials"]
        found[use] = [app["appId"], secret["keyId"], f"{secret['endDateTime'][:19]}Z"]
    return found


def granted(world: World, display_name: str) -> set[str]:
    """Return the names of the granted permissions."""
    automation = world.emulator.token(world.automation)
    path = "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=appRoles"
    names = {one["id"]: one["value"] for one in world.emulator.graph(automation, "GET", path).json()["appRoles"]}
    assigned = world.emulator.state()["app_role_assignments"]
    return {names[one["appRoleId"]] for one in assigned if one["principalDisplayName"] == display_name}


def token(world: World, use: str) -> str:
    """Get a token with the secret that the application has stored for this use."""
    secret = world.value(f"{use}.microsoft.client_secret")
    return world.emulator.token({"app_id": apps(world)[use]["appId"], "client_secret": secret})


def test_one_registration_sends_and_the_other_reads(both: World) -> None:
    emulator, service = both.emulator, both.service
    emulator.user("jane")
    for name in ("jane", "joe"):
        add_user(service, name, email=f"{name}@{DOMAIN}")
    emulator.forget_requests()
    conversation = start_conversation(service, "joe", "Sales", "@jane what is this table?")
    wait_until(lambda: emulator.messages(JANE, "inbox") != [], "the mail did not arrive")
    mail = email.message_from_bytes(emulator.messages(JANE, "inbox")[0]["raw"], policy=email.policy.SMTP)
    emulator.put_message(REPLIES, answer(mail, "It is the table of sales.", f"Jane Doe <{JANE}>"))

    def posts() -> list[str]:
        path = f"/conversations/{conversation}/posts?limit=500"
        return [one["text"] for one in service.call("GET", path, role="viewer").json()["posts"]]

    reader = service.background("reply-sync")
    wait_until(lambda: "It is the table of sales." in posts(), "the reply was not posted")
    wait_until(lambda: emulator.messages(REPLIES, "inbox")[0]["is_read"], "the reply was not marked as read")
    reader.send_signal(signal.SIGTERM)
    assert reader.wait(PATIENCE) == 0
    log = [one for one in emulator.requests() if "/users/" in one["path"]]
    assert {one["status"] // 100 for one in log} == {2}
    sends = {one["app_id"] for one in log if "sendMail" in one["path"]}
    reads = {one["app_id"] for one in log if "sendMail" not in one["path"]}
    ids = {use: app["appId"] for use, app in apps(both).items()}
    assert (sends, reads) == ({ids["notifications"]}, {ids["interactions"]})


def test_each_registration_has_its_own_permissions(both: World) -> None:
    assert {use: granted(both, name) for use, name in NAMES.items()} == PERMITTED
    answers = {}
    for use in NAMES:
        ask = functools.partial(both.emulator.graph, token(both, use))
        sent = send(ask, f"catalog@{DOMAIN}", mail(REPLIES, sender=f"catalog@{DOMAIN}"))
        answers[use] = [sent.status_code, ask("GET", f"/v1.0/users/{REPLIES}/messages").status_code]
    assert answers == {"notifications": [202, 403], "interactions": [403, 200]}

    first = held(both)
    assert shown(both) == first
    again = both.whole()
    assert (again.changed, again.failed) == (0, 0), again.output
    assert held(both) == first

    # Only one of them is renewed, with another validity.
    both.variables["entra_app_registrations"] = [registration("interactions")]
    renewed = both.rotate(entra_app_rotate_now=True, entra_app_valid_days=90)
    assert renewed.failed == 0, renewed.output
    second = held(both)
    assert second["notifications"] == first["notifications"]
    assert second["interactions"][1] != first["interactions"][1]
    assert second["interactions"][2] < first["interactions"][2]
    assert shown(both) == second
