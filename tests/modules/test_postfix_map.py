# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_map against real postmap on both Debians."""
from __future__ import annotations

import secrets
import string
from typing import Any

import pytest
from helpers.modules.lab_host import LabHost

PATH = "/etc/postfix/relay_passwords"
PASSWORD = "p w:#$x{y}%'\"\\\u00e9;=,!`~*?[z]|<&>"
ENTRIES = [
    {"key": "[smtp.corp.test]:587", "secret": f"catalog@corp.test:{PASSWORD}"},
    {"key": "Other.Example", "secret": "u:hunter2"},
]


def table(host: LabHost, check: bool = False, **options: Any) -> dict[str, Any]:
    return host.module("postfix_map", {"path": PATH, "entries": ENTRIES, **options}, check=check)


def files(host: LabHost) -> str:
    return host.sh(f"cd /etc/postfix; stat -c '%n %a %U:%G' {PATH}* 2>/dev/null || true")


def lookup(host: LabHost, key: str, table_type: str = "hash") -> str:
    return host.sh(f"postmap -q '{key}' {table_type}:{PATH}").rstrip("\n")


GOOD = f"{PATH} 600 root:root\n{PATH}.db 600 root:root\n"


def test_check_apply_again_change_remove(host: LabHost) -> None:
    shown = table(host, check=True)
    assert shown["changed"] and files(host) == ""
    applied = table(host)
    assert applied["diff"] == shown["diff"]
    assert files(host) == GOOD
    assert lookup(host, "[smtp.corp.test]:587") == f"catalog@corp.test:{PASSWORD}"
    assert lookup(host, "other.example") == "u:hunter2"
    before = host.sh(f"stat -c '%i %z' {PATH}*")
    assert not table(host)["changed"] and not table(host, check=True)["changed"]
    assert host.sh(f"stat -c '%i %z' {PATH}*") == before

    changed = [ENTRIES[0], {"key": "Other.Example", "secret": "u:hunter3"}]
    diff = table(host, entries=changed)["diff"]
    assert diff == [{
        "before_header": PATH, "after_header": PATH,
        "before": "[smtp.corp.test]:587 ********\nOther.Example ********\n# compiled: other content\n",
        "after": "[smtp.corp.test]:587 ********\nOther.Example ******** (changed)\n# compiled: as the entries say\n"}]
    assert lookup(host, "other.example") == "u:hunter3"

    assert table(host, entries=[], state="absent", check=True)["changed"] and files(host) == GOOD
    assert table(host, entries=[], state="absent")["changed"] and files(host) == ""
    assert not table(host, entries=[], state="absent")["changed"]


def test_no_secret_in_any_result(debian12: LabHost) -> None:
    for run in (table(debian12, check=True), table(debian12), table(debian12, entries=[ENTRIES[0]]),
                table(debian12, entries=ENTRIES + ENTRIES), table(debian12, entries=[], state="absent")):
        assert PASSWORD not in str(run) and "hunter2" not in str(run)


def test_no_secret_in_the_journal(debian12: LabHost) -> None:
    """Ansible logs each call; quotation marks in a password must not defeat the masking."""
    word = "".join(secrets.choice(string.ascii_letters) for _number in range(24))
    assert table(debian12, entries=[{"key": "a", "secret": f"u:{word}'\"\\\u00e9"}])["changed"]
    journal = debian12.sh("sleep 0.5; journalctl --no-pager --since=-60s")
    assert "Invoked with path=/etc/postfix/relay_passwords" in journal and word not in journal


DAMAGES = [
    ("missing", "rm {p}.db"),
    ("unreadable", "head -c 100 /dev/urandom > {p}.db"),
    ("truncated", ": > {p}.db"),
    ("stale", "touch -d '+5 sec' {p}"),
    ("too open", "chmod 0644 {p}.db"),
    ("source too open", "chmod 0640 {p}"),
    ("foreign owner", "chown postfix {p}.db"),
    ("other content", "cp -p {p} /root/source; echo 'x y' > {p}; postmap {p}; cat /root/source > {p}; touch -d '-9 sec' {p}"),
    ("source edited", "echo 'a b' >> {p}"),
    ("source lost", "rm {p}"),
    ("another type's leftover", "cp {p}.db {p}.lmdb"),
]


@pytest.mark.parametrize("damage", [row[1] for row in DAMAGES], ids=[row[0] for row in DAMAGES])
def test_a_damaged_table_is_detected_and_repaired(debian12: LabHost, damage: str) -> None:
    table(debian12)
    debian12.sh(damage.format(p=PATH))
    before = files(debian12)
    assert table(debian12, check=True)["changed"]
    assert files(debian12) == before
    assert table(debian12)["changed"]
    assert files(debian12) == GOOD
    assert lookup(debian12, "other.example") == "u:hunter2"
    assert "older than" not in debian12.exec("postmap", "-q", "x", f"hash:{PATH}").err
    assert not table(debian12)["changed"]


@pytest.mark.parametrize("entries,words", [
    ([{"key": "a", "value": "1"}, {"key": "A", "value": "2"}], "differ only in case"),
    ([{"key": "a", "value": "1"}, {"key": "a", "value": "1"}], "twice"),
    ([{"key": "a b", "value": "1"}], "blank"),
    ([{"key": "a", "value": "1\n2"}], "line end"),
    ([{"key": "a", "value": " 1"}], "begins or ends"),
    ([{"key": "a"}], "one of the following"),
    ([{"key": "a", "value": "1", "secret": "2"}], "mutually exclusive"),
])
def test_entries_that_postfix_would_misread_are_refused(debian12: LabHost, entries: list[dict[str, str]], words: str) -> None:
    result = table(debian12, entries=entries)
    assert result["failed"] and words in result["msg"]
    assert files(debian12) == ""


