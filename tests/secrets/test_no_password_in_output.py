# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only Postfix's password file has the relay's password; the passwords of mailboxes are in no file of the host.

The playbooks run on a host of the lab, at first without settings, with the highest verbosity (-vvv --diff), in check mode,
with failures, as a user whose sudo asks for a password, and without pipelining. The tests then search the output, the
process lists of control node and host, the host's journal with sudo's lines, and every file of the host. That the search
finds the password file shows that the search works.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.modules.lab_host import LAB_HOME, LabHost
from helpers.playbooks import lab, run_ansible
from helpers.processes import ProcessWatch

HOST = "catalog13"
ACCOUNT = "catalog@corp.test"
# The mailbox of replies, whose password the application stores encrypted, and the mailbox of a user who answers by e-mail.
MAILBOXES = ("replies@corp.test", "alice@corp.test")
REPLIES = {
    # Extra variables hold for every host: the other one would have the same mailbox.
    "catalog_mail_hosts": HOST,
    "email_settings_interactions": {
        "enabled": True, "reply_to": "replies@corp.test",
        "imap": {
            "host": "mail.corp.test", "username": "replies@corp.test", "ca_file": "/etc/ssl/lab-ca.crt",
            "password": "{{ lab_passwords['replies@corp.test'] }}"}}}
ROUND_TRIP = {
    "verify_reply_author": "bob", "verify_reply_user": "alice",
    "verify_reply_mailbox": "{{ verify_mailbox }}", "verify_reply_smtp": "{{ verify_mailbox }}"}

# Connections to the host that differ from the lab's inventory.
SUDO_WITH_PASSWORD = {"ansible_user": "admin", "ansible_become_password": "{{ lab_sudo_passwords.admin }}"}
WITHOUT_PIPELINING = {"ansible_pipelining": False}

# Ansible prints this text in place of a secret option.
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

# Read search texts from standard input and print each file of the host that contains one of them.
SEARCH_FILES = """
import os, sys
needles = [line.encode() for line in sys.stdin.read().splitlines()]
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [name for name in folders if name not in ("proc", "sys", "dev", "srv")]
    for name in files:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and not os.path.islink(path):
            with open(path, "rb") as stream:
                content = stream.read()
            if any(needle in content for needle in needles):
                print(path)
"""


def needles_of(password: str) -> list[str]:
    """Return the texts to search for: the first 24 characters of the password, which quoting does not change, and their base64.

    The base64 of a longer text, such as user and password, contains one of three forms, by the position of the password.
    """
    start = password[:24]
    assert start.isalnum()
    forms = [start]
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + start.encode()).decode()
        forms.append(encoded[4 if before else 0:-4])
    return forms


@dataclass(frozen=True)
class Evidence:
    """The outputs, processes, journal and files to search for passwords."""

    needles: list[str]
    outputs: dict[str, str]
    processes: set[bytes]
    journal: str
    files: list[str]


def in_host(*command: str, given: str = "") -> str:
    """Run a command in the host and return its output."""
    done = LabHost(HOST).exec(*command, stdin=given.encode())
    assert done.code == 0, done.err
    return done.out


def playbook(name: str, *arguments: str, fails: bool = False, **more: str) -> str:
    """Run a playbook with -vvv and return its output. Asserts that the playbook fails if `fails`, and passes otherwise."""
    run = run_ansible(
        "ansible-playbook", "-i", "inventories/lab", "--limit", HOST, f"playbooks/{name}.yml", "-vvv", "--diff", *arguments,
        ANSIBLE_NOCOLOR="1", **more)
    assert (run.returncode != 0) == fails, run.stdout + run.stderr
    return run.stdout + run.stderr


