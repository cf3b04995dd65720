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
        assert asked.what == "GET /api/v1/settings/email-server"
        return (200 if asked.headers.get("Authorization") == "Bearer cmail_token" else 401), {}, {}


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


@pytest.mark.parametrize("content,mode,accepted", [
    ("cmail_token\n", 0o600, True), ("cmail_token\n", 0o640, False), ("other\n", 0o600, False), ("", 0o600, False)])
def test_token(host, run, content, mode, accepted):
    run()
    host.token.write_text(content)
    host.token.chmod(mode)
    assert run()["token_accepted"] is accepted


@pytest.mark.parametrize("options,field", [
    ({"listen": "8025"}, "listen"), ({"listen": "localhost:smtp"}, "listen"),
    ({"files": [{"path": "/etc/passwd", "mode": "rw"}]}, "mode"),
])
def test_options_that_cannot_work_are_refused(run, options, field):
    result = run(**options)
    assert (result["failed"], result["field"]) == (True, field)
