# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failure reported for each response of Microsoft Entra and Graph, and for each broken connection to them."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from typing import Any

import pytest
from catalog_mail.adapters.graph.failing import refusal
from catalog_mail.adapters.network_errors import innermost
from catalog_mail.domain.failures.entra import certificate_unusable, not_entra, token_failure
from catalog_mail.domain.failures.entra import refusal as token_refusal
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.failures.graph import GraphRefusal, Operation, graph_failure, not_understood
from catalog_mail.domain.failures.microsoft_network import authorities_unreadable, network_failure
from catalog_mail.domain.settings.servers import GraphServer
from hypothesis import given
from hypothesis import strategies as st

SENDING, RECEIVING = (
    GraphServer(
        "catalog@corp.test", "corp-tenant", "corp-client", "https://login.corp.test", "https://graph.corp.test", section,
        client_secret="hunter2-in-a-test", ca_file="/etc/ca.pem",
    )
    for section in ("notifications.microsoft", "interactions.microsoft")
)  # fmt: skip
BEGINNING = "Error connecting to Tenant ID: corp-tenant with Client: corp-client credentials. "
TRACE = "\r\nTrace ID: 11111111-2222-3333-4444-555555555555\r\nCorrelation ID: x\r\nTimestamp: 2026-11-21 10:00:00Z"


def assert_complete(failure: Failure) -> None:
    """Assert the properties of every failure."""
    assert failure.cause.startswith(BEGINNING)
    for sentence in (failure.cause, failure.remedy):
        assert sentence.endswith(".")
        assert not sentence.endswith("..")
        assert "hunter2" not in sentence
        assert "Trace ID" not in sentence
    assert failure.smtp_code is None


ENTRA = [
    (7000215, "invalid_client", Cause.SECRET_WRONG, "client_secret", "secret is wrong"),
    (7000222, "invalid_client", Cause.SECRET_EXPIRED, "client_secret", "has expired"),
    (700016, "unauthorized_client", Cause.CLIENT_UNKNOWN, "client_id", "no application of this client ID"),
    (7000112, "unauthorized_client", Cause.CLIENT_DISABLED, "client_id", "disabled"),
    (90002, "invalid_request", Cause.TENANT_UNKNOWN, "tenant_id", "no tenant of this ID"),
    (900023, "invalid_request", Cause.TENANT_UNKNOWN, "tenant_id", "no tenant of this ID"),
    (9001023, "invalid_request", Cause.TENANT_UNKNOWN, "tenant_id", "no tenant of this ID"),
    (700027, "invalid_client", Cause.CERTIFICATE_NOT_REGISTERED, "certificate", "not one of the application's"),
    (700024, "invalid_client", Cause.CERTIFICATE_UNUSABLE, "certificate", "out of date"),
    (500011, "invalid_resource", Cause.CLOUD_WRONG, "cloud", "does not know Microsoft Graph"),
    (1002012, "invalid_scope", Cause.CLOUD_WRONG, "cloud", "does not give"),
    (53003, "invalid_grant", Cause.CONDITIONAL_ACCESS, "client_id", "Conditional Access"),
    (530032, "invalid_grant", Cause.CONDITIONAL_ACCESS, "client_id", "Conditional Access"),
    (530035, "invalid_grant", Cause.CONDITIONAL_ACCESS, "client_id", "security defaults"),
    (7000229, "unauthorized_client", Cause.CLIENT_UNKNOWN, "client_id", "no service principal"),
    (50012, "invalid_client", Cause.CERTIFICATE_NOT_REGISTERED, "certificate", "not accepted for this application"),
    (50194, "invalid_request", Cause.TENANT_UNKNOWN, "tenant_id", "belongs to one tenant"),
    (1000502, "invalid_client", Cause.CERTIFICATE_UNUSABLE, "certificate", "has expired"),
    (7000274, "invalid_client", Cause.CERTIFICATE_UNUSABLE, "certificate", "has expired"),
    (7000214, "invalid_client", Cause.CERTIFICATE_UNUSABLE, "certificate", "revoked"),
    (7000277, "invalid_client", Cause.CERTIFICATE_UNUSABLE, "certificate", "revoked"),
    (50059, "invalid_request", Cause.TENANT_UNKNOWN, "tenant_id", "no tenant of this ID"),
    (50128, "invalid_request", Cause.TENANT_UNKNOWN, "tenant_id", "no tenant of this ID"),
    (500014, "invalid_resource", Cause.CLIENT_DISABLED, "client_id", "Graph is disabled"),
    (500021, "access_denied", Cause.CONDITIONAL_ACCESS, "tenant_id", "tenant restrictions"),
    (500022, "access_denied", Cause.CONDITIONAL_ACCESS, "tenant_id", "tenant restrictions"),
    (65001, "invalid_grant", Cause.PERMISSION_MISSING, "client_id", "consented"),
    (700030, "invalid_client", Cause.CERTIFICATE_NOT_REGISTERED, "certificate", "name in the certificate"),
    (900382, "invalid_request", Cause.CLOUD_WRONG, "cloud", "another cloud"),
    (900432, "invalid_request", Cause.CLOUD_WRONG, "cloud", "another cloud"),
]


