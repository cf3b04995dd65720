# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The explanation of a reply that was not posted, and the condition for healthy receiving of replies."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.reply_diagnosis import (
    _REASONS,
    healthy,
    new_reasons,
    not_posted,
)

GOOD = {"name": "h/1", "last_good_poll": "2026-11-21T09:00:00Z", "error": None}
ERROR = {"code": "login-refused", "cause": "mail refused the login.", "remedy": "Check the password.", "field": "x"}


def state(**change):
    return {"enabled": True, "problems": [], "workers": [GOOD], "outcomes": {"posted": 0}, **change}


@pytest.mark.parametrize("change,is_healthy", [
    ({}, True),
    ({"enabled": False}, False),
    ({"problems": ["Something."]}, False),
    ({"workers": []}, False),
    ({"workers": None}, False),
    ({"workers": [{**GOOD, "last_good_poll": None}]}, False),
    ({"workers": [{**GOOD, "error": ERROR}]}, False),
    ({"workers": [{**GOOD, "error": ERROR}, GOOD]}, True),
])
def test_health(change, is_healthy):
    assert healthy(state(**change)) is is_healthy


@pytest.mark.parametrize("before,after,found", [
    ({}, {}, []),
    ({"rejected": {"empty": 1}}, {"rejected": {"empty": 1}}, []),
    ({"rejected": {"empty": 1}}, {"rejected": {"empty": 2}}, [("rejected", "empty")]),
    ({}, {"ignored": {"probe": 1, "auto_reply": 1}}, [("ignored", "auto_reply")]),
    ({}, {"ignored": {"bounce": 1}, "rejected": {"no_intent": 3}}, [("rejected", "no_intent"), ("ignored", "bounce")]),
    ({"rejected": None}, {"rejected": {"empty": "many"}, "quarantined": {"undecidable": 1}}, [("quarantined", "undecidable")]),
])
def test_reasons_that_are_new(before, after, found):
    assert new_reasons({"outcomes": before}, {"outcomes": after}) == found


@pytest.mark.parametrize("after,cause,remedy", [
    (state(enabled=False), "switched off", "enabled: true"),
    (state(outcomes={"rejected": {"wrong_sender": 1}}), "(wrong_sender): it comes from another address",
     "submission server"),
    (state(outcomes={"rejected": {"news": 1}}), "rejected (news): its reason is news", "journalctl"),
    (state(workers=[{**GOOD, "error": ERROR}]), "mail refused the login", "Check the password"),
    (state(problems=["No process reads the mailbox. Start it."]), "No process reads the mailbox", "Start it"),
    (state(problems=["Something is odd"]), "Something is odd", "journalctl"),
    (state(), "nothing of it has arrived", "message_id"),
])
def test_the_cause_of_a_missing_post(after, cause, remedy):
    found = not_posted(state(), after)
    assert cause in found.cause
    assert remedy in found.remedy


def test_every_sentence_is_without_its_full_stop():
    """Cause and remedy have no full stop, since they are joined to sentences later."""
    for why, remedy in _REASONS.values():
        assert not why.endswith(".") and not remedy.endswith(".")
        assert why[0].islower() and remedy[0].isupper()
