# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the adapter of Alation does beyond the contract, with a stand-in for Alation in a real chroot."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.modules.graph_modules import environment
from helpers.modules.module_process import ModuleHost
from helpers.service import adapters
from helpers.service.adapters import MODULES, through
from helpers.service.alation import PASSWORD, Alation
from helpers.service.secret_watch import SecretWatch
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

SECRET = "s3cret 'Wrd' $x `id` \\\\ m\u00fcller"
HOST, USER, BUILT_IN = "alation.email.host", "alation.email.email_user", "alation.email.use_builtin"
RECORDS = Path("/var/lib/catalog-mail-settings")
Make = Callable[..., Alation]


@pytest.fixture(scope="module")
def host() -> Iterator[ModuleHost]:
    running = ModuleHost()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _no_records() -> Iterator[None]:
    """Remove what the module has recorded on this machine."""
    yield
    for record in RECORDS.glob("alation-*"):
        record.unlink()


def smtp(**settings: Any) -> dict[str, Any]:
    return {"transport": "smtp", "smtp": settings}


@pytest.mark.parametrize("kind,module", [("python", "importable"), ("python", "missing"), ("python2", "bootstrap")])
def test_no_secret_is_in_a_list_of_processes(make_alation: Make, host: ModuleHost, kind: str, module: str) -> None:
    alation = make_alation(kind=kind, module=module, delay=0.1)
    adapter = adapters.alation(alation, host, keys={})
    with SecretWatch(SECRET) as watch:
        saved = adapter.save(smtp(host="mail.example.com", username="u", password=SECRET), test=False)
        assert saved["changed"], saved
        assert not adapter.save(smtp(password=SECRET), test=False)["changed"]
        assert adapter.save(smtp(password="other"), test=False)["changed"]
    assert watch.seen == [] and watch.samples > 10
    assert alation.stored()[PASSWORD] == "other" and SECRET not in "".join(adapter.outputs)
    records = list(RECORDS.glob("alation-*"))
    assert all(SECRET not in record.read_text() and record.stat().st_mode & 0o777 == 0o600 for record in records)


def test_a_wrapper_is_refused_unless_the_task_allows_it(make_alation: Make, host: ModuleHost) -> None:
    alation = make_alation(kind="wrapper")
    adapter, before = adapters.alation(alation, host, keys={}), alation.stored()
    refused = adapter.save(smtp(host="mail.example.com", username="u", password=SECRET), test=False)
    assert refused["failed"] and refused["field"] == "notifications.smtp.password" and alation.stored() == before
    assert "secrets_in_process_list" in refused["msg"]
    allowed = adapters.alation(alation, host, keys={}, secrets_in_process_list=True)
    assert allowed.save(smtp(host="mail.example.com", username="u", password=SECRET), test=False)["changed"]
    assert alation.stored()[PASSWORD] == SECRET


@pytest.mark.parametrize("value", ["it's", '"q"', "$HOME", "`id`", "two words", "m\u00fcller", "a;b|c", "*", "#x"])
def test_a_value_arrives_as_it_is(make_alation: Make, host: ModuleHost, value: str) -> None:
    alation = make_alation()
    adapter = adapters.alation(alation, host, keys={})
    assert adapter.save(smtp(username=value, password="passw0rd"), test=False)["changed"]
    assert alation.stored()[USER] == value
    assert not adapter.save(smtp(username=value, password="passw0rd"), test=False)["changed"]


@pytest.mark.parametrize("secret", ["same", "different", "absent", "unknown", "unable"])
def test_a_secret_may_be_a_word_of_the_comparison(make_alation: Make, host: ModuleHost, secret: str) -> None:
    alation = make_alation()
    adapter = adapters.alation(alation, host, keys={})
    assert adapter.save(smtp(username="u", password=secret), test=False)["changed"]
    assert alation.stored()[PASSWORD] == secret
    assert not adapter.save(smtp(username="u", password=secret), test=False)["changed"]


@pytest.mark.parametrize("mode", ["error", "silence", "creation"])
def test_a_key_that_alation_does_not_tell_is_never_written(make_alation: Make, host: ModuleHost, mode: str) -> None:
    alation = make_alation(unknown_key=mode, absent=(USER,))
    adapter = adapters.alation(alation, host, keys={"notifications.smtp.port": "alation.email.no_such_port"})
    before = alation.stored()
    refused = adapter.save(smtp(host="mail.example.com", port=587, username="u"), test=False)
    assert refused["failed"] and alation.stored() == before
    assert "alation.email.no_such_port" in refused["msg"] and USER in refused["msg"]
    saved = adapter.save(smtp(host="mail.example.com", port=587, username="u"), test=False, unmanaged="warn")
    assert [(one["path"], one["value"]) for one in saved["worksheet"]] == [
        ("notifications.smtp.port", 587), ("notifications.smtp.username", "u")]
    assert saved["worksheet"][0]["label"] == "Email Notifications > Basic Auth > SMTP Server: TCP port"
    assert alation.stored() == {**before, HOST: "mail.example.com", BUILT_IN: False}


