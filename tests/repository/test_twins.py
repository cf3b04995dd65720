# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Knowledge held by both the modules and the service, which cannot import each other: the two copies agree.

The tables of values are in tests/data. The wording may differ between the two; the keys may not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application import reply_diagnosis
from ansible_collections.catalog.mail.plugins.module_utils._mail.authentication_results import read_header
from ansible_collections.catalog.mail.plugins.module_utils._mail.diagnosis import TABLE, diagnose
from ansible_collections.catalog.mail.plugins.module_utils._microsoft import clouds as module_clouds
from ansible_collections.catalog.mail.plugins.module_utils._microsoft import token_errors
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.graph_responses import Answer, retry_after, seconds_to_wait
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.http_session import asked_to_wait
from catalog_mail.domain.failures import entra, imap, smtp
from catalog_mail.domain.failures.failure import Cause
from catalog_mail.domain.failures.retry_after import retry_after_seconds
from catalog_mail.domain.mime.structured import bounded
from catalog_mail.domain.replies.authentication_results import parse
from catalog_mail.domain.replies.reply import Disposition, NotPosted, Reason
from catalog_mail.domain.settings.clouds import ENDPOINTS
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer, SmtpServer
from emulator.world import CLOUDS as EMULATED

ROOT = Path(__file__).resolve().parents[2]


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of a table in tests/data."""
    found: list[dict[str, Any]] = json.loads((ROOT / "tests/data" / f"{name}.json").read_text(encoding="utf-8"))
    assert found
    return found


def table(name: str, key: str) -> Callable[[Any], Any]:
    """Run a test for each row of a table, with the row's ``key`` as its id."""
    return pytest.mark.parametrize("row", [pytest.param(row, id=str(row[key])) for row in rows(name)])


# -- Retry-After (RFC 9110, 10.2.3) --------------------------------------------------------------------------------------