def test_a_type_that_is_not_installed_is_refused(debian12: LabHost) -> None:
    result = table(debian12, type="lmdb")
    assert result["failed"] and "not installed" in result["msg"] and "postfix-lmdb" in result["msg"]


def test_the_host_decides_the_type_and_old_files_go(debian12: LabHost) -> None:
    table(debian12)
    debian12.sh("postconf -e default_database_type=btree; touch -d '-5 sec' /etc/postfix/main.cf")
    assert table(debian12)["changed"]
    assert lookup(debian12, "other.example", "btree") == "u:hunter2"
    assert files(debian12) == GOOD
    assert table(debian12, type="texthash")["changed"]
    assert files(debian12) == f"{PATH} 600 root:root\n"
    assert lookup(debian12, "Other.Example", "texthash") == "u:hunter2"
    assert not table(debian12, type="texthash")["changed"]


def test_patterns_keep_their_order_and_need_a_reload(debian12: LabHost) -> None:
    rows = [{"key": "/^b c@/", "value": "first"}, {"key": "/./", "value": "rest"}]
    debian12.sh(f"postconf -e header_checks=regexp:{PATH}; postfix reload; sleep 1")
    result = table(debian12, type="regexp", entries=rows)
    assert result["reload_required"]
    assert lookup(debian12, "b c@x", "regexp") == "first" and lookup(debian12, "a", "regexp") == "rest"
    assert not table(debian12, type="regexp", entries=rows)["changed"]
    assert table(debian12, type="regexp", entries=rows[::-1])["changed"]


def test_tables_without_secrets_are_readable_and_shown(debian12: LabHost) -> None:
    rows = [{"key": "example.com", "value": "smtp:[mx.example.com]:25"}]
    result = table(debian12, entries=rows, mode="0640", group="postfix")
    assert "smtp:[mx.example.com]:25" in result["diff"][0]["after"]
    assert files(debian12) == f"{PATH} 640 root:postfix\n{PATH}.db 640 root:postfix\n"


def test_a_warning_about_main_cf_is_no_refusal(host: LabHost) -> None:
    """postmap warns of each parameter that main.cf sets twice; check mode and a run say the same."""
    host.sh("printf 'biff = no\\nbiff = yes\\nbiff = no\\n' >> /etc/postfix/main.cf")
    assert "overriding" in host.exec("postmap", "-q", "x", "inline:{x=y}").err
    shown = table(host, check=True)
    applied = table(host)
    assert applied["changed"] and applied["diff"] == shown["diff"]
    assert files(host) == GOOD
    assert not table(host)["changed"]


SENDERS = "/etc/postfix/blocked_senders"
BLOCKED = [{"key": "spam@corp.test", "value": "REJECT go away"}]
CHECKS = {"smtpd_sender_restrictions": [f"check_sender_access hash:{SENDERS}"]}


def answer_to(host: LabHost, sender: str) -> str:
    """Return what smtpd answers to a recipient after this sender."""
    script = (
        "import smtplib; client = smtplib.SMTP('127.0.0.1'); client.ehlo(); client.mail('%s'); "
        "code, text = client.rcpt('root@localhost'); print(code, text.decode())")
    return host.exec("python3", "-c", script % sender).out


@pytest.mark.parametrize("table_type", ["hash", "regexp"])
def test_a_table_made_after_main_cf_names_it_takes_a_reload(host: LabHost, table_type: str) -> None:
    """smtpd has tried to open the table, and refuses all mail until it is started anew; a later run still says so."""
    path = f"{SENDERS}.{table_type}"
    entries = BLOCKED if table_type == "hash" else [{"key": "/^spam@corp\\.test$/", "value": "REJECT go away"}]
    host.sh(f"rm -f {path}*; postconf -e 'smtpd_sender_restrictions=check_sender_access {table_type}:{path}'; postfix reload")
    assert answer_to(host, "jane@corp.test").startswith("451 4.3.")
    wanted = {"path": path, "type": table_type, "entries": entries}
    assert host.module("postfix_map", wanted, check=True)["reload_required"]
    made = host.module("postfix_map", wanted)
    assert made["changed"] and made["reload_required"] and not made["reloaded"]
    again = host.module("postfix_map", wanted)
    assert not again["changed"] and again["reload_required"]
    assert host.module("postfix_info", {})["reload_pending"]
    assert host.module("postfix_map", {**wanted, "reload": True}, check=True)["changed"]
    reloaded = host.module("postfix_map", {**wanted, "reload": True})
    assert reloaded["changed"] and reloaded["reloaded"]
    assert answer_to(host, "jane@corp.test").startswith("250 ")
    assert "go away" in answer_to(host, "spam@corp.test")
    last = host.module("postfix_map", {**wanted, "reload": True})
    assert not last["changed"] and not last["reload_required"]


def test_a_table_that_nothing_names_takes_no_reload(debian12: LabHost) -> None:
    assert not table(debian12)["reload_required"]
    assert not debian12.module("postfix_info", {})["reload_pending"]


def test_a_named_table_that_changes_takes_no_reload(debian12: LabHost) -> None:
    """Postfix notices by itself that a compiled table was replaced."""
    wanted = {"path": SENDERS, "entries": BLOCKED, "reload": True}
    debian12.module("postfix_map", wanted)
    debian12.module("postfix_config", {"parameters": CHECKS, "reload": True})
    changed = debian12.module("postfix_map", {**wanted, "entries": [{"key": "ham@corp.test", "value": "OK"}]})
    assert changed["changed"] and not changed["reload_required"] and not changed["reloaded"]