@pytest.mark.parametrize(("code", "error", "cause", "field", "words"), ENTRA)
def test_each_code_of_entra(code: int, error: str, cause: Cause, field: str, words: str) -> None:
    description = f"AADSTS{code}: Some words of Microsoft.{TRACE}"
    for answer in (
        {"error": error, "error_description": description, "error_codes": [code]},
        {"error": error, "error_description": description},
        {"error": error, "error_codes": [code]},
    ):
        for server in (SENDING, RECEIVING):
            failure = token_failure(token_refusal(answer), server)
            assert_complete(failure)
            assert (failure.code, failure.field, failure.temporary) == (cause, f"{server.section}.{field}", False)
            assert words in failure.cause and f"AADSTS{code}" in failure.cause


@pytest.mark.parametrize(("reason", "cause", "words"), [
    ("The key used is expired.", Cause.CERTIFICATE_UNUSABLE, "has expired"),
    ("The key was not found.", Cause.CERTIFICATE_NOT_REGISTERED, "not one of the application's"),
    ("RS256 signature is invalid.", Cause.CERTIFICATE_NOT_REGISTERED, "not one of the application's"),
])  # fmt: skip
def test_entras_words_tell_an_expired_certificate(reason: str, cause: Cause, words: str) -> None:
    description = (
        "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - {reason}, Thumbprint of key used by client: 'AB'].{TRACE}"
    )
    failure = token_failure(token_refusal({"error": "invalid_client", "error_description": description}), SENDING)
    assert_complete(failure)
    assert (failure.code, failure.field) == (cause, "notifications.microsoft.certificate")
    assert words in failure.cause and "AADSTS700027" in failure.cause


@pytest.mark.parametrize(
    ("answer", "words", "temporary"),
    [
        ({"error": "x", "error_description": f"AADSTS99999: No idea.{TRACE}"}, "AADSTS99999: No idea.", False),
        ({"error": "temporarily_unavailable"}, "temporarily_unavailable.", True),
        ({"error": "x", "error_description": "the secret hunter2-in-a-test is odd"}, "(removed)", False),
        ({}, "no reason was given.", False),
        ({"error": 7, "error_codes": ["x"], "error_description": ["?"]}, "?", False),
    ],
)
def test_other_errors_of_entra(answer: dict[str, Any], words: str, temporary: bool) -> None:
    failure = token_failure(token_refusal(answer), SENDING)
    assert_complete(failure)
    assert (failure.code, failure.field, failure.temporary) == (Cause.OTHER_ENTRA_ANSWER, None, temporary)
    assert words in failure.cause


