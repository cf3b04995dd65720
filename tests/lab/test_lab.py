# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab.py up` starts the lab, keeps what runs, and repairs the rest; the lab's network is isolated."""
from __future__ import annotations

import fcntl
import subprocess

import pytest
from helpers.waiting import PATIENCE

HOSTS = ("mail", "catalog12", "catalog13")
OUTSIDE = """
import errno, socket
for family, address in ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1")):
    with socket.socket(family) as tcp:
        tcp.settimeout(5)
        print(errno.errorcode[tcp.connect_ex((address, 25))])
"""
# Is the CA trusted by its file, and then by the links that `openssl rehash` makes?
LINKED = """
cd "$(mktemp -d)" && cp /etc/ssl/certs/company-ca.pem . && openssl rehash . 2>/dev/null
openssl verify -no-CApath -CAfile company-ca.pem /etc/ssl/lab-ca.crt
echo next
openssl verify -no-CAfile -CApath . /etc/ssl/lab-ca.crt 2>&1 || true
"""


def test_up_keeps_running_hosts(lab):
    before = lab.containers()
    lab.run("up")
    assert lab.containers() == before
    assert set(before) == {f"cml-{host}" for host in HOSTS}


@pytest.mark.parametrize("host", HOSTS)
def test_systemd_runs_on_every_host(lab, host):
    assert lab.on(host, "systemctl", "is-system-running").strip() == "running"
    assert lab.on(host, "cat", "/proc/1/comm").strip() == "systemd"


@pytest.mark.parametrize("host", HOSTS)
def test_hosts_have_no_route_to_other_networks(lab, host):
    assert lab.on(host, "python3", "-c", OUTSIDE).split() == ["ENETUNREACH", "ENETUNREACH"]
    assert "default" not in lab.on(host, "ip", "route") + lab.on(host, "ip", "-6", "route")


@pytest.mark.parametrize(("host", "release"), [("catalog12", "bookworm"), ("catalog13", "trixie")])
def test_a_bare_host_has_packages_but_no_postfix(lab, host, release):
    lab.run("reset", host)
    assert f"VERSION_CODENAME={release}" in lab.on(host, "cat", "/etc/os-release")
    assert lab.on(host, "sh", "-c", "command -v postfix sendmail postconf || echo nothing").strip() == "nothing"
    sources = lab.on(host, "sh", "-c", "cd /etc/apt; cat sources.list sources.list.d/* 2>/dev/null || true")
    assert sources.strip() == "deb [trusted=yes] file:/srv/packages ./"
    assert "::Proxy" not in lab.on(host, "apt-config", "dump")
    assert lab.on(host, "stat", "--format", "%Y", "/var/lib/apt/lists").strip() == "0"
    lab.on(host, "apt-get", "--quiet", "update")
    offered = lab.on(host, "apt-get", "--simulate", "install", "postfix-lmdb", "postfix-pcre", "libsasl2-modules")
    assert "Inst postfix-lmdb" in offered


