# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Post replies to the embedded conversations in one transaction, or to another catalog with a record of each."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from catalog_mail.domain.errors import CatalogMailError, StorageFailed
from catalog_mail.domain.replies.reply import Reply
from catalog_mail.ports.catalog import UserDirectory
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.conversations import Batch, Conversations, Posted, PostFailed, Posting, PostRefused
from catalog_mail.ports.replies import ReplyStore, Written
from catalog_mail.services.catalog import Catalog

log = logging.getLogger(__name__)


class EmbeddedConversations:
    """Implements ports.Conversations. Stores post, record and notifications to mentioned users in one transaction."""

    def __init__(self, *, store: ReplyStore, users: UserDirectory, catalog: Catalog, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._catalog = catalog
        self._clock = clock

    def begin(self, replies: Sequence[Reply]) -> Batch:
        """Return the batch, whose `wait` posts and records all replies."""
        return Batch(partial(self._post, replies))

    def _post(self, replies: Sequence[Reply]) -> Sequence[Posting]:
        """Post all replies in one transaction; if it fails, each in its own, so that one reply does not block the others."""
        authors = self._users.users_by_id({reply.user_id for reply in replies if reply.user_id})
        conversations = self._catalog.conversations_by_id({reply.conversation_id or "" for reply in replies})
        written: dict[int, Written] = {}
        results: dict[int, Posting] = {}
        for number, reply in enumerate(replies):
            try:
                name = reply.conversation_id or ""
                conversation = conversations.get(name) or self._catalog.conversation(name)  # raises NotFound
                # Posts of one transaction get increasing times, which keep their order.
                at = self._clock.now() + timedelta(microseconds=number)
                post, notices = self._catalog.reply(conversation, reply.text, authors[reply.user_id or ""], at)
                written[number] = Written(reply, post, notices)
            except CatalogMailError as error:
                results[number] = PostRefused(error.cause)
        results.update(zip(written, self._add(list(written.values())), strict=True))
        return [results[number] for number in range(len(replies))]

    def _add(self, written: Sequence[Written]) -> list[Posting]:
        try:
            return list(self._store.add(written, self._clock.now())) if written else []
        except StorageFailed:  # it concerns all replies
            raise
        except Exception as error:
            if len(written) == 1:
                log.warning("a reply could not be stored (%s)", type(error).__name__)
                return [PostFailed(f"The database did not store the reply ({type(error).__name__}).")]
        return [result for item in written for result in self._add([item])]


class ForeignConversations:
    """Implements ports.Conversations for another catalog; records each reply that the catalog has accepted.

    A kill between the catalog's answer and the record posts the reply again, with the same key, by which the catalog
    recognises the duplicate.
    """

    def __init__(self, *, store: ReplyStore, catalog: Conversations, clock: Clock) -> None:
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._unrecorded: dict[str, str | None] = {}  # keys of replies that were posted, with the ids of the posts

    def begin(self, replies: Sequence[Reply]) -> Batch:
        """Begin to post each key once, except keys that are posted already."""
        keys = [reply.key for reply in replies]
        known = {**self._store.posted(keys), **{key: self._unrecorded[key] for key in keys if key in self._unrecorded}}
        results: dict[str, Posting] = {key: Posted(post_id, already=True) for key, post_id in known.items()}
        wanted = list({reply.key: reply for reply in replies if reply.key not in known}.values())
        posts = self._catalog.begin(wanted)
        return Batch(partial(self._wait, replies, wanted, posts, results), partial(self._record, replies, results))

    def _wait(
        self, replies: Sequence[Reply], wanted: Sequence[Reply], posts: Batch, results: dict[str, Posting]
    ) -> Sequence[Posting]:
        results.update(zip((reply.key for reply in wanted), posts.wait(), strict=True))
        self._unrecorded |= {key: result.post_id for key, result in results.items() if isinstance(result, Posted)}
        return [results[reply.key] for reply in replies]

    def _record(self, replies: Sequence[Reply], results: Mapping[str, Posting]) -> None:
        taken = [(reply, results[reply.key]) for reply in replies]
        written = [Written(reply, post_id=result.post_id) for reply, result in taken if isinstance(result, Posted)]
        if written:
            self._store.add(written, self._clock.now())
        for item in written:
            self._unrecorded.pop(item.reply.key, None)
