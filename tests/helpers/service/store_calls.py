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
from catalog_mail.adapters.database.conditions import DatabaseConditions
from catalog_mail.adapters.database.conversations import DatabaseConversations
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.health import DatabaseProbe
from catalog_mail.adapters.database.leases import DatabaseLeases
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.database.opt_outs import DatabaseOptOuts
from catalog_mail.adapters.database.recipients import DatabaseRecipients
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.adapters.database.reply_state import DatabaseReplyState
from catalog_mail.adapters.database.settings_store import DatabaseSettings
from catalog_mail.adapters.database.subscriptions import DatabaseSubscriptions
from catalog_mail.adapters.database.tokens import DatabaseTokens
from catalog_mail.adapters.database.users import DatabaseUsers
from catalog_mail.domain.catalog.conversation import Conversation, Post, thread_of
from catalog_mail.domain.catalog.people import Role, User
from catalog_mail.domain.errors import Conflict
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications import outcome
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.notifications.pace import Pace
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.reply import Origin, Reply
from catalog_mail.ports.audit import AuditEntry
from catalog_mail.ports.catalog import Contacts, Notice
from catalog_mail.ports.replies import Explanation, Handled, Written
from catalog_mail.ports.reply_workers import WorkerReport
from sqlalchemy import Engine

from helpers.service.large_database import NOW, OPEN, PLACE, Filled, handle, name

NODE = "node1"
FAILURE = Failure(Cause.TIMED_OUT, "It took too long.", "Wait.", temporary=True)
LATER = outcome.retrying(FAILURE, NOW, NOW + timedelta(minutes=1))


def call_all(engine: Engine, filled: Filled) -> None:
    """Call all methods; what they change is written."""
    for calls in (notifications, leases, deliveries, health, conversations, replies, reply_state, people, settings):
        calls(engine, filled)


def make_notice(kind: Kind = Kind.MESSAGE, key: str | None = None) -> Notice:
    """Return a notification with one accepted delivery."""
    notification = Notification(new_id(), kind, NOW, "test", {}, idempotency_key=key, fingerprint="f")
    return Notice(notification, [Delivery(new_id(), notification.id, Recipient("user@corp.test"), State.ACCEPTED)])


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
    assert store.forget_messages(accepted_before=filled.accepted_at(filled.first_with_message + 50), limit=20) == 20


def health(engine: Engine, _filled: Filled) -> None:
    probe = DatabaseProbe(engine)
    probe.try_to_store(NOW)
    assert probe.open_deliveries().retrying > 1000
    assert revision.current(engine) == revision.WANTED


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
