# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts of the lab on one PostgreSQL: the site playbook sets them up, and replaces either of them without a loss."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers.file_watch import FileWatch
from helpers.modules.lab_host import LAB_HOME, LabHost
from helpers.playbooks import lab, run_ansible
from helpers.service.postgres import PASSWORD, create_database, server

FIRST, SECOND = HOSTS = ("catalog12", "catalog13")
KEY, TOKEN = "/etc/catalog-mail/key", "/etc/catalog-mail/admin-token"
DECLARED = "{{ groups['catalog'] }}"
TAKE_KEY, MAKE_KEY, TAKE_NEW_KEY = (
    "Take the encryption key of another host", "Create the encryption key", "Take the new encryption key")


class Site:
    """The site playbook, for hosts that share one database."""

    def __init__(self, url: str) -> None:
        # Both hosts have the settings of one catalog, without replies.
        self._variables = {
            "application_database_url": url, "application_database_password": PASSWORD, "application_cluster": DECLARED,
            "site_reply_sync": False, "email_settings_interactions": {"enabled": False}}

    def run(self, *words: str, environment: dict[str, str] | None = None, **more: Any) -> tuple[int, str]:
        """Run the playbook; return its code and output."""
        extra = ("--extra-vars", json.dumps({**self._variables, **more}))
        where = ("-i", "inventories/lab", "playbooks/site.yml")
        done = run_ansible("ansible-playbook", *where, *extra, *words, **(environment or {}))
        return done.returncode, done.stdout + done.stderr

    def __call__(self, *words: str) -> dict[str, set[str]]:
        """Run the playbook, which must succeed; return the names of the changed tasks by host."""
        code, output = self.run(*words, environment={"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"})
        assert code == 0, output
        result = json.loads(output[output.index("{\n"): output.rindex("}") + 1])
        changed: dict[str, set[str]] = {host: set() for host in result["stats"]}
        for task in (task for play in result["plays"] for task in play["tasks"]):
            for host in (host for host, found in task["hosts"].items() if found.get("changed")):
                changed[host].add(task["task"]["name"].rpartition(" : ")[2])
        return changed


def held(path: str) -> list[str]:
    """Return what the file of each host holds."""
    return [LabHost(host).exec("cat", path).out.strip() for host in HOSTS]


def check_both_send() -> None:
    """The application of each host sends with the stored password, which only their common key reads."""
    keys, tokens = held(KEY), held(TOKEN)
    assert keys[0] and keys[0] == keys[1]
    assert tokens[0] and tokens[0] == tokens[1]
    for host in HOSTS:
        found = json.loads(LabHost(host).sh("catalog-mail settings export"))
        assert found["notifications"]["smtp"]["username"] == "catalog@corp.test"
        LabHost(host).sh("catalog-mail test-email --to alice@corp.test")
        assert LabHost(host).sh(f"stat -c '%a %U:%G' {KEY} {TOKEN}").split("\n")[:2] == [
            "640 root:catalog-mail", "600 root:root"]


@contextmanager
def without_ssh(name: str) -> Iterator[None]:
    """Have a host refuse connections by SSH."""
    inside = ["nsenter", "--target", LabHost(name).pid(), "--mount", "--pid", "systemctl"]
    subprocess.run([*inside, "stop", "ssh.service"], check=True)
    subprocess.run(["ssh", "-F", LAB_HOME / "ssh_config", "-O", "exit", name], check=False, capture_output=True)
    yield
    subprocess.run([*inside, "start", "ssh.service"], check=True)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Set up both hosts in one run."""
    lab("up", *HOSTS, "mail")
    lab("reset", "--installed", *HOSTS)
    [address] = re.findall(rf"Host {FIRST}\b.*?HostName (\S+)", (LAB_HOME / "ssh_config").read_text(), re.DOTALL)[:1]
    with server(address=address.rpartition(".")[0] + ".1") as postgres:
        made = Site(create_database(postgres.url, "catalog").replace(f":{PASSWORD}@", "@"))
        changed = made()
        assert MAKE_KEY in changed[FIRST]
        assert TAKE_NEW_KEY in changed[SECOND]
        assert MAKE_KEY not in changed[SECOND]
        yield made
    lab("reset", *HOSTS)


def test_hosts_that_are_not_declared_are_refused(site: Site) -> None:
    code, output = site.run(application_cluster=[])
    assert code != 0
    assert "the hosts catalog12, catalog13 have one database" in " ".join(output.split())
    assert "changed=1" not in output


def test_three_runs_change_nothing(site: Site) -> None:
    for _ in range(3):
        assert site() == {FIRST: set(), SECOND: set()}
    check_both_send()


def test_a_new_host_takes_key_and_token_of_the_first(site: Site, tmp_path: Path) -> None:
    """With --limit to the new host, without pipelining: no output and no file of the control node has key or token."""
    secrets = [held(path)[0] for path in (KEY, TOKEN)]
    lab("reset", "--installed", SECOND)
    planned = site("--check", "--limit", SECOND)[SECOND]
    assert TAKE_KEY in planned and MAKE_KEY not in planned
    assert held(KEY) == [secrets[0], ""]
    watch = FileWatch(tmp_path)
    watch.start()
    code, output = site.run("--limit", SECOND, "-vvv", "--diff", environment={
        "ANSIBLE_PIPELINING": "false", "ANSIBLE_HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)})
    watch.end()
    assert code == 0, output
    files = b"\n".join(watch.contents).decode(errors="replace")
    for secret in secrets:
        assert secret not in output + files
        assert base64.b64encode(secret.encode()).decode()[:-4] not in output + files
    # The watch works: it saw a module that gets no secret, with its options, and none that gets one.
    assert "modules.application_service" in files and "runtime_folder" in files
    assert "modules.application_secret_file" not in files
    check_both_send()


def test_the_loss_of_the_first_host_loses_nothing(site: Site) -> None:
    """While the other host is away as well, the role fails instead of making a second key."""
    before = [held(path)[1] for path in (KEY, TOKEN)]
    lab("reset", "--installed", FIRST)
    with without_ssh(SECOND):
        code, output = site.run("--limit", FIRST)
    assert code != 0
    assert "Make these hosts reachable and run this again" in " ".join(output.split())
    assert LabHost(FIRST).exec("test", "-e", KEY).code == 1
    changed = site()
    assert TAKE_KEY in changed[FIRST] and MAKE_KEY not in changed[FIRST]
    assert [held(path)[0] for path in (KEY, TOKEN)] == before
    check_both_send()
