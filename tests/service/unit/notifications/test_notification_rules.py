# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The required data of a notification, its recipients, and the reasons to suppress it."""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Mapping
from typing import Any

import pytest
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.mime.addresses import LONGEST, checked_address
from catalog_mail.domain.notifications.data import FIELDS, NAMES_RECIPIENTS, TIME_PATTERN, check_data, schema
from catalog_mail.domain.notifications.notification import SENT_WHEN_SWITCHED_OFF, Kind, Recipient, State
from catalog_mail.domain.notifications.recipients import Circumstances, distinct, first_state, of_user, without
from catalog_mail.domain.notifications.request import NotificationRequest, checked, fingerprint
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

LEAST: Mapping[Kind, Mapping[str, Any]] = {
    Kind.SUBSCRIBED_EVENT: {"event": "table.sales.changed", "title": "Sales changed"},
    Kind.DOWNLOAD_READY: {"name": "Sales", "user": "jane"},
    Kind.DOWNLOAD_FAILED: {"name": "Sales", "user": "jane", "reason": "Disk full"},
    Kind.SCHEDULED_QUERY_SUCCEEDED: {"query": "Monthly", "owner": "jane"},
    Kind.SCHEDULED_QUERY_FAILED: {"query": "Monthly", "owner": "jane", "error": "No such table"},
    Kind.SYSTEM_HEALTH: {"title": "Disk full", "text": "Nothing is left."},
    Kind.SCHEDULED_JOB_STATUS: {"job": "Harvest", "status": "failed"},
    Kind.MENTION: {"author": "joe", "conversation": "Sales", "text": "@jane look", "mentioned": ["jane"]},
    Kind.ASSIGNMENT: {"author": "joe", "conversation": "Sales", "assignee": "jane"},
}
JANE = Recipient("jane@corp.test", "Jane Doe")
MESSAGE = NotificationRequest(Kind.MESSAGE, recipients=(JANE,), subject="Hello", text="A text")


# -- data


@pytest.mark.parametrize("kind", LEAST)
def test_the_required_data_of_each_kind(kind: Kind) -> None:
    stored = checked(NotificationRequest(kind, LEAST[kind]))
    assert stored == {name: LEAST[kind].get(name) for name in FIELDS[kind]}, "omitted data is None, for the templates"


@pytest.mark.parametrize("kind, name", [(kind, name) for kind in LEAST for name in LEAST[kind]])
def test_missing_required_data_is_refused(kind: Kind, name: str) -> None:
    data = {key: value for key, value in LEAST[kind].items() if key != name}
    with pytest.raises(InputRefused) as refused:
        checked(NotificationRequest(kind, data))
    assert refused.value.field == f"data.{name}"
    assert refused.value.cause.endswith(".") and refused.value.remedy.endswith(".")


@pytest.mark.parametrize("kind, name", NAMES_RECIPIENTS.items())
def test_recipients_may_be_given_in_two_ways(kind: Kind, name: str) -> None:
    data = {key: value for key, value in LEAST[kind].items() if key != name}
    checked(NotificationRequest(kind, data, recipients=(JANE,)))


