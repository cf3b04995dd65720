# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-playbook, the service and the emulator as processes, for tests of the role entra_app."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from catalog_mail.adapters.cipher import Cipher
from emulator.running import DOMAIN, TENANT, Running
from sqlalchemy import create_engine, text

from helpers.service.process import RunningService
from helpers.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parents[2]
COLLECTION = ROOT / "collections/ansible_collections/catalog/mail"
RIGHTS = ("Application.ReadWrite.OwnedBy", "Application.Read.All", "AppRoleAssignment.ReadWrite.All")
NAME = "data-catalog-mail"
DAY = 86400

WHOLE = [{
    "name": "The role", "hosts": "catalog", "gather_facts": False,
    "roles": ["catalog.mail.entra_app", "catalog.mail.email_settings"],
}]
# Nothing lags in these tests: the default, five consecutive reads, would only pause longer.
FEW_READS = {"module_defaults": {"group/catalog.mail.microsoft": {"consecutive_reads": 2}}}


@dataclass(frozen=True)
class Run:
    """Result of a playbook: `changed` and `failed` count tasks of all hosts."""

    output: str
    changed: int
    failed: int


@dataclass(frozen=True)
class Registered:
    """The emulator's files, the automation and the settings with their secret, after a first run of the role."""

    state: Path
    automation: dict[str, Any]
    settings: dict[str, Any]


