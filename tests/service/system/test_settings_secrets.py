# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No response, audit log, log, file or sent mail contains a secret of the settings."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.smtp import AuthResult
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE

USER = "app-user-in-a-test"
# Each has a part that JSON, URLs and logs leave unchanged, and one that they may encode.
SECRETS = {
    name: f"{name}-Kq7vX2-\u2603 &\"'\\%"
    for name in ("first", "second", "refused", "echoed", "mistyped", "broken", "moved", "unsaved", "commanded")
}
PEM = f"-----BEGIN PRIVATE KEY-----\n{SECRETS['second']}\n-----END PRIVATE KEY-----\n"


def spellings(secret: str) -> set[bytes]:
    """Return the encodings of a secret."""
    core = secret.partition("\u2603")[0]
    logins = (secret, f"\0{USER}\0{secret}")
    return {core.encode(), *(base64.b64encode(login.encode()).rstrip(b"=") for login in logins)}


def found_in(content: bytes) -> set[str]:
    """Return the secrets found in this content."""
    return {name for name, secret in SECRETS.items() if any(spelling in content for spelling in spellings(secret))}


@contextmanager
def parrot() -> Iterator[int]:
    """Run a mail server that repeats its input, passwords included; yield its port."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 parrot\r\n")
        for line in connection.makefile("rb"):
            if line.upper().startswith(b"EHLO"):
                connection.sendall(b"250-parrot\r\n250 AUTH PLAIN\r\n")
                continue
            told = base64.b64decode(line.split()[-1]) if line.startswith(b"AUTH") else b""
            connection.sendall(b"535 5.7.8 wrong: " + line.strip() + b" " + told.replace(b"\0", b" ") + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with connection:
                    talk(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def settings(port: int, password: Any, /, **smtp: Any) -> dict[str, Any]:
    document = through(port)
    document["notifications"]["smtp"] |= {"username": USER, "password": password, **smtp}
    return document


def accepted(_server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:
    """Accept a login with any password except the secret `refused`."""
    return AuthResult(success=data.password != SECRETS["refused"].encode(), handled=False)


class Conversation:
    """Sends requests to the service and keeps all responses."""

    def __init__(self, service: RunningService) -> None:
        self._service = service
        self.heard: list[bytes] = []

    def call(self, status: int, method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = self._service.call(method, path, body, **options)
        self._keep(answer)
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers["Content-Type"] else answer.text

    def put(self, status: int, document: dict[str, Any], **options: Any) -> Any:
        return self.call(status, "PUT", "/settings/email-server", {"settings": document, **options})

    def raw(self, body: bytes) -> None:
        headers = {"Authorization": f"Bearer {self._service.tokens['server_admin']}", "Content-Type": "application/json"}
        answer = requests.put(f"{self._service.url}/api/v1/settings/email-server", data=body, headers=headers, timeout=PATIENCE)
        self._keep(answer)
        assert answer.status_code in (400, 422), answer.text

    def command(self, *words: str, succeeds: bool = True) -> None:
        done = self._service.command(*words)
        assert (done.returncode == 0) is succeeds, done.stderr
        self.heard += [done.stdout.encode(), done.stderr.encode()]

    def _keep(self, answer: requests.Response) -> None:
        self.heard += [answer.content, json.dumps(dict(answer.headers)).encode()]


def use_everything(talk: Conversation, port: int, folder: Path) -> None:
    """Give the service a secret in every possible request, and in every request that it refuses."""
    everything = settings(port, SECRETS["first"])
    everything["interactions"] = {
        "imap": {"host": "imap.corp.test", "username": USER, "password": SECRETS["second"]},
        "microsoft": {"tenant_id": "t", "client_id": "c", "client_secret": SECRETS["second"], "certificate": PEM},
    }
    talk.put(200, everything)
    talk.put(200, settings(port, SECRETS["second"]))
    talk.put(200, settings(port, SECRETS["first"]), test=False)
    talk.put(200, settings(port, {"present": True}))

    assert talk.put(422, settings(port, SECRETS["refused"]))["code"] == "login-refused"
    with parrot() as echoing:
        answer = talk.put(422, settings(echoing, SECRETS["echoed"]))
        assert answer["code"] == "login-refused"
        assert "(removed)" in answer["smtp"]["text"]
    assert talk.put(422, settings(port + 1, {"present": True}))["field"] == "notifications.smtp.password"
    stale = {"settings": settings(port, SECRETS["moved"])}
    talk.call(412, "PUT", "/settings/email-server", stale, headers={"If-Match": '"0"'})
    wrong = SECRETS["mistyped"]
    for mistyped in ([wrong], {"present": wrong}, {"value": wrong}, wrong + "\0"):
        answer = talk.put(422, settings(port, mistyped))
        assert answer["field"].startswith("notifications.smtp.password")
    talk.put(422, settings(port, wrong, port=wrong))
    talk.put(422, settings(port, wrong, misspelt=wrong))
    talk.put(422, {"notifications": {"microsoft": {"certificate": wrong}}})
    torn = SECRETS["broken"]
    for broken in (f'{{"settings": "{torn}', f'{{"password": "{torn}\n"}}', torn):
        talk.raw(broken.encode())

    changes = talk.call(200, "POST", "/settings/email-server/plan", {"settings": settings(port, SECRETS["unsaved"])})["changes"]
    assert changes == [{"path": "notifications.smtp.password", "before": "present", "after": "changed"}]
    talk.call(200, "POST", "/settings/email-server/test", {"settings": settings(port, SECRETS["unsaved"])})
    talk.call(200, "POST", "/settings/email-server/test", {})

    file = folder.parent / "given.json"
    file.write_text(json.dumps(settings(port, SECRETS["commanded"])))
    talk.command("settings", "import", str(file), "--no-test")
    file.write_text(json.dumps(settings(port, SECRETS["commanded"], misspelt=1)))
    talk.command("settings", "import", str(file), "--no-test", succeeds=False)
    file.unlink()
    talk.command("settings", "export")

    for path in ("/settings/email-server", "/audit?limit=200", "/health", "/metrics"):
        talk.call(200, "GET", path)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_no_response_or_file_contains_a_readable_secret(service: RunningService) -> None:
    talk = Conversation(service)
    with MailSink(authenticator=accepted, auth_require_tls=False, auth_required=True) as sink:
        use_everything(talk, sink.port, service.folder)
        mails = b"".join(content for _sender, _recipients, content in sink.taken)
    assert service.stop() == 0

    answers = b"\n".join(talk.heard)
    assert mails
    files = {path.name: path.read_bytes() for path in service.folder.rglob("*") if path.is_file()}
    assert {"catalog-mail.db", "service.log"} <= files.keys()
    # The search works: it finds values that are no secrets.
    assert USER.encode() in answers
    assert any(USER.encode() in content for content in files.values())

    assert found_in(answers) == set()
    assert found_in(mails) == set()
    assert {name: found_in(content) for name, content in files.items() if found_in(content)} == {}
