# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications by Microsoft Graph: arrival, no duplicates, and Graph's limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from helpers.service.catalog_users import add_user, settled, start_conversation
from helpers.service.graph_tenant import CATALOG, DOMAIN, JANE, GraphWorld, deliveries, post
from helpers.service.process import RunningService
from helpers.waiting import PATIENCE, wait_until

RETRY = {"retry_first_seconds": 1}
# The longest delay of Sent Items.
SETTLES = 2


@pytest.fixture
def service(take_service: Callable[..., RunningService], world: GraphWorld) -> RunningService:
    """Return a service that sends by Graph and retries after a second."""
    made = take_service(microsoft={**world.access, "sent_items_seconds": SETTLES}, queue=RETRY)
    assert made.save(world.sending()).status_code == 200
    return made


def test_message_id_thread_and_headers_are_kept(service: RunningService, world: GraphWorld) -> None:
    for name in ("jane", "joe"):
        add_user(service, name)
    assert service.save(world.receiving()).status_code == 200
    start_conversation(service, "joe", "Sales", "@jane what is this?")
    start_conversation(service, "joe", "Costs", "@jane and this?")
    first, second = sorted(world.wait_for(JANE, 2), key=lambda mail: str(mail["Subject"]))
    for mail in (first, second):
        intent = str(mail["X-Catalog-Intent"])
        assert mail["Message-ID"] == f"<{intent}@{DOMAIN}>" == mail["X-Catalog-Message-ID"]
        root, own = str(mail["References"]).split()
        assert root == mail["In-Reply-To"]
        assert intent in own
        assert mail["Thread-Index"]
        assert mail["Reply-To"] == f"replies@{DOMAIN}"
        assert str(mail["From"]).rpartition("<")[2].rstrip(">") == CATALOG
    assert first["In-Reply-To"] != second["In-Reply-To"]


def test_accepted_is_not_delivered(service: RunningService, world: GraphWorld) -> None:
    sent = settled(service, post(service, JANE, f"nobody@{DOMAIN}"))
    for delivery in sent.values():
        assert delivery["state"] == "sent"
        assert "not yet delivered" in delivery["response"]
    assert len(world.wait_for(JANE, 1)) == 1
    [report] = world.wait_for(CATALOG, 1)  # Exchange sends the bounce to the account's mailbox
    assert "Undeliverable" in str(report["Subject"])


@pytest.mark.parametrize("rewritten", [False, True])
@pytest.mark.parametrize("headers", [True, False])
def test_after_a_lost_response_sent_items_are_checked(
    service: RunningService, world: GraphWorld, rewritten: bool, headers: bool
) -> None:
    world.emulator.options(sent_items_headers=headers)
    if rewritten:
        world.emulator.fault("rewrite_message_id")
    world.emulator.fault("lose", path="sendMail", times=1)
    before = [post(service, JANE, subject=f"Before {number}") for number in range(3)]
    lost = settled(service, before[0]) | settled(service, before[1]) | settled(service, before[2])
    assert lost[JANE]["state"] == "sent"
    found = [one for notification in before for one in deliveries(service, notification) if one["attempts"] > 1]
    assert [one["response"] for one in found] == ["found in the Sent Items: an earlier try was accepted by Microsoft Graph"]
    subjects = sorted(str(mail["Subject"]) for mail in world.mails(JANE))
    assert subjects == ["Before 0", "Before 1", "Before 2"], "each once"
    assert len(world.found(CATALOG, "sentitems")) == 3


@pytest.mark.parametrize("later", [10, -30])
def test_a_sent_message_is_found_among_many_similar_ones(service: RunningService, world: GraphWorld, later: int) -> None:
    """Only reading the candidates identifies the message; the others were sent this many seconds later."""
    world.emulator.options(sent_items_headers=False)
    world.emulator.fault("rewrite_message_id")
    world.emulator.fault("lose", path="sendMail", times=1)
    notification = post(service, JANE)
    wait_until(lambda: deliveries(service, notification)[0]["state"] == "retrying", "the delivery did not fail")
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=later))
    for number in range(14):
        raw = f"From: {CATALOG}\r\nTo: {JANE}\r\nDate: {date}\r\nMessage-ID: <{number}@{DOMAIN}>\r\n\r\nHello\r\n"
        world.emulator.put_message(CATALOG, raw.encode(), "sentitems")
    assert settled(service, notification)[JANE]["response"].startswith("found in the Sent Items")
    assert len(world.mails(JANE)) == 1


