# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run test_email as Ansible does: options, check mode, and refusals before it sends."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.catalog.mail.plugins.doc_fragments import mail_servers
from ansible_collections.catalog.mail.plugins.module_utils._application.email_proof import SPEC
from ansible_collections.catalog.mail.plugins.modules import test_email as module

# .../ansible_collections/catalog/mail/tests/unit/plugins/modules/test_test_email.py
COLLECTIONS = Path(__file__).resolve().parents[7]
SECRET = "s3cret-Word"
SMTP = {"host": "m.test", "username": "u", "password": SECRET}
MAILBOX = {"host": "m.test", "username": "u", "password": SECRET}


def run(check=False, **options):
    options = {"recipient": "alice@m.test", "sender": "noreply@c.test", **options, "_ansible_check_mode": check}
    done = subprocess.run(
        [sys.executable, "-m", "ansible_collections.catalog.mail.plugins.modules.test_email"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": options}), capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(COLLECTIONS), *sys.path])},
    )
    assert SECRET not in done.stdout + done.stderr
    return json.loads(done.stdout)


def test_nothing_is_sent_in_check_mode():
    result = run(check=True, transport="smtp", smtp=SMTP, mailbox=MAILBOX)
    assert result["skipped"] is True
    assert result["changed"] is False


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"recipient": "alice"}, "recipient"),
        ({"recipient": "a@b.test\nBcc: x@y.test"}, "recipient"),
        ({"sender": "Me <a@b.test>"}, "sender"),
        ({"timeout": 0}, "timeout"),
        ({"smtp": SMTP}, "smtp"),
        ({"transport": "smtp", "smtp": {**SMTP, "port": 70000}}, "smtp.port"),
        ({"transport": "smtp", "smtp": {**SMTP, "timeout": 0}}, "smtp.timeout"),
        ({"transport": "smtp", "smtp": {**SMTP, "ca_file": "/no/such"}}, "smtp.ca_file"),
        ({"transport": "smtp", "smtp": {**SMTP, "password": SECRET + "\n"}}, "smtp.password"),
        ({"mailbox": {**MAILBOX, "host": "a b"}}, "mailbox.host"),
        ({"mailbox": {**MAILBOX, "ca_file": __file__}}, "mailbox.ca_file"),
        ({"mailbox": {**MAILBOX, "password": "a\r\n" + SECRET}}, "mailbox.password"),
    ],
)
def test_invalid_options_are_refused_with_field_cause_and_remedy(options, field):
    result = run(**options)
    assert result["failed"] is True
    assert result["field"] == field
    assert result["msg"].startswith(f"{field}: {result['cause']}")
    assert result["remedy"] in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"transport": "smtp"}, "smtp"),
        ({"transport": "smtp", "smtp": {"host": "m.test", "username": "u"}}, "required together: username, password"),
        ({"mailbox": {"host": "m.test", "username": "u"}}, "password"),
        ({"transport": "pigeon"}, "pigeon"),
        ({"mailbox": {**MAILBOX, "tls": "maybe"}}, "maybe"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(options, words):
    result = run(**options)
    assert result["failed"] is True
    assert words in result["msg"]


def test_a_password_in_clear_is_warned_of_and_never_shown():
    # Nothing listens on port 1 of the loopback interface; a password sent to 127.0.0.1 needs no warning.
    result = run(
        transport="smtp", smtp={**SMTP, "host": "127.0.0.1", "port": 1, "tls": "none"},
        mailbox={**MAILBOX, "host": "m.test", "tls": "none"})
    assert result["stage"] == "connect"
    assert "mailbox.tls is none: the password goes to m.test unencrypted" in json.dumps(result["warnings"])
    assert "smtp.tls" not in json.dumps(result["warnings"])


def passwords(options):
    """Yield every option called password with its path, at any depth."""
    for name, option in options.items():
        if "password" in name:
            yield name, option
        yield from passwords(option.get("options") or option.get("suboptions") or {})


def test_every_password_is_kept_out_of_the_log():
    found = list(passwords(SPEC.options))
    assert len(found) == 2
    assert all(option.get("no_log") is True for _name, option in found)


def test_the_documentation_is_whole():
    documentation = yaml.safe_load(module.DOCUMENTATION)
    assert list(documentation["options"]) == list(SPEC.options)
    fragment = yaml.safe_load(mail_servers.ModuleDocFragment.DOCUMENTATION)["options"]
    for name in ("smtp", "mailbox"):
        documented, specified = fragment[name]["suboptions"], SPEC.options[name]["options"]
        assert list(documented) == list(specified)
        for option in documented:
            assert [documented[option].get(key) for key in ("type", "default", "choices", "required")] == [
                specified[option].get(key) for key in ("type", "default", "choices", "required")], option
    returned = yaml.safe_load(module.RETURN)
    assert {"hops", "authentication_results", "summary", "stage", "remedy", "queue_entry"} <= set(returned)
    for task in yaml.safe_load(module.EXAMPLES):
        options = task.get("catalog.mail.test_email", {})
        assert set(options) <= set(SPEC.options)


def test_main_is_short():
    tree = ast.parse(Path(module.__file__).read_text())
    (main,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
    assert main.end_lineno - main.lineno < 40
