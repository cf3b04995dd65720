# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies read by Microsoft Graph: the same decisions and the same exactly-once as over IMAP."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.services.reply_sync import MOST_UNREADABLE
from helpers.service.graph_roundtrip import IGNORED, POSTED, REJECTED, GraphRoundTrip
from helpers.service.graph_tenant import CATALOG, DOMAIN, REPLIES, GraphWorld
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import answer
from helpers.waiting import PATIENCE, wait_until
from sqlalchemy import make_url


@pytest.fixture
def roundtrip(take_service: Callable[..., RunningService], world: GraphWorld) -> GraphRoundTrip:
    made = GraphRoundTrip(take_service(microsoft=world.access, replies={"largest_message": 30_000}), world)
    made.set_up()
    return made


@pytest.mark.parametrize("rewritten", [False, True])
def test_the_whole_round_trip(roundtrip: GraphRoundTrip, rewritten: bool) -> None:
    if rewritten:
        roundtrip.world.emulator.fault("rewrite_message_id")
    conversation, mail = roundtrip.mention()
    assert ("outlook.com" in mail["Message-ID"]) is rewritten
    roundtrip.receive(answer(mail, "It is the table of sales."))
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert roundtrip.texts(conversation) == ["It is the table of sales."]
    assert roundtrip.categories() == [[POSTED]]
    state = roundtrip.state()
    assert (state["receiver"], state["intent_tracking"]["in_use"], state["outcomes"]["posted"]) == ("microsoft", "message_id", 1)
    assert state["problems"] == [] or "No process" in state["problems"][0]


def test_mailboxes_whose_addresses_are_no_user_principal_names(roundtrip: GraphRoundTrip) -> None:
    """One is named by its user principal name, the other one by its object id; in Sent Items the original is found as well."""
    world = roundtrip.world
    for address, name in ((CATALOG, "svc-catalog"), (REPLIES, "svc-replies")):
        world.user(address, mailbox=False)
        world.user(f"{name}@{DOMAIN}", mail=address)
    world.emulator.fault("rewrite_message_id")
    [user] = [one for one in world.emulator.state()["users"] if one["mail"] == REPLIES]
    settings = world.receiving(mailbox_user=user["id"])
    settings["notifications"]["microsoft"]["mailbox_user"] = f"svc-catalog@{DOMAIN}"
    saved = roundtrip.service.save(settings)
    assert saved.status_code == 200, saved.text
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "By another name.", References=None))
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert roundtrip.texts(conversation) == ["By another name."]
    assert {one["path"].split("/")[3] for one in world.asked("POST", "sendMail")} == {f"svc-catalog@{DOMAIN}"}


