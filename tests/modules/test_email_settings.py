# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""email_settings against the real application, which sends through the lab's mail server."""
from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.modules.lab_application import ALICE, Application
from helpers.modules.lab_host import CA, HOSTS, ROOT, Hidden, LabHost

ACCOUNT = "catalog@corp.test"
REPLIES = "replies@corp.test"
PASSWORD = "notifications.smtp.password"
# Characters that quoting, escaping and masking break; the letters at the start are found however they are quoted.
WORD = "QmFzZUFuZEFsbFRoYXRMZWFrc"
ODD_PASSWORD = WORD + "'\"\\ $x{{y}}%#\u00e9`~&<>|;"


@pytest.fixture
def good(passwords: Hidden) -> Hidden:
    """Return settings that can send: STARTTLS and a login at the lab's mail server."""
    return Hidden(
        enabled=True,
        transport="smtp",
        **{"from": {"address": "noreply@corp.test", "display_name": "Data Catalog"}},
        smtp=Hidden(host="mail.corp.test", port=587, tls="starttls", username=ACCOUNT, password=passwords[ACCOUNT],
                    timeout=10, ca_file=CA))


@pytest.fixture
def sending(application: Application, good: Hidden) -> Application:
    """Return the application with those settings saved."""
    result = settings(application, good, test=False)
    assert "failed" not in result, result
    return application


def settings(application: Application, notifications: Any = None, check: bool = False, **options: Any) -> dict[str, Any]:
    """Run the module on the application's host."""
    given = {"notifications": notifications} if notifications is not None else {}
    return application.host.module("email_settings", {**given, **options}, check=check)


def info(application: Application) -> dict[str, Any]:
    return application.host.module("email_settings_info", {})


def smtp(good: Hidden, **changes: Any) -> Hidden:
    """Return the good settings with other settings of the server."""
    return Hidden(good, smtp=Hidden(good["smtp"], **changes))


def in_mailbox(message_id: str) -> bool:
    """Return whether alice's mailbox receives this message within a few seconds."""
    found = LabHost("mail").sh(
        f"for try in $(seq 50); do doveadm search -u {ALICE} mailbox '*' header Message-ID '{message_id}' | grep . && break; "
        "sleep 0.2; done")
    return bool(found.strip())


def messages() -> str:
    """Return all messages of alice."""
    return LabHost("mail").sh(f"doveadm search -u {ALICE} all | sort")


@pytest.mark.parametrize("name", HOSTS)
def test_first_settings_deliver_a_test_message(
    name: str, application_on: Callable[[str], Application], good: Hidden
) -> None:
    application = application_on(name)
    application.forget()
    mailbox = messages()

    shown = settings(application, good, check=True)
    assert shown["changed"] and shown["test"] is None and shown["revision"] == 0
    assert info(application)["revision"] == 0 and messages() == mailbox

    applied = settings(application, good)
    assert applied["changed"] and applied["diff"] == shown["diff"] and applied["changes"] == shown["changes"]
    [diff] = applied["diff"]
    assert diff["before"]["notifications"]["smtp"]["password"] == "(absent)"
    assert diff["after"]["notifications"]["smtp"]["password"] == "(changed)"
    assert diff["after"]["notifications"]["smtp"]["host"] == "mail.corp.test"
    assert applied["settings"]["notifications"]["smtp"]["password"]["present"] is True
    evidence = applied["test"]
    assert evidence["recipient"] == ALICE and evidence["authenticated"] == ACCOUNT
    assert evidence["response"].startswith("250 ") and evidence["tls"].startswith("TLSv1.")
    assert in_mailbox(evidence["message_id"])

    mailbox = messages()
    for again in (settings(application, good), settings(application, good, check=True)):
        assert not again["changed"] and again["changes"] == [] and "diff" not in again
    assert info(application)["revision"] == applied["revision"] and messages() == mailbox


def test_the_difference_is_exact(sending: Application, good: Hidden) -> None:
    after = Hidden(smtp(good, timeout=20), **{"from": {"address": "noreply@corp.test", "display_name": "Catalogue"}})
    result = settings(sending, after, check=True)
    assert result["diff"] == [{
        "before_header": "e-mail settings", "after_header": "e-mail settings",
        "before": {"notifications": {"from": {"display_name": "Data Catalog"}, "smtp": {"timeout": 10}}},
        "after": {"notifications": {"from": {"display_name": "Catalogue"}, "smtp": {"timeout": 20}}}}]


