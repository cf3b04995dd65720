"""Replies by e-mail, from a real mailbox into their conversations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from helpers.service.catalog_users import act, add_user, text_of, to
from helpers.service.dovecot import NO_KEYWORDS, Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import REPLIES, Circle, answer, wait_until
from helpers.service.smtp_sink import MailSink

POSTED, IGNORED, REJECTED = ({"Seen", f"$Catalog{word}"} for word in ("Posted", "Ignored", "Rejected"))


@pytest.fixture
def make_circle(
    make_service: Callable[..., RunningService], sink: MailSink, dovecot: Dovecot
) -> Callable[..., Circle]:
    def make(server: Dovecot = dovecot, rights: str | None = None, **change: Any) -> Circle:
        user = server.add_user(**({"rights": rights} if rights else {}))
        circle = Circle(make_service(), sink, server, user)
        circle.set_up(**change)
        return circle

    return make


@pytest.fixture
def circle(make_circle: Callable[..., Circle]) -> Circle:
    """A service that receives replies, by Message-ID."""
    return make_circle()


def test_a_reply_stands_in_its_conversation_under_the_name_of_who_wrote_it(circle: Circle) -> None:
    conversation, mail = circle.mention()
    assert mail["Reply-To"] == REPLIES
    assert text_of(mail).startswith("Please type your reply above this line\n")
    assert "Please type your reply above this line" in text_of(mail, "html")
    circle.receive(answer(mail, "It has last year's orders.\n\nAsk @joe for this year's."))
    with circle.syncing():
        (post,) = circle.replies(conversation)
        circle.wait_handled(1)
    assert (post["author"], post["text"]) == ("jane", "It has last year's orders.\n\nAsk @joe for this year's.")
    assert post["mentions"] == ["joe"]
    assert circle.keywords() == [POSTED]
    circle.sink.wait_for(2)
    (told,) = to(circle.sink.messages, "joe")
    assert "Jane Doe mentioned you" in told["Subject"], "whom a reply mentions gets a mail, which can be answered again"


def test_by_sub_address_nothing_but_the_address_is_needed(make_circle: Callable[..., Circle]) -> None:
    circle = make_circle(intent_tracking="subaddress")
    conversation, mail = circle.mention()
    assert mail["Reply-To"].startswith("replies+")
    circle.receive(answer(mail, "By its address.", In_Reply_To=None, References=None))
    with circle.syncing():
        assert [post["text"] for post in circle.replies(conversation)] == ["By its address."]


def test_an_intent_can_be_used_more_than_once(circle: Circle) -> None:
    conversation, mail = circle.mention()
    for text in ("First.", "Second.", "Second."):
        circle.receive(answer(mail, text))
    with circle.syncing():
        assert [post["text"] for post in circle.replies(conversation, 3)] == ["First.", "Second.", "Second."]


def test_a_copy_of_a_reply_is_posted_once(circle: Circle) -> None:
    conversation, mail = circle.mention()
    reply = answer(mail, "Once.")
    circle.receive(reply)
    with circle.syncing():
        circle.replies(conversation)
        circle.receive(b"Received: from elsewhere\r\n" + reply)
        circle.wait_handled(2)
    assert circle.keywords() == [POSTED, POSTED]
    assert len(circle.posts(conversation)) == 2
    assert circle.state()["outcomes"]["posted"] == 1


def test_mailbox_with_new_identifiers_posts_nothing_twice(circle: Circle) -> None:
    conversation, mail = circle.mention()
    circle.receive(answer(mail, "Once."))
    with circle.syncing():
        circle.replies(conversation)
        circle.wait_handled(1)
    circle.dovecot.set_flags(circle.user, "1:*", "\\Seen $CatalogPosted", how="-FLAGS.SILENT")
    circle.dovecot.reset_uidvalidity(circle.user)
    with circle.syncing():
        circle.wait_handled(1)
    assert len(circle.posts(conversation)) == 2


def test_what_is_not_posted_has_its_reason(circle: Circle) -> None:  # one mailbox for all: starting takes longer
    service = circle.service
    conversation, mail = circle.mention()
    intent = mail["Message-ID"][1:33]
    altered = f"<{intent[:-1]}{'a' if intent[-1] != 'a' else 'b'}@corp.test>"
    add_user(service, "anna")
    assert act(service, "joe", "PUT", f"/conversations/{conversation}/assignee", {"assignee": "jane"}).status_code == 200
    wait_until(lambda: len(to(circle.sink.messages, "jane")) == 2, "the assignment's mail did not come")
    assignment = to(circle.sink.messages, "jane")[1]
    assert assignment["Reply-To"] == REPLIES
    assert "above this line" not in text_of(assignment)
    messages = [
        (IGNORED, "auto_reply", answer(mail, "I am away.", Auto_Submitted="auto-replied")),
        (IGNORED, "own_mail", answer(mail, "x", "noreply@corp.test")),
        (REJECTED, "unknown_sender", answer(mail, "x", "mallory@evil.test")),
        (REJECTED, "wrong_sender", answer(mail, "It was forwarded to me.", "Joe <joe@corp.test>")),
        (REJECTED, "no_intent", answer(mail, "x", In_Reply_To=None, References=None)),
        (REJECTED, "forged_intent", answer(mail, "x", In_Reply_To=altered, References=None)),
        (REJECTED, "not_answerable", answer(assignment, "I will.")),
        (REJECTED, "empty", answer(mail, "")),
        (REJECTED, "malformed", answer(mail, "x", "jane@corp.test, joe@corp.test")),
    ]
    for _end, _reason, content in messages:
        circle.receive(content)
    with circle.syncing():
        circle.wait_handled(len(messages))
        # Joe is told of one, Jane of the others; nobody of what a machine or a stranger wrote.
        circle.sink.wait_for(4, such=lambda message: "not posted" in message["Subject"])
    assert circle.keywords() == [end for end, _reason, _content in messages]
    outcomes = circle.state()["outcomes"]
    assert outcomes["ignored"] == {reason: 1 for end, reason, _content in messages if end == IGNORED}
    assert outcomes["rejected"] == {reason: 1 for end, reason, _content in messages if end == REJECTED}
    assert len(circle.posts(conversation)) == 1
    told = [message for message in circle.sink.messages if "not posted" in message["Subject"]]
    assert {message["Auto-Submitted"] for message in told} == {"auto-replied"}
    assert {message["To"].addresses[0].addr_spec for message in told} == {"jane@corp.test", "joe@corp.test"}
    assert [message["In-Reply-To"] is not None for message in told] == [True] * len(told)
    (to_joe,) = to(told, "joe")
    assert conversation not in text_of(to_joe), "he is not told where he was not asked"
    assert sum(f"/conversations/{conversation}" in text_of(message) for message in to(told, "jane")) >= 2


def test_somebody_who_left_posts_nothing(circle: Circle) -> None:
    _conversation, mail = circle.mention()
    users = circle.service.call("GET", "/users", role="catalog").json()["users"]
    (jane,) = (user for user in users if user["name"] == "jane")
    change = {key: jane[key] for key in ("name", "display_name", "email")} | {"active": False}
    assert circle.service.call("PUT", f"/users/{jane['id']}", change, role="catalog").status_code == 200
    circle.receive(answer(mail, "Still here."))
    with circle.syncing():
        circle.wait_handled(1)
    assert circle.state()["outcomes"]["rejected"] == {"inactive_user": 1}


def test_one_address_is_not_told_again_and_again(circle: Circle) -> None:
    _conversation, mail = circle.mention()
    for _number in range(8):
        circle.receive(answer(mail, ""))
    with circle.syncing():
        circle.wait_handled(8)
        circle.sink.wait_for(6)
    assert circle.state()["outcomes"]["rejected"] == {"empty": 8}
    assert len([message for message in circle.sink.messages if "not posted" in message["Subject"]]) == 5


def test_the_senders_server_has_to_vouch_where_that_is_set(make_circle: Callable[..., Circle]) -> None:
    circle = make_circle(authserv_id="mx.corp.test")
    conversation, mail = circle.mention()
    passed = b"Authentication-Results: mx.corp.test; dmarc=pass header.from=corp.test\r\n"
    failed = b"Authentication-Results: mx.corp.test; dmarc=fail header.from=corp.test\r\n"
    circle.receive(failed + passed + answer(mail, "Forged."))
    circle.receive(answer(mail, "Without a verdict."))
    circle.receive(passed + answer(mail, "Genuine."))
    with circle.syncing():
        assert [post["text"] for post in circle.replies(conversation)] == ["Genuine."]
        circle.wait_handled(3)
    assert circle.state()["outcomes"]["rejected"] == {"sender_not_verified": 2}


def test_only_unread_mail_is_taken_and_what_others_have_read_is_named(circle: Circle) -> None:
    conversation, mail = circle.mention()
    circle.receive(answer(mail, "Before."))
    circle.dovecot.set_flags(circle.user, "1:*", "\\Seen")
    with circle.syncing():
        wait_until(lambda: any(worker["last_good_poll"] for worker in circle.state()["workers"]), "no poll")
        assert circle.state()["problems"] == [], "what was read before we came is nobody's fault"
        circle.dovecot.deliver(circle.user, answer(mail, "Taken."), flags=["\\Seen"])
        circle.receive(answer(mail, "Ours."))
        circle.replies(conversation)
        wait_until(lambda: circle.state()["problems"] != [], "nothing was noticed")
        (problem,) = circle.state()["problems"]
    assert "1 messages of the mailbox were marked as read by something else" in problem
    assert [post["text"] for post in circle.posts(conversation)[1:]] == ["Ours."]


def test_settings_are_followed_without_a_restart(make_circle: Callable[..., Circle], dovecot: Dovecot) -> None:
    circle = make_circle(enabled=False)
    with circle.syncing():
        wait_until(lambda: [worker["state"] for worker in circle.state()["workers"]] == ["disabled"], "it is not off")
        assert circle.state()["enabled"] is False
        circle.save(enabled=True)
        conversation, mail = circle.mention()
        circle.receive(answer(mail, "Now."))
        circle.replies(conversation)
        circle.user = dovecot.add_user()
        circle.save()
        circle.receive(answer(mail, "Elsewhere."))
        assert [post["text"] for post in circle.replies(conversation, 2)] == ["Now.", "Elsewhere."]


def test_a_server_that_goes_away_is_waited_for(make_circle: Callable[..., Circle], make_dovecot: Callable[..., Dovecot]) -> None:
    server = make_dovecot()
    circle = make_circle(server)
    conversation, mail = circle.mention()
    with circle.syncing():
        wait_until(lambda: any(worker["last_good_poll"] for worker in circle.state()["workers"]), "no poll")
        server.stop()
        wait_until(lambda: circle.state()["problems"] != [], "nobody has noticed")
        assert circle.state()["workers"][0]["error"]["field"] == "interactions.imap.host"
        server.start()
        circle.receive(answer(mail, "After all."))
        circle.replies(conversation)
        wait_until(lambda: circle.state()["problems"] == [], "it does not recover")


def test_a_server_that_keeps_no_keywords_is_enough(make_circle: Callable[..., Circle]) -> None:
    circle = make_circle(rights=NO_KEYWORDS)
    conversation, mail = circle.mention()
    circle.receive(answer(mail, "Seen alone."))
    with circle.syncing():
        circle.replies(conversation)
        circle.wait_handled(1)
        wait_until(lambda: circle.state()["workers"][0]["backlog"] == 0, "it waits still")
        assert circle.state()["problems"] == [], "our own marks are nobody else's"
    assert circle.keywords() == [{"Seen"}]


def test_a_server_that_does_not_push_is_polled(
    make_circle: Callable[..., Circle], make_dovecot: Callable[..., Dovecot]
) -> None:
    circle = make_circle(make_dovecot(without=["IDLE"]), sync_interval=10)
    conversation, mail = circle.mention()
    with circle.syncing():
        wait_until(lambda: any(worker["last_good_poll"] for worker in circle.state()["workers"]), "no poll")
        circle.receive(answer(mail, "Polled."))
        assert [post["text"] for post in circle.replies(conversation, seconds=25)] == ["Polled."]


def test_auto_finds_out_whether_sub_addresses_take_mail(make_circle: Callable[..., Circle]) -> None:
    circle = make_circle(intent_tracking="auto")
    _conversation, mail = circle.mention()
    assert mail["Reply-To"] == REPLIES, "as long as nobody knows"
    with circle.syncing():
        (probe,) = circle.sink.wait_for(1, such=lambda message: str(message["To"]).startswith("replies+"))
        assert circle.state()["intent_tracking"] == {"configured": "auto", "in_use": "message_id", "probe": "pending"}
        circle.receive(probe.as_bytes())
        circle.wait_handled(1)
        assert circle.state()["intent_tracking"] == {"configured": "auto", "in_use": "subaddress", "probe": "subaddress"}
    assert circle.keywords() == [IGNORED]


def test_auto_takes_message_ids_where_the_address_is_refused(make_circle: Callable[..., Circle]) -> None:
    circle = make_circle(enabled=False, intent_tracking="auto")
    circle.sink.answer = lambda envelope: "550 5.1.1 no such user" if "+" in envelope.rcpt_tos[0] else "250 Ok"
    circle.save(intent_tracking="auto")
    with circle.syncing():
        wait_until(lambda: circle.state()["intent_tracking"]["probe"] == "message_id", "it is not decided")
    assert circle.state()["intent_tracking"]["in_use"] == "message_id"


def test_two_processes_at_once_post_once(circle: Circle) -> None:
    conversation, mail = circle.mention()
    with circle.syncing(), circle.syncing():
        wait_until(lambda: len(circle.state()["workers"]) == 2, "they do not both report")
        for number in range(20):
            circle.receive(answer(mail, f"Number {number}."))
        circle.wait_handled(20)
        texts = [post["text"] for post in circle.replies(conversation, 20)]
    assert sorted(texts) == sorted(f"Number {number}." for number in range(20))


def test_it_stops_when_asked_and_leaves_nothing_behind(circle: Circle) -> None:
    with circle.syncing():
        wait_until(lambda: any(worker["last_good_poll"] for worker in circle.state()["workers"]), "no poll")
        health = circle.service.call("GET", "/health", role=None).json()
        assert 0 <= health["last_good_poll_age_seconds"] < 30
        metrics = circle.service.call("GET", "/metrics", role=None).text
        for name in ("last_good_poll_age_seconds", "oldest_unread_seconds", "backlog", "taken_by_others", "enabled"):
            assert f"catalog_mail_reply_{name} " in metrics
    assert circle.state()["workers"] == []
    assert any("No process" in problem for problem in circle.state()["problems"])
