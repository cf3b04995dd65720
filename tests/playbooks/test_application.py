# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site playbook installs, upgrades, rolls back and repairs the application on a lab host."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from helpers.modules.lab_host import LabHost
from helpers.playbooks import ROOT, ansible_environment, lab, run_ansible
from helpers.waiting import wait_until

HOST = "catalog12"
SITE = ("-i", "inventories/lab", "--limit", HOST, "playbooks/site.yml")
PACKAGE = "ansible_collections/catalog/mail/roles/runtime/files/catalog-mail/src/catalog_mail"
FOLDER = "/opt/catalog-mail"
UNITS = "catalog-mail.service catalog-mail-reply-sync.service catalog-mail-archive.timer"
READY = "python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:8025/api/v1/health\").status)'"
BROKEN = """
def serve(*_words: object, **_named: object) -> None:
    raise SystemExit("broken on purpose")
"""
# Kill every process that holds the installation's lock; child processes inherit the lock.
KILL_INSTALLATION = f"""
for fd in /proc/[0-9]*/fd/*; do
    [ "$(readlink "$fd")" != {FOLDER}/.lock ] || kill -KILL "$(echo "$fd" | cut -d/ -f3)"
done
"""


def in_host(command: str) -> str:
    """Run a shell command in the host and return its output."""
    return LabHost(HOST).exec("sh", "-c", command).out.strip()


