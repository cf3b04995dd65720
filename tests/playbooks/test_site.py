# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site playbook, without the application, repairs Postfix on a lab host; the assertions read the host's state."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.modules.lab_host import LabHost
from helpers.playbooks import lab, run_ansible
from helpers.waiting import wait_until

# Debian 12, where the unit postfix is a wrapper whose state does not follow Postfix's.
HOST = "catalog12"
PASSWORD_FILES = "/etc/postfix/sasl_passwd*"
LISTS = "cat /var/lib/apt/lists/*_Packages"
# As on a host that has not read them for long: no package is any more where they say.
MAKE_LISTS_OLD = """
apt-get -qq update
cd /var/lib/apt/lists
for list in *_Packages; do
    sed 's|^Filename: .*|Filename: ./gone.deb|' "$list" > /tmp/list
    mv --force /tmp/list "$list"
done
rm *_Release
"""


def in_host(command: str, check: bool = True) -> str:
    """Run a shell command in the host and return its output."""
    done = LabHost(HOST).exec("sh", "-c", command)
    assert done.code == 0 or not check, f"{command}\n{done.out}{done.err}"
    return done.out.strip()


def ansible(program: str, *arguments: str) -> str:
    """Run an ansible program on the host and return its output. Fails the test when the program fails."""
    where = ("-i", "inventories/lab", "--limit", HOST)
    run = run_ansible(program, *where, *arguments, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def site(*arguments: str, **settings: Any) -> dict[str, int]:
    """Run the playbook with these settings; return its numbers of tasks: ok, changed ..."""
    return run_site(*arguments, **settings)["stats"][HOST]


def run_site(*arguments: str, **settings: Any) -> dict[str, Any]:
    """Run the playbook with these settings; return its output."""
    # As people write it: name=value gives a text.
    extra = ("--extra-vars", "site_application=false", "--extra-vars", json.dumps(settings))
    found: dict[str, Any] = json.loads(ansible("ansible-playbook", "playbooks/site.yml", *extra, *arguments))
    return found


def proofs(output: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the results of the test e-mails that a run sent."""
    tasks = [task for play in output["plays"] for task in play["tasks"]]
    return [
        task["hosts"][HOST] for task in tasks
        if task["task"]["name"].endswith("Send a test e-mail and find it in the mailbox") and HOST in task["hosts"]]


def postfix_runs() -> bool:
    """Return whether Postfix runs, as `postfix status` reports; on Debian 12 the unit's state does not follow Postfix's."""
    return in_host("postfix status 2>/dev/null; echo $?") == "0"


@pytest.fixture(scope="module", autouse=True)
def _host() -> None:
    """Reset the host and run the playbook: in check mode, which changes nothing, then for real, without a red error."""
    lab("up", HOST, "mail")
    lab("reset", HOST)
    in_host(MAKE_LISTS_OLD)
    lists = in_host(LISTS)
    planned = run_site("--check", site_verify="changed")
    assert planned["stats"][HOST]["changed"] >= 3
    assert proofs(planned) == []
    assert in_host("ls /etc/postfix", check=False) == ""
    assert in_host(LISTS) == lists and "gone.deb" in lists
    made = run_site(site_verify="changed")
    assert made["stats"][HOST]["changed"] >= 3
    assert made["stats"][HOST]["rescued"] == made["stats"][HOST]["ignored"] == 0
    assert "gone.deb" not in in_host(LISTS)
    [proof] = proofs(made)
    assert proof["mailbox_folder"] == "INBOX"


@pytest.fixture
def restored() -> Any:
    """Run the playbook after the test, so that the host matches the inventory again."""
    yield
    site()
    assert postfix_runs()


def test_a_second_run_changes_nothing() -> None:
    """The second run has two tasks, one of them the check of the role's arguments, and skips four."""
    numbers = site(site_verify="changed")
    assert {name: numbers[name] for name in ("ok", "skipped", "changed")} == {"ok": 2, "skipped": 4, "changed": 0}
    [proof] = proofs(run_site(site_verify=True))
    assert proof["mailbox_folder"] == "INBOX"


def test_postfix_never_ran_with_the_default_settings() -> None:
    """Postfix was started once, by the playbook; the package's installation did not start it."""
    assert in_host("journalctl --no-pager -t postfix/master | grep -c 'daemon started'") == "1"


def test_a_stopped_postfix_is_started() -> None:
    """`postfix stop` leaves the systemd unit active; the playbook starts Postfix all the same."""
    # On Debian 12 a restart of the unit ends before that of Postfix itself.
    wait_until(postfix_runs, "Postfix does not run")
    in_host("postfix stop")
    assert not postfix_runs()
    assert site()["changed"] == 1
    assert postfix_runs()
    assert site()["changed"] == 0


@pytest.mark.usefixtures("restored")
def test_a_run_that_breaks_the_way_of_mail_fails() -> None:
    """A relay that does not answer is a change that succeeds, but the proof at the end fails and names the cause."""
    settings = {"site_application": False, "site_verify": "changed", "postfix_relayhost": ["[mail.corp.test]:2526"]}
    words = ("-i", "inventories/lab", "--limit", HOST, "playbooks/site.yml", "--extra-vars", json.dumps(settings))
    failed = run_ansible("ansible-playbook", *words, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json")
    assert failed.returncode != 0
    [proof] = proofs(json.loads(failed.stdout))
    assert proof["stage"] == "relay" and "Nothing listens" in proof["cause"], proof


def test_a_disabled_unit_is_enabled() -> None:
    """The playbook enables a unit that the next boot would not start."""
    in_host("systemctl disable postfix")
    assert site()["changed"] == 1
    assert in_host("systemctl is-enabled postfix") == "enabled"


@pytest.mark.usefixtures("restored")
def test_the_next_run_makes_up_a_missed_restart() -> None:
    """main.cf has the parameter, the running Postfix not yet: the next run restarts Postfix, the run after changes nothing."""
    wanted = {"postfix_inet_interfaces": ["all"]}
    ansible("ansible", "catalog", "-m", "catalog.mail.postfix_config", "-a",
            json.dumps({"parameters": {"inet_interfaces": "all"}}))
    assert "inet_interfaces = all" in in_host("postconf inet_interfaces")
    assert "0.0.0.0:25" not in in_host("ss -ltn")
    assert site(**wanted)["changed"] >= 1
    assert "0.0.0.0:25" in in_host("ss -ltn")
    assert site(**wanted)["changed"] == 0


def test_a_missing_sasl_package_is_installed() -> None:
    """The playbook installs a missing package, though Postfix is installed."""
    in_host("dpkg --remove libsasl2-modules")
    assert site()["changed"] == 1
    assert in_host("dpkg-query -W -f '${db:Status-Status}' libsasl2-modules") == "installed"


@pytest.mark.usefixtures("restored")
def test_a_removed_relay_leaves_no_password() -> None:
    """Relay and password are removed; mail is delivered directly, with TLS if the receiving server offers TLS."""
    assert in_host(f"ls {PASSWORD_FILES}").split() == ["/etc/postfix/sasl_passwd", "/etc/postfix/sasl_passwd.db"]
    site(postfix_relayhost=[])
    assert in_host(f"ls {PASSWORD_FILES}", check=False) == ""
    settings = in_host("postconf -h relayhost smtp_sasl_password_maps smtp_tls_CAfile smtp_tls_security_level")
    assert settings.split() == ["may"]
    assert site(postfix_relayhost=[])["changed"] == 0
