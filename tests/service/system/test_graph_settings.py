# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test and Save with Microsoft: the administrator's message for each cause, from the emulator's login and Graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from emulator.running import TENANT, Running
from helpers.service.app_certificates import certificate, key, new_key, on_unsupported_curve
from helpers.service.catalog_users import settled
from helpers.service.graph_tenant import ALL_ROLES, CATALOG, DOMAIN, JANE, REPLIES, GraphWorld, post
from helpers.service.process import RunningService, started_service

PATH = "/settings/email-server"
UNKNOWN = "00000000-1111-4222-8333-444444444444"
OWN, OTHER, SMALL = new_key(), new_key(), new_key(1024)
CURVE = ec.generate_private_key(ec.SECP256R1())
OWN_CERTIFICATE = certificate(OWN)


@pytest.fixture(scope="module")
def shared(emulator: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with started_service(tmp_path_factory.mktemp("shared"), microsoft=GraphWorld(emulator).access) as running:
        yield running


@pytest.fixture
def service(shared: RunningService) -> RunningService:
    """Return the shared service with all settings at their defaults."""
    assert shared.save({"notifications": {"enabled": False}}).status_code == 200
    return shared


@dataclass(frozen=True)
class Case:
    """`prepare` changes the tenant, `change` the registration in the settings."""

    code: str
    field: str | None
    words: str
    prepare: Callable[[GraphWorld], Any] = lambda _world: None
    change: dict[str, Any] | None = None


def without(*roles: str) -> Callable[[GraphWorld], None]:
    return lambda world: world.emulator.revoke(world.app["app_id"], *roles)


def expired(world: GraphWorld) -> None:
    world.begin(secret_days=1)
    world.emulator.advance(2 * 86400)


def certificate_expired(world: GraphWorld) -> None:
    world.begin(certificate=OWN_CERTIFICATE)
    world.emulator.advance(2 * 86400)


def disabled(world: GraphWorld) -> None:
    world.begin(disabled=True)


EITHER = {
    "no such tenant": Case("tenant-unknown", "tenant_id", "no tenant of this ID", change={"tenant_id": UNKNOWN}),
    "no such domain": Case("tenant-unknown", "tenant_id", "no tenant of this ID", change={"tenant_id": "nowhere.example"}),
    "no such client": Case("client-unknown", "client_id", "no application of this client ID", change={"client_id": UNKNOWN}),
    "wrong secret": Case("secret-wrong", "client_secret", "The client secret is wrong", change={"client_secret": "hunter2"}),
    "secret expired": Case("secret-expired", "client_secret", "has expired", expired),
    "application disabled": Case("client-disabled", "client_id", "is disabled", disabled),
    "certificate of another": Case(
        "certificate-not-registered", "certificate", "not one of the application's",
        change={"client_secret": None, "certificate": key(OTHER) + certificate(OTHER)},
    ),
    "certificate expired": Case(
        "certificate-unusable", "certificate", "has expired", certificate_expired,
        {"client_secret": None, "certificate": key(OWN) + OWN_CERTIFICATE},
    ),
    "certificate without key": Case(
        "certificate-unusable", "certificate", "no private key", change={"client_secret": None, "certificate": OWN_CERTIFICATE}
    ),
    "key on a curve that nobody knows": Case(
        "certificate-unusable", "certificate", "not RSA",
        change={"client_secret": None, "certificate": on_unsupported_curve(key(CURVE) + certificate(CURVE))},
    ),
    "key too small": Case(
        "certificate-unusable", "certificate", "has 1024 bits",
        change={"client_secret": None, "certificate": key(SMALL) + certificate(SMALL)},
    ),
    "login not available": Case(
        "microsoft-unavailable", None, "not available", lambda world: world.emulator.fault("fail", path="/oauth2/", status=503)
    ),
    "login throttles": Case(
        "throttled", None, "for 40 seconds", lambda world: world.emulator.fault("throttle", path="/oauth2/", retry_after=40)
    ),
    "login closes": Case(
        "connection-lost", None, "asking Microsoft Entra", lambda world: world.emulator.fault("refuse_connection", path="openid-")
    ),
}  # fmt: skip
SENDING = {
    "an alias": Case(
        "mailbox-unknown", "email_address", "Microsoft Graph looks for the user principal name",
        lambda world: world.user(f"svc-catalog@{DOMAIN}", mail=f"alias@{DOMAIN}"), change={"email_address": f"alias@{DOMAIN}"},
    ),
    "no such user": Case(
        "mailbox-unknown", "mailbox_user", f"no user nobody@{DOMAIN}", change={"mailbox_user": f"nobody@{DOMAIN}"},
    ),
    "no such mailbox": Case(
        "mailbox-unknown", "email_address", f"no user with the mailbox nobody@{DOMAIN}",
        change={"email_address": f"nobody@{DOMAIN}"},
    ),
    "no licence": Case(
        "mailbox-not-licensed", "email_address", f"{CATALOG} has no mailbox", lambda world: world.user(CATALOG, mailbox=False)
    ),
    "Mail.Send not granted": Case("permission-missing", "client_id", "Mail.Send is not granted", without("Mail.Send")),
    "policy": Case(
        "access-blocked", "email_address", "A policy of the tenant", lambda world: world.emulator.fault("access_policy")
    ),
    "throttled": Case(
        "throttled", None, "for 30 seconds", lambda world: world.emulator.fault("throttle", path="sendMail", retry_after=30)
    ),
    "answer lost": Case(
        "connection-lost", None, "broke off while sending", lambda world: world.emulator.fault("lose", path="sendMail")
    ),
}  # fmt: skip
RECEIVING = {
    "no such mailbox": Case(
        "mailbox-unknown", "interactions.reply_to", f"no user with the mailbox {REPLIES}",
        lambda world: world.user(REPLIES, mailbox=False, mailbox_error="ErrorNonExistentMailbox"),
    ),
    "no licence": Case(
        "mailbox-not-licensed", "interactions.reply_to", f"{REPLIES} has no mailbox",
        lambda world: world.user(REPLIES, mailbox=False),
    ),
    "nothing granted": Case(
        "permission-missing", "client_id", "Mail.ReadWrite is not granted", without("Mail.Read", "Mail.ReadWrite")
    ),
    "only names granted": Case(
        "permission-missing", "client_id", "Mail.ReadWrite is not granted",
        lambda world: world.begin("Mail.Send", "Mail.ReadBasic.All"),
    ),
    "Mail.ReadWrite not granted": Case(
        "permission-missing", "client_id", "Mail.ReadWrite is not granted", without("Mail.ReadWrite")
    ),
    "policy": Case(
        "access-blocked", "interactions.reply_to", "A policy of the tenant",
        lambda world: world.emulator.fault("access_policy", mailbox=REPLIES),
    ),
}  # fmt: skip


def refused(service: RunningService, world: GraphWorld, document: dict[str, Any]) -> dict[str, Any]:
    """Return the problem; nothing is saved, and neither the response, the audit log nor the service's log contains a secret."""
    before = service.call("GET", PATH).json()
    answer = service.save(document, test={})
    assert answer.status_code == 422, answer.text
    assert service.call("GET", PATH).json() == before
    audit = service.call("GET", "/audit?limit=1").text
    for text in (answer.text, audit, service.log.read_text()):
        for secret in (world.app["client_secret"], "hunter2", "PRIVATE KEY", "eyJ"):
            assert secret not in text
    body: dict[str, Any] = answer.json()
    return body


def check(case: Case, body: dict[str, Any], section: str, registration: dict[str, Any]) -> None:
    tenant, client = registration["tenant_id"], registration["client_id"]
    assert body["cause"].startswith(f"Error connecting to Tenant ID: {tenant} with Client: {client} credentials. ")
    field = case.field if case.field is None or "." in case.field else f"{section}.{case.field}"
    assert (body["code"], body.get("field")) == (case.code, field)
    assert case.words in body["cause"]
    assert body["remedy"].endswith(".")


def put_one(world: GraphWorld) -> None:
    """Put a message into the mailbox of replies for the test to read."""
    world.emulator.put_message(REPLIES, b"Subject: one\r\n\r\nHello\r\n")


@pytest.mark.parametrize("name", [*EITHER, *SENDING])
def test_each_cause_of_failed_sending(service: RunningService, world: GraphWorld, name: str) -> None:
    case = EITHER.get(name) or SENDING[name]
    case.prepare(world)
    document = world.sending(**(case.change or {}))
    check(case, refused(service, world, document), "notifications.microsoft", document["notifications"]["microsoft"])


@pytest.mark.parametrize("name", [*EITHER, *RECEIVING])
def test_each_cause_of_failed_mailbox_access(service: RunningService, world: GraphWorld, name: str) -> None:
    case = {**EITHER, **RECEIVING}[name]
    case.prepare(world)
    there = name not in {"no such mailbox", "no licence"}
    if there:
        put_one(world)
    assert service.save(world.sending()).status_code == 200
    document = world.receiving(**(case.change or {}))
    check(case, refused(service, world, document), "interactions.microsoft", document["interactions"]["microsoft"])
    assert [one["is_read"] for one in world.found(REPLIES)] == [False] * there


@pytest.mark.parametrize(
    ("fault", "unknown"),
    [({"kind": "lose"}, True), ({"kind": "fail", "status": 503}, True), ({"kind": "throttle"}, False)],
    ids=str,
)
def test_an_uncertain_test_promises_no_retry(
    service: RunningService, world: GraphWorld, fault: dict[str, Any], unknown: bool
) -> None:
    world.emulator.fault(**fault, path="sendMail", times=1)
    remedy = refused(service, world, world.sending())["remedy"]
    assert ("Whether the test message was taken is not known: see whether it arrives." in remedy) == unknown
    assert "A test is not made again by itself" in remedy
    assert "Sent Items" not in remedy and "tried again" not in remedy


def test_a_throttled_test_stops_nothing_else(service: RunningService, world: GraphWorld) -> None:
    assert service.save(world.sending()).status_code == 200
    other = world.register("other", roles=["Mail.Send"])
    world.emulator.fault("throttle", path="sendMail", retry_after=600, app_id=other["app_id"])
    document = world.sending(client_id=other["app_id"], client_secret=other["client_secret"])
    assert refused(service, world, document)["code"] == "throttled"
    assert settled(service, post(service, JANE))[JANE]["state"] == "sent"


def test_send_as_is_missing_and_then_granted(service: RunningService, world: GraphWorld) -> None:
    shop = f"shop@{DOMAIN}"
    world.user(shop)
    document = world.sending(sender=shop)
    body = refused(service, world, document)
    assert (body["code"], body["field"]) == ("send-as-denied", "notifications.from.address")
    assert f"{CATALOG} may not send as {shop}" in body["cause"]
    world.user(shop, send_on_behalf=[CATALOG])
    assert service.save(document, test={}).status_code == 200
    [mail] = world.wait_for(f"admin@{DOMAIN}", 1)
    assert (mail["From"], mail["Sender"].rpartition("<")[2].rstrip(">")) == (shop, CATALOG)
    world.user(shop, send_as=[CATALOG])
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200
    mail = world.wait_for(f"admin@{DOMAIN}", 2)[-1]
    assert (mail["From"], mail["Sender"]) == (shop, None)


def test_the_result_of_a_test(service: RunningService, world: GraphWorld) -> None:
    put_one(world)
    answer = service.save(world.receiving(), test={})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["test"]["response"].startswith("202 Accepted by Microsoft Graph, which is not yet delivered; request-id ")
    assert told["test"]["tls"].startswith("TLSv1.3 ")
    assert told["test"]["authenticated"] == world.app["app_id"]
    [mail] = world.wait_for(f"admin@{DOMAIN}", 1)
    assert mail["Message-ID"] == told["test"]["message_id"] == mail["X-Catalog-Message-ID"]
    assert CATALOG in mail["From"]
    box = told["tested_mailbox"]
    assert (box["messages"], box["unread"], box["keywords"], box["idle"]) == (1, 1, True, False)
    assert box["tls"].startswith("TLSv1.3 ")
    saved = service.call("GET", PATH).json()
    assert saved["notifications"]["microsoft"]["client_secret"]["present"] is True
    assert (saved["interactions"]["intent_tracking"], saved["interactions"]["archive"]["enabled"]) == ("message_id", False)
    assert world.app["client_secret"] not in answer.text + service.call("GET", PATH).text


def test_addresses_with_a_slash(service: RunningService, world: GraphWorld) -> None:
    sender, replies = f"sales/catalog@{DOMAIN}", f"sales/replies@{DOMAIN}"
    for address in (sender, replies):
        world.user(address)
    document = world.receiving(interactions={"reply_to": replies})
    document["notifications"]["microsoft"]["email_address"] = sender
    answer = service.save(document, test={})
    assert answer.status_code == 200, answer.text
    assert len(world.found(sender, "sentitems")) == 1


@pytest.mark.parametrize("secret", [None, "not-the-secret"])
def test_a_certificate_instead_of_a_secret_or_beside_one(service: RunningService, world: GraphWorld, secret: str | None) -> None:
    world.begin(certificate=OWN_CERTIFICATE)
    document = world.receiving(client_secret=secret, certificate=key(OWN) + OWN_CERTIFICATE)
    document["notifications"]["microsoft"] = document["interactions"]["microsoft"] | {"email_address": CATALOG}
    answer = service.save(document, test={})
    assert answer.status_code == 200, answer.text
    world.wait_for(f"admin@{DOMAIN}", 1)
    assert service.call("GET", PATH).json()["notifications"]["microsoft"]["certificate_thumbprint"]


def test_a_message_that_disappears_during_the_test(service: RunningService, world: GraphWorld) -> None:
    world.emulator.put_message(REPLIES, b"Subject: one\r\n\r\nHello\r\n")
    world.emulator.fault("fail", path="messages/.*value", status=404, code="ErrorItemNotFound", times=1)
    answer = service.save(world.receiving(), test={})
    assert answer.status_code == 200, answer.text
    assert world.emulator.control("GET", "faults")[0]["met"] == 1


def test_a_mailbox_whose_messages_cannot_be_read(service: RunningService, world: GraphWorld) -> None:
    world.emulator.put_message(REPLIES, b"Subject: one\r\n\r\nHello\r\n")
    world.emulator.fault("fail", path="messages/.*value", status=500, code="ErrorInternalServerError")
    answer = service.save(world.receiving(), test={})
    assert answer.status_code == 422, answer.text
    assert "ErrorInternalServerError" in answer.json()["cause"]


def test_permissions_for_one_mailbox_are_enough(service: RunningService, world: GraphWorld) -> None:
    """Exchange's RBAC for Applications: the token contains no permission for mail."""
    world.emulator.revoke(world.app["app_id"], *ALL_ROLES)
    admin = world.register("automation", roles=["RoleManagement.ReadWrite.Exchange", "User.Read.All"])
    token = world.emulator.token(admin, tenant=TENANT)
    ids = {one["userPrincipalName"]: one["id"] for one in world.emulator.state()["users"]}
    roles = world.emulator.graph(token, "GET", "/beta/roleManagement/exchange/roleDefinitions").json()["value"]
    by_name = {one["displayName"]: one["id"] for one in roles}
    for role, mailbox in (("Application Mail.Send", CATALOG), ("Application Mail.ReadWrite", REPLIES)):
        assignment = {
            "principalId": f"/ServicePrincipals/{world.app['service_principal_id']}", "roleDefinitionId": by_name[role],
            "directoryScopeId": f"/Users/{ids[mailbox]}",
        }  # fmt: skip
        made = world.emulator.graph(token, "POST", "/beta/roleManagement/exchange/roleAssignments", assignment)
        assert made.status_code == 201, made.text
    put_one(world)
    answer = service.save(world.receiving(), test={})
    assert answer.status_code == 200, answer.text
    body = refused(service, world, world.sending(email_address=f"joe@{DOMAIN}"))
    assert body["code"] == "permission-missing"
    assert "scope of that role" in body["remedy"]


def test_an_untrusted_server_receives_no_request(make_service: Callable[..., RunningService], world: GraphWorld) -> None:
    """Without the CA's file the service sends no request."""
    alone = make_service(microsoft={**world.access, "ca_file": "/etc/ssl/certs/ca-certificates.crt"})
    world.emulator.forget_requests()
    body = refused(alone, world, world.sending())
    assert body["code"] == "certificate-not-trusted"
    assert world.emulator.requests() == []
    missing = make_service(microsoft={**world.access, "ca_file": "/nowhere/ca.pem"})
    body = refused(missing, world, world.sending())
    assert body["code"] == "certificate-not-trusted"
    assert "/nowhere/ca.pem cannot be used" in body["cause"]


def test_by_the_command_line(service: RunningService, world: GraphWorld) -> None:
    assert service.save(world.sending()).status_code == 200
    done = service.command("test-email", "--to", f"joe@{DOMAIN}")
    assert done.returncode == 0, done.stderr
    assert "202 Accepted" in done.stdout
    world.wait_for(f"joe@{DOMAIN}", 1)
    world.emulator.revoke(world.app["app_id"], "Mail.Send")
    done = service.command("test-email", "--to", f"joe@{DOMAIN}")
    assert done.returncode == 1
    assert "Mail.Send is not granted" in done.stderr
    assert world.app["client_secret"] not in done.stdout + done.stderr