def test_the_same_decisions_as_over_imap(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    altered = str(mail["Message-ID"]).replace("a", "b", 1)
    cases = [
        (POSTED, answer(mail, "With a picture.", Content_Language="en")),
        (IGNORED, answer(mail, "I am away.", Auto_Submitted="auto-replied")),
        (REJECTED, answer(mail, "x", "mallory@evil.test")),
        (REJECTED, answer(mail, "x", "Joe Doe <joe@corp.test>")),
        (REJECTED, answer(mail, "")),
        (REJECTED, answer(mail, "x", In_Reply_To=None, References=None)),
        (REJECTED, answer(mail, "x", "mallory@evil.test", In_Reply_To=altered, References=None)),
        (REJECTED, answer(mail, "y " * 30_000)),
    ]
    for _, content in cases:
        roundtrip.receive(content)
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert [found[0] if found else None for found in roundtrip.categories()] == [category for category, _ in cases]
    assert roundtrip.texts(conversation) == ["With a picture."]
    outcomes = roundtrip.state()["outcomes"]
    assert outcomes["ignored"] == {"auto_reply": 1}
    assert outcomes["rejected"] == {
        "other_address": 1, "wrong_sender": 1, "empty": 1, "no_intent": 1, "forged_intent": 1, "too_large": 1,
    }  # fmt: skip


def test_authentication_results_of_exchange_are_required(roundtrip: GraphRoundTrip) -> None:
    roundtrip.save(authserv_id="exchange_online")
    conversation, mail = roundtrip.mention()
    passed = b"Authentication-Results: spf=pass (sender IP is 192.0.2.12)\r\n smtp.mailfrom=corp.test; dkim=none (message" \
        b" not signed)\r\n header.d=none;dmarc=pass action=none header.from=corp.test;compauth=pass reason=100\r\n"
    failed = passed.replace(b"pass", b"fail")
    inside = b"X-MS-Exchange-Organization-AuthAs: Internal\r\nAuthentication-Results: dkim=none (message not signed)\r\n" \
        b" header.d=none;dmarc=none action=none header.from=corp.test;\r\n"
    cases = [
        (POSTED, passed + answer(mail, "From outside.")),
        (POSTED, inside + answer(mail, "From inside.")),
        (REJECTED, failed + passed + answer(mail, "Forged below.")),
        (REJECTED, inside.replace(b"Internal", b"Anonymous") + answer(mail, "Not from inside.")),
        (REJECTED, b"Authentication-Results: exchange_online; dmarc=pass header.from=corp.test\r\n" + answer(mail, "Named.")),
        (REJECTED, answer(mail, "Without a verdict.")),
    ]
    for _, content in cases:
        roundtrip.receive(content)
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert [found[0] if found else None for found in roundtrip.categories()] == [category for category, _ in cases]
    assert roundtrip.texts(conversation) == ["From outside.", "From inside."]
    assert roundtrip.state()["outcomes"]["rejected"] == {"sender_not_verified": 4}


def test_a_named_server_is_refused_for_exchange_online(roundtrip: GraphRoundTrip) -> None:
    settings = roundtrip.world.receiving(interactions={"authserv_id": "mx.corp.test"})
    refused = roundtrip.service.save(settings)
    assert (refused.status_code, refused.json()["field"]) == (422, "interactions.authserv_id")
    assert "without the name of a server" in refused.json()["cause"] and "exchange_online" in refused.json()["remedy"]


def test_attachments_are_read_and_other_categories_stay(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    with_file = EmailMessage()
    with_file["From"], with_file["To"], with_file["Subject"] = "jane@corp.test", REPLIES, "Re: Sales"
    with_file["Message-ID"], with_file["In-Reply-To"] = "<file@corp.test>", str(mail["Message-ID"])
    with_file.set_content("See the file.")
    with_file.add_attachment(b"x" * 1000, maintype="application", subtype="octet-stream", filename="x.bin")
    huge = EmailMessage()
    huge["From"], huge["To"], huge["Subject"] = "jane@corp.test", REPLIES, "Re: Sales"
    huge["Message-ID"], huge["In-Reply-To"] = "<huge@corp.test>", str(mail["Message-ID"])
    huge.set_content("See this file.")
    huge.add_attachment(b"x" * 100_000, maintype="application", subtype="octet-stream", filename="x.bin")
    for message in (with_file, huge):
        roundtrip.receive(message.as_bytes())
    key = roundtrip.world.found(REPLIES)[0]["id"]
    token = roundtrip.world.emulator.token(roundtrip.world.app)
    path = f"/v1.0/users/{REPLIES}/messages/{key}"
    assert roundtrip.world.emulator.graph(token, "PATCH", path, {"categories": ["Blue category"]}).status_code == 200
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert roundtrip.texts(conversation) == ["See the file."]
    assert roundtrip.categories() == [["Blue category", POSTED], [REJECTED]]
    assert roundtrip.state()["outcomes"]["rejected"] == {"too_large": 1}


def test_a_backlog_by_pages_and_batches(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    for number in range(45):
        roundtrip.receive(answer(mail, f"Answer {number}."))
    roundtrip.world.emulator.forget_requests()
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert roundtrip.texts(conversation) == [f"Answer {number}." for number in range(45)], "in the order of their arrival"
    assert len(roundtrip.world.asked("POST", "/$batch")) == 3 + 3, "twenty at a time are read and marked"
    assert roundtrip.world.most_at_once <= 4


def test_exactly_once_despite_kills_and_lost_responses(roundtrip: GraphRoundTrip) -> None:
    """Two readers are killed repeatedly, while Graph fails, throttles, loses responses to completed requests, and lists late."""
    chance = random.Random(5)  # noqa: S311  # no secret
    emulator = roundtrip.world.emulator
    conversation, mail = roundtrip.mention()
    expected = [f"Answer {number}." for number in range(120)]
    emulator.options(mailbox_seconds=0.02)
    for path, kind, values in (
        ("batch", "lose", {}), ("messages", "throttle", {"retry_after": 1}), ("messages", "fail", {"status": 503}),
        ("messages", "lose", {}), ("batch", "refuse_connection", {}),
    ):  # fmt: skip
        emulator.fault(kind, path=path, after=chance.randrange(3, 30), times=3, **values)
    emulator.lag(requests=20, replicas=3, kinds=["message"], uneven=True)
    readers = [roundtrip.service.background("reply-sync") for _ in range(2)]
    kills = 0
    try:
        for number, text in enumerate(expected):
            roundtrip.receive(answer(mail, text))
            if number % 20 == 10:
                time.sleep(chance.uniform(0.5, 2.5))
                place = chance.randrange(2)
                readers[place].kill()
                readers[place].wait(PATIENCE)
                readers[place] = roundtrip.service.background("reply-sync")
                kills += 1
        roundtrip.wait_handled()
    finally:
        for reader in readers:
            reader.kill()
            reader.wait(PATIENCE)
    assert kills >= 5
    assert sorted(roundtrip.texts(conversation)) == sorted(expected), "each once"
    assert {tuple(found or ()) for found in roundtrip.categories()} == {(POSTED,)}


@pytest.mark.parametrize("status, code", [(409, "ErrorConcurrentSave"), (412, "ErrorIrresolvableConflict"), (423, "Locked")])
def test_conflicts_with_other_writes_delay_a_reply_only(roundtrip: GraphRoundTrip, status: int, code: str) -> None:
    """Somebody else changes the same messages: reading and marking are repeated at once, and nothing is posted twice."""
    conversation, mail = roundtrip.mention()
    for method, path in (("GET", "messages"), ("PATCH", "messages/"), ("POST", "batch")):
        roundtrip.world.emulator.fault("fail", method=method, path=path, times=1, status=status, code=code)
    roundtrip.receive(answer(mail, "One."))
    roundtrip.receive(answer(mail, "Two."))
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert roundtrip.texts(conversation) == ["One.", "Two."]
    assert {tuple(found or ()) for found in roundtrip.categories()} == {(POSTED,)}


def test_another_client_reading_the_mailbox_is_reported(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "One."))
    with roundtrip.syncing():
        roundtrip.wait_handled()
        wait_until(lambda: roundtrip.state()["workers"][0]["state"] == "waiting", "no poll was completed")
        time.sleep(1)  # times of arrival have no fractions of seconds
        roundtrip.receive(answer(mail, "Two."))
        second = roundtrip.world.found(REPLIES)[-1]["id"]
        roundtrip.world.emulator.mark(REPLIES, read=True, message=second)
        roundtrip.trigger_poll()
        wait_until(lambda: roundtrip.state()["workers"][0]["taken_by_others"] == 1, "the other client was not reported")
        assert "marked as read by something else" in " ".join(roundtrip.state()["problems"])
        assert roundtrip.texts(conversation) == ["One."]
        roundtrip.world.emulator.mark(REPLIES, read=False, message=second)
        roundtrip.trigger_poll()
        wait_until(lambda: roundtrip.texts(conversation) == ["One.", "Two."], "the reply was not posted")


def test_throttling_waits_for_retry_after(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "Late."))
    fault = roundtrip.world.emulator.fault("throttle", path=f"users/{REPLIES}/", retry_after=11)
    with roundtrip.syncing():
        wait_until(lambda: roundtrip.state()["workers"] and roundtrip.state()["workers"][0]["error"], "no error was reported")
        error = roundtrip.state()["workers"][0]["error"]
        assert error["code"] == "throttled"
        assert error["cause"].startswith("Error connecting to Tenant ID: ")
        asked = len(roundtrip.world.asked("GET", REPLIES))
        roundtrip.world.emulator.control("DELETE", "faults", {"id": fault})
        time.sleep(4)
        assert len(roundtrip.world.asked("GET", REPLIES)) == asked, "no request during the pause"
        wait_until(lambda: roundtrip.texts(conversation) == ["Late."], "the reply was not posted")
        wait_until(lambda: roundtrip.state()["workers"][0]["error"] is None, "the error stayed")


def test_a_permission_that_is_revoked_and_granted_again(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    roundtrip.world.emulator.revoke(roundtrip.world.app["app_id"], "Mail.ReadWrite")
    roundtrip.receive(answer(mail, "Once."))
    with roundtrip.syncing():
        wait_until(lambda: roundtrip.state()["workers"] and roundtrip.state()["workers"][0]["error"], "no error was reported")
        assert "Mail.ReadWrite is not granted" in roundtrip.state()["workers"][0]["error"]["cause"]
        assert roundtrip.texts(conversation) == ["Once."], "posted, and not marked"
        time.sleep(5)
        roundtrip.world.emulator.grant(roundtrip.world.app["app_id"], "Mail.ReadWrite")
        roundtrip.wait_handled()
    assert roundtrip.texts(conversation) == ["Once."]


def test_archiving_follows_the_setting(roundtrip: GraphRoundTrip) -> None:
    _, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "Done."))
    roundtrip.receive(answer(mail, "x", "mallory@evil.test"))
    with roundtrip.syncing():
        roundtrip.wait_handled()
    roundtrip.receive(b"From: boss@corp.test\r\nSubject: Unread\r\n\r\nHello\r\n")
    done = roundtrip.service.command("archive")
    assert (done.returncode, "archive_disabled" in done.stdout) == (0, True), done.stderr
    roundtrip.save(archive={"enabled": True, "keep_days": 30})
    done = roundtrip.service.command("archive")
    assert done.returncode == 0, done.stderr
    assert '"archived": 2' in done.stdout
    assert len(roundtrip.world.found(REPLIES)) == 1
    assert len(roundtrip.world.found(REPLIES, "archive")) == 2
    assert '"archived": 0, "expired": 0' in roundtrip.service.command("archive").stdout