def test_a_changed_password_is_tested(sending: Application, good: Hidden) -> None:
    before = info(sending)
    wrong = smtp(good, password=ODD_PASSWORD)
    shown = settings(sending, wrong, check=True)
    assert shown["changes"] == [{"path": PASSWORD, "before": "present", "after": "changed"}]
    assert shown["diff"][0]["before"] == {"notifications": {"smtp": {"password": "(present)"}}}
    assert shown["diff"][0]["after"] == {"notifications": {"smtp": {"password": "(changed)"}}}

    failed = settings(sending, wrong)
    assert failed["failed"] and failed["code"] == "login-refused" and failed["field"].startswith("notifications.smtp.")
    assert failed["msg"] == f"{failed['field']}: {failed['cause']} {failed['remedy']}"
    assert failed["smtp"]["code"] == 535
    assert info(sending)["settings"] == before["settings"] and info(sending)["revision"] == before["revision"]
    sent = sending.send()
    assert sent.returncode == 0, sent.stderr
    assert not settings(sending, good)["changed"]


# Cause, settings that produce it, and the named field.
FAILURES = [
    ("name-not-found", {"host": "nowhere.corp.test"}, {}, "notifications.smtp.host"),
    ("connection-refused", {"port": 2}, {}, "notifications.smtp.port"),
    ("certificate-not-trusted", {"ca_file": ""}, {}, "notifications.smtp.ca_file"),
    ("certificate-wrong-name", {"host": "198.18.25.25"}, {}, "notifications.smtp.host"),
    ("sender-refused", {}, {"address": "bob@corp.test"}, "notifications.from.address"),
    ("recipient-refused", {}, {}, None),
]


@pytest.mark.parametrize("code,server,sender,field", FAILURES, ids=[failure[0] for failure in FAILURES])
def test_a_failure_names_its_remedy_and_changes_nothing(
    sending: Application, good: Hidden, code: str, server: dict[str, Any], sender: dict[str, Any], field: str | None
) -> None:
    before = info(sending)
    wanted = Hidden(smtp(good, timeout=9, **server), **{"from": {**good["from"], **sender}})
    result = settings(sending, wanted, test_recipient="nobody@corp.test" if code == "recipient-refused" else ALICE)
    assert result["failed"] and result["code"] == code and result.get("field") == field, result
    assert result["cause"].endswith(".") and result["remedy"].endswith(".")
    assert result["msg"] == (f"{field}: " if field else "") + f"{result['cause']} {result['remedy']}"
    assert info(sending)["settings"] == before["settings"]


def test_a_stored_password_is_not_sent_to_another_server(sending: Application) -> None:
    result = settings(sending, {"smtp": {"host": "smtp.example.com"}}, check=True)
    assert result["failed"] and result["field"] == PASSWORD
    assert settings(sending, {"smtp": {"host": "smtp.example.com"}})["field"] == PASSWORD


def test_several_mistakes_are_reported_at_once(sending: Application) -> None:
    wrong = {"from": {"address": "nobody"}, "smtp": {"port": 70000, "timeout": 0}}
    result = settings(sending, wrong)
    fields = {"notifications.from.address", "notifications.smtp.port", "notifications.smtp.timeout"}
    assert {one["field"] for one in result["errors"]} == fields
    assert all(field in result["msg"] for field in fields)


def test_an_empty_text_removes_an_omitted_one_stays(sending: Application) -> None:
    result = settings(sending, {"smtp": {"username": "", "password": ""}}, test=False)
    assert result["changed"] and result["test"] is None
    assert result["diff"][0]["after"] == {"notifications": {"smtp": {"username": None, "password": "(removed)"}}}
    now = info(sending)["settings"]["notifications"]
    assert now["smtp"]["username"] is None and now["smtp"]["password"]["present"] is False
    assert (now["smtp"]["host"], now["smtp"]["ca_file"], now["from"]["address"]) == ("mail.corp.test", CA, "noreply@corp.test")
    assert not settings(sending, {"smtp": {"username": "", "password": ""}}, test=False)["changed"]


def test_the_switch_and_replies_need_no_test_email(sending: Application) -> None:
    off = settings(sending, {"enabled": False}, test_recipient=ALICE)
    assert off["changed"] and off["test"] is None and off["settings"]["notifications"]["enabled"] is False
    replies = {"reply_to": REPLIES, "imap": {
        "host": "mail.corp.test", "username": REPLIES, "password": ODD_PASSWORD}}
    stored = settings(sending, interactions=replies)
    assert stored["changed"] and stored["test"] is None
    assert stored["settings"]["interactions"]["imap"]["password"]["present"] is True
    assert not settings(sending, interactions=replies)["changed"]
    replies["imap"] = {**replies["imap"], "password": ODD_PASSWORD + "x"}
    assert settings(sending, interactions=replies)["changed"]


def test_two_concurrent_runs_lose_no_change(sending: Application) -> None:
    for number in range(3):
        with ThreadPoolExecutor() as pool:
            one = pool.submit(settings, sending, interactions={"sync_interval": 300 + number})
            two = pool.submit(settings, sending, interactions={"archive": {"keep_days": 40 + number}})
            assert one.result()["changed"] and two.result()["changed"]
        found = info(sending)["settings"]["interactions"]
        assert (found["sync_interval"], found["archive"]["keep_days"]) == (300 + number, 40 + number)


