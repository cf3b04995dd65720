# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Call every method of the stores on a database that `large_database` has filled, as the service calls them."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

from catalog_mail.adapters.cipher import Cipher, new_key
from catalog_mail.adapters.clock import SystemClock
from catalog_mail.adapters.database import revision
from catalog_mail.adapters.database.audit import DatabaseAudit
from catalog_mail.adapters.database.bounces import DatabaseBounces
from catalog_mail.adapters.database.conditions import DatabaseConditions
from catalog_mail.adapters.database.conversations import DatabaseConversations
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.drift import DatabaseDrift
from catalog_mail.adapters.database.events import DatabaseEvents
from catalog_mail.adapters.database.foreign_intents import DatabaseForeignIntents
from catalog_mail.adapters.database.health import DatabaseProbe
from catalog_mail.adapters.database.leases import DatabaseLeases
from catalog_mail.adapters.database.lost_messages import DatabaseLostMessages
from catalog_mail.adapters.database.mail_log import DatabaseMailLog
from catalog_mail.adapters.database.message_log import DatabaseMessageLog
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.database.opt_outs import DatabaseOptOuts
from catalog_mail.adapters.database.problems import DatabaseProblems
from catalog_mail.adapters.database.recipients import DatabaseRecipients
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.adapters.database.reply_state import DatabaseReplyState
from catalog_mail.adapters.database.settings_store import DatabaseSettings
from catalog_mail.adapters.database.subscriptions import DatabaseSubscriptions
from catalog_mail.adapters.database.tokens import DatabaseTokens
from catalog_mail.adapters.database.users import DatabaseUsers
from catalog_mail.domain.catalog.conversation import Conversation, Post, thread_of
from catalog_mail.domain.catalog.people import Role, User
from catalog_mail.domain.drift import DriftChange, DriftReport
from catalog_mail.domain.errors import Conflict
from catalog_mail.domain.events import Event, EventKind
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications import outcome
from catalog_mail.domain.notifications.mail_log import Retention, Selection
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.notifications.pace import Pace
from catalog_mail.domain.replies.bounced import BounceReport
from catalog_mail.domain.replies.logged import LogOutcome, entry_id
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.reply import Origin, Reply
from catalog_mail.domain.trouble.plan import Episode
from catalog_mail.domain.trouble.problem import Problem
from catalog_mail.ports.audit import AuditEntry
from catalog_mail.ports.catalog import Contacts, Notice
from catalog_mail.ports.message_log import MessageFilter
from catalog_mail.ports.pages import PageRequest, Position
from catalog_mail.ports.problems import Change
from catalog_mail.ports.replies import Explanation, Handled, Noted, Written
from catalog_mail.ports.reply_workers import WorkerReport
from sqlalchemy import Engine

from helpers.service.large_database import NOW, OPEN, PLACE, USERS, Filled, handle, name

NODE = "node1"
FAILURE = Failure(Cause.TIMED_OUT, "It took too long.", "Wait.", temporary=True)
LATER = outcome.retrying(FAILURE, NOW, NOW + timedelta(minutes=1))


def call_all(engine: Engine, filled: Filled) -> None:
    """Call all methods; what they change is written."""
    of_replies = (replies, message_log, foreign_intents, reply_state)
    own = (drift, problems)
    for calls in (notifications, leases, deliveries, mail_log, health, conversations, *of_replies, people, settings, *own):
        calls(engine, filled)


def make_notice(kind: Kind = Kind.MESSAGE, key: str | None = None, address: str = "user@corp.test") -> Notice:
    """Return a notification with one accepted delivery."""
    notification = Notification(new_id(), kind, NOW, "test", {}, idempotency_key=key, fingerprint="f")
    return Notice(notification, [Delivery(new_id(), notification.id, Recipient(address), State.ACCEPTED)])


def notifications(engine: Engine, filled: Filled) -> None:
    store, middle = DatabaseNotifications(engine), filled.deliveries // 2 + 2
    notice = make_notice(key=new_id())
    assert store.add([notice]) == [(notice.notification, True)]
    assert store.add([notice]) == [(notice.notification, False)]
    assert store.notification(name("n", middle)).created_by == "catalog"
    assert len(store.deliveries(name("n", middle))) == 1
    assert store.delivery(name("d", middle)).state is State.SENT
    assert sum(store.counts().values()) == filled.deliveries + 1
    assert store.oldest_open() == filled.accepted_at(filled.deliveries - sum(OPEN.values()))


