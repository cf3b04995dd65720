# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The login methods, their requirements, and the messages of their failures."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.certificates import new_identity
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key
from cryptography.x509 import load_pem_x509_certificate as load_certificate
from emulator.running import TENANT
from helpers.modules.graph_modules import Modules
from helpers.service.certificates import Authority


def info(modules: Modules, login: dict[str, Any], env: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    return modules.run("entra_app_info", env=env, unique_name="nobody", login={**modules.address, **login}, **options)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with key and certificate of another automation."""
    now = datetime.now(UTC)
    identity, _certificate = new_identity("automation", now - timedelta(hours=1), now + timedelta(days=1))
    file = tmp_path_factory.mktemp("login") / "automation.pem"
    file.write_text(identity.private_key + identity.certificate)
    return file


@pytest.fixture
def with_certificate(modules: Modules, certificate: Path) -> dict[str, Any]:
    text = certificate.read_text()
    app = modules.emulator.application(
        "with certificate", roles=["Application.Read.All"], secret=False, certificate=text[text.index("-----BEGIN CERTIFICATE"):])
    return {"tenant_id": TENANT, "client_id": app["app_id"]}


def test_by_the_environment(modules: Modules) -> None:
    login = modules.login
    env = {
        "AZURE_TENANT_ID": login["tenant_id"], "AZURE_CLIENT_ID": login["client_id"],
        "AZURE_CLIENT_SECRET": login["client_secret"]}
    assert info(modules, {}, env)["exists"] is False


def test_by_certificate_in_pem_and_pfx(modules: Modules, with_certificate: dict[str, Any], certificate: Path) -> None:
    assert info(modules, {**with_certificate, "certificate_file": str(certificate)})["exists"] is False
    content = certificate.read_bytes()
    pfx = certificate.with_suffix(".pfx")
    pfx.write_bytes(pkcs12.serialize_key_and_certificates(
        b"x", cast("RSAPrivateKey", load_key(content, None)), load_certificate(content[content.index(b"-----BEGIN CERT"):]), None,
        BestAvailableEncryption(b"hunter2secret")))
    given = {**with_certificate, "certificate_file": str(pfx)}
    assert info(modules, {**given, "certificate_password": "hunter2secret"})["exists"] is False
    wrong = info(modules, {**given, "certificate_password": "wrong-password"})
    assert wrong["failed"] and wrong["field"] == "login.certificate_file"
    variables = {"AZURE_CLIENT_CERTIFICATE_PATH": str(pfx), "AZURE_CLIENT_CERTIFICATE_PASSWORD": "hunter2secret"}
    assert info(modules, with_certificate, variables)["exists"] is False
    elliptic = Authority(pfx.parent).server_file("automation.test")
    assert "not an RSA key" in info(modules, {**with_certificate, "certificate_file": str(elliptic)})["msg"]
    missing = info(modules, {**with_certificate, "certificate_file": "/nowhere.pem"})
    assert missing["failed"] and "/nowhere.pem" in missing["msg"]


def test_by_a_given_token(modules: Modules) -> None:
    token = modules.emulator.token(modules.application)
    assert info(modules, {"access_token": token})["tenant_id"] == TENANT
    bad = info(modules, {"access_token": token[:-9] + "AAAAAAAAA"})
    assert bad["failed"] and bad["status"] == 401 and "login" in bad["remedy"]


def with_az(folder: Path, script: str) -> dict[str, str]:
    """Return an environment in which this script is the first `az` of PATH."""
    az = folder / "az"
    az.write_text(script)
    az.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_by_azure_cli(modules: Modules, tmp_path: Path) -> None:
    """A command az that answers as Azure CLI does, with a token of the emulator."""
    (tmp_path / "token").write_text(modules.emulator.token(modules.application))
    env = with_az(tmp_path, f"""#!{sys.executable}
import json, sys
with open("{tmp_path}/words", "a") as stream:
    stream.write(" ".join(sys.argv[1:]) + chr(10))
print(json.dumps({{"accessToken": open("{tmp_path}/token").read(), "tokenType": "Bearer"}}))
""")
    assert info(modules, {}, env)["exists"] is False
    assert info(modules, {"method": "azure_cli", "tenant_id": TENANT}, env)["exists"] is False
    asked = f"account get-access-token --output json --resource {modules.emulator.url}"
    assert (tmp_path / "words").read_text().splitlines() == [asked, f"{asked} --tenant {TENANT}"]


@pytest.mark.parametrize("script,words", [
    ("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1", "Please run 'az login' to setup account."),
    ("echo 'no JSON'", "it ended with 0"),
])
def test_azure_cli_without_a_token(modules: Modules, tmp_path: Path, script: str, words: str) -> None:
    refused = info(modules, {"method": "azure_cli"}, with_az(tmp_path, f"#!/bin/sh\n{script}\n"))
    assert refused["failed"] and words in refused["msg"] and "az login" in refused["remedy"]
    assert refused["field"] == "login.method"


def test_no_azure_cli(modules: Modules) -> None:
    none = info(modules, {"method": "azure_cli"}, {"PATH": "/usr/bin:/bin"})
    assert none["failed"] and none["field"] == "login.method" and "Install Azure CLI" in none["msg"]


def test_no_login_is_configured(modules: Modules) -> None:
    none = info(modules, {}, {"PATH": "/usr/bin:/bin"})
    assert none["failed"] and none["field"] == "login" and "AZURE_CLIENT_SECRET" in none["msg"]
    half = info(modules, {"client_secret": "x" * 30, "client_id": "y"})
    assert half["failed"] and half["field"] == "login.tenant_id" and "AZURE_TENANT_ID" in half["msg"]


@pytest.mark.parametrize("change,field,code", [
    ({"client_secret": "not-the-secret-at-all"}, "login.client_secret", "AADSTS7000215"),
    ({"client_id": "00000000-1111-2222-3333-444444444444"}, "login.client_id", "AADSTS700016"),
    ({"tenant_id": "00000000-1111-2222-3333-444444444444"}, "login.tenant_id", "AADSTS90002"),
])
def test_each_token_error_is_explained(modules: Modules, change: dict[str, str], field: str, code: str) -> None:
    refused = info(modules, {**modules.login, **change})
    assert refused["failed"] and (refused["field"], refused["code"]) == (field, code) and refused["remedy"]
    assert modules.application["client_secret"] not in modules.outputs[-1].replace("client_secret\": \"VALUE", "")


def test_an_expired_secret(modules: Modules) -> None:
    old = modules.emulator.application("with an old secret", roles=["Application.Read.All"], secret_days=-1)
    refused = info(modules, {"tenant_id": TENANT, "client_id": old["app_id"], "client_secret": old["client_secret"]})
    assert refused["code"] == "AADSTS7000222"


@pytest.mark.parametrize("fault", ["throttle", "fail", "lose", "refuse_connection"])
def test_a_login_that_fails_temporarily(modules: Modules, fault: str) -> None:
    for path in ("oauth2/v2.0/token", "openid-configuration"):
        modules.emulator.fault(fault, path=path, times=1)
    assert info(modules, modules.login)["exists"] is False and not modules.untriggered_faults()


def test_unreachable_and_untrusted_servers(modules: Modules) -> None:
    gone = info(modules, {**modules.login, "authority_url": "https://127.0.0.1:9"}, timeout=1)
    assert gone["failed"] and "could not be reached" in gone["msg"]
    gone = info(modules, {"graph_url": "https://127.0.0.1:9", "access_token": "x.y.z"}, timeout=1)
    assert gone["failed"] and "could not be reached" in gone["msg"]
    untrusted = info(modules, {**modules.login, "ca_file": None}, {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""})
    assert untrusted["failed"] and "ca_file" in untrusted["msg"]
    for url in ("http://127.0.0.1:9", "https://127.0.0.1:9/path", "nonsense"):
        assert info(modules, {**modules.login, "graph_url": url})["field"] == "login.graph_url"


def test_authorities_of_the_environment(modules: Modules, tmp_path: Path) -> None:
    """The option's certificates apply; the environment's only without the option."""
    other = tmp_path / "other.pem"
    other.write_text(Authority(tmp_path).file.read_text())
    assert info(modules, modules.login, {"REQUESTS_CA_BUNDLE": str(other)})["exists"] is False
    login = {**modules.login, "ca_file": None}
    assert info(modules, login, {"REQUESTS_CA_BUNDLE": str(modules.emulator.ca_file)})["exists"] is False
    gone = str(tmp_path / "gone.pem")
    for change, env in (({"ca_file": gone}, {}), ({}, {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": gone})):
        refused = info(modules, {**login, **change}, env)
        assert refused["failed"] and refused["field"] == "login.ca_file" and f"there is no file {gone}" in refused["msg"]
    assert "which the environment names" in refused["msg"]


@pytest.mark.parametrize("library", ["msal", "requests", "cryptography"])
def test_a_missing_library_is_named(modules: Modules, tmp_path: Path, library: str) -> None:
    """Without the library the import fails, as on a machine that lacks it."""
    (tmp_path / f"{library}.py").write_text(f"raise ModuleNotFoundError('No module named {library}')\n")
    path = f"{tmp_path}:{Path(__file__).resolve().parents[3] / 'collections'}"
    # Only certificates need the last library.
    kind = {"kind": "certificate", "certificate": "-----BEGIN CERTIFICATE-----"} if library == "cryptography" else {}
    refused = modules.run("entra_app_credential", env={"PYTHONPATH": path}, unique_name="nobody", **kind)
    assert refused["failed"] and f"library {library} is missing" in refused["msg"]
    assert f"{sys.executable} -m pip install '{library}>=" in refused["msg"]


def test_modules_import_without_the_libraries() -> None:
    """The modules import only ansible-core at the top."""
    done = subprocess.run(
        [sys.executable, "-I", "-c",
         "import sys; sys.path.insert(0, 'collections'); "
         "sys.modules.update(msal=None, requests=None, cryptography=None); "
         "import ansible_collections.catalog.mail.plugins.modules.mailbox_scope, "
         "ansible_collections.catalog.mail.plugins.modules.entra_app_credential"],
        cwd=Path(__file__).resolve().parents[3], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
