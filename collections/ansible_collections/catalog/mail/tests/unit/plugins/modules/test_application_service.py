# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run application_service as Ansible does, on a simulated host in a folder. Tests of the site playbook use real systemd."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

UNIT = "catalog-mail.service"
NEW, OLD = "0.2.0-new-py3.11", "0.1.0-old-py3.11"
HEADERS = {"before_header": UNIT, "after_header": UNIT}


class Service:
    """The application's API: ready while its unit runs a version that works."""

    def __init__(self, host):
        self.host = host
        self.broken = ()
        self.health = {}

    def __call__(self, asked):
        running = self.host.unit(UNIT).get("ActiveState") == "active"
        ready = running and os.readlink(self.host.runtime / "current") not in self.broken
        if asked.what == "GET /api/v1/health":
            return (200 if ready else 503), {}, {"ready": ready, **self.health}
        assert asked.what == "GET /api/v1/token"
        known = asked.headers.get("Authorization") == "Bearer cmail_token"
        return (200 if known else 401), {}, {"email": "ann@corp.test"}


@pytest.fixture
def service(host):
    host.install(NEW)
    return Service(host)


@pytest.fixture
def config(host):
    path = host.folder / "config.toml"
    path.write_text("listen = 1\n")
    path.chmod(0o640)
    return path


@pytest.fixture
def run(host, service, config, http_server):
    server = http_server(service)

    def run(check=False, **options):
        given = {
            "listen": f"127.0.0.1:{server.port}", "runtime_folder": str(host.runtime), "token_file": str(host.token),
            "files": [{"path": str(config)}], "ready_timeout": 2, **options}
        return host.run("application_service", check, **given)

    return run


def test_check_apply_and_apply_again(host, run):
    planned = run(check=True)
    assert planned["changed"] is True
    assert planned["diff"] == [{
        **HEADERS, "before": "enabled: no\nservice: stopped\nproven_version: (none)\n",
        "after": f"enabled: yes\nservice: running\nproven_version: {NEW}\n"}]
    assert (planned["running"], planned["token_accepted"], planned["proven_version"]) == (False, False, "")
    assert host.calls() == []
    assert not os.path.lexists(host.runtime / "proven")

    applied = run()
    assert (applied["diff"], applied["changes"]) == (planned["diff"], planned["changes"])
    assert (applied["running"], applied["token_accepted"], applied["proven_version"]) == (True, True, NEW)
    assert host.calls() == ["daemon-reload", f"enable {UNIT}", f"reset-failed {UNIT}", f"start {UNIT}"]
    assert os.readlink(host.runtime / "proven") == NEW

    for check in (True, False):
        again = run(check=check)
        assert (again["changed"], again["changes"], again["running"], again["token_accepted"]) == (False, [], True, True)
        assert "diff" not in again
    assert host.calls() == []


@pytest.mark.parametrize("status", ["degraded", "failing"])
def test_health_below_ok_is_no_reason_to_fail(run, service, status):
    service.health = {"status": status, "ready": True}
    assert run()["running"] is True
    assert run()["changed"] is False


def test_a_younger_file_restarts_the_service(host, run, config):
    run()
    host.calls()
    host.touch(config)
    planned = run(check=True)
    assert planned["diff"] == [{**HEADERS, "before": "service: running with older files\n", "after": "service: running\n"}]
    assert host.calls() == []
    assert run()["changes"] == planned["changes"]
    assert host.calls() == ["daemon-reload", f"reset-failed {UNIT}", f"restart {UNIT}"]
    assert run()["changed"] is False


def test_a_file_that_is_only_removed_restarts_nothing(host, run, config):
    files = [{"path": str(config), "state": "present"}, {"path": str(host.folder / "leftover"), "state": "absent"}]
    run(files=files)
    (host.folder / "leftover").write_text("x")
    host.touch(host.folder / "leftover")
    planned = run(check=True, files=files)
    assert (planned["changes"], planned["different_files"], planned["restarting_files"]) == (
        [], [str(host.folder / "leftover")], [])


def test_another_version_restarts_the_service(host, run):
    run()
    host.install("0.3.0-next-py3.11")
    assert [(one["name"], one["before"]) for one in run()["changes"]] == [
        ("service", "running with older files"), ("proven_version", NEW)]
    assert run()["changed"] is False


def test_a_version_that_fails_is_taken_back(host, run, service):
    host.install(OLD)
    run()
    host.install("0.3.0-broken")
    service.broken = ("0.3.0-broken",)
    result = run()
    assert result["failed"] is True
    assert result["msg"] == (
        f"{UNIT} does not become ready. The version 0.3.0-broken cannot be used here; {OLD} is in use again. "
        "The last lines of its journal: broken on purpose")
    assert (result["unit"], result["version"], result["restored_version"]) == (UNIT, "0.3.0-broken", OLD)
    assert os.readlink(host.runtime / "current") == os.readlink(host.runtime / "proven") == OLD
    assert run()["changed"] is False


