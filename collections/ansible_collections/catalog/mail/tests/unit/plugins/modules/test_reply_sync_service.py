# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run reply_sync_service as Ansible does, on a simulated host in a folder. Tests of the site playbook use real systemd."""

from __future__ import annotations

import hashlib
import json

import pytest

SERVICE = "catalog-mail-reply-sync.service"
ARCHIVE = "catalog-mail-archive.service"
TIMER = "catalog-mail-archive.timer"
HEADERS = {"before_header": "catalog-mail-reply-sync", "after_header": "catalog-mail-reply-sync"}


class Application:
    """An application that reads and archives replies over IMAP."""

    def __init__(self):
        self.archive = {"enabled": True, "on_calendar": "Mon 03:30"}

    def __call__(self, asked):
        assert (asked.what, asked.headers["Authorization"]) == ("GET /api/v1/settings/email-server", "Bearer cmail_token")
        interactions = {"enabled": True, "receiver": "imap", "archive": self.archive}
        return 200, {"ETag": '"4"'}, {"notifications": {}, "interactions": interactions}


@pytest.fixture
def application():
    return Application()


@pytest.fixture
def units(host):
    folder = host.folder / "units"
    folder.mkdir()
    for name in (SERVICE, ARCHIVE, TIMER):
        (folder / name).write_text(f"# {name}\n")
        (folder / name).chmod(0o644)
    return folder


@pytest.fixture
def config(host):
    path = host.folder / "config.toml"
    path.write_text("listen = 1\n")
    return path


@pytest.fixture
def run(host, units, config, application, http_server):
    server = http_server(application)
    host.install("0.2.0-new-py3.11")

    def run(check=False, **options):
        given = {
            "api_url": f"http://127.0.0.1:{server.port}", "token_file": str(host.token), "runtime_folder": str(host.runtime),
            "unit_folder": str(units), "files": [str(config), "/no/such/file"], **options}
        result = host.run("reply_sync_service", check, **given)
        assert "cmail_token" not in json.dumps(result)
        return result

    return run


def lines(result):
    """Return the lines of the diff, before and after."""
    [diff] = result["diff"]
    assert {name: diff[name] for name in HEADERS} == HEADERS
    return diff["before"].splitlines(), diff["after"].splitlines()


def test_check_apply_and_apply_again(host, run):
    planned = run(check=True)
    assert planned["changed"] is True
    assert lines(planned) == (
        [f"{TIMER}: stopped", f"{SERVICE}: stopped"], [f"{TIMER}: running", f"{SERVICE}: running"])
    assert (planned["archive"], planned["settings_error"]) == ({"enabled": True, "on_calendar": "Mon 03:30"}, "")
    assert planned["systemd_version"] == 252
    assert host.calls() == []

    applied = run()
    assert (applied["diff"], applied["changes"]) == (planned["diff"], planned["changes"])
    assert host.calls() == [
        "daemon-reload", f"enable {TIMER}", f"reset-failed {TIMER}", f"restart {TIMER}",
        f"enable {SERVICE}", f"reset-failed {SERVICE}", f"restart {SERVICE}"]

    for check in (True, False):
        again = run(check=check)
        assert (again["changed"], again["changes"]) == (False, [])
        assert "diff" not in again
    assert host.calls() == []


def test_a_younger_file_restarts_the_service(host, run, config):
    run()
    host.calls()
    host.touch(config)
    assert lines(run(check=True)) == ([f"{SERVICE}: running with older files"], [f"{SERVICE}: running"])
    assert run()["changed"] is True
    assert host.calls() == ["daemon-reload", f"enable {SERVICE}", f"reset-failed {SERVICE}", f"restart {SERVICE}"]
    assert run()["changed"] is False


def test_a_younger_calendar_restarts_the_timer_alone(host, run, units):
    run()
    host.calls()
    host.touch(units / TIMER)
    assert lines(run()) == ([f"{TIMER}: running with older files"], [f"{TIMER}: running"])
    assert host.calls() == ["daemon-reload", f"enable {TIMER}", f"reset-failed {TIMER}", f"restart {TIMER}"]
    assert run()["changed"] is False


def test_without_an_archive_the_timer_is_stopped(host, run, application):
    run()
    host.calls()
    application.archive["enabled"] = False
    assert lines(run()) == ([f"{TIMER}: running"], [f"{TIMER}: stopped"])
    assert host.calls() == ["daemon-reload", f"disable {TIMER}"]
    assert run()["changed"] is False


