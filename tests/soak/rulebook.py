# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the rulebook with ansible-rulebook: a change of the settings makes it look for drift, and it prints the report's event.

On a host of the lab, set up by the playbook site. ansible-rulebook is installed into a virtual environment of its own, and
Debian's Java where none is installed. Ends with 1, and shows the output, when the output lacks what is expected.

Usage: rulebook.py
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.check_mode.tamperings import TAMPERINGS
from helpers.modules.lab_host import LAB_HOME, LabHost
from helpers.playbooks import ROOT, ansible_environment, lab, run_ansible
from helpers.service.process import free_port
from helpers.waiting import wait_until

HOST = "catalog12"
ENVIRONMENT = Path.home() / ".cache/catalog-mail-rulebook"
REPORT = {
    "hosts": ["soak"], "corrected": False, "started_at": "2026-11-21T05:30:00Z",
    "changes": [{"host": "soak", "role": "r", "thing": "main.cf", "field": "relayhost", "is": "a", "should_be": "b"}]}


def program() -> Path:
    """Return ansible-rulebook, installed if it is missing."""
    found = ENVIRONMENT / "bin/ansible-rulebook"
    if not found.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        subprocess.run([ENVIRONMENT / "bin/pip", "install", "--quiet", "ansible-rulebook==1.3.2"], check=True)
    if not shutil.which("java"):
        subprocess.run(["apt-get", "install", "--yes", "--quiet", "openjdk-17-jre-headless"], check=True)
    return found


def inventory(folder: Path) -> Path:
    """Copy the lab's inventory, with one host of the catalog."""
    copy = folder / "inventory"
    shutil.copytree(ROOT / "inventories/lab", copy)
    hosts = yaml.safe_load((copy / "hosts.yml").read_text())
    hosts["all"]["children"]["lab"]["children"]["catalog"]["hosts"] = {HOST: None}
    (copy / "hosts.yml").write_text(yaml.safe_dump(hosts))
    return copy


@contextlib.contextmanager
def forwarded() -> Iterator[str]:
    """Reach the application, which listens on the loopback of its host, by SSH; yields its URL."""
    port = free_port()
    ssh = ["ssh", "-F", LAB_HOME / "ssh_config", "-o", "ControlPath=none", "-o", "ExitOnForwardFailure=yes"]
    with subprocess.Popen([*ssh, "-N", "-L", f"{port}:127.0.0.1:8025", HOST]) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextlib.contextmanager
def rulebook(folder: Path, hosts: Path, url: str) -> Iterator[Path]:
    """Run ansible-rulebook with the collection's rulebook; yields the file with its output."""
    (folder / "token").write_text(LabHost(HOST).sh(f"catalog-mail token create --name {folder.name} --role viewer"))
    (folder / "variables.yml").write_text(yaml.safe_dump({"catalog_url": url, "catalog_token_file": str(folder / "token")}))
    words = [program(), "--rulebook", "catalog.mail.drift", "--inventory", hosts, "--vars", folder / "variables.yml"]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            words, cwd=ROOT, env=ansible_environment(ANSIBLE_NOCOLOR="yes"), stdout=output, stderr=subprocess.STDOUT)
        try:
            yield folder / "output"
        finally:
            process.terminate()
            process.wait()


def shows(output: Path, *words: str) -> Callable[[], bool]:
    """Return a function that tells whether the output has all these words."""
    return lambda: all(word in output.read_text() for word in words)


def main() -> None:
    os.umask(0o077)
    lab("up", "--only", HOST, "mail")
    lab("reset", "--installed", HOST)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        hosts = inventory(folder)
        made = run_ansible("ansible-playbook", "-i", hosts, "playbooks/site.yml")
        if made.returncode:
            sys.exit(made.stdout + made.stderr)
        host = LabHost(HOST)
        with forwarded() as url, rulebook(folder, hosts, url) as output:
            # What happens before the first request for events is not reported.
            wait_until(lambda: host.sh("ss -Htn state established 'sport = :8025'").strip(), output.read_text)
            host.sh(TAMPERINGS["settings changed"])
            wait_until(shows(output, "notifications.from.display_name", "Tampered -> Data Catalog"), output.read_text)
            token = host.sh(f"catalog-mail token create --name {folder.name}-drift --role drift").strip()
            headers = {"Authorization": f"Bearer {token}"}
            requests.post(f"{url}/api/v1/drift-reports", json=REPORT, headers=headers, timeout=60).raise_for_status()
            wait_until(shows(output, "'kind': 'drift'"), output.read_text)
            print(output.read_text())
    print("The rulebook looked for drift after a change of the settings, and printed the event of a drift report.")


if __name__ == "__main__":
    main()
