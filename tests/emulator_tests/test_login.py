# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Discovery and the token endpoint, in the responses that clients depend on."""

from __future__ import annotations

import asyncio
import base64
import datetime
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from emulator.entra import login
from emulator.running import DOMAIN, TENANT, Running
from emulator.world import World
from helpers.graph_requests import error
from helpers.service.process import free_port
from helpers.waiting import PATIENCE

SCOPE = "https://graph.microsoft.com/.default"
UNKNOWN = "00000000-1111-2222-3333-444444444444"


def ask(entra: Running, tenant: str = TENANT, **form: str) -> requests.Response:
    return entra.session.post(f"{entra.url}/{tenant}/oauth2/v2.0/token", data=form, timeout=PATIENCE)


def with_secret(application: dict[str, Any], **form: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": application["app_id"], "client_secret": application["client_secret"],
            "scope": SCOPE, **form}  # fmt: skip


@pytest.mark.parametrize("name", [TENANT, DOMAIN, TENANT.upper()])
def test_discovery_names_the_tenants_endpoints(entra: Running, name: str):
    found = entra.session.get(f"{entra.url}/{name}/v2.0/.well-known/openid-configuration", timeout=PATIENCE)
    assert found.status_code == 200
    assert found.json()["token_endpoint"] == f"{entra.url}/{TENANT}/oauth2/v2.0/token"
    assert found.json()["issuer"] == f"{entra.url}/{TENANT}/v2.0"


@pytest.mark.parametrize("name, number, kind", [
    (UNKNOWN, 90002, "invalid_tenant"), ("nowhere.test", 90002, "invalid_tenant"), ("no-tenant", 900023, "invalid_request"),
])  # fmt: skip
def test_discovery_of_an_unknown_tenant_is_refused(entra: Running, name: str, number: int, kind: str):
    found = entra.session.get(f"{entra.url}/{name}/v2.0/.well-known/openid-configuration", timeout=PATIENCE)
    assert (found.status_code, found.json()["error"], found.json()["error_codes"]) == (400, kind, [number])


def test_a_token_is_granted(entra: Running, automation: dict[str, Any]):
    answer = ask(entra, **with_secret(automation))
    assert answer.status_code == 200
    assert set(answer.json()) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert answer.json()["token_type"] == "Bearer"
    token = answer.json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == "https://graph.microsoft.com"
    assert claims["appid"] == automation["app_id"]
    assert claims["oid"] == claims["sub"] == automation["service_principal_id"]
    assert (claims["tid"], claims["idtyp"], claims["ver"]) == (TENANT, "app", "1.0")
    assert "Application.ReadWrite.All" in claims["roles"]


@pytest.mark.parametrize("change, tenant, expected", [
    ({"client_secret": "wrong"}, TENANT, (401, "invalid_client", 7000215)),
    ({"client_id": UNKNOWN}, TENANT, (400, "unauthorized_client", 700016)),
    ({}, UNKNOWN, (400, "invalid_request", 90002)),
    ({}, "no-tenant", (400, "invalid_request", 900023)),
    ({}, "common", (400, "invalid_request", 9001023)),
    ({"scope": "https://graph.microsoft.com/Mail.Send"}, TENANT, (400, "invalid_scope", 1002012)),
    ({"scope": "openid"}, TENANT, (400, "invalid_scope", 1002012)),
    ({"scope": "https://graph.microsoft.us/.default"}, TENANT, (400, "invalid_resource", 500011)),
    ({"scope": "api://nothing/.default"}, TENANT, (400, "invalid_resource", 500011)),
    ({"client_secret": ""}, TENANT, (401, "invalid_client", 7000218)),
    ({"client_id": ""}, TENANT, (400, "invalid_request", 900144)),
    ({"scope": ""}, TENANT, (400, "invalid_request", 900144)),
    ({"grant_type": "password"}, TENANT, (400, "unsupported_grant_type", 70003)),
], ids=str)  # fmt: skip
def test_a_token_is_refused(
    entra: Running, automation: dict[str, Any], change: dict[str, str], tenant: str, expected: tuple[int, str, int]
):
    answer = ask(entra, tenant, **with_secret(automation, **change))
    found = answer.json()
    assert (answer.status_code, found["error"], found["error_codes"][0]) == expected
    assert set(found) == {"error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri"}
    assert found["error_description"].startswith(f"AADSTS{expected[2]}: ")
    assert f"Trace ID: {found['trace_id']}" in found["error_description"]


