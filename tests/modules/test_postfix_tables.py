# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables with the parameters that name them, and root's alias, by postfix_host against real Postfix, with real mail."""
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from helpers.modules.lab_host import ROOT, LabHost

CANONICAL = {
    "path": "sender_canonical", "entries": [{"key": "@inside.test", "value": "noreply@catalog.test"}],
    "parameters": ["sender_canonical_maps"]}
ACCESS = {
    "path": "sender_access", "entries": [{"key": "spam@corp.test", "value": "REJECT go away"}],
    "parameters": ["smtpd_sender_restrictions"], "check": "check_sender_access"}
VIRTUAL = {
    "path": "/etc/postfix/virtual", "type": "regexp", "entries": [{"key": "/^unused@/", "value": "root"}],
    "parameters": ["virtual_alias_maps"]}
TRANSPORT = {
    "path": "transport", "entries": [{"key": "unused.test", "value": "smtp:[127.0.0.1]:9"}],
    "parameters": ["transport_maps", "relay_domains"]}
TABLES = [CANONICAL, ACCESS, VIRTUAL, TRANSPORT]
RELAY = {"relayhost": ["[mail.corp.test]:2525"], "tls_level": "may"}

# Send mail to this host without a pause, and write down each answer that is not 250.
SENDER = """
import os, smtplib, sys
sent, refused = 0, []
open("/run/mail-flows", "w").close()
while os.path.exists("/run/mail-flows"):
    client = smtplib.SMTP("127.0.0.1", timeout=20)
    try:
        client.sendmail("jane@corp.test", ["root@localhost"], "Subject: flow\\n\\nx")
        sent += 1
    except smtplib.SMTPException as exc:
        refused.append(repr(exc))
    finally:
        client.close()
    if sent == 3:
        open("/run/mail-flows-now", "w").close()
print(sent, refused)
"""


def configure(host: LabHost, check: bool = False, **options: Any) -> dict[str, Any]:
    return host.module("postfix_host", {"reload": True, **options}, check=check)


def values(host: LabHost, *names: str) -> list[str]:
    return host.sh(f"postconf -h {' '.join(names)}").splitlines()


def files(host: LabHost) -> str:
    return host.sh("cat /etc/postfix/main.cf /etc/aliases; ls -l --time-style=+ /etc/postfix /etc/aliases*")


@contextmanager
def mail_flows(host: LabHost) -> Iterator[None]:
    """Send mail all the time; assert at the end that Postfix refused none of it."""
    host.sh("rm -f /run/mail-flows*; cat > /run/send.py; (python3 /run/send.py > /run/mail-flows-result 2>&1 &)", SENDER.encode())
    try:
        host.sh("until test -e /run/mail-flows-now; do sleep 0.1; done")
        yield
    finally:
        host.sh("rm -f /run/mail-flows; while pgrep -f /run/[s]end.py >/dev/null; do sleep 0.1; done")
    sent, refused = host.read("/run/mail-flows-result").decode().strip().split(" ", 1)
    assert int(sent) > 3 and refused == "[]"


def delivered(message_id: str) -> dict[str, str]:
    """Return the headers of a message in alice's mailbox."""
    found = subprocess.run(
        [sys.executable, ROOT / "molecule/shared/find_mail.py", "alice@corp.test", message_id, "30"],
        capture_output=True, text=True, check=False)
    assert found.returncode == 0, f"{message_id} did not arrive: {found.stderr}"
    headers: dict[str, str] = json.loads(found.stdout)["headers"]
    return headers


