# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials: the reasons for a new one, orphans, and removals."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.credential_plan import (
    Credential,
    DesiredCredential,
    Removal,
    check_number,
    credential_of,
    difference,
    in_use,
    plan,
    plan_removal,
    shown,
    thumbprints_of,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OURS = "catalog.mail"


def secret(key_id: str, starts: int, ends: int, name: str = OURS) -> Credential:
    """Return a credential; start and end of its validity are in days from now."""
    return Credential(key_id, name, NOW + starts * DAY, NOW + ends * DAY)


OLD, GOOD, NEWER = secret("old", -160, 20), secret("good", -100, 80), secret("newer", -1, 179)
EXPIRED, FOREIGN = secret("expired", -200, -1), secret("foreign", -50, 300, "somebody's")


def desired_credential(known=None, certificate=None) -> DesiredCredential:
    return DesiredCredential(OURS, 30 * DAY, 180 * DAY, known, certificate)


@pytest.mark.parametrize("audience,present,refused", [
    ("AzureADandPersonalMicrosoftAccount", [GOOD], False),
    ("AzureADandPersonalMicrosoftAccount", [GOOD, FOREIGN], True),
    ("PersonalMicrosoftAccount", [OLD, EXPIRED], True),
    ("AzureADMyOrg", [GOOD, FOREIGN, OLD], False),
    ("AzureADMultipleOrgs", [GOOD, FOREIGN, OLD], False),
    ("", [GOOD, FOREIGN], False),
])
def test_personal_accounts_take_two_secrets(audience, present, refused):
    if not refused:
        check_number(present, audience, NOW)
        return
    with pytest.raises(InputRefused) as refusal:
        check_number(present, audience, NOW)
    assert all(one.key_id in refusal.value.details["cause"] for one in present)
    assert "remove_key_id" in refusal.value.details["remedy"]


@pytest.mark.parametrize("present,known,actions", [
    # The credential in use is unknown: one that is valid long enough suffices.
    ([], None, ["create"]),
    ([GOOD], None, []),
    ([OLD], None, ["create"]),
    ([OLD, GOOD, EXPIRED], None, []),
    ([FOREIGN], None, ["create"]),
    # The application has none: the values of the existing ones are lost.
    ([], "", ["create"]),
    ([GOOD], "", ["create"]),
    ([GOOD, NEWER, FOREIGN], "", ["create"]),
    # The application uses the named one.
    ([GOOD], "good", []),
    ([OLD, GOOD], "good", []),
    ([GOOD, NEWER], "good", []),
    ([OLD], "old", ["create"]),
    ([OLD, NEWER], "old", ["create"]),
    ([EXPIRED], "expired", ["create"]),
    # A credential with another name may be the one in use.
    ([FOREIGN], "foreign", []),
    ([FOREIGN, GOOD], "foreign", []),
    ([FOREIGN, NEWER], "foreign", []),
    # The one in use was removed outside of the module.
    ([FOREIGN], "gone", ["create"]),
    ([GOOD], "gone", ["create"]),
    ([GOOD], "GOOD", []),
])
def test_plan(present, known, actions):
    changes = plan(present, desired_credential(known), NOW)
    assert [one.action for one in changes] == actions
    assert all(one.reason for one in changes)


@pytest.mark.parametrize("days,new", [(29, True), (30, True), (31, False)])
def test_the_border_of_rotate_before(days, new):
    assert bool(plan([secret("one", -1, days)], desired_credential("one"), NOW)) == new


def test_another_one_is_made_where_the_task_asks_for_it():
    asked = DesiredCredential(OURS, 30 * DAY, 180 * DAY, "good", renew=True)
    assert [change.action for change in plan([GOOD], asked, NOW)] == ["create"]
    assert [change.action for change in plan([GOOD, NEWER], asked, NOW)] == ["create"]


def test_a_certificate_of_the_task_is_registered_once():
    one = Credential("c", OURS, NOW, NOW + DAY, ("ab" * 20,))
    assert plan([one], desired_credential(certificate="ab" * 20), NOW) == []
    assert [change.action for change in plan([one], desired_credential(certificate="cd" * 20), NOW)] == ["create"]