def test_changed_settings_take_effect(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    with roundtrip.syncing():
        wait_until(lambda: roundtrip.state()["workers"] and roundtrip.state()["workers"][0]["state"] == "waiting", "not waiting")
        new = roundtrip.world.register("catalog", app_id=roundtrip.world.app["app_id"])
        roundtrip.world.app["client_secret"] = new["client_secret"]
        roundtrip.save()
        roundtrip.receive(answer(mail, "After it."))
        wait_until(lambda: roundtrip.texts(conversation) == ["After it."], "the reply was not posted")
        assert DOMAIN in str(mail["Reply-To"])


def test_an_unreadable_message_delays_no_other(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    for number in range(4):
        roundtrip.receive(answer(mail, f"Answer {number}."))
    place = re.escape(roundtrip.key_of(1))
    roundtrip.world.emulator.fault("fail", path=f"messages/{place}/.value", status=500)
    with roundtrip.syncing():
        wait_until(lambda: len(roundtrip.texts(conversation)) == 3, "the others are not posted")
        wait_until(lambda: roundtrip.categories().count(None) == 1, "the others are not marked")
        # This message is the only unread one now; the earlier reads show that the mailbox works.
        roundtrip.complete_poll()
        assert roundtrip.state()["workers"][0]["error"] is None
        roundtrip.world.emulator.clear_faults()

        def all_marked() -> bool:
            roundtrip.complete_poll()
            return None not in roundtrip.categories()

        wait_until(all_marked, "the readable message was not marked")
    assert sorted(roundtrip.texts(conversation)) == [f"Answer {number}." for number in range(4)]


def test_a_permanently_unreadable_message_is_quarantined(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    for number in range(2):
        roundtrip.receive(answer(mail, f"Answer {number}."))
    key = roundtrip.key_of(0)
    host = urlsplit(roundtrip.world.emulator.url).netloc
    store = DatabaseReplies(make_engine(make_url(f"sqlite:///{roundtrip.service.database}")))
    for _ in range(MOST_UNREADABLE - 1):
        store.failed(Place(f"graph://{host}/{REPLIES}/Inbox", "immutable"), key)
    roundtrip.world.emulator.fault("fail", path=f"messages/{re.escape(key)}/.value", status=500)
    with roundtrip.syncing():
        roundtrip.wait_handled()
    assert roundtrip.categories() == [["$CatalogQuarantined"], [POSTED]]
    assert roundtrip.texts(conversation) == ["Answer 1."]


def test_a_message_that_cannot_be_marked_is_posted_once(roundtrip: GraphRoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "Answer 0."))
    place = re.escape(roundtrip.key_of(0))
    roundtrip.world.emulator.fault("fail", method="PATCH", path=f"messages/{place}$", status=500, code="ErrorItemSave")
    with roundtrip.syncing():
        wait_until(lambda: roundtrip.texts(conversation) == ["Answer 0."], "the reply is not posted")
        roundtrip.receive(answer(mail, "Answer 1."))
        roundtrip.complete_poll()
        wait_until(lambda: roundtrip.categories() == [None, [POSTED]], "the other one is not marked")
        assert roundtrip.state()["workers"][0]["error"] is None
        roundtrip.world.emulator.clear_faults()
        roundtrip.complete_poll()
        roundtrip.wait_handled()
    assert roundtrip.texts(conversation) == ["Answer 0.", "Answer 1."]


def test_a_rejected_message_is_tried_again_where_it_lies(roundtrip: GraphRoundTrip) -> None:
    """By the id that it has in any folder; a message that somebody deleted is refused."""
    service = roundtrip.service
    conversation, mail = roundtrip.mention()
    set_active(service, "jane", active=False)
    for text in ("First.", "Second."):
        roundtrip.receive(answer(mail, text, Subject=text))

    def entries() -> dict[str, dict[str, Any]]:
        found = service.call("GET", "/replies/messages", role="viewer").json()["items"]
        return {item["subject"]: item for item in found}

    with roundtrip.syncing():
        roundtrip.wait_handled()
        wait_until(lambda: len(entries()) == 2, "the messages are not in the log")
        keys = [roundtrip.key_of(number) for number in range(2)]
        move(roundtrip, keys[0], "archive")
        move(roundtrip, keys[1], "deleteditems")
        set_active(service, "jane", active=True)
        ids = {subject: entry["id"] for subject, entry in entries().items()}
        requested = service.call("POST", f"/replies/messages/{ids['First.']}/retry")
        assert requested.status_code == 202, requested.text
        refused = service.call("POST", f"/replies/messages/{ids['Second.']}/retry")
        assert (refused.status_code, "any more" in refused.json()["cause"]) == (409, True)
        wait_until(lambda: roundtrip.texts(conversation) == ["First."], "it is not posted")
        wait_until(lambda: not entries()["First."]["retry_requested_at"], "the request did not end")
    assert entries()["First."]["outcome"] == "posted"
    (archived,) = roundtrip.world.found(REPLIES, "archive")
    assert archived["categories"] == [POSTED]


def set_active(service: RunningService, name: str, *, active: bool) -> None:
    user = next(one for one in service.call("GET", "/users", role="viewer").json()["users"] if one["name"] == name)
    body = {word: user[word] for word in ("name", "display_name", "email")} | {"active": active}
    assert service.call("PUT", f"/users/{user['id']}", body, role="catalog").status_code == 200


def move(roundtrip: GraphRoundTrip, key: str, folder: str) -> None:
    """Move a message as a person does."""
    token, prefer = roundtrip.world.emulator.token(roundtrip.world.app), {"Prefer": 'IdType="ImmutableId"'}
    path = f"/v1.0/users/{REPLIES}/messages/{key}/move"
    moved = roundtrip.world.emulator.graph(token, "POST", path, {"destinationId": folder}, headers=prefer)
    assert moved.status_code == 201, moved.text