@pytest.mark.parametrize("proven", [None, "0.0.9-removed"])
def test_without_another_version_it_stays(host, run, service, proven):
    service.broken = (NEW,)
    if proven:
        (host.runtime / "proven").symlink_to(proven)
    result = run()
    assert result["failed"] is True
    assert "No other version has worked on this host" in result["msg"]
    assert "restored_version" not in result
    assert os.readlink(host.runtime / "current") == NEW


def test_a_unit_that_systemd_refuses(host, run):
    host.failing(f"enable {UNIT}")
    assert run()["msg"] == f"{UNIT} cannot be enabled: Job for {UNIT} failed."
    host.failing(f"start {UNIT}")
    assert run()["msg"].startswith(f"{UNIT} does not become ready. The last lines of its journal: broken on purpose")


def test_files_are_compared_and_their_digests_hidden(host, run, config):
    found = hashlib.sha256(config.read_bytes()).hexdigest()
    other = hashlib.sha256(b"a password\n").hexdigest()
    gone = str(host.folder / "no-such-file")
    result = run(check=True, files=[
        {"path": str(config), "sha256": found, "mode": "0640"},
        {"path": str(host.token), "sha256": other},
        {"path": gone}, {"path": gone + "-2", "state": "absent"}, {"path": str(host.token), "state": "absent"}])
    assert result["different_files"] == [str(host.token), gone, str(host.token)]
    assert found not in json.dumps(result) and other not in json.dumps(result)


@pytest.mark.parametrize("content,mode,token", [
    ("cmail_token\n", 0o600, "accepted"), ("cmail_token\n", 0o640, "refused"), ("other\n", 0o600, "refused"),
    ("", 0o600, "empty"), (None, 0, "missing")])
def test_token(host, run, content, mode, token):
    run()
    host.token.unlink()
    if content is not None:
        host.token.write_text(content)
        host.token.chmod(mode)
    result = run()
    assert (result["token"], result["token_accepted"]) == (token, token == "accepted")


def test_the_mode_of_a_file_is_kept(host, run, config):
    """Check mode returns what a run does; a folder is kept likewise; the kept mode makes the token acceptable."""
    run()
    host.token.chmod(0o644)
    host.folder.chmod(0o777)
    host.calls()
    files = [
        {"path": str(config)}, {"path": str(host.token), "mode": "0600", "keep": True, "restart": "never"},
        {"path": str(host.folder), "mode": "0700", "keep": True, "restart": "never"}]
    planned = run(check=True, files=files)
    assert [one["name"] for one in planned["changes"]] == [str(host.token), str(host.folder)]
    assert planned["changes"][0]["before"].startswith("0644 ")
    assert planned["token"] == "accepted"
    assert host.token.stat().st_mode & 0o777 == 0o644
    assert run(files=files)["changes"] == planned["changes"]
    assert host.token.stat().st_mode & 0o777 == 0o600
    assert host.folder.stat().st_mode & 0o777 == 0o700
    assert run(files=files)["changed"] is False


def test_check_mode_tells_the_restart_of_later_writes(host, run, config):
    """A file that differs, another version and a version installed again each restart the service in the run."""
    run()
    for options in (
            {"files": [{"path": str(config), "mode": "0600"}]}, {"files": [{"path": str(config) + "-2", "restart": "missing"}]},
            {"reinstalled": True}):
        assert [(one["name"], one["before"]) for one in run(check=True, **options)["changes"]] == [
            ("service", "running with older files")]
    assert run(check=True, files=[{"path": str(config), "mode": "0600", "restart": "never"}])["changed"] is False
    assert [one["name"] for one in run(check=True, version="0.3.0-next")["changes"]] == ["service", "proven_version"]


def test_without_apply_nothing_changes(host, run):
    """The look returns the changes, whether it runs in check mode, and no warning."""
    for check in (True, False):
        found = run(check=check, apply=False)
        assert (found["changed"], found["check_mode"], "diff" in found, "warnings" in found) == (False, check, False, False)
        assert [one["name"] for one in found["changes"]] == ["enabled", "service", "proven_version"]
        assert found["token"] == "unknown"
    assert host.calls() == []
    assert "Unknown until a run has started the application" in json.dumps(run(check=True)["warnings"])


def test_the_user_is_looked_up(run):
    found = run(user="root", shell="/no/such/shell")  # noqa: S604  # an option of the module
    assert (found["user_exists"], found["user_is_set_up"]) == (True, False)
    found = run(user="no-such-user")
    assert (found["user_exists"], found["user_is_set_up"]) == (False, False)


@pytest.mark.parametrize("options,field", [
    ({"listen": "8025"}, "listen"), ({"listen": "localhost:smtp"}, "listen"),
    ({"files": [{"path": "/etc/passwd", "mode": "rw"}]}, "mode"),
])
def test_options_that_cannot_work_are_refused(run, options, field):
    result = run(**options)
    assert (result["failed"], result["field"]) == (True, field)


@pytest.mark.parametrize(("email", "accepted"), [("", True), ("ann@corp.test", True), ("bob@corp.test", False)])
def test_the_token_has_the_administrators_address(host, run, email, accepted):
    run()
    assert run(admin_email=email)["token_accepted"] is accepted
