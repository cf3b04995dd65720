# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of the API are read; other answers, and missing ones, become error messages."""

from __future__ import annotations

import json

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.responses import (
    Answer,
    changes_of,
    document_of,
    if_match,
    part,
    readiness_of,
    revision_of,
    unreached,
)
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import ApiFailed, Outdated
from ansible_collections.catalog.mail.plugins.module_utils._core.redaction import Secrets

URL, TOKEN_FILE = "http://127.0.0.1:8025", "/etc/catalog-mail/admin-token"
hide = Secrets([("u", "hunter2")]).words


def answer(status=200, body=None, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def failure(status, body, outdated=False, **headers):
    with pytest.raises(ApiFailed) as raised:
        document_of(answer(status, body, **headers), URL, TOKEN_FILE, hide)
    assert isinstance(raised.value, Outdated) is outdated
    return raised.value


def problem(**more):
    return {"type": "/problems/x", "title": "t", "status": 422, "detail": "d", "cause": "It is wrong.",
            "remedy": "Mend it.", "code": "invalid-input", **more}


def test_a_good_answer():
    assert document_of(answer(200, {"a": 1}), URL, TOKEN_FILE, hide) == {"a": 1}


def test_cause_remedy_and_field_are_the_apis():
    found = failure(422, problem(field="notifications.smtp.port"))
    assert str(found) == "notifications.smtp.port: It is wrong. Mend it."
    assert found.details == {
        "cause": "It is wrong.", "remedy": "Mend it.", "field": "notifications.smtp.port", "code": "invalid-input",
        "status": 422}


def test_without_a_field_there_is_none():
    found = failure(503, problem(code="unavailable"))
    assert str(found) == "It is wrong. Mend it."
    assert "field" not in found.details


def test_all_of_several_errors_are_reported():
    errors = [{"field": "a.b", "cause": "One.", "remedy": "Do."}, {"field": "c", "cause": "Two.", "remedy": "Do so."}]
    found = failure(422, problem(field="a.b", cause="One.", remedy="Do.", errors=errors))
    assert str(found) == "a.b: One. Do. c: Two. Do so."
    assert found.details["field"] == "a.b"
    assert found.details["errors"] == errors


def test_the_mail_servers_answer_is_passed_on():
    found = failure(422, problem(code="login-refused", smtp={"code": 535, "text": "5.7.8 no"}))
    assert found.details["smtp"] == {"code": 535, "text": "5.7.8 no"}


def test_a_secret_that_a_server_repeats_is_hidden():
    # In base64, as SMTP carries a login: NUL, user, NUL, password.
    found = failure(422, problem(cause="It said hunter2.", smtp={"code": 535, "text": "no: AHUAaHVudGVyMg=="}))
    assert "hunter2" not in str(found) + str(found.details)
    assert "AHUAaHVudGVyMg==" not in str(found.details)


def test_a_refused_token_names_its_file_and_how_to_make_another():
    found = failure(401, problem(code="unauthenticated", cause="The token is not known.", remedy="Send one."))
    assert str(found).startswith(f"token_file: The application refuses the token in {TOKEN_FILE}: The token is not known.")
    assert "catalog-mail token ensure" in found.details["remedy"]


def test_a_role_that_is_not_enough_points_at_the_token():
    found = failure(403, problem(code="not-permitted", cause="The token 'x' has the role viewer.", remedy="Use another."))
    assert str(found) == "token_file: The token 'x' has the role viewer. Use another."


def test_a_setting_of_the_provider_is_not_the_tokens_fault():
    found = failure(403, problem(code="managed-by-provider", field="notifications.smtp"))
    assert found.details["field"] == "notifications.smtp"


def test_a_newer_revision_is_outdated():
    assert failure(412, problem(code="precondition-failed"), outdated=True).details["code"] == "precondition-failed"


@pytest.mark.parametrize("status,body,headers,words", [
    (200, b"<html>Welcome", {"Content_Type": "text/html; charset=utf-8"}, "HTTP status 200, text/html"),
    (200, [1], {}, "HTTP status 200"),
    (200, b"[" * 100_000, {}, "HTTP status 200"),
    (200, b"\xff", {}, "no content type"),
    (404, {"detail": "Not Found"}, {}, "HTTP status 404"),
    (502, b"<html>Bad Gateway", {"Content_Type": "text/html"}, "HTTP status 502, text/html"),
    (302, b"", {"Location": "https://login.example.com/"}, "redirects to https://login.example.com/"),
    (422, {"cause": 1, "remedy": None}, {}, "HTTP status 422"),
])
def test_an_answer_of_something_else(status, body, headers, words):
    found = failure(status, body, **headers)
    assert words in str(found)
    assert "api_url" in found.details["remedy"]
    assert found.details["code"] == "api-foreign"


@pytest.mark.parametrize("tag,revision", [('"0"', 0), ('"17"', 17), ('W/"17"', 17)])
def test_the_revision_is_in_the_etag(tag, revision):
    assert revision_of(answer(200, {}, etag=tag), URL, hide) == revision


@pytest.mark.parametrize("headers", [{}, {"ETag": '"abc"'}, {"ETag": '""'}, {"ETag": '"-1"'}])
def test_an_answer_without_a_revision_is_of_something_else(headers):
    with pytest.raises(ApiFailed, match="is not the application's API"):
        revision_of(answer(200, {}, **headers), URL, hide)


def test_if_match_is_an_etag():
    assert if_match(17) == '"17"'


def test_health_is_read_when_not_ready_as_well():
    down = {"live": True, "ready": False, "problems": ["No."]}
    assert readiness_of(answer(503, down), URL, hide) == down
    for wrong in (answer(503, {}), answer(500, down), answer(200, b"")):
        with pytest.raises(ApiFailed, match="is not the application's API"):
            readiness_of(wrong, URL, hide)


def test_changes():
    given = {"changes": [{"path": "a", "before": 1, "after": 2, "more": 3}, {"path": "b", "after": None}]}
    assert changes_of(given, URL) == [
        {"path": "a", "before": 1, "after": 2}, {"path": "b", "before": None, "after": None}]


@pytest.mark.parametrize("wrong", [{}, {"changes": {}}, {"changes": [{"before": 1}]}, {"changes": [{"path": 1}]}])
def test_an_answer_without_changes_is_another_applications(wrong):
    with pytest.raises(ApiFailed, match="it is another application's, or another version's"):
        changes_of(wrong, URL)


def test_a_part_of_the_wrong_kind():
    with pytest.raises(ApiFailed, match="has no settings"):
        part({"settings": []}, "settings", dict, URL)


@pytest.mark.parametrize("kind,words,remedy", [
    ("refused", "Nothing listens at", "systemctl status catalog-mail"),
    ("name", "is not found: w", "api_url"),
    ("timeout", "did not answer within 30 s", "raise timeout"),
    ("untrusted", "not trusted: w", "ca_file"),
    ("name_mismatch", "for another name: w", "Use a name in api_url"),
    ("tls", "TLS with", "http://"),
    ("not_http", "does not speak HTTP: w", "https://"),
    ("lost", "without an answer", "journalctl -u catalog-mail"),
    ("other", "cannot be reached: w", "systemctl status catalog-mail"),
])
def test_a_connection_that_fails(kind, words, remedy):
    found = unreached(kind, URL, "w", 30, writing=False)
    assert words in str(found) and URL in str(found)
    assert remedy in found.details["remedy"]
    assert found.details["code"] == f"api-{kind.replace('_', '-')}"


@pytest.mark.parametrize("kind,unknown", [("timeout", True), ("lost", True), ("refused", False), ("tls", False)])
def test_a_write_without_an_answer_may_have_happened(kind, unknown):
    found = unreached(kind, URL, "w", 30, writing=True)
    assert ("run the task again" in str(found)) is unknown