def leases(engine: Engine, _filled: Filled) -> None:
    store, batch = DatabaseLeases(engine), new_id()
    assert store.claim(batch, node=NODE, at=NOW, limit=40).deliveries == 40
    store.renew([batch], node=NODE, at=NOW)
    found = store.leases()
    assert store.end([lease for lease in found if lease.batch == batch]) == 40
    store.claim(batch, node="node2", at=NOW, limit=20)
    assert store.release(batch) == 20
    store.claim(batch, node="node2", at=NOW, limit=20)
    assert store.end_all("node2") == 20
    assert store.claim(batch, node=NODE, at=NOW, limit=2).deliveries == 2
    limited = DatabaseLeases(engine, Pace(1000))
    for _slot in ("the first one creates the row", "the second one changes it"):
        assert limited.claim(new_id(), node=NODE, at=NOW, limit=1).deliveries == 1


def foreign_intents(engine: Engine, _filled: Filled) -> None:
    store = DatabaseForeignIntents(engine)
    assert set(store.admit(PLACE, ["a", "b", "c"], NOW, 2)) == {"a", "b"}
    assert store.left(PLACE).count == 2
    assert store.retain(PLACE, ["a"]) == ["b"]


def deliveries(engine: Engine, filled: Filled) -> None:
    store, batch = DatabaseDeliveries(engine), filled.last_batch
    first, *_rest = [delivery for delivery, _notification in store.held(batch)]
    attempt = replace(first, attempts=first.attempts + 1, message=b"x", message_id="<x@x>")
    assert store.begin(batch, attempt)
    store.finish(attempt, LATER)
    store.finish(attempt, outcome.sent("250 Ok", NOW))
    assert not store.begin(batch, replace(attempt, attempts=7), (attempt, outcome.sent("250 Ok", NOW)))
    store.postpone(batch, LATER)
    assert store.retry_now(NOW) > 1000
    retention = Retention.of_days(30, 90)
    assert store.remove_old(retention, NOW, limit=20) == 20  # those with a key; all others can still be answered
    assert store.forget_messages(ended_before=filled.accepted_at(filled.first_with_message + 50), limit=20) == 20