@pytest.mark.parametrize(
    "kind, name, value",
    [
        (Kind.DOWNLOAD_READY, "name", ""),
        (Kind.DOWNLOAD_READY, "name", "x" * 301),
        (Kind.DOWNLOAD_READY, "name", "a\x00b"),
        (Kind.DOWNLOAD_READY, "name", "\ud800"),
        (Kind.DOWNLOAD_READY, "name", 7),
        (Kind.DOWNLOAD_READY, "user", "jane doe"),
        (Kind.DOWNLOAD_READY, "user", "jane\n"),
        (Kind.DOWNLOAD_READY, "user", ["jane"]),
        (Kind.DOWNLOAD_READY, "url", "javascript:alert(1)"),
        (Kind.DOWNLOAD_READY, "url", "https://x\r\nBcc: y"),
        (Kind.DOWNLOAD_READY, "url", 'https://x/"onclick="'),
        (Kind.DOWNLOAD_READY, "url", "https://x/a\n"),
        (Kind.DOWNLOAD_READY, "expires_at", "tomorrow"),
        (Kind.DOWNLOAD_READY, "expires_at", "2026-02-30T00:00:00Z"),
        (Kind.DOWNLOAD_READY, "expires_at", "2026-02-29T00:00:00Z"),
        (Kind.DOWNLOAD_READY, "expires_at", "2026-11-21T05:30:00"),
        (Kind.DOWNLOAD_FAILED, "reason", "x" * 50_001),
        (Kind.SCHEDULED_QUERY_SUCCEEDED, "rows", -1),
        (Kind.SCHEDULED_QUERY_SUCCEEDED, "rows", True),
        (Kind.SCHEDULED_QUERY_SUCCEEDED, "rows", 1.5),
        (Kind.SCHEDULED_QUERY_SUCCEEDED, "rows", 10**400),
        (Kind.SCHEDULED_QUERY_SUCCEEDED, "rows", float("nan")),
        (Kind.SCHEDULED_QUERY_SUCCEEDED, "rows", "7"),
        (Kind.MENTION, "mentioned", []),
        (Kind.MENTION, "mentioned", "jane"),
        (Kind.MENTION, "mentioned", ["jane"] * 101),
        (Kind.MENTION, "mentioned", [None]),
        (Kind.SUBSCRIBED_EVENT, "event", "two words"),
        (Kind.SYSTEM_HEALTH, "unheard_of", "x"),
    ],
)
def test_an_invalid_value_is_named(kind: Kind, name: str, value: Any) -> None:
    with pytest.raises(InputRefused) as refused:
        check_data(kind, {**LEAST[kind], name: value})
    assert refused.value.field == f"data.{name}"


@pytest.mark.parametrize(
    "url",
    ["https://catalog.example.com/x?a=b&c=%20d#e", "http://localhost:8025", "https://catalog.example.com:18443/conversations/a"],
)
def test_valid_links(url: str) -> None:
    assert check_data(Kind.DOWNLOAD_READY, {**LEAST[Kind.DOWNLOAD_READY], "url": url})["url"] == url


def test_a_time_has_a_day_of_the_calendar() -> None:
    """Accept each day of this century, and no other."""
    for year, month, day in itertools.product(range(2000, 2100), range(1, 13), range(1, 32)):
        exists = day <= calendar.monthrange(year, month)[1]
        assert bool(re.match(TIME_PATTERN, f"{year}-{month:02}-{day:02}T05:30:00Z")) == exists, (year, month, day)


def test_all_errors_are_reported_at_once() -> None:
    with pytest.raises(InputRefused) as refused:
        check_data(Kind.DOWNLOAD_FAILED, {"name": "", "url": "x", "more": 1})
    assert {error.field for error in refused.value.errors} == {"data.more", "data.name", "data.reason", "data.url"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=30)
    | st.sampled_from(["jane", "https://x.test/a", "2026-11-21T05:30:00Z", "table.x", "a\n", "a\x00"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=2),
    max_leaves=3,
)  # fmt: skip


@given(st.data())
def test_schema_and_check_accept_the_same_values(data: st.DataObject) -> None:
    """The JSON Schema in the API and the check agree on every value."""
    kind = data.draw(st.sampled_from(Kind))
    changes = data.draw(st.dictionaries(st.sampled_from([*FIELDS[kind], "unheard_of"]), JSON_VALUES, max_size=2))
    values = {**LEAST.get(kind, {}), **changes}
    described = Draft202012Validator(python_patterns(schema(kind))).is_valid(
        {key: value for key, value in values.items() if value is not None or key not in FIELDS[kind]}
    )
    try:
        check_data(kind, values)
    except InputRefused:
        assert not described
    else:
        assert described


def python_patterns(description: Any) -> Any:
    """Return the schema with `$` as ECMAScript interprets it: Python's also matches before a final line end."""
    if isinstance(description, dict):
        return {
            key: re.sub(r"\$\Z", r"\\Z", value) if key == "pattern" else python_patterns(value)
            for key, value in description.items()
        }
    if isinstance(description, list):
        return [python_patterns(value) for value in description]
    return description


