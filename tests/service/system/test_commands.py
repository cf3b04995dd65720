# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands beside `serve`, as run by a person or a role."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE


def test_a_key_is_created_once_and_readable_by_its_owner(make_service: Callable[..., RunningService]):
    service = make_service(start=False)
    assert service.command("key").stdout == "created\n"
    key = service.folder / "key"
    before = key.read_bytes()
    assert service.command("key").stdout == "unchanged\n"
    assert key.read_bytes() == before
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_key_may_be_for_a_group(make_service: Callable[..., RunningService]):
    service = make_service(start=False)
    assert service.command("key", "--group", "daemon").returncode == 0
    status = (service.folder / "key").stat()
    assert stat.S_IMODE(status.st_mode) == 0o640
    refused = make_service(start=False).command("key", "--group", "no-such-group")
    assert refused.returncode == 1
    assert "no group 'no-such-group'" in refused.stderr


def test_migrate_prepares_a_database_once(make_service: Callable[..., RunningService]):
    service = make_service(start=False)
    assert service.command("key").returncode == 0
    first, second = service.command("migrate"), service.command("migrate")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout == second.stdout != ""


def test_migrate_on_postgresql(make_service: Callable[..., RunningService], postgresql: str):
    service = make_service(start=False, database_url=postgresql)
    assert service.command("key").returncode == 0
    two = [
        subprocess.Popen(service._words("migrate"), env=service._environment(), stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in two:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors


def test_serve_refuses_a_database_that_was_not_migrated(make_service: Callable[..., RunningService]):
    service = make_service(start=False)
    assert service.command("key").returncode == 0
    refused = service.command("serve")
    assert refused.returncode == 1
    assert "catalog-mail migrate" in refused.stderr


def test_a_token_in_a_file_is_created_once_and_reused(service: RunningService):
    file = service.folder / "admin-token"
    ensure = ("token", "ensure", "--name", "ansible", "--role", "server_admin", "--file", str(file))
    assert service.command(*ensure).stdout == "created\n"
    token = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert service.command(*ensure).stdout == "unchanged\n"
    assert service.command(*ensure, "--email", "ann@corp.test").stdout == "changed\n"
    assert service.command(*ensure, "--email", "ann@corp.test").stdout == "unchanged\n"
    service.tokens["ansible"] = token
    assert service.call("GET", "/settings/email-server", role="ansible").status_code == 200
    listed = service.command("token", "list").stdout
    assert "ansible\tserver_admin\tann@corp.test" in listed
    assert token not in listed


def test_a_token_whose_database_was_lost_is_registered_again(service: RunningService):
    file = service.folder / "admin-token"
    file.write_text("cmail_of-an-earlier-life\n")
    done = service.command("token", "ensure", "--name", "ansible", "--role", "server_admin", "--file", str(file))
    assert done.stdout == "created\n"
    assert file.read_text() == "cmail_of-an-earlier-life\n"


def test_a_token_whose_file_was_lost_is_replaced(service: RunningService):
    file = service.folder / "admin-token"
    ensure = ("token", "ensure", "--name", "ansible", "--role", "server_admin", "--file", str(file))
    service.command(*ensure, "--email", "ann@corp.test")
    lost = file.read_text().strip()
    file.unlink()
    assert service.command(*ensure).stdout == "created\n"
    for token, status in ((lost, 401), (file.read_text().strip(), 200)):
        service.tokens["ansible"] = token
        assert service.call("GET", "/settings/email-server", role="ansible").status_code == status
    assert "ansible\tserver_admin\tann@corp.test" in service.command("token", "list").stdout
    other = service.command(*ensure[:5], "viewer", *ensure[6:7], str(service.folder / "other"))
    assert "already" in other.stderr


def test_a_revoked_token_stays_revoked(service: RunningService):
    file = service.folder / "admin-token"
    ensure = ("token", "ensure", "--name", "ansible", "--role", "server_admin", "--file", str(file))
    service.command(*ensure)
    service.tokens["ansible"] = file.read_text().strip()
    assert service.command("token", "revoke", "ansible").returncode == 0
    assert service.call("GET", "/settings/email-server", role="ansible").status_code == 401
    refused = service.command(*ensure)
    assert refused.returncode == 1
    assert "was revoked" in refused.stderr
    assert "Remove the file" in refused.stderr
    file.unlink()
    assert service.command(*ensure).stdout == "created\n"
    assert service.call("GET", "/settings/email-server", role="ansible").status_code == 401
    service.tokens["ansible"] = file.read_text().strip()
    assert service.call("GET", "/settings/email-server", role="ansible").status_code == 200
    assert service.command("token", "revoke", "nobody").returncode == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--name", "a b", "--role", "viewer"), "not a token's name"),
        (("--name", "", "--role", "viewer"), "not a token's name"),
        (("--name", "ok", "--role", "viewer", "--email", "nobody"), "not an e-mail address"),
        (("--name", "ok", "--role", "viewer", "--email", "a@b\r\nBcc: c@d"), "not an e-mail address"),
        (("--name", "catalog", "--role", "viewer"), "already"),
    ],
)
def test_an_invalid_token_is_refused(service: RunningService, words: tuple[str, ...], reason: str):
    refused = service.command("token", "create", *words)
    assert refused.returncode == 1
    assert reason in refused.stderr


def test_settings_are_exported_and_imported(service: RunningService, sink: MailSink):
    settings = through(sink.port)
    settings["notifications"]["smtp"] |= {"username": "app", "password": "hunter2-in-a-test"}
    file = service.folder / "settings.json"
    file.write_text(json.dumps(settings))
    imported = service.command("settings", "import", str(file), "--no-test")
    assert imported.returncode == 0, imported.stderr
    exported = service.command("settings", "export").stdout
    assert "hunter2" not in exported + imported.stdout + imported.stderr
    assert json.loads(exported)["notifications"]["smtp"]["password"]["present"] is True
    again = service.command("settings", "import", "-", "--no-test", input=exported)
    assert (again.returncode, json.loads(again.stdout)) == (0, [])


def test_an_import_that_fails_its_test_saves_nothing(service: RunningService):
    file = service.folder / "settings.json"
    file.write_text(json.dumps(through(1)))
    refused = service.command("settings", "import", str(file), "--to", "alice@corp.test")
    assert refused.returncode == 1
    assert "refused" in refused.stderr
    assert service.call("GET", "/settings/email-server").headers["ETag"] == '"0"'


def test_a_test_message_goes_out_by_command(service: RunningService, sink: MailSink):
    refused = service.command("test-email", "--to", "alice@corp.test")
    assert refused.returncode == 1
    assert service.save(through(sink.port)).status_code == 200
    done = service.command("test-email", "--to", "alice@corp.test")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recipient"] == "alice@corp.test"
    assert sink.wait_for(1)[0]["To"] == "alice@corp.test"


def test_the_description_needs_no_configuration(tmp_path: Path, make_service: Callable[..., RunningService]):
    service = make_service(start=False)
    service.config.unlink()
    described = service.command("openapi")
    assert described.returncode == 0, described.stderr
    assert "/api/v1/settings/email-server" in json.loads(described.stdout)["paths"]