def mail_log(engine: Engine, filled: Filled) -> None:
    store, user = DatabaseMailLog(engine), f"{name('user', 7)}@corp.test"
    start, end = filled.accepted_at(filled.deliveries // 10), filled.accepted_at(filled.deliveries - 100)
    selections = (
        (Selection(), 50), (Selection(State.SENT), 50), (Selection(State.FAILED), 40), (Selection(kind=Kind.MENTION), 50),
        (Selection(recipient=user), 2), (Selection(cause="timed-out"), 50), (Selection(State.SENT, Kind.MESSAGE), 50),
        (Selection(State.FAILED, Kind.MENTION, cause="recipient-refused"), 30), (Selection(State.SENT, recipient=user), 2),
    )  # fmt: skip
    for selection, limit in selections:
        page = store.page(selection, PageRequest(limit))
        assert page.following, selection
        assert store.page(selection, PageRequest(limit, page.following)).items
        assert store.page(selection, PageRequest(limit, page.following, start, end)).items
    assert store.entry(name("d", filled.deliveries // 2 + 1)).kind is Kind.MESSAGE
    assert DatabaseLostMessages(engine).failures(end) == []
    found = store.of_cause("switched_off", after=None, limit=20)
    last = found[-1]
    assert len(store.of_cause("switched_off", after=Position(last.accepted_at, last.delivery.id), limit=20)) == 20
    ids = [entry.delivery.id for entry in found]
    assert store.retry(ids, NOW) == 20
    assert store.cancel(ids, NOW) == 20
    recipient = "gone@corp.test"
    notices = [make_notice(Kind.MESSAGE, key, recipient) for key in (None, new_id())]
    DatabaseNotifications(engine).add(notices)
    assert len(store.under_way(recipient)) == 2
    store.cancel([notice.deliveries[0].id for notice in notices], NOW)
    assert store.forget(recipient).deliveries == 2


def health(engine: Engine, filled: Filled) -> None:
    probe = DatabaseProbe(engine)
    probe.try_to_store(NOW)
    assert probe.open_deliveries().retrying > 1000
    bounces = DatabaseBounces(engine)
    number = filled.deliveries // 2 // 100 * 100 + 10
    assert bounces.bounced(BounceReport(handle(number), None, "5.1.1"), NOW) == name("d", number)
    assert DatabaseLostMessages(engine).failures(NOW - timedelta(days=1)) == []
    assert bounces.bounced(BounceReport(None, f"<{'a' * 26}@corp.test>", "5.1.1"), NOW) is None
    assert probe.bouncing(filled.accepted_at(number) - timedelta(days=1)) == [name("user", number % USERS) + "@corp.test"]
    assert revision.current(engine) == revision.WANTED
    with engine.connect() as connection:
        revision.check_copied(connection)


def conversations(engine: Engine, filled: Filled) -> None:
    store, user = DatabaseConversations(engine), name("u", 1)
    made = Conversation(new_id(), "A title", user, NOW)
    post = Post(new_id(), made.id, user, "A text", NOW, idempotency_key=new_id())
    store.add_conversation(made, post, [make_notice()])
    assert store.conversation(made.id) == made
    assert store.conversations_by_id([made.id, name("c", 0)]).keys() == {made.id, name("c", 0)}
    assert len(store.conversations(limit=50)) == 50
    assert len(store.conversations(limit=50, before=name("c", filled.conversations // 2))) == 50
    assert store.assign(made.id, user, [make_notice()])
    assert store.add_post(replace(post, id=new_id()), []) == (post, False)
    with contextlib.suppress(Conflict):
        store.add_post(replace(post, id=new_id(), text="Another text"), [])
    assert len(store.posts(name("c", 0), limit=50)) == 50
    assert len(store.posts(name("c", 0), limit=50, before=name("p", filled.replies // 2 // 2 * 2))) == 50


def make_reply(place: Place, key: str) -> Reply:
    return Reply(
        key=new_id(), delivery_id=name("d", 0), notification_id=name("n", 0), conversation_id=name("c", 0),
        thread=thread_of(name("c", 0)), address="user@corp.test", user_id=name("u", 1), text="A text", message_id="<1@x>",
        origin=Origin(place, key),
    )  # fmt: skip


def replies(engine: Engine, filled: Filled) -> None:
    store = DatabaseReplies(engine)
    keys = [str(place) for place in range(filled.replies - 100, filled.replies + 100)]
    assert len(store.handled(PLACE, keys)) == 100
    assert len(store.answered(handle(place) for place in range(0, filled.deliveries // 2, filled.deliveries // 20))) == 10
    assert len(store.posted([name("r", place) for place in range(100)])) == 100
    written = [Written(make_reply(PLACE, key), Post(new_id(), name("c", 0), name("u", 1), "A text", NOW)) for key in keys[100:]]
    assert not any(posted.already for posted in store.add(written, NOW))
    explanation = Explanation(new_id(), "user@corp.test", make_notice(Kind.REPLY_REJECTED))
    for reason in ("bounce", "another"):
        rejected = [Handled("another", Disposition.REJECTED, reason, explanation), Handled("7", Disposition.REJECTED, "empty")]
        store.record(PLACE, rejected, NOW)
    assert [store.failed(PLACE, "x"), store.failed(PLACE, "x")] == [1, 2]
    store.decided(PLACE, "x")
    assert store.explained(["user@corp.test", name("user", 5) + "@corp.test"], NOW - timedelta(days=1)) == {"user@corp.test": 1}
    assert store.explained_keys([explanation.key, name("e", 5)], NOW - timedelta(days=1)) == {explanation.key}
    assert store.outcomes()
    store.put_aside(NOW - timedelta(days=7))
    store.note(PLACE, [Noted("waits", LogOutcome.WAITING, "catalog_failed"), Noted("7", LogOutcome.LEFT, "forged_intent")], NOW)
    store.settle(PLACE, [], NOW)


def message_log(engine: Engine, filled: Filled) -> None:
    log, sender, middle = DatabaseMessageLog(engine), name("user", 5) + "@corp.test", NOW - timedelta(days=40)
    for which in (MessageFilter(), MessageFilter(LogOutcome.POSTED), MessageFilter(sender=sender)):
        first = log.page(PageRequest(4), which)
        assert len(first.items) == 4
        assert first.following
        assert log.page(PageRequest(4, first.following, since=middle - timedelta(days=1)), which).items
        assert log.page(PageRequest(4, Position(middle, name("l", filled.replies // 2)), until=NOW), which).items
    both = MessageFilter(LogOutcome.POSTED, sender)
    assert len(log.page(PageRequest(4, since=middle), both).items) == 4
    assert log.message(name("l", 5)).outcome is LogOutcome.POSTED
    store, lost = DatabaseReplies(engine), entry_id(PLACE, "retried")
    store.record(PLACE, [Handled("retried", Disposition.REJECTED, "empty")], NOW)
    log.request_retry(lost, NOW)
    assert [message.key for message in log.requested(PLACE.mailbox)] == ["retried"]
    with contextlib.suppress(Conflict):
        log.request_retry(name("l", 5), NOW)
    log.retried([lost])
    log.gone([lost], NOW)
    store.failed(PLACE, "8")
    assert log.remove_entries(NOW - timedelta(days=30), 20) == 20
    assert log.remove_entries(NOW - timedelta(days=50), 20) == 0
    assert log.remove_keys(NOW - timedelta(days=30), 20) == 20


def reply_state(engine: Engine, _filled: Filled) -> None:
    store = DatabaseReplyState(engine, SystemClock())
    for _time in range(2):
        store.report(WorkerReport("worker", "1", "working"))
        store.move(PLACE, "5")
        store.sent("route", "handle", NOW)
    assert store.reports()
    store.forget(["worker"])
    assert store.mark(PLACE) == "5"
    store.settle("handle", found=True)
    store.forget_probe("another")
    assert store.last("route")


def people(engine: Engine, _filled: Filled) -> None:
    users, directory = DatabaseUsers(engine), DatabaseRecipients(engine)
    user = User(new_id(), "jane", "Jane", "jane@corp.test")
    users.add_user(user)
    users.replace_user(replace(user, display_name="J"))
    assert users.user(user.id)
    assert len(users.users(limit=50)) == len(users.users(limit=50, after=name("name", 500))) == 50
    assert users.users_by_id([user.id]) and users.users_by_name(["jane"]) and users.users_by_email([user.email])
    assert directory.users_by_name(["jane"])
    assert directory.server_admins()
    subscriptions = DatabaseSubscriptions(engine)
    for _time in range(2):
        subscriptions.subscribe(user.id, "event")
    assert directory.subscribers("event")
    assert subscriptions.subscriptions(user.id) == ["event"]
    subscriptions.unsubscribe(user.id, "event")
    opt_outs = DatabaseOptOuts(engine)
    opt_outs.opt_out(user.email, Kind.MESSAGE, NOW)
    assert opt_outs.opted_out(user.email, Kind.MESSAGE)
    assert directory.contacts([user.email]) == Contacts({user.email: replace(user, display_name="J")}, {(user.email, "message")})
    assert DatabaseConditions(engine).conditions(user.email, Kind.MESSAGE).opted_out
    opt_outs.opt_in(user.email, Kind.MESSAGE)


def settings(engine: Engine, _filled: Filled) -> None:
    entry = AuditEntry(NOW, "admin", "settings", "saved", {})
    audit = DatabaseAudit(engine)
    audit.record(entry)
    assert len(audit.entries(limit=50)) == len(audit.entries(limit=50, before=100)) == 50
    store = DatabaseSettings(engine, Cipher([new_key()]))
    for number in range(2):
        store.save({}, {"notifications.smtp.password": "secret"}, expected_revision=number, audit=entry)
    assert store.load().revision == store.revision() == 2
    tokens = DatabaseTokens(engine, SystemClock())
    tokens.add("name", Role.VIEWER, None, b"d" * 32)
    tokens.replace("name", Role.VIEWER, None, b"e" * 32)
    tokens.update_email("name", "a@corp.test")
    assert tokens.find(b"e" * 32)
    assert tokens.revoke("name")
    assert tokens.is_revoked(b"e" * 32)
    assert tokens.all()


def drift(engine: Engine, _filled: Filled) -> None:
    store = DatabaseDrift(engine)
    change = DriftChange("catalog1", "postfix", "/etc/postfix/main.cf", "relayhost", "", "[mail.corp.test]:587")
    numbers = [
        store.add(DriftReport(["catalog1"], [], False, False, [change], NOW), reporter="drift", at=NOW) for _report in range(3)
    ]
    assert [stored.id for stored in store.reports(limit=2)] == numbers[:0:-1]
    assert [stored.id for stored in store.reports(limit=2, before=numbers[1])] == numbers[:1]
    assert store.left(NOW) == {"catalog1": 1}


def problems(engine: Engine, _filled: Filled) -> None:
    store, events = DatabaseProblems(engine), DatabaseEvents(engine)
    last = events.last()
    episode = Episode(Problem("replies no-reader", None, "replies", "no-reader", "None reads it.", "Start it."), NOW)
    assert store.apply(Change([], [episode], make_notice(key=new_id()), [Event(EventKind.HEALTH, NOW, {})]))
    assert not store.apply(Change([], [], None, []))
    assert store.episodes() == [episode]
    assert store.apply(Change([episode], [], None, []))
    assert [event.id for event in events.events(last, limit=5)] == [last + 1]