@dataclass
class World:
    """The application `service` on the host `catalog`, which is this machine, and the emulator of Microsoft."""

    emulator: Running
    service: RunningService
    folder: Path
    automation: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    hosts: tuple[str, ...] = ("catalog",)

    def begin(self) -> None:
        """Reset: no registration, no settings."""
        self.emulator.reset()
        self.emulator.clear_faults()
        for user in ("catalog", "replies", "admin"):
            self.emulator.user(user)
        self.automation = self.emulator.application("automation", roles=RIGHTS)
        self._clear_settings()
        self._write_files()

    def _clear_settings(self) -> None:
        assert self.service.save({"notifications": {"enabled": False}}).status_code == 200
        settings = self.service.call("GET", "/settings/email-server").json()
        for section in ("notifications", "interactions"):
            settings[section]["microsoft"] = {}
        assert self.service.save(settings).status_code == 200

    def keep(self, folder: Path) -> Registered:
        """Keep what the role has made, for `restore`."""
        self.emulator.stop()
        shutil.copytree(self.emulator.state_folder, folder)
        self.emulator.start()
        settings = self.service.call("GET", "/settings/email-server").json()
        for section in ("notifications", "interactions"):
            settings[section]["microsoft"]["client_secret"] = self.value(f"{section}.microsoft.client_secret")
        return Registered(folder, self.automation, settings)

    def restore(self, kept: Registered) -> None:
        """Begin as after that run of the role."""
        self.emulator.stop()
        shutil.rmtree(self.emulator.state_folder)
        shutil.copytree(kept.state, self.emulator.state_folder)
        self.emulator.start()
        self.automation = kept.automation
        # A secret or certificate that the settings do not name would stay.
        self._clear_settings()
        assert self.service.save(kept.settings).status_code == 200
        self._write_files()

    def _write_files(self) -> None:
        (self.folder / "token").write_text(self.service.tokens["server_admin"])
        (self.folder / "token").chmod(0o600)
        rotation = yaml.safe_load((COLLECTION / "playbooks/rotate_secret.yml").read_text())
        for path, plays in ((self.whole_playbook, WHOLE), (self.rotation_playbook, rotation)):
            path.write_text(json.dumps([{**play, **FEW_READS} for play in plays]))
        (self.folder / "ansible.cfg").write_text("[defaults]\n")

    @property
    def whole_playbook(self) -> Path:
        return self.folder / "whole.yml"

    @property
    def rotation_playbook(self) -> Path:
        """The collection's own playbook, with fewer reads."""
        return self.folder / "rotate_secret.yml"

    def inventory(self) -> Path:
        here = {"authority_url": self.emulator.url, "graph_url": self.emulator.url, "ca_file": str(self.emulator.ca_file)}
        login = {"tenant_id": TENANT, "client_id": self.automation["app_id"], "client_secret": self.automation["client_secret"]}
        variables = {
            "ansible_connection": "local", "ansible_python_interpreter": sys.executable,
            "ansible_remote_tmp": str(self.folder / "remote"),
            "entra_app_login": {**login, **here},
            "entra_app_registrations": [{"unique_name": NAME, "uses": ["notifications", "interactions"]}],
            "entra_app_propagation_timeout": 20, "entra_app_grace_seconds": 0,
            "email_settings_api_url": self.service.url, "email_settings_token_file": str(self.folder / "token"),
            "email_settings_test_recipient": f"admin@{DOMAIN}",
            "email_settings_notifications": {
                "transport": "microsoft", "microsoft": {"email_address": f"catalog@{DOMAIN}"}},
            "email_settings_interactions": {"enabled": True, "receiver": "microsoft", "reply_to": f"replies@{DOMAIN}"},
            **self.variables,
        }  # fmt: skip
        path = self.folder / "inventory.json"
        path.write_text(json.dumps({"all": {"hosts": dict.fromkeys(self.hosts, variables)}}))
        return path

    # -- running -------------------------------------------------------------------------------------------------------

    def whole(self, *words: str) -> Run:
        """Run the role, then save the settings as the site playbook does."""
        return self.ended(self.started(self.whole_playbook, *words))

    def rotate(self, *words: str, **variables: Any) -> Run:
        """Run the playbook rotate_secret."""
        return self.ended(self.started(self.rotation_playbook, *extra(variables), *words))

    def started(self, playbook: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start a run in a process group of its own, with these variables of its environment.

        Pipelining is off, because the role enables it where it needs it.
        """
        environment = {
            **os.environ, "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
            "ANSIBLE_PIPELINING": "false", "ANSIBLE_LOCAL_TEMP": str(self.folder / "local"), "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_FORCE_COLOR": "false", "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
            "XDG_RUNTIME_DIR": str(self.folder), "ANSIBLE_LOCALHOST_WARNING": "false", **variables,
        }  # fmt: skip
        program = Path(sys.executable).parent / "ansible-playbook"
        return subprocess.Popen(
            [program, "-i", self.inventory(), playbook, *words], cwd=self.folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    @staticmethod
    def ended(process: subprocess.Popen[str]) -> Run:
        output, _ = process.communicate(timeout=300)
        numbers = re.findall(r"^catalog\S* .*changed=(\d+) .*failed=(\d+)", output, re.M)
        assert numbers, output
        return Run(output, *(sum(map(int, column)) for column in zip(*numbers, strict=True)))

    def killed_when(self, moment: Callable[[], bool], **variables: Any) -> str:
        """Start a requested rotation and kill its process group when the condition holds. Returns the output."""
        process = self.started(self.rotation_playbook, *extra({"entra_app_rotate_now": True, **variables}))

        def came() -> bool:
            if moment():
                return True
            assert process.poll() is None, process.communicate()[0]
            return False

        wait_until(came, "the moment to kill it did not come")
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate(timeout=PATIENCE)[0]

    # -- inspecting ----------------------------------------------------------------------------------------------------

    def asked(self, words: str) -> bool:
        """Return whether Graph received such a request since the log was cleared."""
        return any(re.search(words, f"{one['method']} {one['path']}") for one in self.emulator.requests())

    def app(self) -> dict[str, Any]:
        found = [one for one in self.emulator.state()["applications"] if one["uniqueName"] == NAME]
        assert len(found) == 1
        return found[0]

    def secrets(self) -> list[str]:
        """Return the key ids of the registration's client secrets."""
        return [one["keyId"] for one in self.app()["passwordCredentials"]]

    def used(self, name: str = "client_secret_key_id") -> str:
        """Return this field of the settings, which is equal for sending and receiving."""
        settings = self.service.call("GET", "/settings/email-server").json()
        found = {settings[section]["microsoft"][name] for section in ("notifications", "interactions")}
        assert len(found) == 1
        return found.pop() or ""

    def value(self, path: str = "notifications.microsoft.client_secret") -> str:
        """Return the text of a stored secret."""
        engine = create_engine(f"sqlite:///{self.service.database}")
        with engine.connect() as connection:
            row = connection.execute(text("select ciphertext from secrets where path = :path"), {"path": path}).one()
        return Cipher.from_file(self.service.folder / "key").decrypt(row.ciphertext) or ""

    def sends(self) -> bool:
        """Return whether the application sends a test message with the saved settings."""
        return self.service.call("POST", "/settings/email-server/test", {"recipient": f"admin@{DOMAIN}"}).status_code == 200


def extra(variables: dict[str, Any]) -> tuple[str, ...]:
    return ("--extra-vars", json.dumps(variables)) if variables else ()
