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
from ansible_collections.catalog.mail.plugins.module_utils._application import mail_log, reply_diagnosis
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._mail.authentication_results import read_header
from ansible_collections.catalog.mail.plugins.module_utils._mail.diagnosis import diagnose
from ansible_collections.catalog.mail.plugins.module_utils._mail.host import checked_host
from ansible_collections.catalog.mail.plugins.module_utils._mail.smtp_reply_findings import FINDINGS
from ansible_collections.catalog.mail.plugins.module_utils._mail.smtp_reply_rules import RULES
from ansible_collections.catalog.mail.plugins.module_utils._microsoft import clouds as module_clouds
from ansible_collections.catalog.mail.plugins.module_utils._microsoft import token_errors
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.graph_responses import Answer, retry_after, seconds_to_wait
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.http_session import asked_to_wait
from catalog_mail.domain.failures import entra, imap, smtp
from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.failures.retry_after import retry_after_seconds
from catalog_mail.domain.failures.smtp_replies import Meaning
from catalog_mail.domain.failures.smtp_rules import RULES as SERVICE_RULES
from catalog_mail.domain.mime.structured import bounded
from catalog_mail.domain.notifications.notification import Kind, State
from catalog_mail.domain.replies.authentication_results import parse
from catalog_mail.domain.replies.logged import LogOutcome
from catalog_mail.domain.replies.reply import Disposition, NotPosted, Reason
from catalog_mail.domain.settings import fields
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


# -- hosts that were copied or typed with a small flaw ---------------------------------------------------------------------


@table("host_values", "value")
def test_the_service_names_the_right_host(row: dict[str, Any]):
    with pytest.raises(fields.InvalidValue) as refusal:
        fields.host(row["value"])
    assert refusal.value.remedy == f"Write {row['right']}."
    assert fields.host(row["right"]) == row["right"]


@table("host_values", "value")
def test_the_modules_name_the_right_host(row: dict[str, Any]):
    """The modules leave out blanks by themselves."""
    found = module_host(row["value"])
    assert found == row["right"] or found.endswith(f"Write {row['right']}."), found
    assert "hunter2" not in found
    assert module_host(row["right"]) == row["right"]


def module_host(value: str) -> str:
    """Return the host, or the refusal."""
    try:
        return checked_host("smtp.host", value)
    except InputRefused as refusal:
        return str(refusal)


@pytest.mark.parametrize("value", ["", " ", ".", "[]", "192.0.2.256", "192.0.2", "010.0.0.1", "example.123", "\u200b"])
def test_both_refuse_what_is_no_host(value: str):
    with pytest.raises(fields.InvalidValue):
        fields.host(value)
    with pytest.raises(InputRefused):
        checked_host("smtp.host", value)


@pytest.mark.parametrize("value", ["localhost", "smtp.example.com.", "192.0.2.7", "[192.0.2.7]", "::1", "[2001:db8::7]", "my_mx"])
def test_both_accept_a_host(value: str):
    assert fields.host(value) == checked_host("smtp.host", value) == value.strip("[]")


# -- codes of Microsoft Entra -------------------------------------------------------------------------------------------

# The module option at fault, and the corresponding setting.
SAME_FIELD = {
    "login.tenant_id": "tenant_id", "login.client_id": "client_id", "login.client_secret": "client_secret",
    "login.certificate_file": "certificate", "login.graph_url": "cloud",
}


def test_codes_of_workload_identity_are_the_modules_alone():
    """The application logs in by a secret or a certificate."""
    assert set(token_errors.FEDERATION).isdisjoint(entra._KNOWN)


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

SMTP = smtp.Attempt(SmtpServer("smtp.example.com", 587, TLS.STARTTLS, "app", "x"), "noreply@example.com", "alice@example.com")
IMAP = ImapServer("imap.example.com", 993, TLS.IMPLICIT, "replies", "x")

# The text that the modules get: Postfix and their own client name the command, or the stage is known.
QUOTED = {
    "tls": "{} (in reply to STARTTLS command)", "hello": "{} (in reply to EHLO command)",
    "sender": "host mx[192.0.2.1] said: {} (in reply to MAIL FROM command)",
    "recipient": "{} (in reply to RCPT TO command)", "content": "host mx[192.0.2.1] said: {} (in reply to end of DATA command)",
}
STAGES = {"greeting": "connect", "login": "login"}
# Findings of the modules that the service does not distinguish, with its meaning.
ONLY_MODULES = {"temporary": "unknown"}


def service_failure(row: dict[str, Any]) -> Failure:
    """Return the failure that the service reports for a row."""
    answer = row["answer"]
    if row["protocol"] == "imap":
        return imap.answer_failure(imap.Stage[row["stage"].upper()], answer, IMAP)
    return smtp.answer_failure(smtp.Stage[row["stage"].upper()], int(answer[:3]), answer[4:], SMTP)


@table("server_answers", "answer")
def test_the_service_classifies_a_server_response(row: dict[str, Any]):
    failure = service_failure(row)
    assert (failure.code.value, failure.field, failure.temporary) == (row["cause"], row["field"], row["temporary"])
    assert row["remedy"].lower() in failure.remedy.lower()
    assert row["answer"][4:].rstrip(".") in failure.cause, "the server's own words are shown"


@table("server_answers", "answer")
def test_the_modules_classify_a_server_response(row: dict[str, Any]):
    finding = diagnose(QUOTED.get(row["stage"], "{}").format(row["answer"]), STAGES.get(row["stage"], ""))
    assert ONLY_MODULES.get(finding.name, finding.name) == row["meaning"]
    assert row["remedy"].lower() in finding.remedy.lower()
    if row["protocol"] == "smtp":
        assert finding.temporary == row["temporary"]


@table("server_answers", "answer")
def test_a_temporary_response_is_called_so_by_both(row: dict[str, Any]):
    finding = diagnose(row["answer"], STAGES.get(row["stage"], ""))
    for remedy in (service_failure(row).remedy, finding.remedy if row["protocol"] == "smtp" else ""):
        if row["temporary"] and remedy:
            assert remedy.startswith("It may work later.")
            assert "password" not in remedy


def test_each_meaning_of_a_response_is_in_the_table():
    meanings = {row["meaning"] for row in rows("server_answers") if row["protocol"] == "smtp"}
    assert meanings | {"no_mail_domain"} == {meaning.value for meaning in Meaning}
    assert {rule.name for rule in RULES} <= set(FINDINGS), "each rule of the modules has a finding"
    assert {rule.name for rule in RULES} == {rule.meaning.value for rule in SERVICE_RULES}
    assert len(rows("server_answers")) > 300


def test_each_response_has_a_source():
    assert all(len(row["source"]) > 10 for row in rows("server_answers"))


# -- the lists of mail ---------------------------------------------------------------------------------------------------
def test_the_properties_of_mail() -> None:
    for ours, theirs in ((mail_log.STATES, State), (mail_log.KINDS, Kind), (mail_log.OUTCOMES, LogOutcome)):
        assert set(ours) == {one.value for one in theirs}  # type: ignore[attr-defined]  # the members of an enumeration