@pytest.mark.parametrize("seconds, copies", [(SETTLES - 1, 1), (3600, 2)])
def test_sent_items_that_show_a_message_late(service: RunningService, world: GraphWorld, seconds: float, copies: int) -> None:
    """Sent Items have no guaranteed delay: after the configured time the message is sent again rather than lost."""
    world.emulator.lag(seconds=seconds, replicas=1, kinds=["message"])
    world.emulator.fault("lose", path="sendMail", times=1)
    sent = settled(service, post(service, JANE))
    assert (sent[JANE]["state"], sent[JANE]["attempts"]) == ("sent", 2)
    assert (len(world.mails(JANE)), len(world.found(CATALOG, "sentitems"))) == (copies, copies)
    [lost, *_again] = world.asked("POST", "sendMail")
    [looked, *_others] = world.asked("GET", "sentitems")
    assert looked["at"] - lost["at"] >= SETTLES
    failure = "in 2 seconds the Sent Items are looked at, before it is sent again"
    assert failure not in str(sent), "the delivery is final"


def test_a_message_that_was_not_accepted_is_retried(service: RunningService, world: GraphWorld) -> None:
    world.emulator.fault("refuse_connection", path="sendMail", times=1)
    sent = settled(service, post(service, JANE))
    assert sent[JANE]["attempts"] == 2
    assert "202 Accepted" in sent[JANE]["response"]
    assert len(world.mails(JANE)) == 1


@pytest.mark.parametrize("late", [0, SETTLES - 0.5])
def test_a_kill_in_the_middle_sends_nothing_twice(service: RunningService, world: GraphWorld, late: float) -> None:
    world.emulator.fault("delay", path="sendMail", seconds=1.5, times=1)
    world.emulator.lag(seconds=late, replicas=1, kinds=["message"])
    notification = post(service, JANE)
    wait_until(lambda: deliveries(service, notification)[0]["state"] == "sending", "the message is not being sent")
    time.sleep(0.5)  # the request is in progress by then
    service.kill()
    service.start()
    wait_until(
        lambda: "ended while the message was handed over" in str(deliveries(service, notification)[0]["failure"]),
        "the message does not wait for the Sent Items",
    )
    sent = settled(service, notification)
    assert sent[JANE]["state"] == "sent"
    assert len(world.mails(JANE)) == 1
    assert len(world.found(CATALOG, "sentitems")) == 1


def test_with_mail_send_alone_nothing_is_lost(service: RunningService, world: GraphWorld) -> None:
    """Sent Items cannot be read then: a duplicate is better than a lost message."""
    world.emulator.revoke(world.app["app_id"], "Mail.Read", "Mail.ReadWrite")
    world.emulator.fault("lose", path="sendMail", times=1)
    sent = settled(service, post(service, JANE))
    assert sent[JANE]["state"] == "sent"
    assert len(world.mails(JANE)) == 2
    assert "may not read them" in service.log.read_text()


def test_retry_after_is_honoured_and_nothing_is_lost(service: RunningService, world: GraphWorld) -> None:
    world.emulator.fault("throttle", path="sendMail", after=2, times=2, retry_after=2)
    notification = post(service, *(f"user{number}@elsewhere.test" for number in range(10)))
    sent = settled(service, notification)
    assert {one["state"] for one in sent.values()} == {"sent"}
    asked = world.asked("POST", "sendMail")
    refused = [one["at"] for one in asked if one["status"] == 429]
    accepted = [one["at"] for one in asked if one["status"] == 202]
    assert len(accepted) == 10
    assert not [at for at in accepted if refused[-1] + 0.5 < at < refused[-1] + 1.9], "no request during Retry-After"
    assert len(world.found(CATALOG, "sentitems")) == 10


def test_a_new_permission_applies_to_the_next_attempt(service: RunningService, world: GraphWorld) -> None:
    world.emulator.revoke(world.app["app_id"], "Mail.Send")
    notification = post(service, JANE)
    wait_until(lambda: deliveries(service, notification)[0]["state"] == "retrying", "the delivery did not fail")
    failure = deliveries(service, notification)[0]["failure"]
    assert failure["code"] == "permission-missing"
    assert failure["cause"].startswith("Error connecting to Tenant ID: ")
    time.sleep(5)  # an older token is dropped when Graph refuses it
    world.emulator.grant(world.app["app_id"], "Mail.Send")
    assert settled(service, notification)[JANE]["state"] == "sent"


def test_a_new_secret_is_used_while_messages_are_sent(service: RunningService, world: GraphWorld) -> None:
    first = post(service, *(f"user{number}@elsewhere.test" for number in range(5)))
    new = world.register("catalog", app_id=world.app["app_id"])
    assert service.save(world.sending(client_secret=new["client_secret"]), test={}).status_code == 200
    second = post(service, *(f"user{number}@elsewhere.test" for number in range(5)))
    for notification in (first, second):
        assert {one["state"] for one in settled(service, notification).values()} == {"sent"}
    assert len(world.found(CATALOG, "sentitems")) == 10 + 1