DENIED = "Access is denied. Check credentials and try again."
NO_PERMISSIONS = "The token contains no permissions, or permissions can not be understood."
ODATA = "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
GRAPH = [
    (403, "ErrorAccessDenied", DENIED, Operation.SEND, Cause.PERMISSION_MISSING, ".client_id", "Mail.Send is not granted"),
    (403, "ErrorAccessDenied", DENIED, Operation.READ, Cause.PERMISSION_MISSING, ".client_id",
     "Mail.ReadWrite is not granted"),
    (403, "ErrorAccessDenied", DENIED, Operation.LOOK, Cause.PERMISSION_MISSING, ".client_id", "Mail.Read is not granted"),
    (403, "ErrorAccessDenied", DENIED, Operation.MARK, Cause.PERMISSION_MISSING, ".client_id", "Mail.ReadWrite is not granted"),
    (403, "Authorization_RequestDenied", "", Operation.OPEN, Cause.PERMISSION_MISSING, ".client_id",
     "Mail.ReadWrite is not granted"),
    (403, "ErrorAccessDenied", ODATA, Operation.SEND, Cause.ACCESS_BLOCKED, "mailbox", "A policy of the tenant blocks"),
    (403, "ErrorSendAsDenied", "x", Operation.SEND, Cause.SEND_AS_DENIED, "notifications.from.address",
     "send as other@corp.test"),
    (404, "ErrorInvalidUser", "The requested user 'x' is invalid.", Operation.SEND, Cause.MAILBOX_UNKNOWN, "mailbox", "no user"),
    (404, "Request_ResourceNotFound", "x", Operation.OPEN, Cause.MAILBOX_UNKNOWN, "mailbox", "no user"),
    (404, "ErrorNonExistentMailbox", "x", Operation.OPEN, Cause.MAILBOX_UNKNOWN, "mailbox", "no user"),
    (404, "MailboxNotEnabledForRESTAPI", "x", Operation.SEND, Cause.MAILBOX_NOT_LICENSED, "mailbox", "has no mailbox"),
    (401, "InvalidAuthenticationToken", "x", Operation.READ, Cause.TOKEN_REFUSED, ".cloud", "does not take the token"),
    (401, "NoPermissionsInAccessToken", NO_PERMISSIONS, Operation.SEND, Cause.PERMISSION_MISSING, ".client_id",
     "Mail.Send is not granted"),
    (401, "NoPermissionsInAccessToken", NO_PERMISSIONS, Operation.MARK, Cause.PERMISSION_MISSING, ".client_id",
     "Mail.ReadWrite is not granted"),
    (429, "ApplicationThrottled", "x", Operation.READ, Cause.THROTTLED, None, "for 7 seconds"),
    (503, "ServiceUnavailable", "x", Operation.SEND, Cause.MICROSOFT_UNAVAILABLE, None, "503"),
    (400, "ErrorInvalidRecipients", "At least one is not valid.", Operation.SEND, Cause.RECIPIENT_REFUSED, None, "not valid"),
    (413, "x", "", Operation.SEND, Cause.OTHER_GRAPH_ANSWER, None, "larger"),
    (500, "ErrorInternalServerError", "x", Operation.SEND, Cause.OTHER_GRAPH_ANSWER, None, "500 ErrorInternalServerError"),
    (400, "ErrorMimeContentInvalidBase64String", "x", Operation.SEND, Cause.OTHER_GRAPH_ANSWER, None, "sending a message"),
    (418, "", "", Operation.READ, Cause.OTHER_GRAPH_ANSWER, None, "418"),
]
PASSING = {Cause.THROTTLED, Cause.MICROSOFT_UNAVAILABLE}


