# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies by e-mail, from a real mailbox into their conversations."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from helpers.service.catalog_users import act, add_user, text_of, to
from helpers.service.dovecot import NO_KEYWORDS, Dovecot
from helpers.service.process import RunningService, through
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.settings_bodies import REPLIES, imap_mailbox, interactions
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

POSTED, IGNORED, REJECTED = ({"Seen", f"$Catalog{word}"} for word in ("Posted", "Ignored", "Rejected"))


@pytest.fixture
def make_roundtrip(
    make_service: Callable[..., RunningService], sink: MailSink, dovecot: Dovecot
) -> Callable[..., RoundTrip]:
    def make(server: Dovecot = dovecot, rights: str | None = None, **change: Any) -> RoundTrip:
        user = server.add_user(**({"rights": rights} if rights else {}))
        roundtrip = RoundTrip(make_service(), sink, server, user)
        roundtrip.set_up(**change)
        return roundtrip

    return make


@pytest.fixture
def roundtrip(make_roundtrip: Callable[..., RoundTrip]) -> RoundTrip:
    """Run a service that receives replies, by Message-ID."""
    return make_roundtrip()


def test_a_reply_is_posted_under_its_authors_name(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    assert mail["Reply-To"] == REPLIES
    assert text_of(mail).startswith("Please type your reply above this line\n")
    assert "Please type your reply above this line" in text_of(mail, "html")
    roundtrip.receive(answer(mail, "It has last year's orders.\n\nAsk @joe for this year's."))
    with roundtrip.syncing():
        (post,) = roundtrip.replies(conversation)
        roundtrip.wait_handled(1)
    assert (post["author"], post["text"]) == ("jane", "It has last year's orders.\n\nAsk @joe for this year's.")
    assert post["mentions"] == ["joe"]
    assert roundtrip.keywords() == [POSTED]
    roundtrip.sink.wait_for(2)
    (told,) = to(roundtrip.sink.messages, "joe")
    assert "Jane Doe mentioned you" in told["Subject"], "a user mentioned in a reply gets a mail, which can be answered too"


def test_a_sub_address_alone_identifies_the_mail(make_roundtrip: Callable[..., RoundTrip]) -> None:
    roundtrip = make_roundtrip(intent_tracking="subaddress")
    conversation, mail = roundtrip.mention()
    assert mail["Reply-To"].startswith("replies+")
    roundtrip.receive(answer(mail, "By its address.", In_Reply_To=None, References=None))
    with roundtrip.syncing():
        assert [post["text"] for post in roundtrip.replies(conversation)] == ["By its address."]


def test_an_intent_can_be_used_more_than_once(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    for text in ("First.", "Second.", "Second."):
        roundtrip.receive(answer(mail, text))
    with roundtrip.syncing():
        assert [post["text"] for post in roundtrip.replies(conversation, 3)] == ["First.", "Second.", "Second."]


def test_a_copy_of_a_reply_is_posted_once(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    reply = answer(mail, "Once.")
    roundtrip.receive(reply)
    with roundtrip.syncing():
        roundtrip.replies(conversation)
        roundtrip.receive(b"Received: from elsewhere\r\n" + reply)
        roundtrip.wait_handled(2)
    assert roundtrip.keywords() == [POSTED, POSTED]
    assert len(roundtrip.posts(conversation)) == 2
    assert roundtrip.state()["outcomes"]["posted"] == 1


def test_mailbox_with_new_identifiers_posts_nothing_twice(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "Once."))
    with roundtrip.syncing():
        roundtrip.replies(conversation)
        roundtrip.wait_handled(1)
    roundtrip.dovecot.set_flags(roundtrip.user, "1:*", "\\Seen $CatalogPosted", how="-FLAGS.SILENT")
    roundtrip.dovecot.reset_uidvalidity(roundtrip.user)
    with roundtrip.syncing():
        roundtrip.wait_handled(1)
    assert len(roundtrip.posts(conversation)) == 2


def test_each_unposted_reply_has_a_reason(roundtrip: RoundTrip) -> None:  # one mailbox for all cases: the start takes longer
    service = roundtrip.service
    conversation, mail = roundtrip.mention()
    intent = mail["Message-ID"][1:33]
    altered = f"<{intent[:-1]}{'a' if intent[-1] != 'a' else 'b'}@corp.test>"
    add_user(service, "anna")
    assert act(service, "joe", "PUT", f"/conversations/{conversation}/assignee", {"assignee": "jane"}).status_code == 200
    wait_until(lambda: len(to(roundtrip.sink.messages, "jane")) == 2, "the assignment's mail did not come")
    assignment = to(roundtrip.sink.messages, "jane")[1]
    assert assignment["Reply-To"] == REPLIES
    assert "above this line" not in text_of(assignment)
    messages = [
        (IGNORED, "auto_reply", answer(mail, "I am away.", Auto_Submitted="auto-replied")),
        (IGNORED, "own_mail", answer(mail, "x", "noreply@corp.test")),
        (IGNORED, "reaction", answer(mail, "[like] Jane Doe reacted to your message:")),
        (REJECTED, "unknown_sender", answer(mail, "x", "mallory@evil.test", In_Reply_To=None, References=None)),
        (REJECTED, "wrong_sender", answer(mail, "It was forwarded to me.", "Joe <joe@corp.test>")),
        (REJECTED, "no_intent", answer(mail, "x", In_Reply_To=None, References=None)),
        (REJECTED, "forged_intent", answer(mail, "x", "mallory@evil.test", In_Reply_To=altered, References=None)),
        (REJECTED, "not_answerable", answer(assignment, "I will.")),
        (REJECTED, "empty", answer(mail, "")),
        (REJECTED, "malformed", answer(mail, "x", "jane@corp.test, joe@corp.test")),
    ]
    for _end, _reason, content in messages:
        roundtrip.receive(content)
    with roundtrip.syncing():
        roundtrip.wait_handled(len(messages))
        # Joe gets one explanation, Jane the others; mail of machines and strangers gets none.
        roundtrip.sink.wait_for(4, such=lambda message: "not posted" in message["Subject"])
    assert roundtrip.keywords() == [end for end, _reason, _content in messages]
    outcomes = roundtrip.state()["outcomes"]
    assert outcomes["ignored"] == {reason: 1 for end, reason, _content in messages if end == IGNORED}
    assert outcomes["rejected"] == {reason: 1 for end, reason, _content in messages if end == REJECTED}
    assert len(roundtrip.posts(conversation)) == 1
    told = [message for message in roundtrip.sink.messages if "not posted" in message["Subject"]]
    assert {message["Auto-Submitted"] for message in told} == {"auto-replied"}
    assert {message["To"].addresses[0].addr_spec for message in told} == {"jane@corp.test", "joe@corp.test"}
    assert [message["In-Reply-To"] is not None for message in told] == [True] * len(told)
    (to_joe,) = to(told, "joe")
    assert conversation not in text_of(to_joe), "the explanation to Joe does not name the conversation"
    assert sum(f"/conversations/{conversation}" in text_of(message) for message in to(told, "jane")) >= 2


UNREADABLE = {
    "encrypted": ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "encrypted", "switch encryption off"),
    "opaque_signature": ("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "signed", "without a signature"),
    "tnef": ("application/ms-tnef; name=winmail.dat", "winmail.dat", "HTML or Plain Text"),
}


def test_the_author_of_unreadable_mail_learns_what_helps(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    for kind, _cause, _remedy in UNREADABLE.values():
        roundtrip.receive(sealed(mail, kind))
    roundtrip.receive(signed(mail, "In clear text."))
    with roundtrip.syncing():
        assert [post["text"] for post in roundtrip.replies(conversation)] == ["In clear text."]
        told = roundtrip.sink.wait_for(len(UNREADABLE), such=lambda message: "not posted" in message["Subject"])
        roundtrip.wait_handled(len(UNREADABLE) + 1)
    assert roundtrip.state()["outcomes"]["rejected"] == dict.fromkeys(UNREADABLE, 1)
    assert len(to(told, "jane")) == len(UNREADABLE)
    for _kind, cause, remedy in UNREADABLE.values():
        assert any(cause in text_of(message) and remedy in " ".join(text_of(message).split()) for message in told)
    assert not any("above" in text_of(message) for message in told)


def sealed(mail: EmailMessage, kind: str) -> bytes:
    """Compose a reply whose text is in a part of this type alone."""
    head = answer(mail, "").partition(b"Content-Type:")[0]
    return head + f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n".encode()


def signed(mail: EmailMessage, text: str) -> bytes:
    """Compose a reply with an S/MIME signature in clear text (RFC 8551, 3.5.3)."""
    head, name, content = answer(mail, text).partition(b"Content-Type:")
    return (
        head + b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary="signed"\r\n\r\n'
        b"--signed\r\n" + name + content + b"\r\n--signed\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--signed--\r\n"
    )


ALIAS = "jane.doe@alias.test"


def test_an_alias_has_the_user_told_once_a_day(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    for number in range(3):
        roundtrip.receive(answer(mail, f"Number {number}.", f"Jane Doe <{ALIAS}>"))
    roundtrip.receive(answer(mail, "I am away.", ALIAS, X_Apple_Action="VACATION"))
    with roundtrip.syncing():
        roundtrip.wait_handled(4)
        roundtrip.receive(answer(mail, "After the first pass.", "mallory@evil.test"))
        roundtrip.receive(answer(mail, ""))
        roundtrip.wait_handled(6)
        # The explanation of Jane's own empty reply is the last mail.
        roundtrip.sink.wait_for(1, such=lambda message: message["Subject"].startswith("Your reply was not posted"))
        roundtrip.sink.wait_for(1, such=lambda message: message["Subject"].startswith("A reply from"))
    assert roundtrip.keywords() == [REJECTED] * 3 + [IGNORED] + [REJECTED] * 2
    outcomes = roundtrip.state()["outcomes"]
    assert (outcomes["rejected"], outcomes["ignored"]) == ({"other_address": 4, "empty": 1}, {"auto_reply": 1})
    assert len(roundtrip.posts(conversation)) == 1
    told = [message for message in roundtrip.sink.messages if message["Subject"].startswith("A reply from")]
    assert [message["To"].addresses[0].addr_spec for message in told] == ["jane@corp.test"]
    assert told[0]["Subject"] == f"A reply from {ALIAS} was not posted"
    for text in (text_of(told[0]), text_of(told[0], "html")):
        assert ALIAS in text
        assert "does not know that address as yours" in " ".join(text.split())
        assert f"/conversations/{conversation}" in text
    assert {address.addr_spec for message in roundtrip.sink.messages for address in message["To"].addresses} == {"jane@corp.test"}
    metrics = roundtrip.service.call("GET", "/metrics", role=None).text
    assert 'catalog_mail_reply_outcomes_total{outcome="rejected",reason="other_address"} 4' in metrics


def test_a_former_address_is_told_of_its_own_answer(roundtrip: RoundTrip) -> None:
    """The mail went to the former address: there the user learns that the catalog knows another one by now."""
    conversation, mail = roundtrip.mention()
    change_user(roundtrip.service, "jane", email="jane.new@corp.test")
    roundtrip.receive(answer(mail, "From my old address."))
    with roundtrip.syncing():
        (told,) = roundtrip.sink.wait_for(1, such=lambda message: "not posted" in message["Subject"])
    assert told["To"].addresses[0].addr_spec == "jane@corp.test"
    assert "jane.new" not in told.as_string()
    assert roundtrip.state()["outcomes"]["rejected"] == {"other_address": 1}
    assert len(roundtrip.posts(conversation)) == 1
    roundtrip.receive(answer(mail, "From my new address.", "jane.new@corp.test"))
    with roundtrip.syncing():
        assert [post["text"] for post in roundtrip.replies(conversation)] == ["From my new address."]


def change_user(service: RunningService, name: str, **change: Any) -> None:
    """Change a user of the catalog."""
    users = service.call("GET", "/users", role="catalog").json()["users"]
    (user,) = (user for user in users if user["name"] == name)
    body = {key: user[key] for key in ("name", "display_name", "email")} | change
    assert service.call("PUT", f"/users/{user['id']}", body, role="catalog").status_code == 200


def test_the_author_of_an_encrypted_reply_is_told(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "-----BEGIN PGP MESSAGE-----\n\nhQEMA1q2w3e4r5t6\n=aB3d\n-----END PGP MESSAGE-----"))
    with roundtrip.syncing():
        roundtrip.wait_handled(1)
        (told,) = roundtrip.sink.wait_for(1, such=lambda message: "not posted" in message["Subject"])
    assert roundtrip.state()["outcomes"]["rejected"] == {"encrypted": 1}
    assert "encrypted, so the catalog cannot read it" in " ".join(text_of(told).split())
    assert len(roundtrip.posts(conversation)) == 1


def test_replies_of_users_who_left_are_not_posted(roundtrip: RoundTrip) -> None:
    _conversation, mail = roundtrip.mention()
    change_user(roundtrip.service, "jane", active=False)
    roundtrip.receive(answer(mail, "Still here."))
    with roundtrip.syncing():
        roundtrip.wait_handled(1)
    assert roundtrip.state()["outcomes"]["rejected"] == {"inactive_user": 1}


def test_explanations_to_one_address_are_limited(roundtrip: RoundTrip) -> None:
    _conversation, mail = roundtrip.mention()
    for _number in range(8):
        roundtrip.receive(answer(mail, ""))
    with roundtrip.syncing():
        roundtrip.wait_handled(8)
        roundtrip.sink.wait_for(6)
    assert roundtrip.state()["outcomes"]["rejected"] == {"empty": 8}
    assert len([message for message in roundtrip.sink.messages if "not posted" in message["Subject"]]) == 5


def test_required_authentication_results_are_checked(make_roundtrip: Callable[..., RoundTrip]) -> None:
    roundtrip = make_roundtrip(authserv_id="mx.corp.test")
    conversation, mail = roundtrip.mention()
    passed = b"Authentication-Results: mx.corp.test; dmarc=pass header.from=corp.test\r\n"
    failed = b"Authentication-Results: mx.corp.test; dmarc=fail header.from=corp.test\r\n"
    roundtrip.receive(failed + passed + answer(mail, "Forged."))
    roundtrip.receive(answer(mail, "Without a verdict."))
    roundtrip.receive(passed + answer(mail, "Genuine."))
    with roundtrip.syncing():
        assert [post["text"] for post in roundtrip.replies(conversation)] == ["Genuine."]
        roundtrip.wait_handled(3)
    assert roundtrip.state()["outcomes"]["rejected"] == {"sender_not_verified": 2}


def test_only_unread_mail_is_read_and_the_rest_reported(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "Before."))
    roundtrip.dovecot.set_flags(roundtrip.user, "1:*", "\\Seen")
    with roundtrip.syncing():
        wait_until(lambda: any(worker["last_good_poll"] for worker in roundtrip.state()["workers"]), "no poll")
        assert roundtrip.state()["problems"] == [], "mail read before the first poll is not reported"
        roundtrip.dovecot.deliver(roundtrip.user, answer(mail, "Taken."), flags=["\\Seen"])
        roundtrip.receive(answer(mail, "Ours."))
        roundtrip.replies(conversation)
        wait_until(lambda: roundtrip.state()["problems"] != [], "no problem was reported")
        (problem,) = roundtrip.state()["problems"]
    assert "1 messages of the mailbox were marked as read by something else" in problem
    assert [post["text"] for post in roundtrip.posts(conversation)[1:]] == ["Ours."]


def test_changed_settings_apply_without_a_restart(make_roundtrip: Callable[..., RoundTrip], dovecot: Dovecot) -> None:
    roundtrip = make_roundtrip(enabled=False)
    with roundtrip.syncing():
        wait_until(lambda: [worker["state"] for worker in roundtrip.state()["workers"]] == ["disabled"], "replies are not off")
        assert roundtrip.state()["enabled"] is False
        roundtrip.save(enabled=True)
        conversation, mail = roundtrip.mention()
        roundtrip.receive(answer(mail, "Now."))
        roundtrip.replies(conversation)
        roundtrip.user = dovecot.add_user()
        roundtrip.save()
        roundtrip.receive(answer(mail, "Elsewhere."))
        assert [post["text"] for post in roundtrip.replies(conversation, 2)] == ["Now.", "Elsewhere."]


def test_an_unreachable_server_is_awaited(
    make_roundtrip: Callable[..., RoundTrip], make_dovecot: Callable[..., Dovecot]
) -> None:
    server = make_dovecot()
    roundtrip = make_roundtrip(server)
    conversation, mail = roundtrip.mention()
    with roundtrip.syncing():
        wait_until(lambda: any(worker["last_good_poll"] for worker in roundtrip.state()["workers"]), "no poll")
        server.stop()
        wait_until(lambda: roundtrip.state()["problems"] != [], "no error was reported")
        assert roundtrip.state()["workers"][0]["error"]["field"] == "interactions.imap.host"
        server.start()
        roundtrip.receive(answer(mail, "After all."))
        roundtrip.replies(conversation)
        wait_until(lambda: roundtrip.state()["problems"] == [], "the worker does not recover")


def test_a_server_without_keywords_is_enough(make_roundtrip: Callable[..., RoundTrip]) -> None:
    roundtrip = make_roundtrip(rights=NO_KEYWORDS)
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "Seen alone."))
    with roundtrip.syncing():
        roundtrip.replies(conversation)
        roundtrip.wait_handled(1)
        wait_until(lambda: roundtrip.state()["workers"][0]["backlog"] == 0, "it waits still")
        assert roundtrip.state()["problems"] == [], "the service's own marks are not reported"
    assert roundtrip.keywords() == [{"Seen"}]