def variables(collections: Path) -> dict[str, str]:
    """Return the environment variables that have Ansible use the collection in this folder, and print JSON."""
    return {"ANSIBLE_COLLECTIONS_PATH": f"{collections}:{ROOT / 'collections'}", "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}


def run_site(*settings: str, collections: Path = ROOT / "collections") -> subprocess.CompletedProcess[str]:
    """Run the playbook with these settings; it may fail."""
    extra = [word for setting in settings for word in ("--extra-vars", setting)]
    return run_ansible("ansible-playbook", *SITE, *extra, **variables(collections))


def site(*settings: str, collections: Path = ROOT / "collections") -> dict[str, int]:
    """Run the playbook; return its numbers of tasks: ok, changed ..."""
    run = run_site(*settings, collections=collections)
    assert run.returncode == 0, run.stdout + run.stderr
    numbers: dict[str, int] = json.loads(run.stdout)["stats"][HOST]
    return numbers


def versions() -> tuple[str, list[str]]:
    """Return the version in use, and all completely installed versions."""
    installed = in_host(f"cd {FOLDER} && ls -d */.complete | cut -d/ -f1 | grep -v -e current -e proven | sort").split()
    return in_host(f"readlink {FOLDER}/current"), installed


def is_ready() -> bool:
    """Return whether the service's health check passes."""
    return in_host(READY) == "200"


def copy_with_version(folder: Path, version: str) -> Path:
    """Copy the collection and set the version of its service; return the folder of collections."""
    target = folder / "collections"
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache", "output")
    shutil.copytree(ROOT / "collections/ansible_collections/catalog", target / "ansible_collections/catalog", ignore=ignored)
    file = target / PACKAGE / "__init__.py"
    file.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', file.read_text()))
    return target


@pytest.fixture(scope="module", autouse=True)
def _host() -> None:
    """Install the application of this checkout on a bare host, once it has what the installation needs."""
    lab("up", HOST, "mail")
    lab("reset", HOST)
    in_host("mv /etc/apt/sources.list.d /etc/apt/away; mv /etc/apt/sources.list /etc/apt/sources.away")
    refused(word="apt cannot install python3-venv on this host. ")
    in_host("mv /etc/apt/away /etc/apt/sources.list.d; mv /etc/apt/sources.away /etc/apt/sources.list")
    refused("postfix_relay_ca_file=/etc/no-ca.pem", word="ca_file: /etc/no-ca.pem does not exist on this host.")
    assert site()["changed"] > 5


def refused(*settings: str, word: str) -> None:
    """Run the playbook, which fails with this reason before it has changed anything."""
    run = run_site(*settings)
    assert run.returncode != 0
    assert word in run.stdout
    assert json.loads(run.stdout[run.stdout.index("{"):])["stats"][HOST]["changed"] == 0


def in_use() -> str:
    """Return the version in use and the states of the units."""
    return in_host(f"readlink {FOLDER}/current; systemctl is-active {UNITS}")


@pytest.fixture
def installed() -> Iterator[str]:
    """Return the version of this checkout, which is in use; install it again after a test that replaces or stops it."""
    before = in_use()
    yield versions()[0]
    if in_use() != before:
        site()
    assert is_ready()


def test_a_second_run_changes_nothing() -> None:
    """The second run has ten tasks, half of them the checks of the roles' arguments, and skips eight."""
    site()
    numbers = site()
    assert {name: numbers[name] for name in ("ok", "skipped", "changed")} == {"ok": 10, "skipped": 8, "changed": 0}


def test_secrets_are_readable_only_where_needed() -> None:
    """Root and the service read their own files; no other user reads a secret."""
    names = "config.toml key admin-token"
    assert in_host(f"cd /etc/catalog-mail && stat -c '%n %a %U:%G' {names}").splitlines() == [
        "config.toml 640 root:catalog-mail", "key 640 root:catalog-mail", "admin-token 600 root:root"]
    assert in_host("stat -c '%a %U' /var/lib/catalog-mail") == "750 catalog-mail"


def test_the_limits_of_the_units_are_in_force() -> None:
    """systemd knows each option, and gets the beats of its watchdog from both services."""
    limits = {
        "catalog-mail": {"WatchdogUSec": "3min", "TasksMax": "512"},
        "catalog-mail-reply-sync": {"WatchdogUSec": "5min", "TasksMax": "128"},
    }
    common = {
        "MemoryMax": str(1024**3), "LimitCORE": "0", "PrivateMounts": "yes", "IPAddressDeny": "224.0.0.0/4 ff00::/8",
        "NRestarts": "0",
    }
    for name, own in limits.items():
        shown = dict(line.split("=", 1) for line in in_host(f"systemctl show {name}").splitlines())
        shown["IPAddressDeny"] = " ".join(sorted(shown["IPAddressDeny"].split()))  # systemd shows them in any order
        expected = {**common, **own}
        assert {option: shown[option] for option in expected} == expected
        assert shown["WatchdogTimestamp"] > "", "no beat has come"
    assert in_host("systemctl show -P MemoryMax catalog-mail-archive") == str(1024**3)
    assert in_host("journalctl -b --no-pager -o cat -g 'Unknown (key|lvalue)' | wc -l") == "0"


def test_an_upgrade_and_its_rollback_keep_the_settings(installed: str, tmp_path: Path) -> None:
    """The upgrade keeps the old version; the rollback is one run, and a second rollback changes nothing."""
    newer = copy_with_version(tmp_path, "0.1.1")
    settings = in_host("catalog-mail settings export")
    assert json.loads(settings)["notifications"]["from"]["address"] == "noreply@corp.test"
    assert site(collections=newer)["changed"] >= 1
    current, all_of_them = versions()
    assert current.startswith("0.1.1-")
    assert all_of_them == sorted([installed, current])
    assert in_host("catalog-mail --version") == "0.1.1"
    assert is_ready()

    back = site("runtime_version=previous", collections=newer)
    assert back["changed"] >= 1
    assert versions() == (installed, all_of_them)
    assert is_ready()
    assert in_host("catalog-mail settings export") == settings
    assert site("runtime_version=previous", collections=newer)["changed"] == 0


def test_a_version_that_does_not_start_is_rolled_back(installed: str, tmp_path: Path) -> None:
    """The earlier version is in use again, and the play fails with the service's error message."""
    broken = copy_with_version(tmp_path, "0.2.0")
    file = broken / PACKAGE / "daemon.py"
    file.write_text(f"{file.read_text()}\n\n{BROKEN}")
    run = run_site(collections=broken)
    assert run.returncode != 0
    assert f"{installed} is in use again" in run.stdout
    assert "broken on purpose" in run.stdout
    assert versions()[0] == installed
    assert is_ready()


def test_an_index_without_the_packages_changes_nothing(installed: str, tmp_path: Path) -> None:
    """The run names the cause and the remedy, and leaves no part of the new version."""
    newer = copy_with_version(tmp_path, "0.1.7")
    in_host("printf '[global]\\nindex-url = file:///srv/no-index\\nretries = 0\\n' > /etc/pip.conf")
    try:
        run = run_site("runtime_source=index", collections=newer)
    finally:
        in_host("rm /etc/pip.conf")
    assert run.returncode != 0
    assert "Installing the Python packages has failed on this host: pip gets not every package" in run.stdout
    assert "set runtime_source: wheels" in run.stdout
    assert "No matching distribution found for" in run.stdout
    assert in_host(f"ls -A {FOLDER} | grep -e 0.1.7 -e unpacked || true") == ""
    assert versions()[0] == installed
    assert is_ready()


def test_the_next_run_completes_a_killed_installation(installed: str, tmp_path: Path) -> None:
    """The service never uses a partly installed version: the old version runs until the next run has completed the new one."""
    newer = copy_with_version(tmp_path, "0.1.4")
    environment = ansible_environment(**variables(newer))
    run = subprocess.Popen(
        ["ansible-playbook", *SITE], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)

    def installs() -> bool:
        if in_host(f"ls -d {FOLDER}/0.1.4-*/lib/python*/site-packages/fastapi"):
            return True
        assert run.poll() is None, "the playbook ended before the kill"
        return False

    wait_until(installs, "the installation does not begin")
    # Kill the processes on the host, then Ansible.
    in_host(KILL_INSTALLATION)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert versions() == (installed, [name for name in versions()[1] if not name.startswith("0.1.4")])
    assert is_ready()
    site(collections=newer)
    current, all_of_them = versions()
    assert current.startswith("0.1.4-")
    # The new version and the one before it are kept; versions from other tests are removed.
    assert all_of_them == sorted([installed, current])
    assert is_ready()


def test_the_next_run_makes_up_a_missed_restart() -> None:
    """The configuration is newer than the running service: the next run restarts the service, the run after changes nothing."""
    in_host("sleep 0.1; chmod 0640 /etc/catalog-mail/config.toml")
    units = ("catalog-mail", "catalog-mail-reply-sync")
    before = [in_host(f"systemctl show -P MainPID {unit}") for unit in units]
    assert site()["changed"] == len(units)
    after = [in_host(f"systemctl show -P MainPID {unit}") for unit in units]
    assert all(new not in before for new in after)
    assert site()["changed"] == 0


OTHER = "application_database_url=sqlite:////var/lib/catalog-mail/other.db"
WAITING = "INSERT INTO notifications (id, kind, created_at, created_by, data) VALUES (?, 'message', ?, 'test', '{}')", (
    "INSERT INTO deliveries (id, notification_id, number, address, display_name, state, accepted_at, attempts, next_attempt_at)"
    " VALUES (?, ?, 0, 'jane@corp.test', 'Jane', 'retrying', ?, 1, '2099-01-01 00:00:00')"
)
ADD_WAITING = f"""
import sqlite3
with sqlite3.connect("/var/lib/catalog-mail/catalog-mail.db") as database:
    database.execute({WAITING[0]!r}, ("n" * 26, "2026-01-01 00:00:00"))
    database.execute({WAITING[1]!r}, ("d" * 26, "n" * 26, "2026-01-01 00:00:00"))
"""
REMOVE_WAITING = """
import sqlite3
with sqlite3.connect("/var/lib/catalog-mail/catalog-mail.db") as database:
    database.execute("DELETE FROM deliveries WHERE id = ?", ("d" * 26,))
    database.execute("DELETE FROM notifications WHERE id = ?", ("n" * 26,))
"""
IN_FILE = "grep ^database_url /etc/catalog-mail/config.toml"


@pytest.mark.usefixtures("installed")
def test_another_database_is_refused_while_messages_wait(tmp_path: Path) -> None:
    """Nothing changes and no database is created; after a copy, or when told to, the role takes the other database."""
    host = LabHost(HOST)
    before = in_host(IN_FILE)
    host.exec("python3", "-c", ADD_WAITING)
    try:
        run = run_site(OTHER)
        assert run.returncode != 0
        assert "1 messages that are not sent yet" in run.stdout
        assert "application_abandon_messages: true" in run.stdout
        assert in_host(IN_FILE) == before
        assert in_host("ls /var/lib/catalog-mail").count("other.db") == 0
        in_host(f"systemctl stop {UNITS}")
        in_host(f"{FOLDER}/current/bin/catalog-mail database copy --to sqlite:////var/lib/catalog-mail/other.db")
        site(OTHER)
        assert "other.db" in in_host(IN_FILE)
        run = run_site()  # back again: the first database knows the message
        assert run.returncode == 0, run.stdout
    finally:
        host.exec("python3", "-c", REMOVE_WAITING)
        in_host("rm -f /var/lib/catalog-mail/other.db*")
    assert in_host(IN_FILE) == before


def test_the_diagnosis_joins_the_host_and_the_application() -> None:
    """As root, `catalog-mail diagnose` finds what is wrong with Postfix and with the application; 4 tells of errors."""
    host = LabHost(HOST)
    healthy = host.exec("catalog-mail", "diagnose")
    assert healthy.code == 0, healthy.out + healthy.err
    in_host("postfix stop; systemctl stop catalog-mail-reply-sync")
    found = host.exec("catalog-mail", "diagnose", "--json")
    in_host("systemctl restart postfix; systemctl start catalog-mail-reply-sync")
    assert found.code == 4, found.out + found.err
    findings = json.loads(found.out)["findings"]
    errors = {(one["id"], one["source"]) for one in findings if one["severity"] == "error"}
    assert errors == {("postfix-not-running", "host"), ("no-reader", "service")}
    as_user = host.exec("su", "nobody", "-s", "/bin/sh", "-c", "catalog-mail diagnose")
    assert as_user.code == 4
    assert "Run the command as root" in " ".join(as_user.out.split())


def timer() -> str:
    """Return the calendar of the archive timer, from systemctl."""
    return in_host("systemctl show -P TimersCalendar catalog-mail-archive.timer")


def test_the_host_follows_the_inventory() -> None:
    """The administrator's address, where replies go, and the calendar of the archive: each comes, and goes with its variable.

    A token with another address, or none, is changed; test e-mails go to the address by default. Configuration and secret
    of the webhook are separate files. Without an archive the timer is stopped.
    """
    secret = "whsec_bm90LWEtc2VjcmV0LW5vdC1hLXNlY3JldA=="
    assert "Sun *-*-* 02:00:00" in timer()
    assert site(json.dumps({
        "application_admin_email": "bob@corp.test",
        "application_replies": {"webhook_url": "https://other.corp.test/replies", "webhook_secret": secret, "workers": 8},
        "email_settings_interactions": {"enabled": True, "archive": {"on_calendar": "Mon 03:00"}},
    }))["changed"] >= 5
    config = in_host("cat /etc/catalog-mail/config.toml")
    for line in ('admin_email = "bob@corp.test"', 'webhook_url = "https://other.corp.test/replies"', "workers = 8"):
        assert line in config
    assert secret not in config
    assert in_host("cat /etc/catalog-mail/webhook-secret") == secret
    assert in_host("stat -c '%a %U:%G' /etc/catalog-mail/webhook-secret") == "640 root:catalog-mail"
    assert "ansible\tserver_admin\tbob@corp.test" in in_host("catalog-mail token list")
    assert "Mon *-*-* 03:00:00" in timer()
    assert is_ready()

    in_host("rm /etc/catalog-mail/admin-token")
    archive = {"enabled": False, "on_calendar": "Sun 02:00"}
    site(json.dumps({"email_settings_interactions": {"enabled": True, "archive": archive}}))
    assert in_host("systemctl is-active catalog-mail-archive.timer") == "inactive"
    assert "[replies]" not in in_host("cat /etc/catalog-mail/config.toml")
    assert in_host("ls /etc/catalog-mail/webhook-secret 2>/dev/null") == ""
    assert in_host("stat -c %a /etc/catalog-mail/admin-token") == "600", "a lost token is made again"
    assert "ansible\tserver_admin\talice@corp.test" in in_host("catalog-mail token list")

    site(json.dumps({"email_settings_interactions": {"enabled": True, "archive": {**archive, "enabled": True}}}))
    assert "Sun *-*-* 02:00:00" in timer()
    assert site()["changed"] == 0


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("module", ["application_runtime", "application_service", "reply_sync_service"])
def test_examples_run_as_they_are_written(module: str, tmp_path: Path) -> None:
    """The EXAMPLES of the modules that run the services pass on the deployed application."""
    name = f"catalog.mail.{module}"
    shown = run_ansible("ansible-doc", "--json", "--type", "module", name)
    tasks = yaml.safe_load(json.loads(shown.stdout)[name]["examples"])
    playbook = tmp_path / "examples.yml"
    playbook.write_text(yaml.safe_dump([
        {"name": "Run the examples", "hosts": HOST, "gather_facts": False, "vars": {"config": ""}, "tasks": tasks}]))
    run = run_ansible("ansible-playbook", "-i", "inventories/lab", playbook, **variables(ROOT / "collections"))
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads(run.stdout)["stats"][HOST]["ok"] == len(tasks)


@pytest.mark.usefixtures("installed")
def test_reply_sync_is_removed_completely() -> None:
    """Both units and their processes are gone; the application keeps running."""
    assert site("reply_sync_state=absent")["changed"] >= 2
    assert in_host("ls /etc/systemd/system | grep -c -e reply-sync -e archive") == "0"
    assert in_host("pgrep -f '[c]atalog-mail reply-sync'") == ""
    assert is_ready()
    assert site("reply_sync_state=absent")["changed"] == 0