# -- messages of other catalogs


@pytest.mark.parametrize(
    "change, field",
    [
        ({"subject": None}, "subject"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 301}, "subject"),
        ({"subject": "Hello\r\nBcc: evil@evil.test"}, "subject"),
        ({"subject": "Hello\nBcc: evil@evil.test"}, "subject"),
        ({"subject": "a\x00"}, "subject"),
        ({"subject": "a\u2028b"}, "subject"),
        ({"subject": "\ud800"}, "subject"),
        ({"text": None}, "text"),
        ({"text": None, "html": "<p>Hello</p>"}, "text"),
        ({"text": "a\x00"}, "text"),
        ({"text": "\udfff"}, "text"),
        ({"text": "x" * 50_001}, "text"),
        ({"html": "\x00"}, "html"),
        ({"html": "x" * 500_001}, "html"),
        ({"recipients": None}, "recipients"),
        ({"recipients": ()}, "recipients"),
        ({"recipients": (JANE,) * 1001}, "recipients"),
        ({"recipients": (JANE, Recipient("a@b\r\nRCPT TO:<evil@evil.test>"))}, "recipients.1.address"),
        ({"recipients": (Recipient("jane@corp.test", "x" * 201),)}, "recipients.0.display_name"),
        ({"recipients": (Recipient("jane@corp.test", "a\x00"),)}, "recipients.0.display_name"),
        ({"data": {"title": "x"}}, "data.title"),
    ],
)
def test_an_invalid_message_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputRefused) as refused:
        checked(NotificationRequest(**{**vars(MESSAGE), **change}))
    assert refused.value.field == field


def test_a_message_is_stored_unchanged() -> None:
    assert checked(MESSAGE) == {"subject": "Hello", "text": "A text", "html": None}


@pytest.mark.parametrize("name", ["subject", "text", "html"])
def test_only_messages_bring_their_own_text(name: str) -> None:
    with pytest.raises(InputRefused, match="kind message") as refused:
        # mypy cannot see that `name` is a field for text.
        checked(NotificationRequest(Kind.SYSTEM_HEALTH, LEAST[Kind.SYSTEM_HEALTH], **{name: "x"}))  # type: ignore[arg-type]
    assert refused.value.field == name


@pytest.mark.parametrize(
    "address",
    ["jane@corp.test", "jane.o'hara+tag@sub.corp.test", "A@B", "x@xn--bcher-kva.example", "a@1.2", f"{'a' * 64}@{'b' * 60}.test"],
)
def test_valid_addresses(address: str) -> None:
    assert checked_address("to", address) == address


@pytest.mark.parametrize(
    "address",
    ["", "jane", "@corp.test", "jane@", "jane@corp..test", ".jane@corp.test", "jane.@corp.test", "jane..doe@corp.test",
     "jane doe@corp.test",
     '"jane"@corp.test', "Jane <jane@corp.test>", "<jane@corp.test>", "jane@corp.test,joe@corp.test", "jane@corp.test\n",
     "jane@corp.test\r\nRCPT TO:<a@b>", "jane@[127.0.0.1]", "jane@-corp.test", "jane@corp-.test", "j\u00f6rg@corp.test",
     "jane@b\u00fccher.example", "jane@corp.test\x00", "\ud800@corp.test", f"{'a' * 65}@corp.test", f"a@{'b.' * 130}test"],
)  # fmt: skip
def test_invalid_addresses(address: str) -> None:
    with pytest.raises(InputRefused) as refused:
        checked_address("to", address)
    assert refused.value.field == "to"
    assert refused.value.remedy.endswith(".")


@given(st.text(st.characters()) | st.text(st.sampled_from('a@.<>,; \r\n\x00"\\-b')))
def test_no_valid_address_ends_a_line_or_a_command(text: str) -> None:
    try:
        address = checked_address("to", text)
    except InputRefused:
        return
    assert re.fullmatch(r"[!-~]+", address)
    assert not set(address) & set('<>()[],;:\\"')
    assert len(address) <= LONGEST and address.count("@") == 1