def test_a_server_without_idle_is_polled(
    make_roundtrip: Callable[..., RoundTrip], make_dovecot: Callable[..., Dovecot]
) -> None:
    roundtrip = make_roundtrip(make_dovecot(without=["IDLE"]), sync_interval=10)
    conversation, mail = roundtrip.mention()
    with roundtrip.syncing():
        wait_until(lambda: any(worker["last_good_poll"] for worker in roundtrip.state()["workers"]), "no poll")
        roundtrip.receive(answer(mail, "Polled."))
        assert [post["text"] for post in roundtrip.replies(conversation)] == ["Polled."]


def test_auto_detects_working_sub_addresses(make_roundtrip: Callable[..., RoundTrip]) -> None:
    roundtrip = make_roundtrip(intent_tracking="auto")
    _conversation, mail = roundtrip.mention()
    assert mail["Reply-To"] == REPLIES, "before the probe has a result"
    with roundtrip.syncing():
        (probe,) = roundtrip.sink.wait_for(1, such=lambda message: str(message["To"]).startswith("replies+"))
        assert roundtrip.state()["intent_tracking"] == {"configured": "auto", "in_use": "message_id", "probe": "pending"}
        roundtrip.receive(probe.as_bytes())
        roundtrip.wait_handled(1)
        assert roundtrip.state()["intent_tracking"] == {"configured": "auto", "in_use": "subaddress", "probe": "subaddress"}
    assert roundtrip.keywords() == [IGNORED]