def test_a_password_on_the_worksheet_is_not_shown(make_alation: Make, host: ModuleHost) -> None:
    adapter = adapters.alation(make_alation(absent=(PASSWORD,)), host, keys={})
    saved = adapter.save(smtp(password=SECRET), test=False, unmanaged="warn")
    assert saved["worksheet"][0]["path"] == "notifications.smtp.password"
    assert "s3cret" not in json.dumps({name: value for name, value in saved.items() if name != "invocation"})


@pytest.mark.parametrize("modes,words", [
    ({"refused_keys": (USER,)}, "did not set"), ({"ignored_keys": (USER,)}, "did not keep"),
    ({"refused_keys": (PASSWORD,)}, "did not set"), ({"ignored_keys": (PASSWORD,)}, "did not keep"),
])
def test_earlier_values_come_back_when_a_later_key_fails(
        make_alation: Make, host: ModuleHost, modes: dict[str, Any], words: str) -> None:
    alation = make_alation(**modes)
    before = alation.stored()
    adapter = adapters.alation(alation, host, keys={}, restart="web_celery")
    refused = adapter.save(smtp(host="mail.example.com", username="u", password=SECRET), test=False)
    assert refused["failed"] and words in refused["msg"] and "s3cret" not in refused["msg"]
    assert alation.stored() == before and adapter.read()["health"]["reasons"] == []


def test_a_change_by_somebody_else_is_seen(make_alation: Make, host: ModuleHost) -> None:
    """The module plans again, once, with the value that somebody else has set."""
    alation = make_alation(other_writer=(HOST, "elsewhere.example.com"))
    saved = adapters.alation(alation, host, keys={}).save(smtp(host="mail.example.com"), test=False)
    assert saved["changed"] and alation.stored()[HOST] == "mail.example.com"
    assert {"path": "notifications.smtp.host", "before": "elsewhere.example.com", "after": "mail.example.com"} in saved["changes"]


@pytest.mark.parametrize("mode,primary,refused", [
    ("standalone", False, False), ("replication", False, True), ("replication", True, False), ("", False, True)])
def test_a_secondary_is_refused(make_alation: Make, host: ModuleHost, mode: str, primary: bool, refused: bool) -> None:
    alation = make_alation(replication_mode=mode)
    result = adapters.alation(alation, host, keys={}, primary=primary).save(smtp(host="mail.example.com"), test=False)
    assert bool(result.get("failed")) is refused
    assert result.get("field") == ("alation.primary" if refused else None)


@pytest.mark.parametrize("kind,commands", [
    ("none", []), ("web_celery", ["alation_supervisor restart web:* celery:*"]),
    ("full", ["alation_action deploy_conf_all", "alation_action restart_alation"])])
def test_settings_count_after_the_restart_that_the_task_says(
        make_alation: Make, host: ModuleHost, kind: str, commands: list[str]) -> None:
    alation = make_alation()
    adapter = adapters.alation(alation, host, keys={}, restart=kind)
    saved = adapter.save(smtp(host="mail.example.com"), test=False)
    assert saved["restarted"] == commands and bool(saved["advice"]) is (kind == "none")
    assert len(alation.restarts()) == len(commands)
    assert (alation.in_use()[HOST] == "mail.example.com") is bool(commands)
    adapter.save(smtp(host="mail.example.com"), test=False)
    assert len(alation.restarts()) == len(commands)


def test_a_restart_that_failed_is_made_up(make_alation: Make, host: ModuleHost) -> None:
    alation = make_alation(restart_fails=True)
    adapter = adapters.alation(alation, host, keys={}, restart="web_celery")
    failed = adapter.save(smtp(host="mail.example.com"), test=False)
    assert failed["failed"] and failed["field"] == "alation.restart"
    assert adapter.read()["health"]["reasons"][0]["code"] == "restart-due"
    alation.change(restart_fails=False)
    told = adapter.save(smtp(host="mail.example.com"), test=False, check=True)
    assert told["changes"] == [{"path": "restart", "before": "due", "after": "done"}]
    assert adapter.save(smtp(host="mail.example.com"), test=False)["changed"]
    assert alation.in_use()[HOST] == "mail.example.com"
    assert not adapter.save(smtp(host="mail.example.com"), test=False)["changed"]