# -- recipients


def user(name: str, **change: Any) -> User:
    return User(**{"id": name * 3, "name": name, "display_name": name.title(), "email": f"{name}@corp.test", **change})


def test_an_address_gets_one_mail_in_any_case() -> None:
    twice = [Recipient("jane@corp.test", "Jane"), Recipient("joe@corp.test"), Recipient("JANE@Corp.Test", "Other")]
    assert distinct(twice) == twice[:2], "in the first spelling, in order"


@pytest.mark.parametrize("name, left", [("joe", ["jane"]), ("JOE", ["jane"]), ("Somebody Else", ["jane", "joe"])])
def test_users_get_no_mail_about_their_own_actions(name: str, left: list[str]) -> None:
    assert [one.name for one in without([user("jane"), user("joe")], name)] == left


def test_a_user_as_a_recipient() -> None:
    assert of_user(user("jane")) == Recipient("jane@corp.test", "Jane", "janejanejane")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "circumstances, reason",
    [
        (Circumstances(switched_on=True), None),
        (Circumstances(switched_on=False), "switched_off"),
        (Circumstances(switched_on=True, opted_out={"jane@corp.test"}), "unsubscribed"),
        (Circumstances(switched_on=True, opted_out={"joe@corp.test"}), None),
        (Circumstances(switched_on=True, inactive={"jane@corp.test"}), "inactive"),
        (Circumstances(switched_on=False, inactive={"jane@corp.test"}, opted_out={"jane@corp.test"}), "inactive"),
    ],
)
def test_reasons_to_suppress_a_mail(kind: Kind, circumstances: Circumstances, reason: str | None) -> None:
    """The switch exempts the two kinds about downloads; a recipient's choice holds for all kinds."""
    if reason == "switched_off" and kind in (Kind.DOWNLOAD_READY, Kind.DOWNLOAD_FAILED):
        reason = None
    expected = (State.SUPPRESSED, reason) if reason else (State.ACCEPTED, None)
    assert first_state(kind, Recipient("Jane@corp.test"), circumstances) == expected


def test_the_switch_has_two_exceptions() -> None:
    assert sorted(SENT_WHEN_SWITCHED_OFF) == ["download_failed", "download_ready"]


# -- repeated requests


def test_equal_requests_have_equal_fingerprints() -> None:
    assert fingerprint(MESSAGE) == fingerprint(NotificationRequest(**{**vars(MESSAGE), "idempotency_key": "other"}))
    assert re.fullmatch("[0-9a-f]{64}", fingerprint(MESSAGE))


@pytest.mark.parametrize(
    ("request_", "digest"),
    [
        (MESSAGE, "919a34fe7e16a671e274a80ed2d119367b509b3ab77b3e983b70f15cec4a6931"),
        (
            NotificationRequest(
                Kind.MENTION,
                {"author": "joe", "conversation": "Sales", "text": "@jane \u00e9", "mentioned": ["jane"]},
                thread="t",
            ),
            "f93137c41c5a2196fdaf758a2168800be0864de4ff9c227f06ce8dd9ca8f89db",
        ),
    ],
    ids=["message", "mention"],
)
def test_a_fingerprint_is_the_same_in_every_version(request_: NotificationRequest, digest: str) -> None:
    """A request may be repeated after an upgrade of the service."""
    assert fingerprint(request_) == digest


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.MENTION},
        {"data": {"a": 1}},
        {"recipients": None},
        {"recipients": (Recipient("joe@corp.test"),)},
        {"recipients": (Recipient("jane@corp.test", "Jane"),)},
        {"subject": "Other"},
        {"text": "Other"},
        {"html": ""},
        {"thread": "x"},
    ],
)
def test_another_request_has_another_fingerprint(change: dict[str, Any]) -> None:
    assert fingerprint(NotificationRequest(**{**vars(MESSAGE), **change})) != fingerprint(MESSAGE)