def test_auto_uses_message_ids_when_sub_addresses_fail(make_roundtrip: Callable[..., RoundTrip]) -> None:
    roundtrip = make_roundtrip(enabled=False, intent_tracking="auto")
    roundtrip.sink.answer = lambda envelope: "550 5.1.1 no such user" if "+" in envelope.rcpt_tos[0] else "250 Ok"
    roundtrip.save(intent_tracking="auto")
    with roundtrip.syncing():
        wait_until(lambda: roundtrip.state()["intent_tracking"]["probe"] == "message_id", "the method is not decided")
    assert roundtrip.state()["intent_tracking"]["in_use"] == "message_id"


def test_auto_tests_again_after_a_failure_that_passes(make_roundtrip: Callable[..., RoundTrip]) -> None:
    """A mail server that takes nothing for the moment says nothing about sub-addresses."""
    roundtrip = make_roundtrip(enabled=False, intent_tracking="auto", sync_interval=10)
    refusals = iter(["451 4.3.0 queue file write error", "421 4.3.2 restarting"])
    roundtrip.sink.answer = lambda envelope: next(refusals, "250 Ok") if "+" in envelope.rcpt_tos[0] else "250 Ok"
    roundtrip.save(intent_tracking="auto", sync_interval=10)
    with roundtrip.syncing():
        (probe,) = roundtrip.sink.wait_for(1, such=lambda message: str(message["To"]).startswith("replies+"))
        roundtrip.receive(probe.as_bytes())
        roundtrip.wait_handled(1)
        assert roundtrip.state()["intent_tracking"]["probe"] == "subaddress"


