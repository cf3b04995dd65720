"""The site playbook, without the application, on a host of the lab that is not as it should be.

What it does is seen from the host's side.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.modules.lab_host import LabHost

ROOT = Path(__file__).parents[2]
# Debian 12, where the unit postfix is a wrapper that says little about Postfix.
HOST = "catalog12"
PASSWORD_FILES = "/etc/postfix/sasl_passwd*"

ENVIRONMENT = {
    **os.environ,
    "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
    "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
}


def lab(*words: str) -> None:
    """Have the lab do something."""
    subprocess.run([sys.executable, ROOT / "molecule/shared/lab.py", *words], check=True, capture_output=True)


def in_host(command: str, check: bool = True) -> str:
    """The output of a shell command in the host."""
    done = LabHost(HOST).exec("sh", "-c", command)
    assert done.code == 0 or not check, f"{command}\n{done.out}{done.err}"
    return done.out.strip()


def ansible(program: str, *arguments: str) -> str:
    """The output of an ansible program that works on the host; its failure fails the test."""
    run = subprocess.run(
        [program, "-i", "inventories/lab", "--limit", HOST, *arguments],
        cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def site(*arguments: str, **settings: Any) -> dict[str, int]:
    """Run the playbook with these settings; its numbers of tasks: ok, changed ..."""
    extra = ("--extra-vars", json.dumps({"site_application": False, **settings}))
    return json.loads(ansible("ansible-playbook", "playbooks/site.yml", *extra, *arguments))["stats"][HOST]


def runs() -> bool:
    """Whether Postfix itself runs, which on Debian 12 the unit's state does not tell."""
    return in_host("postfix status 2>/dev/null; echo $?") == "0"


@pytest.fixture(scope="module", autouse=True)
def _host() -> None:
    """A host that was bare; check mode tells what it would do, does nothing, and the real run brings it about."""
    lab("up", HOST, "mail")
    lab("reset", HOST)
    planned = site("--check")
    assert planned["changed"] >= 3
    assert in_host("ls /etc/postfix", check=False) == ""
    assert site()["changed"] >= 3


@pytest.fixture
def mended() -> Any:
    """After the test the host is as the inventory says, whatever the test left."""
    yield
    site()
    assert runs()


def test_nothing_to_change() -> None:
    """A second run changes nothing, in at most five tasks with the check of the arguments."""
    numbers = site()
    assert numbers["changed"] == 0
    assert numbers["ok"] <= 5


def test_distribution_default_never_ran() -> None:
    """Postfix was started once, by the playbook, and not by its installation with the distribution's settings."""
    assert in_host("journalctl --no-pager -t postfix/master | grep -c 'daemon started'") == "1"


def test_postfix_that_has_ended() -> None:
    """Stopped behind systemd's back, so that the unit still looks alive: it is started."""
    in_host("postfix stop", check=False)
    assert not runs()
    assert site()["changed"] == 1
    assert runs()
    assert site()["changed"] == 0


def test_unit_that_the_next_boot_would_not_start() -> None:
    """It is enabled again."""
    in_host("systemctl disable postfix")
    assert site()["changed"] == 1
    assert in_host("systemctl is-enabled postfix") == "enabled"


@pytest.mark.usefixtures("mended")
def test_restart_that_an_earlier_run_never_came_to() -> None:
    """The parameter stands in main.cf, Postfix does not follow it yet: the next run restarts it, and then is content."""
    wanted = {"postfix_inet_interfaces": ["all"]}
    ansible("ansible", "catalog", "-m", "catalog.mail.postfix_config", "-a",
            json.dumps({"parameters": {"inet_interfaces": "all"}}))
    assert "inet_interfaces = all" in in_host("postconf inet_interfaces")
    assert "0.0.0.0:25" not in in_host("ss -ltn")
    assert site(**wanted)["changed"] >= 1
    assert "0.0.0.0:25" in in_host("ss -ltn")
    assert site(**wanted)["changed"] == 0


def test_package_that_a_login_needs() -> None:
    """Missing, it is installed again, though Postfix itself is there."""
    in_host("dpkg --remove libsasl2-modules")
    assert site()["changed"] == 1
    assert in_host("dpkg-query -W -f '${db:Status-Status}' libsasl2-modules") == "installed"


@pytest.mark.usefixtures("mended")
def test_relay_that_is_not_wanted_any_more() -> None:
    """Neither the relay nor its password is left, and mail goes out directly with TLS where it is offered."""
    assert in_host(f"ls {PASSWORD_FILES}").split() == ["/etc/postfix/sasl_passwd", "/etc/postfix/sasl_passwd.db"]
    site(postfix_relayhost=[])
    assert in_host(f"ls {PASSWORD_FILES}", check=False) == ""
    settings = in_host("postconf -h relayhost smtp_sasl_password_maps smtp_tls_CAfile smtp_tls_security_level")
    assert settings.split() == ["may"]
    assert site(postfix_relayhost=[])["changed"] == 0