def test_a_token_without_the_role_is_reported(sending: Application) -> None:
    refused = settings(sending, {"enabled": False}, token_file="/etc/catalog-mail/viewer-token")
    assert refused["failed"] and refused["code"] == "not-permitted"
    assert refused["msg"].startswith("token_file: ") and "viewer" in refused["msg"]
    unknown = sending.put_token("unknown-token", "cmail_" + "x" * 43)
    refused = settings(sending, {"enabled": False}, token_file=unknown)
    assert refused["failed"] and refused["code"] == "unauthenticated" and unknown in refused["msg"]


def test_a_stopped_application_is_reported(sending: Application) -> None:
    sending.stop()
    try:
        result = settings(sending, {"enabled": False})
        assert result["failed"] and result["code"] == "api-refused"
        assert "Nothing listens at http://127.0.0.1:8025" in result["msg"]
        assert "systemctl status catalog-mail" in result["remedy"]
        # A run may start the application before: its settings are unknown, and no change is claimed.
        planned = settings(sending, {"enabled": False}, check=True)
        assert not planned.get("failed") and not planned["changed"]
        (warning,) = map(str, planned["warnings"])
        assert "Unknown until a run has started the application" in warning and "Nothing listens" in warning
    finally:
        sending.start()


@pytest.fixture
def cloud(application: Application, tmp_path: Path) -> Any:
    """Run the cloud edition beside it, on another port."""
    found = Application(
        application.host, tmp_path, port=8026, deployment="cloud", cloud={"from_address": "noreply@corp.test"})
    found.prepare()
    found.start()
    yield found
    found.end()


def test_the_cloud_edition_accepts_only_switch_and_replies(
    cloud: Application, good: Hidden, passwords: Hidden
) -> None:
    where = {"api_url": cloud.url, "token_file": cloud.put_token("cloud-token", cloud.tokens["server_admin"])}
    for check in (True, False):
        refused = settings(cloud, good, check=check, **where)
        assert refused["failed"] and refused["code"] == "managed-by-provider"
        assert refused["msg"] == f"{refused['field']}: {refused['cause']} {refused['remedy']}"
        assert refused["field"].startswith("notifications.")
    switched = settings(cloud, {"enabled": True}, **where)
    assert switched["changed"] and switched["test"] is None
    assert switched["settings"]["deployment"] == "cloud" and switched["settings"]["notifications"] == {"enabled": True}
    replies = Hidden(enabled=True, reply_to=REPLIES, imap=Hidden(
        host="mail.corp.test", username=REPLIES, password=passwords[REPLIES], ca_file=CA))
    assert settings(cloud, interactions=replies, **where)["changed"]
    assert not settings(cloud, {"enabled": True}, interactions=replies, **where)["changed"]


def test_the_secret_is_in_no_output_log_or_database(sending: Application, tmp_path: Path) -> None:
    """Neither Ansible at its highest verbosity, nor a journal, nor the application's log or database contains it."""
    began = sending.host.sh("date +%s").strip()
    secret = "{{ odd_password }}"
    desired = {
        "notifications": {"smtp": {"username": ACCOUNT, "password": secret}},
        "interactions": {"reply_to": REPLIES, "imap": {
            "host": "mail.corp.test", "username": REPLIES, "password": secret}}}
    tasks = [
        {"name": "See", "catalog.mail.email_settings": desired, "check_mode": True},
        {"name": "Fail: the mail server refuses it", "catalog.mail.email_settings": desired, "ignore_errors": True},
        {"name": "Save without a test", "catalog.mail.email_settings": {**desired, "test": False}},
        {"name": "Look", "catalog.mail.email_settings_info": {}},
    ]
    # Ansible quotes the playbook beside a failure, so the password is in another file; `!unsafe`: it is no template.
    (tmp_path / "secrets.yml").write_text("odd_password: !unsafe " + yaml.safe_dump(ODD_PASSWORD))
    play = {"name": "Talk", "hosts": sending.host.name, "gather_facts": False, "vars_files": ["secrets.yml"], "tasks": tasks}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    done = subprocess.run(
        ["ansible-playbook", "-i", "inventories/lab", "-vvv", "--diff", tmp_path / "play.yml"], capture_output=True, text=True,
        check=False, cwd=ROOT)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed
    assert "changed=2" in printed and "ignored=1" in printed and "(changed)" in printed, printed
    journal = sending.host.sh(f"journalctl --no-pager -o export --since=@{began}")
    assert "ansible-catalog.mail.email_settings" in journal
    places = {"output": printed.encode(), "journal": journal.encode()}
    places.update({path.name: path.read_bytes() for path in sending.folder.iterdir() if path.is_file()})
    assert {"service.log", "catalog-mail.db"} <= set(places)
    assert [name for name, content in places.items() if WORD.encode() in content] == []
