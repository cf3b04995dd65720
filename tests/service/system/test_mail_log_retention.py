# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the log keeps mail: `mail_log_days`, and as long as an answer or a repeated request may come."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import timedelta

from catalog_mail.adapters.database.mail_log import DatabaseMailLog
from catalog_mail.adapters.database.message_log import DatabaseMessageLog
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.domain.errors import NotFound
from catalog_mail.domain.notifications.mail_log import Retention, Selection
from catalog_mail.domain.notifications.notification import Kind, Notification, State
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.message_head import MessageHead
from catalog_mail.ports.message_log import MessageFilter
from catalog_mail.ports.pages import PageRequest
from catalog_mail.ports.replies import Handled
from helpers.service.catalog_users import notify, settled
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService, free_port, through
from helpers.service.queue_node import QueueNode, wait_for_state
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until
from sqlalchemy import Engine

RETENTION = Retention.of_days(10, 90)


def known(node: QueueNode, notification: Notification) -> bool:
    try:
        node.notifications.notification(notification.id)
    except NotFound:
        assert node.notifications.deliveries(notification.id) == []
        return False
    return True


def kept(node: QueueNode, days: int, accepted: Sequence[Notification]) -> list[bool]:
    """Return which notifications the log holds after this many days."""
    now = node.clock.now() - node.clock.ahead + timedelta(days=days)
    while node.deliveries.remove_old(RETENTION, now, limit=1):
        pass
    return [known(node, notification) for notification in accepted]


def test_each_sort_stays_for_its_time(make_node: Callable[..., QueueNode], sink: MailSink) -> None:
    with make_node().running() as node:
        plain, keyed = node.accept("a@corp.test", "b@corp.test"), node.accept("c@corp.test", key="again")
        mention, assignment = (node.accept("d@corp.test", kind=kind) for kind in (Kind.MENTION, Kind.ASSIGNMENT))
        accepted = (plain, keyed, mention, assignment)
        for notification in accepted:
            wait_for_state(node, notification, State.SENT)
        assert kept(node, 9, accepted) == [True, True, True, True]
        assert kept(node, 11, accepted) == [False, True, True, True]
        assert kept(node, 31, accepted) == [False, False, True, True]
        # An answer that arrived on day 90 may be read later, after an outage.
        assert kept(node, 119, accepted) == [False, False, True, True]
        assert kept(node, 121, accepted) == [False, False, False, False]
        assert node.notifications.counts() == {}


def test_what_is_open_or_has_just_ended_stays(make_node: Callable[..., QueueNode], engine: Engine) -> None:
    node = make_node()
    waiting, cancelled = node.accept("a@corp.test"), node.accept("b@corp.test")
    mention = node.accept("c@corp.test", kind=Kind.MENTION)
    log = DatabaseMailLog(engine)
    for notification, days in ((cancelled, 20), (mention, 115)):
        (found,) = node.notifications.deliveries(notification.id)
        assert log.cancel([found.id], node.clock.now() + timedelta(days=days)) == 1
    assert kept(node, 25, [waiting, cancelled]) == [True, True]
    assert kept(node, 31, [waiting, cancelled]) == [True, False]
    assert kept(node, 121, [waiting, mention]) == [True, False], "a mail leaves the log before the key of its answer"
    assert kept(node, 1000, [waiting]) == [True]


def test_the_queue_removes_old_mail_by_itself(make_node: Callable[..., QueueNode]) -> None:
    with make_node(retention=RETENTION).running() as node:
        old = node.accept("a@corp.test")
        wait_for_state(node, old, State.SENT)
        node.clock.ahead = timedelta(days=11)
        recent = node.accept("b@corp.test")
        wait_until(lambda: not known(node, old), "the old mail is kept")
        assert known(node, recent)


def test_a_text_stays_while_a_mail_is_retried(make_node: Callable[..., QueueNode], sink: MailSink, engine: Engine) -> None:
    sink.answer = lambda _envelope: "550 5.1.1 Nobody of that name"
    log = DatabaseMailLog(engine)
    with make_node().running() as node:
        notification = node.accept("a@corp.test")
        (failed,) = wait_for_state(node, notification, State.FAILED)
        node.clock.ahead = timedelta(days=29)
        sink.answer = lambda _envelope: "451 4.3.0 Later"
        assert log.retry([failed.id], node.clock.now()) == 1
        wait_for_state(node, notification, State.RETRYING)
        assert not node.deliveries.forget_messages(ended_before=node.clock.now() + timedelta(days=1), limit=9)
        (found,) = node.notifications.deliveries(notification.id)
        assert found.message == failed.message is not None
        sink.answer = lambda _envelope: "250 2.0.0 Ok: taken"
        log.retry([failed.id], node.clock.now())
        wait_for_state(node, notification, State.SENT)
        assert not node.deliveries.forget_messages(ended_before=node.clock.now() - timedelta(days=1), limit=9)
        assert node.deliveries.forget_messages(ended_before=node.clock.now() + timedelta(days=1), limit=9) == 1


