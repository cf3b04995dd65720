# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a client secret, by role entra_app and playbook rotate_secret, with the real service and the emulator."""

from __future__ import annotations

import os
import re
import signal
from typing import Any

import pytest
from helpers.rotation import DAY, NAME, World, extra
from helpers.waiting import wait_until

WRITING = r"^(POST|PATCH|PUT|DELETE) (?!.*(/token$|\$batch$))"


def test_a_first_run_and_an_unchanged_second_run(world: World) -> None:
    planned = world.whole("--check")
    assert planned.failed == 0, planned.output
    assert [one["displayName"] for one in world.emulator.state()["applications"]] == ["automation"]
    assert world.used() == ""

    first = world.whole()
    assert (first.failed, world.secrets()) == (0, [world.used()]), first.output
    assert world.sends()
    granted = world.emulator.state()["app_role_assignments"]
    assert len([one for one in granted if one["principalDisplayName"] == "Data Catalog e-mail"]) == 5

    world.emulator.forget_requests()
    second = world.whole()
    assert (second.changed, second.failed) == (0, 0), second.output
    assert not world.asked(WRITING)


def test_check_mode_before_the_application_runs(world: World) -> None:
    """The credential in use is unknown: everything is reported as new, whether Entra has a registration or not."""
    (world.folder / "token").rename(world.folder / "away")
    planned = world.whole("--check")
    assert (planned.changed, planned.failed) == (3, 0), planned.output
    assert [one["displayName"] for one in world.emulator.state()["applications"]] == ["automation"]

    (world.folder / "away").rename(world.folder / "token")
    assert world.whole().failed == 0
    secrets = world.secrets()
    (world.folder / "token").unlink()
    planned = world.whole("--check")
    assert (planned.failed, world.secrets()) == (0, secrets), planned.output
    done = world.whole()
    assert (done.failed, world.secrets()) == (1, secrets), done.output


def test_a_secret_is_kept_renewed_and_removed(registered: World) -> None:
    first = registered.used()
    idle = registered.rotate()
    assert (idle.changed, idle.failed, registered.secrets()) == (0, 0, [first]), idle.output

    registered.emulator.advance(151 * DAY)
    planned = registered.rotate("--check")
    assert (planned.failed, registered.secrets(), registered.used()) == (0, [first], first), planned.output
    due = registered.rotate(entra_app_grace_seconds=3600)
    second = registered.used()
    assert (due.failed, second != first, sorted(registered.secrets())) == (0, True, sorted([first, second])), due.output

    again = registered.rotate(entra_app_grace_seconds=3600)
    assert (again.changed, len(registered.secrets())) == (0, 2), again.output
    registered.emulator.advance(3700)
    cleaned = registered.rotate(entra_app_grace_seconds=3600)
    assert (cleaned.changed, registered.secrets()) == (1, [second]), cleaned.output
    assert registered.rotate(entra_app_grace_seconds=3600).changed == 0
    assert registered.sends()


def test_a_new_secret_that_fails_its_test_is_removed(registered: World) -> None:
    first = registered.used()
    registered.emulator.fault("access_policy", path="sendMail")
    refused = registered.rotate(entra_app_rotate_now=True)
    assert refused.failed == 1
    assert "A policy of the tenant" in " ".join(refused.output.split())
    assert "was removed again" in " ".join(refused.output.split())
    assert (registered.secrets(), registered.used()) == ([first], first)
    registered.emulator.clear_faults()
    assert registered.sends()
    assert registered.rotate().changed == 0


def test_a_lost_response_leaves_no_orphan(registered: World) -> None:
    registered.emulator.fault("lose", path="addPassword", times=1)
    run = registered.rotate(entra_app_rotate_now=True)
    assert (run.failed, registered.secrets()) == (0, [registered.used()]), run.output


def test_a_lost_response_of_the_application(registered: World) -> None:
    """The application saves, but the response is lost: the new secret is in use and is kept; the next run removes the old one."""
    first = registered.used()
    registered.emulator.fault("delay", path="sendMail", seconds=6, times=1)
    run = registered.killed_when(lambda: registered.asked("sendMail"))
    wait_until(lambda: registered.used() != first, run)
    mended = registered.rotate()
    assert (mended.failed, registered.secrets()) == (0, [registered.used()]), mended.output
    assert registered.sends()


@pytest.mark.parametrize("moment", ["addPassword", "oauth2/v2.0/token$", "sendMail", "removePassword"])
def test_the_next_run_completes_a_killed_run(registered: World, moment: str) -> None:
    registered.emulator.forget_requests()
    begun: list[bool] = []

    def now() -> bool:
        begun.append(registered.asked("addPassword"))
        return begun[-1] and (moment == "addPassword" or registered.asked(moment))

    registered.killed_when(now)
    assert registered.sends()
    mended = registered.rotate()
    assert mended.failed == 0, mended.output
    assert registered.secrets() == [registered.used()], mended.output
    assert registered.sends()
    assert registered.rotate().changed == 0


def test_a_certificate_replaces_the_secret(registered: World) -> None:
    with_certificate(registered)
    for words in ({}, {"entra_app_rotate_now": True}):
        run = registered.rotate(**words)
        assert run.failed == 0, run.output
        app = registered.app()
        assert (len(app["keyCredentials"]), app["passwordCredentials"]) == (1, []), run.output
        assert re.fullmatch("[0-9A-F]{40}", registered.used("certificate_thumbprint"))
        assert registered.sends()
    assert registered.rotate().changed == 0


def with_certificate(world: World) -> None:
    registration = {"unique_name": NAME, "uses": ["notifications", "interactions"], "credential": "certificate"}
    world.variables["entra_app_registrations"] = [registration]