def run_playbooks(local_temp: Path) -> dict[str, str]:
    """Run the playbooks in every mode that could print a password; return the outputs by a description of the mode."""
    temp = {"ANSIBLE_LOCAL_TEMP": str(local_temp)}
    outputs = {"a host without settings": playbook("site", **temp)}
    outputs["nothing to change"] = playbook("site", **temp)
    # The password file differs, so that check mode has something to show.
    in_host("sh", "-c", "echo '[mail.corp.test]:587 other:account' > /etc/postfix/sasl_passwd")
    outputs["check mode"] = playbook("site", "--check", **temp)
    outputs["the password corrected"] = playbook("site", **temp)
    outputs["steps"] = playbook("site", ANSIBLE_STDOUT_CALLBACK="catalog.mail.steps", **temp)
    replies = ("--extra-vars", json.dumps(REPLIES))
    outputs["replies in check mode"] = playbook("site", "--check", *replies, **temp)
    outputs["replies"] = playbook("site", *replies, **temp)
    for connection, variables in (("a sudo password", SUDO_WITH_PASSWORD), ("no pipelining", WITHOUT_PIPELINING)):
        # The password file differs, so that the module that receives the password has a change to make.
        in_host("sh", "-c", "echo '[mail.corp.test]:587 other:account' > /etc/postfix/sasl_passwd")
        reach = ("--extra-vars", json.dumps(variables))
        outputs[connection] = playbook("site", *replies, *reach, **temp)
        assert "changed=1 " in outputs[connection], outputs[connection]
    # By the host's Postfix, and by default by the application.
    outputs["a test e-mail of the host"] = playbook("verify", "--extra-vars", "verify_transport=sendmail", **temp)
    # The catalog has no users yet, so the round trip fails.
    outputs["an answer by e-mail"] = playbook("verify", "--extra-vars", json.dumps(ROUND_TRIP), fails=True, **temp)
    lab("fault", "refuse_login")
    try:
        outputs["a wrong login"] = playbook("verify", fails=True, **temp)
    finally:
        lab("fault", "none")
    for setting in (
        '{"postfix_relayhost": ["[mail.corp.test:587]"]}',
        '{"postfix_relay_tls_level": "tight"}',
        '{"postfix_parameters": {"relay_host": "x"}}',
        '{"postfix_relay_ca_file": "/no/such/file"}',
    ):
        outputs[setting] = playbook("site", "--extra-vars", setting, fails=True, **temp)
    return outputs


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """Run the playbooks on a host with nothing but the software, and collect the evidence."""
    local_temp = tmp_path_factory.mktemp("ansible")
    credentials = json.loads((LAB_HOME / "credentials.json").read_text(encoding="utf-8"))
    sudo = json.loads((LAB_HOME / "sudo.json").read_text(encoding="utf-8"))
    passwords = [*(credentials["users"][user] for user in (ACCOUNT, *MAILBOXES)), sudo["admin"]]
    needles = [form for password in passwords for form in needles_of(password)]
    lab("reset", "--installed", HOST)
    # Stop the other bare host, which would read the mailbox of replies before this host does.
    lab("up", "--only", HOST)
    with ProcessWatch() as watch:
        outputs = run_playbooks(local_temp)
    for path in local_temp.rglob("*"):
        if path.is_file():
            outputs[str(path)] = path.read_text(encoding="utf-8", errors="replace")
    files = in_host("python3", "-c", SEARCH_FILES, given="\n".join(needles)).splitlines()
    yield Evidence(needles, outputs, watch.seen, in_host("journalctl", "--no-pager", "-o", "export"), files)
    # Reset the host, so that it does not read the mailbox of replies during later tests, and start the other hosts again.
    lab("reset", HOST)
    lab("up")


@pytest.fixture
def found(evidence: Evidence) -> Callable[[str], bool]:
    """Return a function that tells whether a text contains a password in one of its forms."""
    return lambda text: any(needle in text for needle in evidence.needles)


def test_the_search_finds_a_password() -> None:
    """The search finds a password in plain text, quoted, in base64, and in the base64 of a login."""
    password = "abcdefghijklmnopqrstuvwx :#$%'\""
    login = base64.b64encode(f"\0user@example.com\0{password}".encode()).decode()
    for text in (password, repr(password), json.dumps(password), login, base64.b64encode(password.encode()).decode()):
        assert any(needle in text for needle in needles_of(password)), text


def test_no_password_in_the_output(evidence: Evidence, found: Callable[[str], bool]) -> None:
    """No run prints a password, though every run prints the masked option."""
    assert [name for name, text in evidence.outputs.items() if found(text)] == []
    for name in ("a host without settings", "nothing to change", "check mode", "a wrong login", "replies", "an answer by e-mail"):
        assert HIDDEN in evidence.outputs[name], name


def test_check_mode_shows_the_change_without_password(evidence: Evidence) -> None:
    """Check mode shows that the password changes, but neither the old nor the new password."""
    shown = evidence.outputs["check mode"]
    assert "sasl_passwd" in shown
    assert "other:account" not in shown


def test_no_password_in_a_process_list(evidence: Evidence, found: Callable[[str], bool]) -> None:
    """No process on the control node or the host has a password in its command line or environment."""
    texts = {entry.decode("utf-8", "replace") for entry in evidence.processes}
    assert [text for text in texts if found(text)] == []
    assert any("bin/catalog-mail" in text and "serve" in text for text in texts), "the watch saw no process of the host"


def test_no_password_in_the_journal(evidence: Evidence, found: Callable[[str], bool]) -> None:
    """The entries of Ansible, Postfix and sudo contain no password."""
    assert not found(evidence.journal)
    for user in ("ops", "admin"):
        assert re.search(rf"^MESSAGE= *{user} : .*USER=root ; COMMAND=/bin/sh -c ", evidence.journal, re.MULTILINE), user
    assert "ansible-catalog.mail.postfix_host" in evidence.journal
    assert "postfix/smtp" in evidence.journal


def test_no_password_in_another_file(evidence: Evidence) -> None:
    """Only the password file and its compiled table contain the password, so the search does find it."""
    assert sorted(evidence.files) == ["/etc/postfix/sasl_passwd", "/etc/postfix/sasl_passwd.db"]
    assert in_host("stat", "--format=%a %U", *evidence.files).split("\n")[:2] == ["600 root", "600 root"]