@pytest.mark.parametrize(("status", "code", "final"), [
    (400, "ErrorMimeContentInvalidBase64String", True), (422, "x", True), (400, "", False), (404, "x", False), (403, "x", False),
    (302, "", False), (407, "", False), (500, "x", False), (400, "ErrorMailboxMoveInProgress", False),
    (400, "ErrorServerBusy", False), (422, "ErrorInternalServerTransientError", False), (400, "ErrorQuotaExceeded", False),
    (507, "ErrorQuotaExceeded", False), (403, "ErrorExceededMessageLimit", False), (400, "ErrorMailboxStoreUnavailable", False),
])  # fmt: skip
def test_only_errors_about_the_message_are_final(status: int, code: str, final: bool) -> None:
    assert graph_failure(GraphRefusal(status, code, ""), Operation.SEND, SENDING).temporary is not final
    assert graph_failure(GraphRefusal(status, code, ""), Operation.READ, SENDING).temporary


@pytest.mark.parametrize(("status", "code", "message", "operation", "cause", "field", "words"), GRAPH)
def test_each_response_of_graph(
    status: int, code: str, message: str, operation: Operation, cause: Cause, field: str | None, words: str
) -> None:
    for server, mailbox in ((SENDING, "notifications.microsoft.email_address"), (RECEIVING, "interactions.reply_to")):
        failure = graph_failure(GraphRefusal(status, code, message, 7), operation, server, "other@corp.test")
        assert_complete(failure)
        expected = mailbox if field == "mailbox" else f"{server.section}{field}" if field and field[0] == "." else field
        assert (failure.code, failure.field, failure.retry_after) == (cause, expected, 7)
        assert words in failure.cause
        if cause is not Cause.OTHER_GRAPH_ANSWER:
            assert failure.temporary is (cause in PASSING)


@pytest.mark.parametrize(
    ("status", "operation", "temporary"),
    [(500, Operation.SEND, True), (400, Operation.SEND, False), (409, Operation.SEND, True), (400, Operation.READ, True)],
)
def test_only_an_error_of_the_message_gives_it_up(status: int, operation: Operation, temporary: bool) -> None:
    assert graph_failure(GraphRefusal(status, "x", "y"), operation, SENDING).temporary is temporary


@pytest.mark.parametrize("server", [SENDING, RECEIVING], ids=["sending", "receiving"])
def test_an_address_that_graph_does_not_know_names_what_it_wants(server: GraphServer) -> None:
    setting = f"{server.section}.mailbox_user"
    said = GraphRefusal(404, "ErrorInvalidUser", "x")
    alias = graph_failure(said, Operation.OPEN, server)
    assert_complete(alias)
    assert "user principal name" in alias.cause and "object ID" in alias.remedy and setting in alias.remedy
    named = graph_failure(said, Operation.OPEN, replace(server, user="nobody@corp.test"))
    assert_complete(named)
    assert (named.field, "no user nobody@corp.test" in named.cause) == (setting, True)


def test_a_missing_message_is_no_missing_mailbox() -> None:
    failure = graph_failure(GraphRefusal(404, "ErrorItemNotFound", "x"), Operation.READ, RECEIVING)
    assert_complete(failure)
    assert failure.code is Cause.OTHER_GRAPH_ANSWER


@given(st.integers(300, 599), st.text(), st.text(), st.sampled_from(list(Operation)))
def test_any_response_of_graph_gives_sentences(status: int, code: str, message: str, operation: Operation) -> None:
    failure = graph_failure(GraphRefusal(status, code, message), operation, SENDING)
    assert failure.cause.startswith(BEGINNING)
    assert failure.cause.endswith(".") and failure.remedy.endswith(".")
    assert failure.cause.isprintable()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"error":{"code":"C","message":"M","innerError":{}}}', ("C", "M")),
        (b'{"error":{"code":null}}', ("", "")),
        (b'{"error":"x"}', ("", "")),
        (b"[]", ("", "")),
        (b"<html>", ("", "")),
        (b"[" * 100_000, ("", "")),
    ],
)
def test_any_response_is_parsed(content: bytes, expected: tuple[str, str]) -> None:
    found = refusal(418, {"Retry-After": "9"}, content)
    assert (found.status, found.code, found.message, found.retry_after) == (418, *expected, 9)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("5", 5), ("0", 0), ("99999999", 3600), ("", None), (None, None), ("soon", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("1 Jan 99999999999 00:00:00 GMT", None), ("Mon, 01 Jan 2027 00:00:00 +99999999999999", None),
    ],
)
def test_retry_after(value: Any, expected: float | None) -> None:
    assert refusal(429, {} if value is None else {"Retry-After": value}, b"").retry_after == expected


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate in certificate chain"
    return error