@table("retry_after", "name")
def test_the_modules_read_retry_after(row: dict[str, Any]):
    now = datetime.fromisoformat(row["now"])
    assert seconds_to_wait(row["value"], now) == row["seconds"]
    headers = {"date": now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    if row["value"] is not None:
        headers["retry-after"] = row["value"]
    assert retry_after(Answer(429, headers)) == row["seconds"]


@table("retry_after", "name")
def test_the_modules_wait_as_long_for_a_token(row: dict[str, Any]):
    now = datetime.fromisoformat(row["now"])
    headers = {"Date": now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    if row["value"] is not None:
        headers["Retry-After"] = row["value"]
    web = SimpleNamespace(last=SimpleNamespace(headers=headers))
    assert asked_to_wait(web, 2.0) == max(2.0, row["seconds"] or 0)
    assert asked_to_wait(SimpleNamespace(last=None), 2.0) == 2.0


@table("retry_after", "name")
def test_the_service_reads_retry_after(row: dict[str, Any]):
    assert retry_after_seconds(row["value"], datetime.fromisoformat(row["now"])) == row["seconds"]


# -- Authentication-Results (RFC 8601), and Exchange Online's form without a server's name --------------------------------


@table("authentication_results", "name")
def test_the_modules_read_authentication_results(row: dict[str, Any]):
    found = read_header(row["header"])
    results = [
        {"method": one.method, "result": one.result,
         "properties": {**({} if one.reason is None else {"reason": one.reason}), **one.properties}}
        for one in found.results
    ]
    assert (found.authserv_id, results) == (row["server"], row["results"])


@table("authentication_results", "name")
def test_the_service_reads_authentication_results(row: dict[str, Any]):
    """The service compares case-insensitively, so it returns lower case."""
    expected = [
        {**one, "properties": {name: value.lower() for name, value in one["properties"].items()}} for one in row["results"]
    ]
    server, results = parse(bounded(row["header"], 8000))
    found = [{"method": one.method, "result": one.result, "properties": one.properties} for one in results]
    assert (server, found) == ((row["server"] or "").lower(), expected)


# -- codes of Microsoft Entra -------------------------------------------------------------------------------------------

# The module option at fault, and the corresponding setting.
SAME_FIELD = {
    "login.tenant_id": "tenant_id", "login.client_id": "client_id", "login.client_secret": "client_secret",
    "login.certificate_file": "certificate", "login.graph_url": "cloud",
}


def test_both_have_the_same_codes_of_entra():
    assert set(token_errors._CODES) == set(entra._KNOWN)


@pytest.mark.parametrize("code", sorted(set(token_errors._CODES) & set(entra._KNOWN)))
def test_a_code_of_entra_names_the_same_field(code: int):
    _cause, _remedy, field, _lag = token_errors._CODES[code]
    # "login" as a whole, where no single option is at fault.
    assert SAME_FIELD.get(field, entra._KNOWN[code].field) == entra._KNOWN[code].field
    assert field in {*SAME_FIELD, "login"}


# -- national clouds ----------------------------------------------------------------------------------------------------


def test_all_have_the_same_clouds_and_addresses():
    """The addresses are from the Graph page "Microsoft Graph national cloud deployments"."""
    modules = {cloud: tuple(addresses) for cloud, addresses in module_clouds.ENDPOINTS.items()}
    assert {cloud.value: (one.authority, one.graph) for cloud, one in ENDPOINTS.items()} == modules
    assert EMULATED == modules


# -- reasons for an unposted reply --------------------------------------------------------------------------------------


def documented_reasons() -> dict[Disposition, set[str]]:
    """Return the reasons that docs/replies.md lists, by the row of its table."""
    text = (ROOT / "docs/replies.md").read_text(encoding="utf-8")
    names = {Disposition.IGNORED: "ignored", Disposition.REJECTED: "rejected"}
    found = {}
    for disposition, name in names.items():
        [row] = re.findall(rf"^\| {name}: (.*?) \| `\$Catalog", text, re.MULTILINE)
        found[disposition] = set(re.findall(r"`([a-z_]+)`", row))
    return found


def test_the_modules_explain_each_reason_of_the_service():
    assert set(reply_diagnosis._REASONS) == {reason.value for reason in Reason} - {Reason.SUBADDRESS_PROBE.value}


def test_the_documentation_lists_each_reason_of_the_service():
    expected: dict[Disposition, set[str]] = {Disposition.IGNORED: set(), Disposition.REJECTED: set()}
    for reason in set(Reason) - {Reason.UNDECIDABLE}:
        expected[NotPosted(reason).disposition].add(reason.value)
    assert documented_reasons() == expected


def test_the_modules_read_each_reason_from_the_counters():
    for reason in set(Reason) - {Reason.SUBADDRESS_PROBE}:
        disposition = NotPosted(reason).disposition.value
        assert reply_diagnosis.new_reasons({}, {"outcomes": {disposition: {reason.value: 1}}}) == [(disposition, reason.value)]


# -- the meaning of a mail server's answer ------------------------------------------------------------------------------

SMTP = smtp.Attempt(SmtpServer("smtp.corp.test", 587, TLS.STARTTLS, "app", "x"), "noreply@corp.test", "alice@corp.test")
IMAP = ImapServer("imap.corp.test", 993, TLS.IMPLICIT, "replies", "x")

# The service classifies by the stage of the protocol, with few causes; the modules only by text, with more causes.
SAME_MEANING = {
    Cause.LOGIN_REFUSED: {"login_refused", "login_method_disabled", "login_temporarily_refused"},
    Cause.LOGIN_REQUIRED: {"login_needed"},
    Cause.TLS_REQUIRED: {"starttls_needed"},
    Cause.SENDER_REFUSED: {"sender_refused", "sender_domain_unknown"},
    Cause.RECIPIENT_REFUSED: {"recipient_unknown", "relay_denied", "access_denied", "greylisted", "mailbox_full"},
    Cause.OTHER_ANSWER: {
        "rate_limited", "spam_refused", "tls_not_offered", "too_large", "temporary", "not_authentic", "loop", "local_disk",
    },
    Cause.OTHER_IMAP_ANSWER: {"login_temporarily_refused"},
}


@table("server_answers", "answer")
def test_the_service_classifies_a_server_response(row: dict[str, Any]):
    answer = row["answer"]
    if row["protocol"] == "smtp":
        failure = smtp.answer_failure(smtp.Stage[row["stage"].upper()], int(answer[:3]), answer[4:], SMTP)
    else:
        failure = imap.answer_failure(imap.Stage[row["stage"].upper()], answer, IMAP)
    assert failure.code.value == row["service"]


@table("server_answers", "answer")
def test_the_modules_classify_a_server_response(row: dict[str, Any]):
    assert diagnose(row["answer"]).name == row["modules"]


@table("server_answers", "answer")
def test_both_causes_of_a_response_agree(row: dict[str, Any]):
    assert row["modules"] in SAME_MEANING[Cause(row["service"])]


def test_the_table_of_responses_has_each_cause():
    found: dict[Cause, set[str]] = {cause: set() for cause in SAME_MEANING}
    for row in rows("server_answers"):
        found[Cause(row["service"])].add(row["modules"])
    assert found == SAME_MEANING
    assert set().union(*SAME_MEANING.values()) <= {finding.name for _pattern, finding in TABLE}
