"""The relay's password is in the one place where Postfix needs it, and nowhere else; those of mailboxes are nowhere.

The playbooks run against a bare host of the lab with everything that makes Ansible talk (-vvv --diff), in check mode, in
runs that fail, as a user whose sudo asks for a password, and without pipelining. Then the output, the process lists of
control node and host, the host's journal with sudo's lines and every file of the host are searched. The password file
itself is the proof that the search finds what is there.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.modules.lab_host import LAB_HOME, ROOT, LabHost
from helpers.processes import ProcessWatch

LAB = ROOT / "molecule/shared/lab.py"
HOST = "catalog13"
ACCOUNT = "catalog@corp.test"
# Its mailbox is read by the application, which keeps the password encrypted; and one of a user who answers by e-mail.
MAILBOXES = ("replies@corp.test", "alice@corp.test")
REPLIES = {
    "email_settings_interactions": {
        "enabled": True, "reply_to": "replies@corp.test",
        "imap": {
            "host": "mail.corp.test", "username": "replies@corp.test", "ca_file": "/etc/ssl/lab-ca.crt",
            "password": "{{ lab_passwords['replies@corp.test'] }}"}}}
CIRCLE = {
    "verify_reply_author": "bob", "verify_reply_user": "alice",
    "verify_reply_mailbox": "{{ verify_mailbox }}", "verify_reply_smtp": "{{ verify_mailbox }}"}

# How the host is reached, other than the lab's inventory says.
ASKED_BY_SUDO = {"ansible_user": "admin", "ansible_become_password": "{{ lab_sudo_passwords.admin }}"}
IN_FILES = {"ansible_pipelining": False}

# What a run prints of an option that is secret.
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

# Reads the needles from its input and prints each file of the host that holds one of them.
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
    """What to look for: what the password begins with (quoting changes what follows), plain and in base64.

    Inside a longer text (user and password, say) base64 has one of three forms, by where the password begins.
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
    """All that the runs left to read."""

    needles: list[str]
    outputs: dict[str, str]
    processes: set[bytes]
    journal: str
    files: list[str]


def lab(*words: str) -> None:
    """Have the lab do something."""
    subprocess.run([sys.executable, LAB, *words], check=True, capture_output=True)


def in_host(*command: str, given: str = "") -> str:
    """The output of a command in the host."""
    done = LabHost(HOST).exec(*command, stdin=given.encode())
    assert done.code == 0, done.err
    return done.out


def environment(**more: str) -> dict[str, str]:
    """The environment that ansible needs."""
    return {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **more}


def playbook(name: str, *arguments: str, fails: bool = False, **more: str) -> str:
    """All that a playbook prints at its most talkative; whether it ended as expected is asserted."""
    run = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "-i", "inventories/lab", "--limit", HOST,
         f"playbooks/{name}.yml", "-vvv", "--diff", *arguments],
        cwd=ROOT, env=environment(**more), capture_output=True, text=True, check=False)
    assert (run.returncode != 0) == fails, run.stdout + run.stderr
    return run.stdout + run.stderr