def test_the_replaced_kind_has_a_grace_period_too(registered: World) -> None:
    [secret] = registered.secrets()
    with_certificate(registered)
    changed = registered.rotate(entra_app_grace_seconds=3600)
    assert (changed.failed, registered.secrets(), len(registered.app()["keyCredentials"])) == (0, [secret], 1), changed.output
    waiting = registered.rotate(entra_app_grace_seconds=3600)
    assert (waiting.changed, waiting.failed, registered.secrets()) == (0, 0, [secret]), waiting.output
    registered.emulator.advance(3700)
    cleaned = registered.rotate(entra_app_grace_seconds=3600)
    assert (cleaned.changed, registered.secrets()) == (1, []), cleaned.output
    assert registered.sends()


def test_the_next_run_removes_the_replaced_kind(registered: World) -> None:
    with_certificate(registered)
    registered.killed_when(lambda: registered.used("certificate_thumbprint") != "")
    assert registered.sends()
    mended = registered.rotate()
    app = registered.app()
    assert (mended.failed, len(app["keyCredentials"]), app["passwordCredentials"]) == (0, 1, []), mended.output
    assert registered.rotate().changed == 0


@pytest.mark.parametrize("passes", [True, False])
def test_another_run_in_between(registered: World, passes: bool) -> None:
    """The late run is paused after reading or after creating a secret; the other run rotates; then the late run resumes."""
    registered.variables["entra_app_grace_seconds"] = 3600
    registered.emulator.forget_requests()
    late = registered.started(registered.rotation_playbook, *extra({"entra_app_rotate_now": True}))
    while len([one for one in registered.emulator.requests() if "/applications" in one["path"]]) < 2:
        assert late.poll() is None, late.communicate()[0]
    os.killpg(late.pid, signal.SIGSTOP)
    first = registered.rotate(entra_app_rotate_now=True)
    saved = registered.used()
    if not passes:
        registered.emulator.fault("access_policy", path="sendMail")
    os.killpg(late.pid, signal.SIGCONT)
    second = registered.ended(late)
    registered.emulator.clear_faults()
    assert (first.failed, second.failed) == (0, 0 if passes else 1), second.output
    assert registered.used() in registered.secrets()
    assert (registered.used() == saved) is not passes
    assert registered.sends()
    registered.emulator.advance(3700)
    mended = registered.rotate()
    assert (mended.failed, registered.secrets()) == (0, [registered.used()]), mended.output


def test_hosts_that_share_a_database(registered: World) -> None:
    """The hosts are one application with one secret, regardless of the host that rotates it."""
    registered.hosts = ("catalog", "catalog2")
    registered.variables |= {"catalog_mail_hosts": "all", "entra_app_credential_name": "catalog.mail of both"}
    due = registered.rotate(entra_app_rotate_now=True)
    assert due.failed == 0, due.output
    assert registered.used() in registered.secrets()
    assert registered.sends()
    again = registered.rotate()
    assert again.failed == 0, again.output
    theirs = [one["keyId"] for one in registered.app()["passwordCredentials"] if one["displayName"] == "catalog.mail of both"]
    assert theirs == [registered.used()]
    assert registered.rotate().changed == 0


BOTH = ["notifications", "interactions"]


@pytest.mark.parametrize("variables,words", [
    ({"entra_app_registrations": [{"unique_name": "x", "uses": [use]} for use in BOTH]}, "its own unique_name"),
    ({"entra_app_registrations": [{"unique_name": name, "uses": BOTH} for name in "xy"]}, "cannot have the same use"),
    ({"entra_app_registrations": [{"unique_name": "x", "uses": []}]}, "at least one use"),
    ({"entra_app_valid_days": 4_000_000}, "entra_app_valid_days: 4000000 is out of range"),
    ({"entra_app_rotate_before_days": 180}, "Write a number less than entra_app_valid_days"),
    ({"entra_app_grace_seconds": -5}, "entra_app_grace_seconds: -5 is out of range"),
    ({"entra_app_propagation_timeout": -1}, "entra_app_propagation_timeout: -1 is out of range"),
])  # fmt: skip
def test_variables_that_cannot_work(world: World, variables: dict[str, Any], words: str) -> None:
    """Neither part of the role sends a request."""
    world.emulator.forget_requests()
    given = extra(variables)
    both = [world.started(world.rotation_playbook, *given), world.started(world.whole_playbook, "--check", *given)]
    for run in map(world.ended, both):
        assert run.failed == 1
        assert words in " ".join(run.output.split())
    assert world.emulator.requests() == []


def test_settings_with_a_manually_entered_secret(registered: World) -> None:
    """Its key id is unknown, so no secret is removed before the application has a new one; the manual secret stays."""
    [own] = registered.emulator.seed({
        "id": "6babcaad-604b-40ac-a9d7-9fd97c0b779f", "domains": ["contoso.test"],
        "applications": [{"display_name": "x", "app_id": registered.app()["appId"], "secret": "typed-in-by-a-person"}],
    })[0]["applications"]  # fmt: skip
    settings = registered.service.call("GET", "/settings/email-server").json()
    for section in ("notifications", "interactions"):
        settings[section]["microsoft"] |= {"client_secret": "typed-in-by-a-person", "client_secret_key_id": None}
        settings[section]["microsoft"]["client_secret_expires_at"] = None
    assert registered.service.save(settings).status_code == 200
    run = registered.rotate()
    assert (run.failed, sorted(registered.secrets())) == (0, sorted([registered.used(), own["key_id"]])), run.output
