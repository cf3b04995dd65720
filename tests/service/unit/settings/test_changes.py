# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes that a save makes, and the tests that they require."""

from __future__ import annotations

from typing import Any

import pytest
from catalog_mail.domain.settings.changes import Change, concerns_receiving, concerns_sending, plan_changes, updated_secrets
from catalog_mail.domain.settings.document import Receiver
from catalog_mail.domain.settings.reading import read
from helpers.service.settings_documents import FULL, PASSWORD, at, merged


@pytest.mark.parametrize(
    ("stored", "given", "expected", "left"),
    [
        ({}, {}, [], {}),
        ({}, at(PASSWORD, None), [], {}),
        ({}, at(PASSWORD, {"present": False}), [], {}),
        ({}, at(PASSWORD, "new"), [Change(PASSWORD, "absent", "changed")], {PASSWORD: "new"}),
        ({PASSWORD: "old"}, {}, [], {PASSWORD: "old"}),
        ({PASSWORD: "old"}, at(PASSWORD, {"present": True}), [], {PASSWORD: "old"}),
        ({PASSWORD: "old"}, at(PASSWORD, {"present": False}), [], {PASSWORD: "old"}),
        ({PASSWORD: "old"}, at(PASSWORD, "old"), [], {PASSWORD: "old"}),
        ({PASSWORD: "old"}, at(PASSWORD, "new"), [Change(PASSWORD, "present", "changed")], {PASSWORD: "new"}),
        ({PASSWORD: "old"}, at(PASSWORD, "ol"), [Change(PASSWORD, "present", "changed")], {PASSWORD: "ol"}),
        ({PASSWORD: "\u00e4"}, at(PASSWORD, "\u00e4"), [], {PASSWORD: "\u00e4"}),
        ({PASSWORD: "old"}, at(PASSWORD, None), [Change(PASSWORD, "present", "removed")], {}),
        ({PASSWORD: None}, at(PASSWORD, None), [Change(PASSWORD, "present", "removed")], {}),
        ({PASSWORD: None}, at(PASSWORD, "old"), [Change(PASSWORD, "present", "changed")], {PASSWORD: "old"}),
    ],
)
def test_changes_of_a_secret_and_their_wording(
    stored: dict[str, str | None], given: dict[str, Any], expected: list[Change], left: dict[str, str]
) -> None:
    candidate = read(merged(FULL, given))
    assert plan_changes(candidate, stored, read(FULL).document) == expected
    assert updated_secrets(candidate, stored) == left


def test_changes_are_listed_by_path_with_both_values() -> None:
    new = merged(FULL, at("interactions.sync_interval", 60), at("notifications.smtp", {"port": 465, "tls": "implicit"}))
    assert [change.plain() for change in plan_changes(read(new), {}, read(FULL).document)] == [
        {"path": "notifications.smtp.port", "before": 587, "after": 465},
        {"path": "notifications.smtp.tls", "before": "starttls", "after": "implicit"},
        {"path": "interactions.sync_interval", "before": 180, "after": 60},
    ]


@pytest.mark.parametrize(
    ("path", "concerns"),
    [
        ("notifications.enabled", False),
        ("notifications.from.address", True),
        ("notifications.transport", True),
        (PASSWORD, True),
        ("interactions.enabled", False),
        ("interactions.imap.password", False),
    ],
)
def test_changes_that_need_a_test_message(path: str, concerns: bool) -> None:
    assert concerns_sending(Change(path, None, None)) is concerns


@pytest.mark.parametrize(
    ("path", "imap", "microsoft"),
    [
        ("interactions.receiver", True, True),
        ("interactions.imap.host", True, False),
        ("interactions.microsoft.client_secret", False, True),
        ("interactions.reply_to", False, True),
        ("interactions.sync_interval", False, False),
    ],
)
def test_changes_that_open_the_mailbox(path: str, imap: bool, microsoft: bool) -> None:
    change = Change(path, None, "x")
    assert (concerns_receiving(change, Receiver.IMAP), concerns_receiving(change, Receiver.MICROSOFT)) == (imap, microsoft)
