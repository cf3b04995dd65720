# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of replies in SQLite and PostgreSQL: saved atomically, and idempotent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from catalog_mail.adapters.clock import SystemClock
from catalog_mail.adapters.database.conversations import DatabaseConversations
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.database.replies import DatabaseReplies
from catalog_mail.adapters.database.reply_state import DatabaseReplyState
from catalog_mail.adapters.database.tables import metadata
from catalog_mail.adapters.database.users import DatabaseUsers
from catalog_mail.domain.catalog.conversation import Conversation, Post, thread_of
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.replies.reply import Origin, Reply
from catalog_mail.ports.catalog import Notice
from catalog_mail.ports.conversations import Posted, PostRefused
from catalog_mail.ports.replies import Explanation, Handled, Written
from catalog_mail.ports.reply_workers import WorkerReport
from catalog_mail.services.catalog import Catalog
from catalog_mail.services.replies import EmbeddedConversations
from sqlalchemy import Engine, event

WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PLACE, ELSEWHERE = Place("imap://replies@mail/INBOX", "1"), Place("imap://replies@mail/INBOX", "2")
JANE = User("j" * 26, "jane", "Jane", "jane@corp.test")
CONVERSATION = Conversation("c" * 26, "Sales", JANE.id, WHEN)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Return a database of either kind, with a user and a conversation."""
    engine = make_engine(database_url)
    metadata.create_all(engine)
    DatabaseUsers(engine).add_user(JANE)
    DatabaseConversations(engine).add_conversation(CONVERSATION, None, [])
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> DatabaseReplies:
    return DatabaseReplies(engine)


def reply(number: int, place: Place = PLACE) -> Reply:
    return Reply(
        key=f"{number:052}", delivery_id="d" * 26, notification_id="n" * 26, conversation_id=CONVERSATION.id,
        thread=thread_of(CONVERSATION.id), address=JANE.email, user_id=JANE.id, text=f"Number {number}.", message_id="<1@x>",
        origin=Origin(place, str(number)),
    )  # fmt: skip


def written(number: int, place: Place = PLACE) -> Written:
    item = reply(number, place)
    return Written(item, Post(new_id(), CONVERSATION.id, JANE.id, item.text, WHEN + timedelta(seconds=number)))


def notice(kind: Kind = Kind.REPLY_REJECTED) -> Notice:
    notification = Notification(new_id(), kind, WHEN, "reply-sync", {}, thread=thread_of(CONVERSATION.id))
    delivery = Delivery(new_id(), notification.id, Recipient(JANE.email, user_id=JANE.id), State.ACCEPTED)
    return Notice(notification, [delivery])


def texts(engine: Engine) -> list[str]:
    return [post.text for post in reversed(DatabaseConversations(engine).posts(CONVERSATION.id, limit=1000))]


def test_a_reply_is_posted_and_recorded_once(engine: Engine, store: DatabaseReplies) -> None:
    first = [written(1), written(2), written(1)]
    posted = store.add(first, WHEN)
    assert [item.already for item in posted] == [False, False, True]
    assert store.handled(PLACE, ["1", "2", "3"]) == {"1": Disposition.POSTED, "2": Disposition.POSTED}
    assert store.posted([reply(1).key, reply(3).key]) == {reply(1).key: first[0].post.id if first[0].post else None}
    again = store.add([written(2, ELSEWHERE), written(3, ELSEWHERE)], WHEN)
    assert [item.already for item in again] == [True, False]
    assert again[0].post_id == posted[1].post_id
    assert texts(engine) == ["Number 1.", "Number 2.", "Number 3."]
    assert set(store.handled(ELSEWHERE, ["2", "3"])) == {"2", "3"}
    assert store.outcomes()[Disposition.POSTED, ""] == 3


def test_a_failed_batch_stores_no_reply(engine: Engine, store: DatabaseReplies) -> None:
    bad = written(2)
    assert bad.post
    bad = replace(bad, post=replace(bad.post, author_id="x" * 26))
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        store.add([written(1), bad], WHEN)
    assert texts(engine) == []
    assert store.handled(PLACE, ["1", "2"]) == {}
    assert store.outcomes() == {}


def test_many_workers_at_once_post_each_once(engine: Engine, store: DatabaseReplies) -> None:
    def work() -> None:
        for start in range(0, 60, 20):
            store.add([written(number) for number in range(start, start + 20)], WHEN)

    threads = [threading.Thread(target=work) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts(engine) == [f"Number {number}." for number in range(60)]
    assert store.outcomes() == {(Disposition.POSTED, ""): 60}


def test_a_refusal_is_recorded_and_explained_once(engine: Engine, store: DatabaseReplies) -> None:
    explanation = Explanation("k" * 52, JANE.email, notice())
    handled = [Handled("7", Disposition.REJECTED, "empty", explanation), Handled("8", Disposition.IGNORED, "bounce")]
    assert store.record(PLACE, handled, WHEN) == [explanation.notice]
    assert DatabaseNotifications(engine).counts() == {State.ACCEPTED: 1}
    # Read again after a kill, or under new UIDs: the sender gets no second explanation.
    assert store.record(PLACE, [replace(handled[0], explanation=replace(explanation, notice=notice()))], WHEN) == []
    assert store.record(ELSEWHERE, [replace(handled[0], explanation=replace(explanation, notice=notice()))], WHEN) == []
    assert DatabaseNotifications(engine).counts() == {State.ACCEPTED: 1}
    assert store.explained([JANE.email, "joe@corp.test"], WHEN) == {JANE.email: 1}
    assert store.explained([JANE.email], WHEN + timedelta(seconds=1)) == {}
    assert store.explained_keys(["k" * 52, "l" * 52], WHEN) == {"k" * 52}
    assert store.explained_keys(["k" * 52], WHEN + timedelta(seconds=1)) == frozenset()
    assert store.outcomes() == {(Disposition.REJECTED, "empty"): 2, (Disposition.IGNORED, "bounce"): 1}


def test_a_message_that_was_refused_can_be_posted_later(store: DatabaseReplies) -> None:
    store.record(PLACE, [Handled("1", Disposition.REJECTED, "inactive_user")], WHEN)
    store.add([written(1)], WHEN)
    assert store.handled(PLACE, ["1"]) == {"1": Disposition.POSTED}


def test_failures_are_counted_for_each_message(store: DatabaseReplies) -> None:
    assert [store.failed(PLACE, "1"), store.failed(PLACE, "1"), store.failed(ELSEWHERE, "1")] == [1, 2, 1]


def test_the_answered_mail_is_found_by_its_handle(engine: Engine, store: DatabaseReplies) -> None:
    mention, other = notice(Kind.MENTION), notice(Kind.DOWNLOAD_READY)
    gone = replace(notice(Kind.ASSIGNMENT), deliveries=notice().deliveries)
    gone = Notice(replace(gone.notification, thread=thread_of("z" * 26)), [replace(gone.deliveries[0])])
    for item in (mention, other, gone):
        deliveries = [replace(delivery, notification_id=item.notification.id) for delivery in item.deliveries]
        DatabaseNotifications(engine).add([Notice(item.notification, deliveries)])
    handles = [item.deliveries[0].id[:14] for item in (mention, other, gone)]
    found = store.answered([*handles, "n" * 14])
    assert set(found) == {handles[0], handles[2]}, "only conversations can be answered"
    assert found[handles[0]].delivery_id == mention.deliveries[0].id
    assert found[handles[0]].conversation_id == CONVERSATION.id
    assert found[handles[0]].created_at == WHEN
    assert found[handles[2]].conversation_id is None
    assert store.answered([]) == {}


def test_a_worker_reports_its_state(engine: Engine) -> None:
    state = DatabaseReplyState(engine, SystemClock())
    failure = Failure(Cause.LOGIN_REFUSED, "Refused.", "Mend it.", temporary=True, field="interactions.imap.password")
    report = WorkerReport("node/1", "0.1", "failed", last_good_poll=WHEN, backlog=3, error=failure, error_since=WHEN)
    state.report(WorkerReport("node/1", "0.1", "waiting"))
    state.report(report)
    state.report(WorkerReport("node/2", "0.1", "waiting"))
    first, second = state.reports()
    assert replace(first, beat_at=None) == report
    assert first.beat_at is not None
    assert second.name == "node/2"
    state.forget(["node/1"])
    assert [found.name for found in state.reports()] == ["node/2"]


def test_marks_and_probes(engine: Engine) -> None:
    state = DatabaseReplyState(engine, SystemClock())
    assert state.mark(PLACE) is None
    state.move(PLACE, "7")
    state.move(PLACE, "9")
    assert (state.mark(PLACE), state.mark(ELSEWHERE)) == ("9", None)
    assert state.last("route") is None
    state.sent("route", "one", WHEN)
    state.settle("one", found=False)
    state.sent("route", "two", WHEN + timedelta(hours=1))
    found = state.last("route")
    assert found is not None
    assert (found.handle, found.found) == ("two", None)
    state.sent("route", "three", WHEN + timedelta(hours=2))
    state.forget_probe("three")
    assert state.last("route") == found
    state.settle("two", found=True)
    found = state.last("route")
    assert found is not None
    assert found.found is True


def test_a_chunk_takes_as_many_statements_as_one_reply(engine: Engine, store: DatabaseReplies) -> None:
    """However many replies it has, and conversations they belong to; one transaction stores all."""
    stored = DatabaseConversations(engine)
    names = [f"{number:026}" for number in range(40)]
    for name in names:
        stored.add_conversation(Conversation(name, "Sales", JANE.id, WHEN), None, [])
    users, unused = DatabaseUsers(engine), cast("Any", None)
    catalog = Catalog(
        users=users, conversations=stored, subscriptions=unused, notifications=unused, clock=SystemClock(), base_url=""
    )  # fmt: skip
    embedded = EmbeddedConversations(store=store, users=users, catalog=catalog, clock=SystemClock())
    replies = [replace(reply(number), conversation_id=name) for number, name in enumerate(names)]
    assert isinstance(embedded.begin(replies[:1]).wait()[0], Posted), "the outcome is counted from now on"
    statements: list[str] = []
    commits: list[Any] = []
    event.listen(engine, "before_cursor_execute", lambda *words: statements.append(words[2]))
    event.listen(engine, "commit", commits.append)
    results = embedded.begin([*replies[1:], replace(reply(99), conversation_id="gone")]).wait()
    assert [type(result) for result in results] == [Posted] * 39 + [PostRefused]
    changes = [statement for statement in statements if statement.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [" ".join(change.split()[:3]) for change in changes] == [
        "INSERT INTO replies", "INSERT INTO posts", "INSERT INTO handled", "UPDATE reply_outcomes SET",
    ]  # fmt: skip
    reads = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(reads) == 5, "authors, conversations, the one that is gone, known replies, handled messages"
    assert len(commits) == 1