@pytest.mark.parametrize(
    ("error", "cause", "temporary"),
    [
        (socket.gaierror(socket.EAI_NONAME, "not known"), Cause.NAME_NOT_FOUND, True),
        (ConnectionRefusedError(111, "refused"), Cause.CONNECTION_REFUSED, True),
        (ConnectionResetError(104, "reset by peer"), Cause.CONNECTION_LOST, True),
        (TimeoutError(), Cause.TIMED_OUT, True),
        (OSError(113, "No route to host"), Cause.UNREACHABLE, True),
        (OSError("Tunnel connection failed: 407 Proxy Authentication Required"), Cause.UNREACHABLE, True),
        (certificate_error(), Cause.CERTIFICATE_NOT_TRUSTED, False),
        (ssl.SSLError(1, "x"), Cause.TLS_FAILED, True),
        (ValueError("x"), Cause.UNREACHABLE, True),
    ],
)
def test_an_error_of_the_network(error: Exception, cause: Cause, temporary: bool) -> None:
    failure = network_failure(error, "https://graph.corp.test/v1.0/users/x", "reading messages", SENDING)
    assert_complete(failure)
    assert (failure.code, failure.temporary, failure.field) == (cause, temporary, None)
    assert "graph.corp.test" in failure.cause
    assert "/v1.0" not in failure.cause


def test_other_failures_begin_with_the_same_words() -> None:
    for failure in (
        not_entra(SENDING), certificate_unusable("there is no private key in it", SENDING),
        not_understood(Operation.READ, SENDING),
        authorities_unreadable("No such file", SENDING),
    ):  # fmt: skip
        assert_complete(failure)


def test_the_innermost_error_is_the_systems() -> None:
    refused = ConnectionRefusedError(111, "refused")
    outer = RuntimeError("wrapped")
    outer.__cause__ = refused
    assert innermost(outer) is refused
    assert innermost(RuntimeError(OSError(refused))) is refused


@pytest.mark.parametrize("code", [50000, 50196, 90024, 90033])
def test_a_passing_error_of_entra_is_temporary(code: int) -> None:
    failure = token_failure(token_refusal({"error": "invalid_request", "error_description": f"AADSTS{code}: Later."}), SENDING)
    assert_complete(failure)
    assert (failure.code, failure.temporary) == (Cause.OTHER_ENTRA_ANSWER, True)
    assert failure.remedy.startswith("It may work later.")


@pytest.mark.parametrize(
    ("status", "code", "operation", "cause", "words"),
    [
        (507, "ErrorQuotaExceeded", Operation.SEND, Cause.OTHER_GRAPH_ANSWER, "is full"),
        (400, "ErrorQuotaExceeded", Operation.ARCHIVE, Cause.OTHER_GRAPH_ANSWER, "is full"),
        (403, "ErrorAccountSuspend", Operation.SEND, Cause.ACCOUNT_BLOCKED, "send no mail"),
        (400, "ErrorMessageSubmissionBlocked", Operation.SEND, Cause.ACCOUNT_BLOCKED, "send no mail"),
        (404, "OrganizationFromTenantGuidNotFound", Operation.SEND, Cause.MAILBOX_NOT_LICENSED, "has no mailbox"),
    ],
)
def test_further_codes_of_graph(status: int, code: str, operation: Operation, cause: Cause, words: str) -> None:
    for server in (SENDING, RECEIVING):
        failure = graph_failure(GraphRefusal(status, code, "Some words"), operation, server)
        assert_complete(failure)
        assert failure.code is cause
        assert words in failure.cause
        assert failure.field in {"notifications.microsoft.email_address", "interactions.reply_to"}
