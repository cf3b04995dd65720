# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift at Microsoft: what somebody changed in Entra, Graph and Exchange is found, named, corrected, and gone afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.rotation import FEW_READS, RIGHTS, WHOLE, World
from helpers.service.process import RunningService

SENDS, READS = "catalog-sends", "catalog-reads"
REGISTRATIONS = [
    {"unique_name": SENDS, "display_name": SENDS, "uses": ["notifications"]},
    {"unique_name": READS, "display_name": READS, "uses": ["interactions"], "mailboxes": [f"replies@{DOMAIN}"]},
]
CHECK_MODE = "{{ site__check_mode_of_plays | default(ansible_check_mode) }}"


class Site:
    """Two registrations at Microsoft, one of them limited to a mailbox, and the application that uses them."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.begin()
        world.automation = world.emulator.application(
            "automation", roles=(*RIGHTS, "RoleManagement.ReadWrite.Exchange", "User.Read.All"))
        world.variables["entra_app_registrations"] = REGISTRATIONS
        self.playbook = world.folder / "drift.yml"
        self.playbook.write_text(json.dumps([
            {**play, **FEW_READS, "check_mode": CHECK_MODE, "vars": {"drift__report": True}} for play in WHOLE]))

    def run(self, correct: bool) -> dict[str, Any]:
        """Look or correct, and return the report."""
        path = self.world.folder / "drift.json"
        path.unlink(missing_ok=True)
        process = self.world.started(
            self.playbook, "-e", json.dumps({"site__check_mode_of_plays": not correct}),
            ANSIBLE_CALLBACKS_ENABLED="catalog.mail.drift", CATALOG_MAIL_DRIFT_JSON=str(path))
        output, _ = process.communicate(timeout=300)
        assert path.exists(), output
        report: dict[str, Any] = json.loads(path.read_text())
        assert process.returncode == report["exit_status"], output
        return {**report, "output": output}

    def app(self, name: str) -> dict[str, Any]:
        """Return a registration as Entra has it."""
        (found,) = [one for one in self.world.emulator.state()["applications"] if one["uniqueName"] == name]
        return dict(found)

    def ask(self, method: str, path: str, body: Any = None) -> None:
        """Ask Graph as the automation; must succeed."""
        emulator = self.world.emulator
        answer = emulator.graph(emulator.token(self.world.automation), method, path, body)
        assert answer.ok, answer.text


@pytest.fixture(scope="module")
def site(shared: tuple[Running, RunningService], tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site(World(*shared, tmp_path_factory.mktemp("drift"), {}))
    report = made.run(correct=True)
    assert report["state"] == "corrected", report["output"]
    return made


def widen(site: Site) -> None:
    """Give the registration a second mailbox, as somebody does by hand."""
    scope = {
        "unique_name": READS, "roles": ["Mail.ReadWrite"], "mailboxes": [f"admin@{DOMAIN}"], "login": "{{ entra_app_login }}"}
    playbook = site.world.folder / "widen.yml"
    playbook.write_text(json.dumps([{
        "name": "Widen", "hosts": "catalog", "gather_facts": False, **FEW_READS,
        "tasks": [{"name": "Widen", "catalog.mail.mailbox_scope": scope}]}]))
    run = site.world.ended(site.world.started(playbook))
    assert (run.changed, run.failed) == (1, 0), run.output


def rows(report: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    return {(one["thing"], one["field"], one["is"], one["should_be"]) for one in report["changes"]}


def test_changes_at_microsoft_are_found_and_corrected(site: Site) -> None:
    """A permission is removed, a secret is deleted, a mailbox scope is widened, and a registration is renamed."""
    assert site.run(correct=False)["state"] == "none"
    sends, reads, admin = site.app(SENDS), site.app(READS), site.world.emulator.user("admin")["id"]
    site.world.emulator.revoke(sends["appId"], "Mail.Send")
    (secret,) = reads["passwordCredentials"]
    site.ask("POST", f"/v1.0/applications/{reads['id']}/removePassword", {"keyId": secret["keyId"]})
    site.ask("PATCH", f"/v1.0/applications/{sends['id']}", {"displayName": "renamed"})
    widen(site)
    look = site.run(correct=False)
    assert look["exit_status"] == 2, look["output"]
    assert rows(look) == {
        (f"app registration {SENDS}", "display_name", "renamed", SENDS),
        (f"app registration {SENDS}", "consent", "(none)", "Mail.Send"),
        (f"app registration {READS}", "Mail.ReadWrite", f"/users/{admin}", "(none)"),
        (f"Create a credential when it is due: {READS}", "content", "differs", "differs")}
    assert site.app(SENDS)["displayName"] == "renamed"
    made = site.run(correct=True)
    assert made["state"] == "corrected", made["output"]
    # Only the correction knows the new secret, and saves it.
    assert rows(made) == {*rows(look), ("Test and save the new credential", "content", "differs", "differs")}
    assert site.run(correct=False)["state"] == "none"
    assert site.app(SENDS)["displayName"] == SENDS