def aged(service: RunningService, days: int) -> None:
    """Let all that the service has stored be this many days old."""
    with sqlite3.connect(service.database) as database:
        for table, columns in (("notifications", ["created_at"]), ("deliveries", ["accepted_at", "sent_at", "ended_at"])):
            older = ", ".join(f"{name} = strftime('%Y-%m-%d %H:%M:%f000', {name}, '-{days} days')" for name in columns)
            database.execute(f"UPDATE {table} SET {older}")  # noqa: S608  # no input


def test_a_mail_is_answered_on_day_60(
    make_service: Callable[..., RunningService], sink: MailSink, dovecot: Dovecot
) -> None:
    service = make_service(queue={"mail_log_days": 30})
    roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
    roundtrip.set_up()
    conversation, mail = roundtrip.mention()
    plain = notify(service, "message", subject="Plain", text="Text.", recipients=[{"address": "x@corp.test"}])
    settled(service, plain)
    aged(service, 60)
    path = f"/notifications/{plain['id']}"
    wait_until(lambda: service.call("GET", path, role="viewer").status_code == 404, "the log is not bounded")
    (left,) = service.call("GET", "/deliveries", role="viewer").json()["items"]
    assert left["kind"] == "mention"
    roundtrip.receive(answer(mail, "After two months."))
    with roundtrip.syncing():
        assert [post["text"] for post in roundtrip.replies(conversation)] == ["After two months."]


def test_a_recipient_is_forgotten(make_node: Callable[..., QueueNode], engine: Engine) -> None:
    with make_node().running() as node:
        both, alone = node.accept("a@corp.test", "b@corp.test", subject="Both"), node.accept("A@corp.test", key="again")
        for notification in (both, alone):
            wait_for_state(node, notification, State.SENT)
        log, place = DatabaseMailLog(engine), Place("a mailbox", "1")
        rejected = Handled("1", Disposition.REJECTED, "empty", head=MessageHead("a@corp.test", "Re: Both"), detail="a@corp.test")
        DatabaseReplies(engine).record(place, [rejected], node.clock.now())
        done = log.forget("a@corp.test")
        assert (done.deliveries, done.replies, done.opt_outs_kept) == (2, 1, 0)
        assert "a@corp.test" not in str(DatabaseMessageLog(engine).page(PageRequest(), MessageFilter()).items)
        assert log.page(Selection(recipient="a@corp.test"), PageRequest()).items == []
        assert [delivery.recipient.address for delivery in node.notifications.deliveries(both.id)] == ["b@corp.test"]
        # The key still says that this request was accepted.
        emptied = node.notifications.notification(alone.id)
        assert (emptied.idempotency_key, dict(emptied.data)) == ("again", {})
        assert log.forget("b@corp.test").deliveries == 1
        assert not known(node, both)


def test_nobody_is_forgotten_while_mail_is_under_way(make_service: Callable[..., RunningService]) -> None:
    service = make_service(queue={"retry_first_seconds": 3600})
    assert service.save(through(free_port())).status_code == 200
    notify(service, "message", subject="Early", text="Text.", recipients=[{"address": "Jane@corp.test"}])
    wait_until(lambda: "retrying" in service.call("GET", "/deliveries").text, "the mail is not retried")
    refused = service.command("mail", "forget", "jane@corp.test")
    assert refused.returncode == 1
    assert "1 mails to this address are under way" in refused.stderr and "--cancel" in refused.stderr
    done = service.command("mail", "forget", "jane@corp.test", "--cancel")
    assert done.returncode == 0, done.stderr
    assert "removed: 1 mails" in done.stdout
    assert service.call("GET", "/deliveries", role="viewer").json()["items"] == []
    log = service.call("GET", "/audit")
    assert "forgotten" in log.text and "jane" not in log.text.lower()
