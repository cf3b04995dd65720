# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as a process of its own, for tests: started, told, asked, stopped, killed."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from helpers.service.certificates import Authority
from helpers.service.process import free_port
from requests import Response

TESTS = Path(__file__).resolve().parents[1]

TENANT = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
DOMAIN = "contoso.test"


class Running:
    """An emulator with a folder of its own, its certificate signed by a CA of its own (`ca_file`).

    `names` are further hosts that its certificate names. As a context manager it is started and stopped. After `kill`
    and `start` it has the same port and all that it knew.
    """

    def __init__(
        self,
        folder: Path,
        *,
        smtp: str | None = None,
        smtp_listen: str | None = None,
        imds_listen: str | None = None,
        names: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder, "Emulator CA")
        self.ca_file = self.authority.file
        self.certificate = self.authority.server_file("127.0.0.1", "localhost", *names, days=30)
        self.port = free_port()
        # The metadata service has an address of its own, and gives tokens for Graph at this one.
        self._options = {"--smtp": smtp, "--smtp-listen": smtp_listen, "--imds-listen": imds_listen,
                         "--audience": self.url if imds_listen else None}  # fmt: skip
        self._token_file = folder / "control-token"
        self.smtp_port = 0
        self.process: subprocess.Popen[str] | None = None
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(self.ca_file)

    @property
    def url(self) -> str:
        """The origin: authority_url and graph_url alike."""
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Running:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process and self.process.poll() is None:
            self.stop()
        self.session.close()

    @property
    def state_folder(self) -> Path:
        """The folder that keeps all that it knows, while it is stopped."""
        return self.folder / "state"

    def start(self) -> None:
        words = [sys.executable, "-m", "emulator", "--port", str(self.port), "--certificate", str(self.certificate),
                 "--state", str(self.state_folder), "--control-token-file", str(self._token_file)]  # fmt: skip
        for name, value in self._options.items():
            words += [name, str(value)] if value else []
        with (self.folder / "emulator.log").open("a") as log:
            self.process = subprocess.Popen(
                words, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, "PYTHONPATH": str(TESTS)}
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"the emulator has ended:\n{(self.folder / 'emulator.log').read_text()}"
        said = json.loads(line)
        self.port, self.smtp_port = said["port"], said["smtp_port"] or 0

    def stop(self) -> int:
        assert self.process
        self.session.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait(timeout=10)

    def control(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """A call of the control; AssertionError with its words where it refuses."""
        answer = self.session.request(
            method, f"{self.url}/_control/{path}", json=body, params=query, timeout=30,
            headers={"Authorization": f"Bearer {self._token_file.read_text().strip()}"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return answer.json()

    def seed(self, *tenants: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Tenants with users and applications; what was made of each, with secrets."""
        found: list[dict[str, Any]] = self.control("POST", "seed", {"tenants": list(tenants)})["tenants"]
        return found

    def application(self, name: str = "automation", **given: Any) -> dict[str, Any]:
        """One application of the tenant TENANT, with a secret: {app_id, object_id, service_principal_id, client_secret, ...}."""
        application = {"display_name": name, "secret": True, **given}
        made: dict[str, Any] = self.seed({"id": TENANT, "domains": [DOMAIN], "applications": [application]})[0]["applications"][0]
        return made

    def user(self, name: str, **given: Any) -> dict[str, Any]:
        """One user of the tenant TENANT, by name before the @ or by its whole address."""
        address = name if "@" in name else f"{name}@{DOMAIN}"
        user = {"user_principal_name": address, **given}
        made: dict[str, Any] = self.seed({"id": TENANT, "domains": [DOMAIN], "users": [user]})[0]["users"][0]
        return made

    def issuer(self, issuer: str, key: str) -> None:
        """Set the public key, in PEM, by which tokens of another issuer are verified."""
        self.control("PUT", "issuers", {"issuer": issuer, "key": key})

    def grant(self, app_id: str, *roles: str) -> None:
        self.control("POST", "grant", {"app_id": app_id, "roles": roles})

    def revoke(self, app_id: str, *roles: str) -> None:
        self.control("POST", "revoke", {"app_id": app_id, "roles": roles})

    def fault(self, kind: str, **values: Any) -> str:
        """A fault from now on; its id."""
        key: str = self.control("POST", "faults", {"kind": kind, **values})["id"]
        return key

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")
        self.control("DELETE", "lag")

    def lag(self, **values: Any) -> None:
        """Replication: requests, seconds, replicas, kinds, token_requests, uneven."""
        self.control("PUT", "lag", values)

    def options(self, **values: Any) -> None:
        self.control("PUT", "options", values)

    def advance(self, seconds: float) -> None:
        """The emulator's clock goes ahead."""
        self.control("POST", "clock", {"advance": seconds})

    def requests(self) -> list[dict[str, Any]]:
        """All requests to the login and to Graph, those within a batch too; a lost answer has status 0."""
        found: list[dict[str, Any]] = self.control("GET", "requests")["requests"]
        return found

    def forget_requests(self) -> None:
        self.control("DELETE", "requests")

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("GET", "state")
        return found

    def reset(self) -> None:
        self.control("POST", "reset")

    def put_message(self, to: str, raw: bytes, folder: str | None = None) -> dict[str, Any]:
        """A message as if it had come from outside, or straight into a folder."""
        body = {"to": to, "raw": base64.b64encode(raw).decode(), "folder": folder}
        made: dict[str, Any] = self.control("POST", "messages", body)
        return made

    def messages(self, mailbox: str, folder: str | None = None) -> list[dict[str, Any]]:
        """Return the messages of a mailbox or of one folder; `raw` is bytes."""
        query = {"mailbox": mailbox, **({"folder": folder} if folder else {})}
        return [{**one, "raw": base64.b64decode(one["raw"])} for one in self.control("GET", "messages", **query)]

    def mark(self, mailbox: str, *, read: bool, message: str | None = None) -> None:
        """Mark messages as read or unread, as another mail client does."""
        self.control("PATCH", "messages", {"mailbox": mailbox, "read": read, "id": message})

    def token(self, application: Mapping[str, Any], *, tenant: str = TENANT, scope: str | None = None) -> str:
        """A token for Graph by the application's secret, without a library."""
        answer = self.session.post(
            f"{self.url}/{tenant}/oauth2/v2.0/token", timeout=30,
            data={"grant_type": "client_credentials", "client_id": application["app_id"],
                  "client_secret": application["client_secret"], "scope": scope or "https://graph.microsoft.com/.default"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def graph(self, token: str, method: str, path: str, body: Any = None, **options: Any) -> Response:
        """Ask Graph: `path` with its version. `headers`, `params` and `data` as requests takes them."""
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self.session.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=30, **options)