def test_an_expired_secret_differs_from_a_wrong_one(entra: Running):
    application = entra.application("expired", secret_days=-1)
    assert ask(entra, **with_secret(application)).json()["error_codes"] == [7000222]


def test_a_secrets_id_is_no_secret(entra: Running, automation: dict[str, Any]):
    answer = ask(entra, **with_secret(automation, client_secret=automation["key_id"]))
    assert answer.json()["error_codes"] == [7000215]


def test_no_token_without_an_enabled_service_principal(entra: Running):
    without = entra.application("without principal", service_principal=False)
    disabled = entra.application("disabled", disabled=True)
    assert ask(entra, **with_secret(without)).json()["error_codes"] == [7000229]
    assert ask(entra, **with_secret(disabled)).json()["error_codes"] == [7000112]


@pytest.mark.parametrize("given, expected", [
    ({}, (400, "invalid_grant", 53003)),
    ({"status": 401, "error": "unauthorized_client", "number": 530032}, (401, "unauthorized_client", 530032)),
], ids=str)  # fmt: skip
def test_conditional_access_keeps_one_application_out(
    entra: Running, automation: dict[str, Any], given: dict[str, Any], expected: tuple[int, str, int]
):
    blocked = entra.application("blocked by policy")
    fault = entra.fault("conditional_access", app_id=blocked["app_id"], **given)
    answer = ask(entra, **with_secret(blocked))
    found = answer.json()
    assert (answer.status_code, found["error"], found["error_codes"][0]) == expected
    assert "Trace ID: " in found["error_description"]
    wrong = ask(entra, **with_secret(blocked, client_secret="wrong"))
    assert wrong.json()["error_codes"] == [7000215], "a client that fails authentication learns nothing of the policy"
    assert ask(entra, **with_secret(automation)).status_code == 200
    entra.control("DELETE", "faults", {"id": fault})
    assert ask(entra, **with_secret(blocked)).status_code == 200


def test_a_token_keeps_the_roles_that_it_was_issued_with(entra: Running):
    application = entra.application("grows")
    before = entra.token(application)
    entra.grant(application["app_id"], "Application.Read.All")
    assert error(entra.graph(before, "GET", "/v1.0/applications"))[:2] == (403, "Authorization_RequestDenied")
    after = entra.token(application)
    assert entra.graph(after, "GET", "/v1.0/applications").status_code == 200
    entra.revoke(application["app_id"], "Application.Read.All")
    assert entra.graph(after, "GET", "/v1.0/applications").status_code == 200


@pytest.mark.parametrize("authorization, text", [
    (None, "Access token is empty."),
    ("Bearer ", "Access token is empty."),
    ("Basic abc", "Access token is empty."),
    ("Bearer nonsense", "JWT is not well formed"),
    ("Bearer a.b.c", "validation failure"),
])  # fmt: skip
def test_no_token_is_401_with_a_challenge(entra: Running, authorization: str | None, text: str):
    headers = {"Authorization": authorization} if authorization else {}
    answer = entra.session.get(f"{entra.url}/v1.0/applications", headers=headers, timeout=PATIENCE)
    status, code, message = error(answer)
    assert (status, code) == (401, "InvalidAuthenticationToken")
    assert text in message
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_changed_token_is_refused(entra: Running, token: str):
    head, body, signature = token.split(".")
    claims = base64.urlsafe_b64decode(body + "==").replace(b'"Mail.Send"', b'"Mail.Sent"')
    forged = f"{head}.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.{signature}"
    assert error(entra.graph(forged, "GET", "/v1.0/applications"))[0] == 401


