# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies to another catalog: each is posted once, also while the batch before it is not recorded yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.failures.storage import StorageFault, storage_failed
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.domain.replies.reply import Origin, Reply
from catalog_mail.ports.conversations import Batch, Posted, PostFailed, Posting
from catalog_mail.ports.replies import ReplyStore, Written
from catalog_mail.services.replies import ForeignConversations

PLACE = Place("imap://replies@mail.corp.test/INBOX", "1")


class Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 21, tzinfo=UTC)


class Store:
    """Keeps the keys of the replies that were recorded; `fails` makes each record fail."""

    def __init__(self) -> None:
        self.recorded: dict[str, str | None] = {}
        self.fails = False

    def posted(self, keys: Sequence[str]) -> Mapping[str, str | None]:
        return {key: self.recorded[key] for key in keys if key in self.recorded}

    def add(self, written: Sequence[Written], _at: datetime) -> Sequence[Posted]:
        if self.fails:
            raise storage_failed(StorageFault.DISK_FULL, "the database", said="full", folder="", user="")
        self.recorded |= {item.reply.key: item.post_id for item in written}
        return []


class Other:
    """Another catalog, which fails for the keys in `failing`; keeps all posts."""

    def __init__(self) -> None:
        self.posts: list[str] = []
        self.failing: set[str] = set()

    def begin(self, replies: Sequence[Reply]) -> Batch:
        self.posts += [reply.key for reply in replies]
        results: list[Posting] = [
            PostFailed("away") if reply.key in self.failing else Posted(f"id {reply.key}") for reply in replies
        ]
        return Batch(lambda: results)


def reply(key: str) -> Reply:
    return Reply(key, "d", "n", None, "t", "jane@corp.test", None, "Yes.", "<1@x>", Origin(PLACE, key))


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def other() -> Other:
    return Other()


@pytest.fixture
def conversations(store: Store, other: Other) -> ForeignConversations:
    return ForeignConversations(store=cast("ReplyStore", store), catalog=other, clock=Clock())


def test_a_copy_is_not_posted_while_the_batch_before_is_unrecorded(
    conversations: ForeignConversations, store: Store, other: Other
) -> None:
    first = conversations.begin([reply("a"), reply("b"), reply("a")])
    assert first.wait() == [Posted("id a"), Posted("id b"), Posted("id a")]
    second = conversations.begin([reply("b"), reply("c")])
    assert store.recorded == {}
    first.record()
    assert second.wait() == [Posted("id b", already=True), Posted("id c")]
    second.record()
    assert other.posts == ["a", "b", "c"]
    assert store.recorded == {"a": "id a", "b": "id b", "c": "id c"}


def test_what_could_not_be_recorded_is_recorded_later_and_not_posted_again(
    conversations: ForeignConversations, store: Store, other: Other
) -> None:
    batch = conversations.begin([reply("a")])
    batch.wait()
    store.fails = True
    with pytest.raises(StorageFailed):
        batch.record()
    store.fails = False
    again = conversations.begin([reply("a")])
    assert again.wait() == [Posted("id a", already=True)]
    again.record()
    assert (other.posts, store.recorded) == (["a"], {"a": "id a"})


def test_a_reply_that_failed_is_posted_again(conversations: ForeignConversations, store: Store, other: Other) -> None:
    other.failing = {"a"}
    batch = conversations.begin([reply("a"), reply("b")])
    assert batch.wait() == [PostFailed("away"), Posted("id b")]
    other.failing.clear()
    again = conversations.begin([reply("a")])
    batch.record()
    assert again.wait() == [Posted("id a")]
    again.record()
    assert (other.posts, sorted(store.recorded)) == (["a", "b", "a"], ["a", "b"])
