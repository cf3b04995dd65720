# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""reply_sync_info and reply_test against the real application, its mailbox of replies on the lab's mail server."""
from __future__ import annotations

import json
from typing import Any

import pytest
from helpers.modules.lab_application import Application
from helpers.modules.lab_host import CA, Hidden
from helpers.waiting import PATIENCE

LEGS = ("mention", "mail", "reply", "post")


@pytest.fixture
def options(passwords: Hidden) -> Hidden:
    """Return options with which Bob mentions Alice, and she replies."""
    alice = Hidden(
        host="mail.corp.test", username="alice@corp.test", password=passwords["alice@corp.test"], ca_file=CA)
    return Hidden(author="bob", user="alice", mailbox=alice, smtp=alice, leg_timeout=round(PATIENCE))


def round_trip(replies: Application, options: Hidden, **changes: Any) -> dict[str, Any]:
    """Return the module's result, which never contains a password and reports no change."""
    result = replies.host.module("reply_test", Hidden(options, **changes))
    assert not result.get("changed")
    shown = json.dumps({name: value for name, value in result.items() if name != "invocation"})
    assert options["smtp"]["password"] not in shown
    assert "wr0ng" not in shown
    return result


def failed(result: dict[str, Any], leg: str, said: str, stage: str | None = None) -> None:
    assert result["failed"] and (result["leg"], result.get("stage")) == (leg, stage), result["msg"]
    assert said in result["msg"] and result["cause"] in result["msg"] and result["remedy"] in result["msg"]


def info(replies: Application, check: bool = False) -> dict[str, Any]:
    return replies.host.module("reply_sync_info", {}, check=check)


def test_the_whole_round_trip_twice_in_one_conversation(replies: Application, options: Hidden) -> None:
    first = round_trip(replies, options)
    assert not first.get("failed"), first["msg"]
    assert first["post"]["author"] == "alice"
    assert first["intent_tracking"] == "message_id"
    assert set(first["seconds"]) == set(LEGS) and all(value is not None for value in first["seconds"].values())
    assert len(first["summary"]) == len(LEGS)
    again = round_trip(replies, options, conversation=first["conversation_id"], smtp=Hidden(options["smtp"], tls="implicit"))
    assert not again.get("failed"), again["msg"]
    assert again["conversation_id"] == first["conversation_id"]
    assert again["post"]["id"] != first["post"]["id"]
    state = info(replies)
    assert state["healthy"] and state["problems"] == [] and state["outcomes"]["posted"] == 2
    assert state["workers"][0]["error"] is None


def test_info_is_the_same_in_check_mode(replies: Application) -> None:
    shown, told = info(replies, check=True), info(replies)
    assert (shown["enabled"], shown["intent_tracking"]) == (told["enabled"], told["intent_tracking"])
    assert told["intent_tracking"] == {"configured": "message_id", "in_use": "message_id", "probe": None}


def test_check_mode_sends_nothing(replies: Application, options: Hidden) -> None:
    result = replies.host.module("reply_test", options, check=True)
    assert result["skipped"] and not result["changed"] and "conversation_id" not in result


def test_each_leg_reports_its_failure(replies: Application, options: Hidden) -> None:
    """An unknown user, and a mailbox and a server that refuse the login."""
    failed(round_trip(replies, options, user="nobody-here"), "mention", "no active user nobody-here")
    refused = round_trip(replies, options, author="nobody-here")
    assert refused["failed"] and "nobody-here" in refused["msg"]
    mailbox = Hidden(options["mailbox"], password="wr0ng")
    failed(round_trip(replies, options, mailbox=mailbox), "mail", "user name", "mailbox_login")
    failed(round_trip(replies, options, smtp=Hidden(options["smtp"], password="wr0ng")), "reply", "user name", "login")
    result = round_trip(replies, options, user="alice", author="alice")
    assert result["failed"] and result["field"] == "user"


def test_a_reply_that_is_not_read(application: Application, replies: Application, options: Hidden) -> None:
    """The login at the mailbox of replies is wrong now: the reply stays there, and the module reports the reason."""
    wrong = Hidden(imap=Hidden(password="wr0ng-too"))
    saved = application.host.module("email_settings", Hidden(interactions=wrong, test=False))
    assert saved["changed"], saved
    failed(round_trip(replies, options, leg_timeout=12), "post", "refused the login of replies@corp.test")
    assert not info(replies)["healthy"]


def test_replies_that_are_switched_off(application: Application, replies: Application, options: Hidden) -> None:
    application.host.module("email_settings", {"interactions": {"enabled": False}, "test": False})
    failed(round_trip(replies, options), "mention", "switched off")
    state = info(replies)
    assert not state["enabled"] and not state["healthy"]