def test_absent_stops_all_and_sends_no_request(host, run):
    run()
    host.calls()
    gone = {"state": "absent", "api_url": "http://127.0.0.1:1"}
    planned = run(check=True, **gone)
    assert lines(planned) == (
        [f"{SERVICE}: running", f"{TIMER}: running"], [f"{SERVICE}: stopped", f"{TIMER}: stopped"])
    assert planned["archive"] is None
    assert host.calls() == []
    assert run(**gone)["changes"] == planned["changes"]
    assert host.calls() == [f"disable {TIMER} {SERVICE}", f"stop {SERVICE} {ARCHIVE} {TIMER}"]
    assert run(**gone)["changed"] is False


def test_files_of_the_units(run, units):
    (units / ARCHIVE).unlink()
    found = run(check=True)["unit_files"]
    assert found[ARCHIVE] is None
    assert found[TIMER]["sha256"] == hashlib.sha256((units / TIMER).read_bytes()).hexdigest()
    assert found[TIMER]["mode"] == "0644"


def test_an_application_that_does_not_answer(host, run, units):
    """The archive settings are unknown, so the timer of the host stays as it is; the reader's service needs none of them."""
    planned = run(check=True, api_url="http://127.0.0.1:1")
    assert planned["archive"] == {"enabled": False, "on_calendar": "(unknown until a run has started the application)"}
    assert [one["name"] for one in planned["changes"]] == [SERVICE]
    assert "Nothing listens at http://127.0.0.1:1" in planned["settings_error"]
    assert planned["unknown"].startswith("Unknown until a run has started the application: whether and when replies")
    assert planned["unknown"] in json.dumps(planned["warnings"])
    assert "warnings" not in run(check=True, api_url="http://127.0.0.1:1", apply=False)
    result = run(api_url="http://127.0.0.1:1")
    assert (result["failed"], result["code"], result["msg"]) == (True, "api-refused", planned["settings_error"])
    look = run(api_url="http://127.0.0.1:1", apply=False)
    assert (look["settings_error"], look["unknown"]) == (planned["settings_error"], "")
    host.token.unlink()
    assert "catalog.mail.application" in run(check=True)["settings_error"]
    assert host.calls() == []


def test_the_timer_of_the_host_stays_while_unknown(host, run, units):
    run()
    (units / TIMER).write_text("[Timer]\nOnCalendar=Fri 05:00\n")
    for unknown in ({"api_url": "http://127.0.0.1:1"}, {"pending": "/etc/catalog-mail/key"}):
        assert run(check=True, **unknown)["archive"] == {"enabled": True, "on_calendar": "Fri 05:00"}


def test_a_unit_that_the_run_writes_is_restarted(run, units):
    """systemd may have forgotten the unit by then, or not, so its state does not count."""
    run()
    for name in (SERVICE, TIMER):
        given = {"different_files": [str(units / name)]}
        told = run(check=True, **given)
        assert [(one["name"], one["before"]) for one in told["changes"]] == [(name, "with another unit file")]
        assert run(**given)["changes"] == told["changes"]


def test_check_mode_plans_with_earlier_tasks(host, run, config, units):
    """Files and settings that the run writes before this module count in check mode, and not without it."""
    run()
    host.calls()
    told = run(check=True, different_files=[str(config)])
    assert [(one["name"], one["before"]) for one in told["changes"]] == [(SERVICE, "running with older files")]
    assert run(different_files=[str(config)])["changed"] is False
    changes = [{"path": "interactions.archive.enabled", "before": True, "after": False}]
    assert lines(run(check=True, settings_changes=changes)) == ([f"{TIMER}: running"], [f"{TIMER}: stopped"])
    assert run(settings_changes=changes)["changed"] is False
    assert host.calls() == []


def test_units_that_do_not_start(host, run):
    host.failing(f"restart {TIMER}")
    assert run()["msg"] == (
        f"{TIMER} does not start: Job for {TIMER} failed. Correct interactions.archive.on_calendar.")
    host.failing(f"restart {SERVICE}")
    result = run()
    assert result["msg"] == f"{SERVICE} does not become ready. The last lines of its journal: broken on purpose"
    assert result["unit"] == SERVICE