def test_mail_flows_while_tables_come_and_go(host: LabHost) -> None:
    pristine = files(host)
    before = values(host, "smtpd_sender_restrictions", "relay_domains")
    with mail_flows(host):
        shown = configure(host, check=True, tables=TABLES)
        assert shown["changed"] and files(host) == pristine
        made = configure(host, tables=TABLES)
        assert made["diff"] == shown["diff"] and made["reloaded"]
        again = configure(host, tables=TABLES)
        assert not again["changed"] and not again["reload_required"] and not again.get("warnings")
        assert values(host, "sender_canonical_maps", "smtpd_sender_restrictions", "transport_maps", "relay_domains") == [
            "hash:/etc/postfix/sender_canonical", "check_sender_access hash:/etc/postfix/sender_access",
            "hash:/etc/postfix/transport", f"hash:/etc/postfix/transport, {before[1]}"]
        assert host.exec("postmap", "-q", "@inside.test", "hash:/etc/postfix/sender_canonical").out == "noreply@catalog.test\n"

        assert configure(host, tables=[{**CANONICAL, "type": "btree"}, *TABLES[1:]])["changed"]
        assert values(host, "sender_canonical_maps") == ["btree:/etc/postfix/sender_canonical"]

        gone = [{"path": row["path"], "state": "absent"} for row in TABLES]
        shown = configure(host, check=True, tables=gone)
        removed = configure(host, tables=gone)
        assert removed["changed"] and removed["diff"] == shown["diff"] and not shown.get("warnings")
        assert not configure(host, tables=gone)["changed"]
    assert values(host, "smtpd_sender_restrictions", "relay_domains") == before
    assert host.sh("cd /etc/postfix; ls | grep -E 'canonical|access|virtual|^transport' || true") == ""


def test_a_rewritten_sender_is_seen_in_the_mailbox(debian12: LabHost) -> None:
    configure(debian12, tables=[CANONICAL], parameters={"mydestination": "localhost"}, **RELAY)
    message = "Message-ID: <canonical-$(date +%s%N)@inside.test>"
    sent = debian12.sh(
        f'id="{message}"; printf "$id\\nFrom: app@inside.test\\nSubject: x\\n\\nx\\n" | '
        'sendmail -f app@inside.test alice@corp.test; printf "$id"')
    headers = delivered(sent.partition(": ")[2])
    assert headers["From"] == "noreply@catalog.test" and "noreply@catalog.test" in headers["Return-Path"]


ALIASES = (
    b"# See man 5 aliases for format\r\npostmaster:    root\n\nROOT: nobody,\n  # kept\n\tpostmaster\n"
    b"clerk: \"|/usr/bin/true \xff\"\nroot : else\nlast: root")


@pytest.fixture
def aliases(debian12: LabHost) -> Iterator[LabHost]:
    """Give the host a file of aliases that has lived."""
    before = debian12.read("/etc/aliases")
    debian12.write("/etc/aliases", ALIASES)
    debian12.sh("newaliases 2>/dev/null")
    yield debian12
    debian12.write("/etc/aliases", before)
    debian12.sh("newaliases")


def test_mail_for_root_is_found_in_a_mailbox(aliases: LabHost) -> None:
    """Every other byte of /etc/aliases stays; a damaged compiled form is repaired."""
    options = {"root_alias": ["alice@corp.test"], **RELAY}
    before = files(aliases)
    shown = configure(aliases, check=True, **options)
    assert shown["changed"] and files(aliases) == before
    made = configure(aliases, **options)
    assert made["diff"] == shown["diff"]
    assert aliases.read("/etc/aliases") == (
        b"# See man 5 aliases for format\r\npostmaster:    root\n\nroot: alice@corp.test\n  # kept\n"
        b"clerk: \"|/usr/bin/true \xff\"\nlast: root")
    assert not configure(aliases, **options)["changed"]
    sent = aliases.sh(
        'id="Message-ID: <root-$(date +%s%N)@catalog.test>"; printf "$id\\nSubject: x\\n\\nx\\n" | sendmail root; printf "$id"')
    assert delivered(sent.partition(": ")[2])["Subject"] == "x"

    for damage in ("touch -d '+5 sec' /etc/aliases",
                   "cd /etc; cp aliases /run/; sed -i 's/^root.*/root: bob/' aliases; newaliases; cat /run/aliases > aliases; "
                   "touch -d '-9 sec' aliases"):
        aliases.sh(damage)
        assert configure(aliases, **options)["changed"], damage
        assert aliases.sh("postalias -q root hash:/etc/aliases") == "alice@corp.test\n"
        assert not configure(aliases, **options)["changed"], damage


