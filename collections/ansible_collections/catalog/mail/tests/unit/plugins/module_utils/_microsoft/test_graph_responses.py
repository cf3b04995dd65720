# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of Graph and Entra are interpreted."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.clouds import endpoints
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.graph_permissions_needed import (
    WRITE_CONSENT,
    refused,
    remedy,
    sentence,
)
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.graph_responses import (
    Answer,
    already_exists,
    already_granted,
    already_revoked,
    error_of,
    had_no_effect,
    is_lag,
    is_passing,
    key,
    retry_after,
    values,
)
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.timestamps import moment, written
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.token_errors import claims, refusal


def answer(status: int, code: str = "", message: str = "", **headers: str) -> Answer:
    inner = {"date": "2026-01-01T00:00:00", "request-id": "r-1", "client-request-id": "c-1"}
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()},
                  {"error": {"code": code, "message": message, "innerError": inner}})


@pytest.mark.parametrize("one,lag", [
    (answer(404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried"), True),
    (answer(400, "Request_BadRequest", "The appId 'x' of the service principal does not reference a valid application object."),
     True),
    (answer(400, "NoBackingApplicationObject", "x"), True),
    (answer(400, "Request_BadRequest", "Not a valid reference update."), True),
    (answer(403, "Authorization_RequestDenied", "When using this permission, the backing application of the service principal "
            "being created must in the local tenant"), True),
    (answer(409, "Error_MsaAppDoesNotExist", "x"), True),
    (answer(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."), False),
    (answer(400, "Request_BadRequest", "Invalid value"), False),
    (Answer(404, {}, None), True),
    (Answer(400, {}, "no error at all"), False),
])
def test_refusals_by_replication(one, lag):
    assert is_lag(one) == lag


CONCURRENT = "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."


@pytest.mark.parametrize("one,passing,no_effect,exists", [
    (answer(409, "Directory_ConcurrencyViolation", CONCURRENT), True, True, False),
    (answer(503, "Directory_ConcurrencyViolation", CONCURRENT), True, False, False),
    (answer(409, "Conflict", "The object is being modified by another request. Try again later."), True, True, False),
    (answer(409, "resourceModified", "The resource has changed since the caller last read it"), True, True, False),
    (answer(412, "ErrorIrresolvableConflict", "The change key passed in the request does not match"), True, True, False),
    (answer(412), True, True, False),
    (answer(423, "Locked", "The resource is locked"), True, True, False),
    (answer(429, "TooManyRequests"), True, True, False),
    (answer(408), True, False, False), (answer(500), True, False, False), (answer(502), True, False, False),
    (answer(504), True, False, False),
    (answer(409, "Request_MultipleObjectsWithSameKeyValue",
            "The service principal cannot be created because the service principal name x is already in use."),
     False, True, True),
    (answer(409, "Request_MultipleObjectsWithSameKeyValue"), False, True, True),
    (answer(409, "ObjectConflict", "Another object exists. Retry with another name."), False, True, True),
    (answer(409, "Conflict", "A role assignment with the same principal, role and scope already exists."), False, True, True),
    (answer(409, "Conflict", "An object like this already exists; do not retry."), False, True, True),
    (answer(409, "Directory_ConcurrencyViolation", "Another one already exists or is being made."), True, True, False),
    (answer(409, "Error_MsaAppDoesNotExist", "x"), False, True, False),
    (answer(409), False, True, False),
    (Answer(409, {}, "no error at all"), False, True, False),
    (answer(400, "Request_BadRequest", "already exists"), False, False, False),
    (answer(501), False, False, False), (answer(404), False, False, False), (answer(200), False, False, False),
])
def test_conflicts_that_pass_and_objects_that_exist(one, passing, no_effect, exists):
    assert (is_passing(one), had_no_effect(one), already_exists(one)) == (passing, no_effect, exists)


def test_consent_that_is_there_or_gone():
    assert already_granted(answer(400, "Request_BadRequest", "Permission being assigned already exists on the object"))
    assert not already_granted(answer(400, "Request_BadRequest", "Not a valid reference update"))
    assert already_revoked(answer(400, "Request_BadRequest", "EntitlementGrant being updated or deleted is not found."))
    assert already_revoked(answer(404)) and not already_revoked(answer(403))


@pytest.mark.parametrize("headers,seconds", [
    ({}, None), ({"retry_after": "7"}, 7), ({"retry_after": "0.5"}, None), ({"retry_after": "soon"}, None),
    ({"retry_after": "Sat, 21 Nov 2026 12:00:30 GMT", "date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 30),
    ({"retry_after": "Sat, 21 Nov 2026 11:00:00 GMT", "date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 0),
    ({"retry_after": "Sat, 21 Nov 2026 12:00:30 GMT"}, None),
])
def test_how_long_to_wait(headers, seconds):
    assert retry_after(answer(429, **headers)) == seconds


def test_errors_with_and_without_a_body():
    assert error_of(answer(400, "C", "M")) == ("C", "M", "r-1")
    assert error_of(Answer(502, {"request-id": "h"}, None)) == ("", "", "h")
    assert error_of(Answer(500, {}, {"error": "text"})) == ("", "", None)


def test_keys_in_paths():
    assert key("uniqueName", "it's a/b") == "(uniqueName='it%27%27s%20a%2Fb')"
    assert values({"value": [{"a": 1}, 2]}) == [{"a": 1}] and values(None) == []


def test_missing_rights_in_words():
    error = error_of(answer(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
    cause, advice = refused(WRITE_CONSENT, error, {"appid": "app-1", "roles": ["B", "A"]})
    assert "app-1" in cause and "Its token holds: A, B." in cause
    assert "AppRoleAssignment.ReadWrite.All" in advice and "Privileged Role Administrator" in advice
    cause, advice = refused(WRITE_CONSENT, error, {"appid": "az", "scp": "User.Read"})
    assert "login of a user, with the scopes: User.Read." in cause
    assert "such as Privileged Role Administrator" in advice and "delegated permission AppRoleAssignment.ReadWrite.All" in advice
    assert "Application permissions" not in advice
    assert "no application permission" in refused(WRITE_CONSENT, error, {"appid": "x"})[0]


def test_other_refusals_in_words():
    message = "Another object with the same value for property uniqueName already exists."
    error = error_of(answer(400, "Request_BadRequest", message))
    assert "deleted one keeps it" in remedy(error, "otherwise")
    assert remedy(error_of(answer(400, "X", "y")), "otherwise") == "otherwise"
    assert sentence("PATCH /x", 400, error_of(answer(400, "X", "y."))) == "PATCH /x: Microsoft Graph answered 400 X: y."
    assert sentence("GET /x", 502, error_of(Answer(502, {}))) == "GET /x: Microsoft Graph answered 502."


@pytest.mark.parametrize("code,field,lag", [
    (7000215, "login.client_secret", True), (7000222, "login.client_secret", False), (700016, "login.client_id", True),
    (90002, "login.tenant_id", False), (700027, "login.certificate_file", True), (999999, "login", False),
])
def test_the_cause_of_a_missing_token(code, field, lag):
    said = {"error": "invalid_client", "error_codes": [code], "error_description": f"AADSTS{code}: Words.\r\nTrace ID: t"}
    for given in (said, {**said, "error_codes": None}):
        told = refusal(given)
        assert (told.field, told.code, told.lag) == (field, f"AADSTS{code}", lag)
        assert "Words." in told.cause and "Trace ID" not in told.cause and told.remedy


@pytest.mark.parametrize("reason,words,lag", [
    ("The key used is expired.", "has expired", False), ("The key was not found.", "not registered", True),
])
def test_entras_words_tell_an_expired_certificate(reason, words, lag):
    told = refusal({"error": "invalid_client", "error_description": "AADSTS700027: The certificate with identifier used to sign "
                    f"the client assertion is not registered on application. [Reason - {reason}]"})
    assert (told.code, told.field, told.lag) == ("AADSTS700027", "login.certificate_file", lag)
    assert words in told.cause.partition(" (")[0]


def test_an_answer_without_a_number():
    assert refusal({"error": "temporarily_unavailable"}).code == "temporarily_unavailable"
    assert refusal({}).cause


def test_claims():
    payload = base64.urlsafe_b64encode(json.dumps({"tid": "t", "roles": ["A"]}).encode()).decode().rstrip("=")
    assert claims(f"h.{payload}.s") == {"tid": "t", "roles": ["A"]}
    assert claims("opaque") == claims("a.%%%.b") == claims("") == {}


@pytest.mark.parametrize("text,when", [
    ("2021-09-09T19:50:29.3086381Z", datetime(2021, 9, 9, 19, 50, 29, 308638, UTC)),
    ("2021-09-09T19:50:29Z", datetime(2021, 9, 9, 19, 50, 29, 0, UTC)),
    ("2021-09-09T19:50:29", datetime(2021, 9, 9, 19, 50, 29, 0, UTC)),
    ("2021-09-09T21:50:29.5+02:00", datetime(2021, 9, 9, 19, 50, 29, 500000, UTC)),
])
def test_moments(text, when):
    assert moment(text) == when
    assert moment(written(when)) == when.replace(microsecond=0)


@pytest.mark.parametrize("text", ["", "yesterday", "2021-09-09", "2021-09-09T19:50:29.Z"])
def test_invalid_times(text):
    with pytest.raises(ValueError, match="no moment"):
        moment(text)


@pytest.mark.parametrize("cloud,authority,graph", [
    ("global", "https://login.microsoftonline.com", "https://graph.microsoft.com"),
    ("us_gov", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
    ("us_gov_dod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    ("china", "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
])
def test_clouds(cloud, authority, graph):
    assert endpoints(cloud, None, None) == (authority, graph)
    assert endpoints(cloud, "https://login.test:8443/", None) == ("https://login.test:8443", graph)


@pytest.mark.parametrize("url", [
    "http://login.test", "login.test", "https://", "https://login.test/tenant", "https://user@login.test", "https://a:b", "https://a?b"])
def test_addresses_that_are_none(url):
    with pytest.raises(InputRefused):
        endpoints("global", url, None)
