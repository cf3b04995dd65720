# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run email_settings as Ansible does: its options, and its requests to the application, in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.catalog.mail.plugins.module_utils._application.email_settings import APPLICATIONS, SPEC
from ansible_collections.catalog.mail.plugins.modules import email_settings, email_settings_info

# .../ansible_collections/catalog/mail/tests/unit/plugins/modules/test_email_settings.py
COLLECTIONS = Path(__file__).resolve().parents[7]
SECRET = "s3cret-Word"
READ = "GET /api/v1/settings/email-server"
PLAN = "POST /api/v1/settings/email-server/plan"
SAVE = "PUT /api/v1/settings/email-server"
CHANGE = {"path": "notifications.smtp.password", "before": "present", "after": "changed"}
EVIDENCE = {"recipient": "a@b.example", "response": "250 Ok"}
DESIRED = {"notifications": {"smtp": {"password": SECRET}}}


class Application:
    """The API of an application. `newer` are writes by another client: one before each write of the module."""

    def __init__(self, changes=(CHANGE,), newer=0):
        self.changes = list(changes)
        self.newer = newer
        self.revision = 4

    def __call__(self, asked):
        settings = {"notifications": {"enabled": True}, "interactions": {}}
        if asked.what == READ:
            return 200, {"ETag": f'"{self.revision}"'}, settings
        if asked.what == PLAN:
            return 200, {}, {"changes": self.changes}
        assert asked.what == SAVE
        if self.newer:
            self.newer -= 1
            self.revision += 1
        if asked.headers["If-Match"] != f'"{self.revision}"':
            return 412, {}, {"cause": "It was changed.", "remedy": "Read it again.", "code": "precondition-failed"}
        return 200, {"ETag": f'"{self.revision + 1}"'}, {"settings": settings, "changes": self.changes, "test": EVIDENCE}


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "admin-token"
    path.write_text("cmail_token\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def run(token_file):
    """Return a function that runs the module: run(server, options, check=False)."""
    def run(server, check=False, **options):
        where = {"api_url": f"http://127.0.0.1:{server.port}" if server else "http://127.0.0.1:1"}
        given = {"token_file": str(token_file), **where, **options, "_ansible_check_mode": check, "_ansible_diff": True}
        done = subprocess.run(
            [sys.executable, "-m", "ansible_collections.catalog.mail.plugins.modules.email_settings"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": given}), capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(COLLECTIONS), *sys.path])})
        # Ansible echoes the module's options; the rest of the result is the module's own.
        assert SECRET not in done.stdout + done.stderr
        return json.loads(done.stdout)

    return run


def test_read_plan_save(http_server, run):
    server = http_server(Application())
    result = run(server, test_recipient="a@b.example", **DESIRED)
    assert server.requests == [READ, PLAN, SAVE]
    assert server.asked[2].body == {
        "settings": {"notifications": {"enabled": True, "smtp": {"password": SECRET}}, "interactions": {}},
        "test": {"recipient": "a@b.example"}}
    assert result["changed"] is True
    assert (result["changes"], result["test"], result["revision"]) == ([CHANGE], EVIDENCE, 5)
    assert result["diff"] == [{
        "before_header": "e-mail settings", "after_header": "e-mail settings",
        "before": {"notifications": {"smtp": {"password": "(present)"}}},
        "after": {"notifications": {"smtp": {"password": "(changed)"}}}}]


def test_check_mode_asks_for_the_plan_alone(http_server, run):
    server = http_server(Application())
    result = run(server, check=True, **DESIRED)
    assert server.requests == [READ, PLAN]
    assert (result["changed"], result["changes"], result["test"], result["revision"]) == (True, [CHANGE], None, 4)
    assert result["diff"]


def test_nothing_to_change_is_not_written_and_not_tested(http_server, run):
    server = http_server(Application(changes=()))
    result = run(server, **DESIRED)
    assert server.requests == [READ, PLAN]
    assert (result["changed"], result["changes"], result["test"]) == (False, [], None)
    assert "diff" not in result


@pytest.mark.parametrize("options,test", [
    ({"test": False}, {"test": False}),
    ({"test": False, "test_recipient": "a@b.example"}, {"test": False}),
    ({}, {}),
])
def test_the_test_message_in_the_result(http_server, run, options, test):
    server = http_server(Application())
    assert run(server, **DESIRED, **options)["changed"] is True
    assert {name: value for name, value in server.asked[2].body.items() if name != "settings"} == test


def test_settings_changed_meanwhile_are_read_again_once(http_server, run):
    server = http_server(Application(newer=1))
    result = run(server, **DESIRED)
    assert server.requests == [READ, PLAN, SAVE, READ, PLAN, SAVE]
    assert (result["changed"], result["revision"]) == (True, 6)


def test_settings_that_change_repeatedly_are_not_written(http_server, run):
    server = http_server(Application(newer=2))
    result = run(server, **DESIRED)
    assert server.requests == [READ, PLAN, SAVE, READ, PLAN, SAVE]
    assert (result["msg"], result["code"]) == ("It was changed. Read it again.", "precondition-failed")


def test_changes_of_another_client_are_not_reported(http_server, run):
    application = Application(newer=1)

    def done_meanwhile(asked):
        answer = application(asked)
        if asked.what == SAVE:
            application.changes = []
        return answer

    server = http_server(done_meanwhile)
    result = run(server, **DESIRED)
    assert server.requests == [READ, PLAN, SAVE, READ, PLAN]
    assert (result["changed"], result["changes"]) == (False, [])
    assert "diff" not in result


def test_a_refusal_is_reported_with_all_its_parts(http_server, run):
    problem = {
        "cause": "The server refused the login.", "remedy": "Mend the password.", "code": "login-refused", "status": 422,
        "field": "notifications.smtp.password", "smtp": {"code": 535, "text": f"5.7.8 not {SECRET}"}}
    application = Application()
    server = http_server(lambda asked: (422, {}, problem) if asked.what == SAVE else application(asked))
    result = run(server, **DESIRED)
    assert result["failed"] is True
    assert result["msg"] == "notifications.smtp.password: The server refused the login. Mend the password."
    assert {name: result[name] for name in ("cause", "remedy", "code", "field", "status")} == {
        name: problem[name] for name in ("cause", "remedy", "code", "field", "status")}
    assert result["smtp"] == {"code": 535, "text": "5.7.8 not ********"}


def test_check_mode_before_the_application_is_deployed(run, token_file):
    token_file.unlink()
    result = run(None, check=True, **DESIRED)
    assert (result["changed"], "diff" in result) == (False, False)
    assert result["unknown"].startswith("Unknown until a run has started the application: which e-mail settings change.")
    assert "\n" not in result["unknown"]
    assert str(token_file) in result["unknown"]
    assert result["unknown"] in json.dumps(result["warnings"])


def test_without_a_token_it_fails_with_a_remedy(run, token_file):
    token_file.unlink()
    result = run(None, **DESIRED)
    assert result["failed"] is True
    assert (result["field"], result["code"]) == ("token_file", "token-missing")
    assert str(token_file) in result["msg"] and "catalog.mail.application" in result["remedy"]


def test_check_mode_of_a_stopped_application_is_unknown(run):
    result = run(None, check=True, **DESIRED)
    assert result["changed"] is False
    assert "Nothing listens at" in result["unknown"]
    assert run(None, **DESIRED)["code"] == "api-refused"


def test_check_mode_before_a_file_of_the_application(run):
    result = run(None, check=True, pending="/etc/catalog-mail/key", **DESIRED)
    assert (result["changed"], result["check_mode"]) == (False, True)
    assert result["unknown"].endswith("/etc/catalog-mail/key does not exist yet.")


@pytest.mark.parametrize("options,words", [
    ({}, "one of the following is required: notifications, interactions"),
    ({"notifications": {"smpt": {"host": "h"}}}, "notifications.smpt"),
    ({"notifications": {"smtp": {"pasword": "x"}}}, "notifications.smtp.pasword"),
    ({"interactions": {"imap": {"folder": "x"}}}, "interactions.imap.folder"),
    ({"notifications": {"transport": "pigeon"}}, "pigeon"),
    ({"notifications": {"smtp": {"tls": "ssl"}}}, "ssl"),
    ({"notifications": {"smtp": {"port": "smtps"}}}, "smtps"),
    ({"notifications": {}, "application": "another"}, "another"),
    ({"notifications": {}, "test_recipient": ""}, "test_recipient: it is empty"),
])
def test_options_that_cannot_be_are_refused(run, options, words):
    result = run(None, **options)
    assert result["failed"] is True
    assert words in result["msg"]


def documented(options, key):
    """Yield every option with its type and choices, at any depth; `key` is the name of the member for sub-options."""
    return {
        name: (option.get("type", "str"), tuple(option.get("choices", ())), option.get("default"),
               documented(option.get(key) or {}, key))
        for name, option in options.items()}


def with_fragment(module):
    documentation = yaml.safe_load(module.DOCUMENTATION)
    fragment = (COLLECTIONS / "ansible_collections/catalog/mail/plugins/doc_fragments/api.py").read_text()
    shared = yaml.safe_load(fragment.partition('r"""')[2].partition('"""')[0])
    return {**shared["options"], **documentation.get("options", {})}


@pytest.mark.parametrize("module,spec", [(email_settings, SPEC), (email_settings_info, APPLICATIONS)], ids=["settings", "info"])
def test_the_documentation_is_whole(module, spec):
    assert documented(with_fragment(module), "suboptions") == documented(spec.options, "options")
    name = module.__name__.rpartition(".")[2]
    for task in yaml.safe_load(module.EXAMPLES):
        assert set(task.get(f"catalog.mail.{name}") or {}) <= set(spec.options)


def secrets(options, above=""):
    for name, option in options.items():
        if any(word in name for word in ("password", "secret", "certificate")) and not name.endswith(("_key_id", "_expires_at")):
            yield above + name, option
        yield from secrets(option.get("options", {}), f"{above}{name}.")


def test_every_secret_is_marked_as_one():
    found = dict(secrets({name: SPEC.options[name] for name in ("notifications", "interactions")}))
    assert len(found) == 6
    assert [name for name, option in found.items() if option.get("no_log") is not True] == []