def test_an_expired_token_is_replaced(service: RunningService, world: GraphWorld) -> None:
    assert settled(service, post(service, JANE))[JANE]["state"] == "sent"
    world.emulator.advance(3 * 3600)
    assert settled(service, post(service, JANE))[JANE]["state"] == "sent"
    assert len(world.asked("POST", "/oauth2/")) == 2


def test_at_most_four_requests_at_once(
    take_service: Callable[..., RunningService], world: GraphWorld
) -> None:
    service = take_service(microsoft=world.access, queue={**RETRY, "concurrency": 50})
    assert service.save(world.receiving()).status_code == 200
    world.emulator.options(mailbox_seconds=0.05)
    for number in range(40):
        content = f"From: x@elsewhere.test\r\nSubject: {number}\r\nMessage-ID: <{number}@x>\r\n\r\nHello\r\n"
        world.emulator.put_message(f"replies@{DOMAIN}", content.encode())
    reader = service.background("reply-sync")
    try:
        notification = post(service, *(f"user{number}@elsewhere.test" for number in range(25)))
        assert service.save(world.receiving(), test={}).status_code == 200
        sent = settled(service, notification)
        wait_until(lambda: all(one["is_read"] for one in world.found(f"replies@{DOMAIN}")), "not all was read")
    finally:
        reader.kill()
        reader.wait(PATIENCE)
    assert {one["attempts"] for one in sent.values()} == {1}
    assert world.most_at_once <= 4
    assert not [one for one in world.emulator.requests() if one["status"] == 429]


def test_thirty_messages_a_minute_and_a_quick_stop(service: RunningService, world: GraphWorld) -> None:
    notification = post(service, *(f"user{number}@elsewhere.test" for number in range(34)))
    wait_until(lambda: len(world.found(CATALOG, "sentitems")) == 30, "thirty were not sent")
    time.sleep(1)
    states = [one["state"] for one in deliveries(service, notification)]
    assert (states.count("sent"), states.count("sending")) == (30, 0)
    assert service.stop() == 0
    assert "stopped while a message was being sent" not in service.log.read_text()
    assert len(world.found(CATALOG, "sentitems")) == 30, "the stop waited for the next minute"
    service.start()  # a new process starts its count at zero
    assert {one["state"] for one in settled(service, notification).values()} == {"sent"}
    assert len(world.found(CATALOG, "sentitems")) == 34


def test_nothing_confidential_in_the_log(service: RunningService, world: GraphWorld) -> None:
    world.emulator.fault("fail", path="sendMail", status=500, times=1, message="the server fails")
    settled(service, post(service, JANE, subject="A mauve elephant"))
    service.stop()
    log: Any = service.log.read_text()
    assert "elephant" not in log
    assert world.app["client_secret"] not in log
    assert "eyJ" not in log, "no token"


def test_waiting_messages_use_the_current_account(service: RunningService, world: GraphWorld) -> None:
    world.user(CATALOG, mailbox=False)
    notification = post(service, JANE)
    wait_until(lambda: deliveries(service, notification)[0]["state"] == "retrying", "the delivery does not fail")
    assert "has no mailbox" in deliveries(service, notification)[0]["failure"]["cause"]
    assert service.save(world.sending(email_address=f"joe@{DOMAIN}")).status_code == 200
    assert settled(service, notification)[JANE]["state"] == "sent"
    [mail] = world.wait_for(JANE, 1)
    assert str(mail["From"]).rpartition("<")[2].rstrip(">") == f"joe@{DOMAIN}"


@pytest.mark.parametrize("status,code", [
    (404, "ErrorMailboxMoveInProgress"), (403, ""), (407, ""), (400, ""), (409, "Directory_ConcurrencyViolation"),
    (412, "ErrorIrresolvableConflict"), (423, "Locked"), (400, "ErrorMailboxMoveInProgress"), (400, "ErrorQuotaExceeded"),
])  # fmt: skip
def test_other_error_responses_lose_no_message(
    service: RunningService, world: GraphWorld, status: int, code: str
) -> None:
    """Responses of a proxy, and unknown errors about the mailbox."""
    world.emulator.fault("fail", path="sendMail", status=status, code=code, message="")
    notification = post(service, JANE)
    wait_until(lambda: deliveries(service, notification)[0]["state"] in {"retrying", "failed"}, "no attempt")
    world.emulator.clear_faults()
    assert settled(service, notification)[JANE]["state"] == "sent"