@pytest.mark.parametrize("scope", ["https://graph.microsoft.com/.default", "the emulator"])
def test_a_token_for_graph_by_each_of_its_names(entra: Running, automation: dict[str, Any], scope: str):
    found = entra.token(automation, scope=f"{entra.url}/.default" if scope == "the emulator" else scope)
    assert entra.graph(found, "GET", "/v1.0/applications").status_code == 200


@pytest.mark.parametrize("cloud, graph_url", [
    ("us_gov", "https://graph.microsoft.us"), ("us_gov_dod", "https://dod-graph.microsoft.us"),
    ("china", "https://microsoftgraph.chinacloudapi.cn"),
])  # fmt: skip
def test_a_national_cloud_has_a_graph_of_its_own(entra: Running, cloud: str, graph_url: str):
    tenant = entra.seed({"domains": [f"{cloud.replace('_', '-')}.test"], "cloud": cloud, "applications": [
        {"display_name": "national", "secret": True, "roles": ["Application.Read.All"]}]})[0]  # fmt: skip
    application = tenant["applications"][0]
    token = entra.token(application, tenant=tenant["id"], scope=f"{graph_url}/.default")
    assert entra.graph(token, "GET", "/v1.0/applications").status_code == 200
    refused = ask(entra, tenant["id"], **with_secret(application))
    assert refused.json()["error_codes"] == [500011]


