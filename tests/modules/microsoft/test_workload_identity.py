# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login by the token of a workload: given, from a file, and from GitHub Actions; no secret is stored."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from emulator.running import TENANT
from helpers.modules.graph_modules import Modules

ISSUER, SUBJECT = "https://token.actions.test", "repo:contoso/catalog:ref:refs/heads/main"
AUDIENCE = "api://AzureADTokenExchange"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token(subject: str = SUBJECT, audience: str = AUDIENCE, *, ends: float = 300, key: rsa.RSAPrivateKey = KEY) -> str:
    now = time.time()
    claims = {"iss": ISSUER, "sub": subject, "aud": audience, "iat": now - 600, "nbf": now - 600, "exp": now + ends}
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"})


@pytest.fixture
def login(modules: Modules) -> dict[str, Any]:
    """Return the ids of an automation without a secret, with a federated credential for the workload."""
    app = modules.emulator.application("pipeline", roles=["Application.Read.All"], secret=False)
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    modules.emulator.issuer(ISSUER, public.decode())
    path = f"/v1.0/applications/{app['object_id']}/federatedIdentityCredentials"
    given = {"name": "main", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
    made = modules.emulator.graph(modules.emulator.token(modules.application), "POST", path, given)
    assert made.status_code in {201, 409}, made.text
    modules.emulator.forget_requests()
    return {"tenant_id": TENANT, "client_id": app["app_id"]}


class GitHub:
    """The address at which a job of GitHub Actions gets its token."""

    def __init__(self) -> None:
        asked = self.asked = []
        answers = self.answers = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers["Authorization"]))
                status = answers.pop(0) if answers else 200
                body = json.dumps({"value": token(), "count": 1} if status == 200 else {"message": "no"}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.variables = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{self._server.server_port}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "hunter2-of-the-job"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def github() -> Iterator[GitHub]:
    made = GitHub()
    yield made
    made.close()


def info(modules: Modules, login: dict[str, Any], env: dict[str, str] | None = None) -> dict[str, Any]:
    return modules.run("entra_app_info", env=env, unique_name="nobody", login={**modules.address, **login}, timeout=10)


def test_the_token_of_a_workload_logs_in(modules: Modules, login: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{token()}\n")
    ids = {"AZURE_TENANT_ID": login["tenant_id"], "AZURE_CLIENT_ID": login["client_id"]}
    for given, env in (
        ({**login, "federated_token": token()}, {}), ({**login, "federated_token_file": str(file)}, {}),
        (login, {"AZURE_FEDERATED_TOKEN_FILE": str(file)}), ({}, {**ids, "AZURE_FEDERATED_TOKEN": token()}),
        ({}, {**ids, "GITLAB_OIDC_TOKEN": token()}),
    ):
        assert info(modules, given, env).get("exists") is False, (given, env)


def test_a_job_of_github_gets_its_token(modules: Modules, login: dict[str, Any], github: GitHub) -> None:
    github.answers[:] = [503]
    assert info(modules, login, github.variables).get("exists") is False
    assert github.asked == [
        ("/token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange", "bearer hunter2-of-the-job")] * 2
    github.answers[:] = [403]
    refused = info(modules, login, github.variables)
    assert refused["failed"] and "id-token: write" in refused["remedy"]
    away = info(modules, login, {**github.variables, "ACTIONS_ID_TOKEN_REQUEST_URL": "http://ci.test/token"})
    assert away["failed"] and "not an https address" in away["msg"]
    assert not any("hunter2" in output for output in modules.outputs)


@pytest.mark.parametrize("given, code, words", [
    ({"subject": SUBJECT.upper()}, "AADSTS700213", "federated credential"),
    ({"audience": "https://gitlab.test"}, "AADSTS700212", "federated credential"),
    ({"ends": -400}, "AADSTS700024", "out of date"),
    ({"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, "AADSTS50013", "signature"),
])
def test_a_refused_workload_is_explained(
    modules: Modules, login: dict[str, Any], given: dict[str, Any], code: str, words: str
) -> None:
    text = token(**given)
    refused = info(modules, {**login, "federated_token": text})
    assert refused["failed"] and refused["code"] == code and words in refused["msg"]
    assert text not in modules.outputs[-1] and text.split(".")[2] not in modules.outputs[-1]


@pytest.mark.parametrize("given, field", [
    ({"federated_token": "no token"}, "login.federated_token"),
    ({"federated_token_file": "/nowhere/token"}, "login.federated_token_file"),
    ({}, "login.federated_token_file"),
])
def test_an_unusable_token_of_a_workload_is_refused(
    modules: Modules, login: dict[str, Any], given: dict[str, Any], field: str
) -> None:
    refused = info(modules, {**login, "method": "workload_identity", **given})
    assert refused["failed"] and refused["field"] == field and refused["remedy"]
    without = info(modules, {"method": "workload_identity", "client_id": login["client_id"], "federated_token": token()})
    assert without["failed"] and without["field"] == "login.tenant_id"