def runs(local_temp: Path) -> dict[str, str]:
    """The playbooks in all the ways that may betray a password; the output of each by what it was."""
    temp = {"ANSIBLE_LOCAL_TEMP": str(local_temp)}
    outputs = {"a bare host": playbook("site", **temp)}
    outputs["nothing to change"] = playbook("site", **temp)
    # The password file differs, so that check mode has something to show.
    in_host("sh", "-c", "echo '[mail.corp.test]:587 other:account' > /etc/postfix/sasl_passwd")
    outputs["check mode"] = playbook("site", "--check", **temp)
    outputs["the password mended"] = playbook("site", **temp)
    outputs["steps"] = playbook("site", ANSIBLE_STDOUT_CALLBACK="catalog.mail.steps", **temp)
    replies = ("--extra-vars", json.dumps(REPLIES))
    outputs["replies in check mode"] = playbook("site", "--check", *replies, **temp)
    outputs["replies"] = playbook("site", *replies, **temp)
    for way, variables in (("a sudo password", ASKED_BY_SUDO), ("no pipelining", IN_FILES)):
        # The password file differs, so that the module that is given the password works in this way, too.
        in_host("sh", "-c", "echo '[mail.corp.test]:587 other:account' > /etc/postfix/sasl_passwd")
        reach = ("--extra-vars", json.dumps(variables))
        outputs[way] = playbook("site", *replies, *reach, **temp)
        assert "changed=1 " in outputs[way], outputs[way]
    # Nobody is a user of this catalog.
    outputs["an answer by e-mail"] = playbook("verify", "--extra-vars", json.dumps(CIRCLE), fails=True, **temp)
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
    """What is left after all runs against a host that was bare."""
    local_temp = tmp_path_factory.mktemp("ansible")
    credentials = json.loads((LAB_HOME / "credentials.json").read_text(encoding="utf-8"))
    sudo = json.loads((LAB_HOME / "sudo.json").read_text(encoding="utf-8"))
    passwords = [*(credentials["users"][user] for user in (ACCOUNT, *MAILBOXES)), sudo["admin"]]
    needles = [form for password in passwords for form in needles_of(password)]
    lab("reset", HOST)
    # What reads the mailbox of replies on another host would answer in this one's place.
    lab("up", "--only", HOST)
    with ProcessWatch() as watch:
        outputs = runs(local_temp)
    for path in local_temp.rglob("*"):
        if path.is_file():
            outputs[str(path)] = path.read_text(encoding="utf-8", errors="replace")
    files = in_host("python3", "-c", SEARCH_FILES, given="\n".join(needles)).splitlines()
    yield Evidence(needles, outputs, watch.seen, in_host("journalctl", "--no-pager", "-o", "export"), files)
    # Nor shall this host read that mailbox in another's place.
    lab("reset", HOST)


@pytest.fixture
def found(evidence: Evidence) -> Callable[[str], bool]:
    """Whether a text holds the password in one of its forms."""
    return lambda text: any(needle in text for needle in evidence.needles)


def test_the_search_finds_a_password() -> None:
    """Plain, inside a login of user and password, and quoted."""
    password = "abcdefghijklmnopqrstuvwx :#$%'\""
    login = base64.b64encode(f"\0user@example.com\0{password}".encode()).decode()
    for text in (password, repr(password), json.dumps(password), login, base64.b64encode(password.encode()).decode()):
        assert any(needle in text for needle in needles_of(password)), text


def test_not_in_the_output(evidence: Evidence, found: Callable[[str], bool]) -> None:
    """No run prints it, though the option that holds it is printed."""
    assert [name for name, text in evidence.outputs.items() if found(text)] == []
    for name in ("a bare host", "nothing to change", "check mode", "a wrong login", "replies", "an answer by e-mail"):
        assert HIDDEN in evidence.outputs[name], name


def test_check_mode_shows_the_change_without_it(evidence: Evidence) -> None:
    """That the password differs is shown, the password is not: neither the old nor the new one."""
    shown = evidence.outputs["check mode"]
    assert "sasl_passwd" in shown
    assert "other:account" not in shown


def test_not_in_a_process_list(evidence: Evidence, found: Callable[[str], bool]) -> None:
    """No process on the control node or the host has it in its command line or environment."""
    texts = {entry.decode("utf-8", "replace") for entry in evidence.processes}
    assert [text for text in texts if found(text)] == []
    assert any("apt-get" in text and "postfix" in text for text in texts), "the watch saw nothing of the host"


def test_not_in_the_journal(evidence: Evidence, found: Callable[[str], bool]) -> None:
    """Neither Ansible's own entries nor Postfix's hold it, nor do the command lines that sudo writes there."""
    assert not found(evidence.journal)
    for user in ("ops", "admin"):
        assert re.search(rf"^MESSAGE= *{user} : .*USER=root ; COMMAND=/bin/sh -c ", evidence.journal, re.MULTILINE), user
    assert "ansible-catalog.mail.postfix_relayhost" in evidence.journal
    assert "postfix/smtp" in evidence.journal


def test_in_no_other_file(evidence: Evidence) -> None:
    """Of all files in the host only the password file and its compiled form hold it; so the search does find."""
    assert sorted(evidence.files) == ["/etc/postfix/sasl_passwd", "/etc/postfix/sasl_passwd.db"]
    assert in_host("stat", "--format=%a %U", *evidence.files).split("\n")[:2] == ["600 root", "600 root"]