def certificate(days: int = 30) -> tuple[str, str, rsa.RSAPrivateKey, bytes]:
    """Return private key and certificate as PEM, the key, and the certificate as DER."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "catalog")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (pem.decode(), made.public_bytes(serialization.Encoding.PEM).decode(), key,
            made.public_bytes(serialization.Encoding.DER))  # fmt: skip


def assertion(
    entra: Running, app_id: str, key: rsa.RSAPrivateKey, der: bytes, algorithm: str = "PS256",
    header: dict[str, Any] | None = None, **changes: Any,
) -> str:  # fmt: skip
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    now = int(datetime.datetime.now(datetime.UTC).timestamp())
    claims = {"aud": f"{entra.url}/{TENANT}/oauth2/v2.0/token", "iss": app_id, "sub": app_id, "jti": str(uuid.uuid4()),
              "nbf": now, "exp": now + 600, **changes}  # fmt: skip
    thumbprint = base64.urlsafe_b64encode(digest.finalize()).decode().rstrip("=")
    return jwt.encode(claims, key, algorithm, header or {"x5t#S256": thumbprint})


@pytest.mark.parametrize("case, expected", [
    ("good", None), ("RS256", None), ("another key", 700027), ("not registered", 700027), ("another audience", 700023),
    ("another subject", 700021), ("past", 700024), ("expired certificate", 700027), ("no JWT", 50027),
    ("a thumbprint that is none", 700027), ("a thumbprint of five letters", 700027), ("a number for it", 700027),
    ("a time that is none", 700024),
])  # fmt: skip
def test_a_client_assertion_is_verified(entra: Running, case: str, expected: int | None):
    _, pem, key, der = certificate(days=-1 if case == "expired certificate" else 30)
    application = entra.application(f"assertion {case}", secret=False, certificate=pem)
    app_id = application["app_id"]
    _, _, other_key, other_der = certificate()
    given = {
        "RS256": lambda: assertion(entra, app_id, key, der, "RS256"),
        "another key": lambda: assertion(entra, app_id, other_key, der),
        "not registered": lambda: assertion(entra, app_id, other_key, other_der),
        "another audience": lambda: assertion(entra, app_id, key, der, aud="https://elsewhere.test"),
        "another subject": lambda: assertion(entra, app_id, key, der, sub=UNKNOWN),
        "past": lambda: assertion(entra, app_id, key, der, exp=1_700_000_000),
        "no JWT": lambda: "nothing",
        "a thumbprint that is none": lambda: assertion(entra, app_id, key, der, header={"x5t": "%é%"}),
        "a thumbprint of five letters": lambda: assertion(entra, app_id, key, der, header={"x5t": "wrong"}),
        "a number for it": lambda: assertion(entra, app_id, key, der, header={"x5t": 5}),
        "a time that is none": lambda: assertion(entra, app_id, key, der, nbf="x"),
    }.get(case, lambda: assertion(entra, app_id, key, der))()
    answer = ask(
        entra, grant_type="client_credentials", client_id=app_id, scope=SCOPE, client_assertion=given,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )  # fmt: skip
    assert answer.json().get("error_codes", [None]) == [expected]
    assert answer.json().get("error") == (None if expected is None else "invalid_client")
    assert answer.status_code == (200 if expected is None else 401)


def test_a_failing_login_answers_in_its_own_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def broken(*_given: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(login.token, "issue", broken)
    found = asyncio.run(login.answer(
        World.open(tmp_path), "https://login.test", "POST", f"/{TENANT}/oauth2/v2.0/token", "", {}, b"", None))  # fmt: skip
    assert (found.status, found.json["error"], found.json["error_codes"]) == (500, "server_error", [50000])


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_microsofts_library_gets_a_token(entra: Running, kind: str, monkeypatch: pytest.MonkeyPatch):
    private, pem, _, _ = certificate()
    application = entra.application(f"msal {kind}", certificate=pem)
    credential: Any = application["client_secret"] if kind == "secret" else {"private_key": private, "public_certificate": pem}
    app = msal.ConfidentialClientApplication(
        application["app_id"], authority=f"{entra.url}/{TENANT}", client_credential=credential, instance_discovery=False,
        http_client=entra.session,
    )  # fmt: skip
    found = app.acquire_token_for_client([SCOPE])
    assert found.get("token_source") == "identity_provider", found


def test_tokens_and_secrets_expire_with_the_emulators_clock(tmp_path_factory: pytest.TempPathFactory):
    with Running(tmp_path_factory.mktemp("clock")) as entra:
        application = entra.application("old", roles=["Application.Read.All"], secret_days=1)
        token = entra.token(application)
        entra.advance(3700)
        status, code, message = error(entra.graph(token, "GET", "/v1.0/applications"))
        assert (status, code, message) == (
            401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")  # fmt: skip
        assert entra.graph(entra.token(application), "GET", "/v1.0/applications").status_code == 200
        entra.advance(86400)
        assert ask(entra, **with_secret(application)).json()["error_codes"] == [7000222]


def test_managed_identity_gives_tokens_in_its_own_form(tmp_path_factory: pytest.TempPathFactory):
    address = f"127.0.0.1:{free_port()}"
    with Running(tmp_path_factory.mktemp("imds"), imds_listen=address) as entra:
        application = entra.application("machine", secret=False, managed_identity=True, roles=["Application.Read.All"])
        url = f"http://{address}/metadata/identity/oauth2/token"
        asked = {"api-version": "2018-02-01", "resource": "https://graph.microsoft.com"}
        assert requests.get(url, params=asked, timeout=PATIENCE).status_code == 400
        for resource in (asked["resource"], entra.url):
            given = {**asked, "resource": resource}
            found = requests.get(url, params=given, headers={"Metadata": "true"}, timeout=PATIENCE).json()
            assert found["client_id"] == application["app_id"]
            assert isinstance(found["expires_on"], str)
            assert entra.graph(found["access_token"], "GET", "/v1.0/applications").status_code == 200


def test_without_any_role_the_token_has_no_roles(entra: Running, graph_with: Callable[..., Any]):
    ask_graph = graph_with()
    claims = jwt.decode(entra.token(ask_graph.application), options={"verify_signature": False})
    assert "roles" not in claims
    assert error(ask_graph("GET", "/v1.0/applications"))[1] == "Authorization_RequestDenied"