def test_auto_tests_again_with_the_settings_that_mend_a_failure(make_roundtrip: Callable[..., RoundTrip]) -> None:
    """A sender that may not send says nothing about sub-addresses either; saved settings are tested at once."""
    roundtrip = make_roundtrip(enabled=False, intent_tracking="auto")
    refusal = "550 5.7.1 Sender address rejected: not owned by user"
    roundtrip.sink.answer = lambda envelope: refusal if envelope.mail_from == "noreply@corp.test" else "250 Ok"
    roundtrip.save(intent_tracking="auto")
    with roundtrip.syncing():
        wait_until(lambda: "the test of sub-addresses could not be sent" in roundtrip.service.log.read_text(), "no refusal")
        assert roundtrip.state()["intent_tracking"]["probe"] != "message_id"
        sending = through(roundtrip.sink.port, **{"from": {"address": "catalog@corp.test", "display_name": "Data Catalog"}})
        receiving = interactions(imap_mailbox(roundtrip.dovecot, roundtrip.user), intent_tracking="auto")
        saved = roundtrip.service.save({**sending, "interactions": receiving})
        assert saved.status_code == 200, saved.text
        roundtrip.sink.wait_for(1, such=lambda message: str(message["To"]).startswith("replies+"))


def test_two_processes_at_once_post_once(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    with roundtrip.syncing(), roundtrip.syncing():
        wait_until(lambda: len(roundtrip.state()["workers"]) == 2, "one process does not report")
        for number in range(20):
            roundtrip.receive(answer(mail, f"Number {number}."))
        roundtrip.wait_handled(20)
        texts = [post["text"] for post in roundtrip.replies(conversation, 20)]
    assert sorted(texts) == sorted(f"Number {number}." for number in range(20))


def test_a_stop_leaves_no_process_or_connection(roundtrip: RoundTrip) -> None:
    with roundtrip.syncing():
        wait_until(lambda: any(worker["last_good_poll"] for worker in roundtrip.state()["workers"]), "no poll")
        health = roundtrip.service.call("GET", "/health", role=None).json()
        assert 0 <= health["last_good_poll_age_seconds"] < 30
        metrics = roundtrip.service.call("GET", "/metrics", role=None).text
        for name in ("last_good_poll_age_seconds", "oldest_unread_seconds", "backlog", "taken_by_others", "enabled"):
            assert f"catalog_mail_reply_{name} " in metrics
    assert roundtrip.state()["workers"] == []
    assert any("No process" in problem for problem in roundtrip.state()["problems"])