def test_root_mail_that_leaves_the_host_is_named(debian12: LabHost) -> None:
    before = files(debian12)
    refused = configure(debian12, root_alias=["alice@corp.test"], parameters={"mydestination": []})
    assert refused["failed"] and "does not list" in refused["msg"] and "virtual_alias_maps" in refused["msg"]
    assert files(debian12) == before
    warned = configure(debian12, check=True, root_alias=["alice@corp.test"], parameters={"myorigin": "corp.test"})
    assert "root@corp.test" in str(warned["warnings"])


REFUSED = (
    ("postfix_map", {"path": "/etc/aliases"}, "holds aliases"),
    ("postfix_map", {"path": "/etc/postfix/more_aliases"}, "holds aliases"),
    ("postfix_map", {"path": "/etc/postfix/named", "state": "absent"}, "relay_domains names"),
    ("postfix_map", {"path": "/etc/postfix/named", "type": "btree"}, "relay_domains names"),
    ("postfix_map", {"path": "/etc/postfix/p", "type": "regexp", "entries": [{"key": "/(/", "value": "x"}]}, "Unmatched ("),
    ("postfix_host", {"tables": [{"path": "/etc/aliases"}]}, "holds aliases"),
    ("postfix_host", {"tables": [{"path": "a", "parameters": ["smtpd_sender_restrictions"]}]}, "Name the check"),
    ("postfix_host", {"tables": [{"path": "a", "parameters": ["canonical_map"]}]}, "canonical_maps"),
    ("postfix_host", {"tables": [{"path": "a"}, {"path": "/etc/postfix/./a"}]}, "twice"),
    ("postfix_host", {"tables": [{"path": "named", "state": "absent"}],
                      "parameters": {"transport_maps": "hash:/etc/postfix/named"}}, "whose state is absent"),
    ("postfix_host", {"root_alias": ["root"]}, "root itself"),
    ("postfix_host", {"root_alias": ["a@corp.test\nb: c"]}, "no target"),
)


def test_what_would_stop_mail_is_refused(debian12: LabHost) -> None:
    debian12.sh(
        "cd /etc/postfix; echo 'a b' > named; postmap named; postconf -e 'relay_domains=hash:$config_directory/named' "
        "'alias_maps=hash:/etc/aliases, hash:/etc/postfix/more_aliases'; postfix reload")
    before = files(debian12)
    for module, options, words in REFUSED:
        result = debian12.module(module, options)
        assert result.get("failed") and words in result["msg"], result
    assert files(debian12) == before


def test_check_mode_knows_types_of_missing_packages(debian12: LabHost) -> None:
    """A run installs the package first, then makes the table."""
    row = {"path": "checks", "type": "pcre", "entries": [{"key": "/x/", "value": "WARN"}], "parameters": ["header_checks"]}
    shown = configure(debian12, check=True, tables=[row], packages=["postfix-pcre"])
    assert "header_checks" in str(shown["changes"]) and shown["missing_packages"] == ["postfix-pcre"]
    refused = configure(debian12, check=True, tables=[row])
    assert refused["failed"] and "postfix-pcre" in refused["msg"]


def test_a_table_with_a_secret_shows_none(debian12: LabHost) -> None:
    row = {"path": "more_passwords", "entries": [{"key": "[a.test]", "secret": "u:hunter2"}]}
    for check in (True, False):
        result = configure(debian12, check=check, tables=[row])
        assert result["changed"] and "hunter2" not in str(result)
    assert debian12.sh("stat -c %a /etc/postfix/more_passwords /etc/postfix/more_passwords.db") == "600\n600\n"


def test_untidy_lines_are_named_and_removed(debian12: LabHost) -> None:
    """Check mode of both modules names them with the remedy, which the role has as well."""
    debian12.sh("printf 'biff = yes\\nbiff = no\\n' >> /etc/postfix/main.cf; postfix reload 2>/dev/null")
    for module in ("postfix_host", "postfix_config"):
        shown = debian12.module(module, {"parameters": {}}, check=True)
        assert not shown["changed"]
        assert "an earlier line of biff: yes" in str(shown["warnings"]) and "tidy: true" in str(shown["warnings"])
    tidied = configure(debian12, tidy=True)
    assert tidied["changed"] and not tidied.get("warnings")
    assert debian12.sh("grep -c ^biff /etc/postfix/main.cf") == "1\n"
    assert not configure(debian12).get("warnings")