def test_postfix_installed_by_apt_delivers(lab, message):
    lab.run("reset", "catalog13")
    lab.on("catalog13", "apt-get", "--quiet", "update")
    lab.on("catalog13", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet", "--yes", "install", "postfix")
    lab.on("catalog13", "sendmail", "-f", "noreply@catalog.test", "alice@corp.test", stdin=message.as_string())
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    results = " ".join(found.get_all("Authentication-Results"))
    assert "spf=pass" in results
    assert "dmarc=pass" in results


def test_an_installed_host_has_everything_unconfigured(lab):
    """`up` leaves it as it is, and a reset without the option makes a bare host again."""
    lab.run("reset", "--installed", "catalog13")
    assert lab.on("catalog13", "catalog-mail", "--version").strip()
    assert "mail.corp.test" not in lab.on("catalog13", "postconf")
    state = lab.on("catalog13", "sh", "-c", "systemctl is-enabled postfix; pgrep -c master; ls /etc/catalog-mail || true")
    assert state.split() == ["disabled", "0"]
    before = lab.containers()
    lab.run("up")
    assert lab.containers() == before
    lab.run("reset", "catalog13")
    assert lab.on("catalog13", "sh", "-c", "command -v postfix catalog-mail || echo nothing").strip() == "nothing"


def test_the_lab_ca_is_on_the_hosts_but_not_trusted(lab):
    assert lab.on("catalog12", "cat", "/etc/ssl/lab-ca.crt") == (lab.home / "ca.crt").read_text()
    serial = "import ssl; print([c['subject'] for c in ssl.create_default_context().get_ca_certs()])"
    assert "catalog.mail lab" not in lab.on("catalog12", "python3", "-c", serial)


@pytest.mark.parametrize("host", ["catalog12", "catalog13"])
def test_the_ca_of_the_examples_is_trusted_by_no_link(lab, host):
    """Debian 12 makes links in Postfix's chroot, update-ca-certificates in /etc/ssl/certs."""
    by_file, by_link = lab.on(host, "sh", "-c", LINKED).split("next")
    assert "lab-ca.crt: OK" in by_file
    assert "self-signed certificate" in by_link


def test_secrets_are_readable_by_root_only_and_reused(lab):
    before = (lab.home / "credentials.json").read_text(), (lab.home / "ca.crt").read_text()
    lab.run("up")
    assert ((lab.home / "credentials.json").read_text(), (lab.home / "ca.crt").read_text()) == before
    assert lab.home.stat().st_mode & 0o077 == 0
    secrets = [lab.home / "credentials.json", *(lab.home / "certificates").glob("*.key")]
    assert len(secrets) == 7
    assert [path.name for path in secrets if path.stat().st_mode & 0o077] == []


def test_a_stopped_host_is_started_again(lab):
    before = lab.containers()
    lab.on("catalog12", "touch", "/root/kept")
    lab.podman("stop", "--time", "0", "cml-catalog12", "cml-mail")
    lab.run("up")
    assert lab.containers() == before
    lab.on("catalog12", "test", "-e", "/root/kept")
    assert "catalog.test" in lab.on("mail", "host", "-t", "MX", "catalog.test", "198.18.25.25")


@pytest.mark.parametrize("definition", ["an older one", "the same"])
def test_an_unfinished_or_outdated_host_is_created_again(lab, definition):
    image, label = lab.podman(
        "inspect", "--format", '{{.ImageName}} {{index .Config.Labels "catalog-mail-lab"}}', "cml-catalog13"
    ).split()
    label = label if definition == "the same" else "0123456789ab"
    lab.podman("rm", "--force", "--time", "0", "cml-catalog13")
    lab.podman("create", "--name", "cml-catalog13", "--label", f"catalog-mail-lab={label}", image, "/bin/false")
    lab.run("up", "catalog13")
    assert lab.on("catalog13", "systemctl", "is-system-running").strip() == "running"
    assert "198.18.25.13/24" in lab.on("catalog13", "ip", "address")


def test_an_outdated_network_is_created_again(lab):
    lab.podman("network", "rm", "--force", "--time", "0", "catalog-mail-lab")
    lab.podman("network", "create", "--subnet", "198.18.99.0/24", "catalog-mail-lab")
    lab.run("up")
    form = "{{.Internal}} {{(index .Subnets 0).Subnet}}"
    assert lab.podman("network", "inspect", "--format", form, "catalog-mail-lab").strip() == "true 198.18.25.0/24"
    assert "198.18.25.12/24" in lab.on("catalog12", "ip", "address")


def test_one_command_runs_at_a_time(lab):
    with (lab.home / "lock").open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = subprocess.Popen([*lab.program, "status"], stdout=subprocess.PIPE, text=True)
        assert waiting.stdout is not None
        assert "Waiting for another lab command" in waiting.stdout.readline()
        assert waiting.poll() is None
    assert "ready" in waiting.communicate(timeout=PATIENCE)[0]


def test_an_unknown_host_is_refused_with_the_known_names(lab):
    done = lab.command("up", "catalog14")
    assert done.returncode == 1
    assert done.stderr == "lab: There is no host catalog14 in the lab. There are: mail catalog12 entra catalog13 ckan.\n"