def test_the_one_in_use():
    assert in_use([OLD, GOOD, FOREIGN], desired_credential()) == GOOD
    assert in_use([OLD, GOOD], desired_credential("old")) == OLD
    assert in_use([OLD, GOOD], desired_credential("")) is None


@pytest.mark.parametrize("removal,gone", [
    (Removal(OURS), ["old", "good", "newer"]),
    (Removal(OURS, ("good",)), ["good"]),
    (Removal(OURS, ("foreign",)), ["foreign"]),
    (Removal(OURS, ("nothing",)), []),
    (Removal(OURS, keep="newer"), ["old", "good"]),
    (Removal(OURS, keep="newer", grace=DAY), ["old", "good"]),
    (Removal(OURS, keep="newer", grace=2 * DAY), []),
    # Credentials newer than the kept one were never in use, and are removed without grace.
    (Removal(OURS, keep="good", grace=365 * DAY), ["newer"]),
    (Removal(OURS, keep="good"), ["newer", "old"]),
    (Removal(OURS, keep="foreign"), ["newer", "old", "good"]),
    (Removal("of nobody"), []),
])
def test_removals(removal, gone):
    assert [one.credential.key_id for one in plan_removal([OLD, GOOD, NEWER, FOREIGN], removal, NOW)] == gone


def test_nothing_is_removed_without_the_one_to_keep():
    with pytest.raises(InputRefused) as refused:
        plan_removal([OLD], Removal(OURS, keep="gone"), NOW)
    assert refused.value.details["field"] == "keep_key_id"


@pytest.mark.parametrize("grace,gone", [(0 * DAY, ["newer", "old"]), (99 * DAY, ["newer", "old"]), (101 * DAY, ["newer"])])
def test_the_one_to_keep_may_be_of_the_other_kind(grace, gone):
    changes = plan_removal([OLD, NEWER], Removal(OURS, keep="good", grace=grace), NOW, [GOOD])
    assert [one.credential.key_id for one in changes] == gone


DER = b"a certificate"
SHA1, SHA256 = hashlib.sha1(DER).digest(), hashlib.sha256(DER).digest()  # noqa: S324


@pytest.mark.parametrize("found,prints", [
    ({"key": base64.b64encode(DER).decode()}, (SHA1.hex(), SHA256.hex())),
    ({"key": None, "customKeyIdentifier": base64.b64encode(SHA1).decode()}, (SHA1.hex(),)),
    ({"customKeyIdentifier": SHA1.hex().upper()}, (SHA1.hex(),)),
    ({"key": base64.b64encode(DER).decode(), "customKeyIdentifier": base64.b64encode(SHA256).decode()},
     (SHA1.hex(), SHA256.hex())),
    ({"customKeyIdentifier": "own words"}, ()),
    ({"customKeyIdentifier": None}, ()),
])
def test_thumbprints(found, prints):
    assert thumbprints_of(found) == prints


def test_a_thumbprint_names_a_certificate_however_it_is_written():
    one = Credential("k", OURS, NOW, NOW, (SHA1.hex(),))
    pairs = ":".join(SHA1.hex().upper()[index: index + 2] for index in range(0, 40, 2))
    assert one.is_called(SHA1.hex().upper()) and one.is_called(pairs) and one.is_called("K") and not one.is_called("x")


def test_from_graph_and_as_it_is_shown():
    one = credential_of({
        "keyId": "k", "displayName": None, "startDateTime": "2021-09-09T19:50:29.3086381Z", "endDateTime": "2022-03-09T19:50:29Z",
        "hint": "abc", "secretText": None})
    assert shown(one) == {
        "key_id": "k", "name": "", "starts_at": "2021-09-09T19:50:29Z", "expires_at": "2022-03-09T19:50:29Z"}


def test_the_difference():
    there = [GOOD, NEWER, FOREIGN]
    before, after = difference(there, plan(there, desired_credential(""), NOW), OURS)
    assert [one["key_id"] for one in before] == ["good", "newer"] and after == [*before, {"name": OURS, "key_id": "(new)"}]
    before, after = difference(there, plan_removal(there, Removal(OURS, keep="good"), NOW), OURS)
    assert [one["key_id"] for one in before] == ["good", "newer"] and after == before[:1]
    before, after = difference([GOOD, FOREIGN], [], OURS)
    assert before == after == [shown(GOOD)]