def test_killed_between_two_writes_or_before_the_restart(make_alation: Make, host: ModuleHost) -> None:
    alation = make_alation(delay=0.05)
    for number in range(5):
        adapter = adapters.alation(alation, host, keys={}, restart="web_celery")
        wanted = smtp(host=f"mail{number}.example.com", username=f"user{number}", password=f"passw0rd-{number}")
        writes = len([call for call in alation.calls() if call.words[0].endswith("-s")])
        killed_after(alation, {**adapter.options, "notifications": wanted, "test": False}, writes + number % 4)
        saved = adapter.save(wanted, test=False)
        assert "failed" not in saved, saved
        stored = alation.stored()
        assert (stored[HOST], stored[USER], stored[PASSWORD]) == (
            f"mail{number}.example.com", f"user{number}", f"passw0rd-{number}")
        assert alation.in_use()[HOST] == stored[HOST] and not adapter.save(wanted, test=False)["changed"]


def killed_after(alation: Alation, given: dict[str, Any], writes: int) -> None:
    """Start the module, and kill it with its commands once this many keys were set, or when it has ended."""
    running = subprocess.Popen(
        [sys.executable, "-m", f"{MODULES}.email_settings"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment(),
        start_new_session=True)
    assert running.stdin
    running.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
    running.stdin.close()
    wait_until(lambda: running.poll() is not None
               or len([call for call in alation.calls() if call.words[0].endswith("-s")]) >= writes, lambda: "no key was set")
    time.sleep(0.02)
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


@pytest.mark.parametrize("mail,words", [
    ("sent", ""), ("deferred", "deferred"), ("bounced", "bounced"), ("missing", "sendmail")])
def test_the_built_in_server_is_tested_by_its_own_log(make_alation: Make, host: ModuleHost, mail: str, words: str) -> None:
    alation = make_alation(mail=mail, settings={BUILT_IN: False})
    before = alation.stored()
    adapter = adapters.alation(alation, host, keys={})
    saved = adapter.save({"transport": "builtin", "from": {"address": "noreply@example.com"}}, unmanaged="warn")
    if mail == "sent":
        assert saved["changed"] and saved["test"]["recipient"] == "alice@example.com"
        assert [one["To"] for one in alation.messages()] == ["alice@example.com"]
    else:
        assert saved["failed"] and words in saved["msg"] and alation.stored() == before


def test_the_test_uses_the_very_values(make_alation: Make, host: ModuleHost, sink: MailSink) -> None:
    """Also those that only the page can set, which go on the worksheet."""
    alation = make_alation()
    adapter = adapters.alation(alation, host, keys={})
    saved = adapter.save(through(sink), unmanaged="warn")
    assert saved["changed"] and sink.messages[0]["From"] == "noreply@example.com"
    assert {one["path"] for one in saved["worksheet"]} == {
        "notifications.smtp.port", "notifications.smtp.tls", "notifications.from.address"}
    missing = adapter.save(smtp(host="127.0.0.2"), unmanaged="warn")
    assert missing["failed"] and missing["field"] == "notifications.from.address"


@pytest.mark.parametrize("options,field", [
    ({"root": "/nonexistent"}, "alation.root"),
    ({"keys": {"notifications.smtp.port": "a b"}}, "alation.keys[notifications.smtp.port]"),
    ({"keys": {"notifications.none": "a"}}, "alation.keys[notifications.none]"),
    ({"keys": {"notifications.microsoft.cloud": "a"}}, "alation.keys[notifications.microsoft.cloud]"),
    ({"secret_user": "nobody-there"}, "alation.secret_user"),
])
def test_options_that_cannot_work_are_refused(make_alation: Make, host: ModuleHost, options: dict[str, Any], field: str) -> None:
    alation = make_alation()
    before = alation.stored()
    refused = adapters.alation(alation, host, **{"keys": {}, **options}).save(smtp(password="passw0rd"), test=False)
    assert refused["failed"] and refused["field"] == field and alation.stored() == before


@pytest.mark.parametrize("value", ["-s", "a\nb"])
def test_a_value_that_alation_conf_could_take_for_more_is_refused(make_alation: Make, host: ModuleHost, value: str) -> None:
    alation = make_alation()
    before = alation.stored()
    for settings in ({"username": value}, {"password": value}):
        refused = adapters.alation(alation, host, keys={}).save(smtp(**settings), test=False)
        assert refused["failed"] and refused["field"] == f"notifications.smtp.{next(iter(settings))}"
    assert alation.stored() == before
