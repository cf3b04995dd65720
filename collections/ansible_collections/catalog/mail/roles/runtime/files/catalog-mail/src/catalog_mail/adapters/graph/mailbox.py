# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a mailbox of replies by Graph: its Inbox, in batches, without marking messages as read."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from catalog_mail.adapters.graph import batches
from catalog_mail.adapters.graph.apps import App, GraphRequest
from catalog_mail.adapters.graph.arrivals import Arrivals
from catalog_mail.adapters.graph.batches import BatchRequest
from catalog_mail.adapters.graph.elsewhere import OtherFolders
from catalog_mail.adapters.graph.failing import Failed, TooLong
from catalog_mail.adapters.graph.folders import (
    ALL,
    ARCHIVE,
    BEGINNING,
    INBOX,
    LONG_AGO,
    NEWEST,
    PAGE,
    READ,
    UNREAD,
    Folders,
    Item,
    Which,
    moment,
)
from catalog_mail.adapters.graph.originals import Originals
from catalog_mail.adapters.graph.pages import IMMUTABLE
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.failures.graph import Operation
from catalog_mail.domain.replies.mailbox import (
    KEYWORDS,
    Disposition,
    Elsewhere,
    Filed,
    Located,
    MailboxEvidence,
    Overview,
    Place,
    RawMessage,
    Unreadable,
)
from catalog_mail.domain.replies.original import Original
from catalog_mail.domain.settings.servers import GraphServer

log = logging.getLogger(__name__)

# Bytes of the beginning of a message that is too large.
HEADER = 256 * 1024
# Arrivals that are checked for messages read by other programs: their age and number.
WATCHED = timedelta(days=7)
MOST_WATCHED = 4 * PAGE
# An id of no message: Graph refuses missing write permission before it looks up the id.
_NOBODY = "AAMkCatalogMailNoSuchMessage="


class GraphMailbox:
    """Implements ports.Mailbox. Keys are Graph's immutable ids; the service's keywords are categories, which Outlook shows."""

    def __init__(self, server: GraphServer, app: App, originals: Originals | None = None, quick_look: float = 0) -> None:
        """Check that the mailbox opens. Raises MailboxFailed."""
        self._server = server
        self._app = app
        self._originals = originals
        self._folders = Folders(app, server)
        self._others = OtherFolders(app, self._folders)
        self._arrivals = Arrivals(self._folders, quick_look)
        self._known: dict[str, Item] = {}
        self._host = urlsplit(server.graph_url).netloc
        self._place = Place(f"graph://{self._host}/{server.mailbox.lower()}/Inbox", "immutable")
        with _failures():
            self._folders.counts(INBOX)

    @property
    def place(self) -> Place:
        """Return the mailbox with its name for people; immutable ids are never used twice."""
        return self._place

    def unread(self) -> Sequence[str]:
        """Return unread messages, by time of arrival."""
        with _failures():
            self._known = {item.key: item for item in self._folders.messages(INBOX, UNREAD)}
        self._arrivals.saw(self._known)
        return list(self._known)

    def fetch(self, keys: Sequence[str], largest: int) -> Iterator[RawMessage | Unreadable]:
        """Yield messages. Those without attachments are small and fetched in batches; each other one alone, up to its limit."""
        failed: list[tuple[str, Failed]] = []
        read = 0
        with _failures():
            for key, found in self._each(keys, largest):
                if isinstance(found, Failed):
                    failed.append((key, found))
                else:
                    read += 1
                    yield found
            if failed and not read and not self._gives_another(dict(failed)):
                raise failed[0][1]
        for key, why in failed:
            yield Unreadable(key, why.failure)

    def originals(self, message_ids: Sequence[str]) -> Mapping[str, Original]:
        """Look up originals in the Sent Items of the sending account."""
        return self._originals.find(message_ids) if self._originals else {}

    def mark(self, keys: Sequence[str], disposition: Disposition) -> None:
        """Mark messages in batches. Categories set by others stay."""
        parts = [BatchRequest(key, "PATCH", self._folders.path(key), self._marks(key, disposition)) for key in keys]
        with _failures():
            done, failed = self._run_all(parts, Operation.MARK)
            if not done and len(failed) > 1:
                raise failed[0]
        for why in failed:
            log.warning("a message of %s is not marked: %s %s", self._place.mailbox, why.failure.cause, why.failure.remedy)

    def find(self, key: str | None, message_id: str | None) -> Located | None:
        """Find a message by its id, which stays the same in any folder of the mailbox."""
        with _failures():
            found = self._folders.item(key) if key is not None else None
            if found is None:
                return None
            for name in (INBOX, ARCHIVE):
                identity = self._folders.identity(name)
                if identity is not None and identity[0] == found.folder:
                    self._known[found.item.key] = found.item
                    return Located(found.item.key, archived=name == ARCHIVE)
        return None

    def fetch_located(self, located: Located, largest: int) -> RawMessage | Unreadable | None:
        """Read a message, in any folder."""
        with _failures():
            found = next(self._alone(located.key, largest), None)
        if found is None:
            return None
        key, content = found
        return Unreadable(key, content.failure) if isinstance(content, Failed) else content

    def mark_located(self, located: Located, disposition: Disposition) -> None:
        """Mark a message, in any folder, with one category in place of another."""
        self.mark([located.key], disposition)

    def overview(self, since: str | None) -> Overview:
        """Return the overview with few requests, whatever the mailbox holds. `last` is the time of the latest arrival."""
        with _failures():
            unread = self._folders.counts(INBOX).unread
            oldest = self._folders.first(INBOX, UNREAD)
            newest = self._folders.first(INBOX, NEWEST)
            taken = tuple(self._taken(since)) if since else ()
        last = newest.arrived if newest else since or BEGINNING
        return Overview(unread, oldest.received_at if oldest else None, taken, last)

    def elsewhere(self, since: datetime) -> Iterator[Elsewhere]:
        """Yield messages of other folders, from a list of the whole mailbox. A list that fails does not stop the reading."""
        try:
            yield from self._others.messages(since)
        except Failed as failed:
            log.warning("other folders of %s cannot be searched: %s", self._place.mailbox, failed.failure.cause)

    def wait(self, seconds: float) -> bool:
        """Wait for a new unread message, which a short look at the Inbox finds every `quick_look` seconds."""
        with _failures():
            return self._arrivals.wait(seconds)

    def filed(self) -> Iterator[Filed]:
        """Yield the read messages of the Inbox."""
        with _failures():
            yield from map(_filed, self._folders.messages(INBOX, READ, Operation.ARCHIVE))

    def archive(self, keys: Sequence[str]) -> int:
        """Move messages to the folder that Outlook calls Archive."""
        paths = ((key, f"{self._folders.path_in(INBOX, key)}/move") for key in keys)
        parts = [BatchRequest(key, "POST", path, {"destinationId": ARCHIVE}) for key, path in paths]
        with _failures():
            return self._count(parts, Operation.ARCHIVE)

    def archived(self) -> Iterator[Filed]:
        """Yield the messages of the Archive; none when the mailbox has no such folder yet."""
        with _failures():
            if self._folders.exists(ARCHIVE):
                yield from map(_filed, self._folders.messages(ARCHIVE, ALL, Operation.ARCHIVE))

    def expire(self, keys: Sequence[str]) -> int:
        """Delete messages; Exchange keeps deleted messages according to its own policies."""
        parts = [BatchRequest(key, "DELETE", self._folders.path_in(ARCHIVE, key)) for key in keys]
        with _failures():
            return self._count(parts, Operation.ARCHIVE)

    def close(self) -> None:
        """Do nothing: the connections belong to the app, which its creator closes."""

    def evidence(self, started: float) -> MailboxEvidence:
        """Test that the mailbox can be listed, read and written; nothing in it is changed."""
        with _failures():
            counts = self._folders.counts(INBOX)
            newest = self._folders.first(INBOX, NEWEST)
            if newest:
                self._look_at(newest.key)
            return MailboxEvidence(
                server=self._host,
                tls=self._check_writing(),
                messages=counts.messages,
                unread=counts.unread,
                keywords=True,
                idle=False,
                archive_exists=self._folders.exists(ARCHIVE),
                seconds=round(time.monotonic() - started, 3),
            )

    # -- inside --------------------------------------------------------------------------------------------------------

    def _each(self, keys: Sequence[str], largest: int) -> Iterator[tuple[str, RawMessage | Failed]]:
        alone = [key for key in keys if key not in self._known or self._known[key].attachments]
        together = [key for key in keys if key not in set(alone)]
        for start in range(0, len(together), batches.MOST):
            yield from self._together(together[start : start + batches.MOST], largest)
        for key in alone:
            yield from self._alone(key, largest)

    def _together(self, keys: Sequence[str], largest: int) -> Iterator[tuple[str, RawMessage | Failed]]:
        parts = [BatchRequest(key, "GET", f"{self._folders.path(key)}/$value") for key in keys]
        try:
            found = dict(self._run(parts, Operation.READ))
        except TooLong:  # inline pictures do not count as attachments in Graph
            for key in keys:
                yield from self._alone(key, largest)
            return
        for key in keys:
            result = found.get(key)
            if isinstance(result, Failed):
                yield key, result
            elif result:
                content = result.content()
                yield key, self._raw(key, content, len(content), largest)

    def _alone(self, key: str, largest: int) -> Iterator[tuple[str, RawMessage | Failed]]:
        try:
            answer = self._app.request(self._content_of(key, largest))
        except Failed as failed:
            if not _of_one(failed):
                raise
            if not _gone(failed):
                yield key, failed
            return
        length = str(answer.headers.get("Content-Length") or "")
        told = int(length) if length.isdigit() and "Content-Encoding" not in answer.headers else 0
        size = max(told, largest + 1) if answer.cut else len(answer.content)
        yield key, self._raw(key, answer.content, size, largest)

    def _gives_another(self, but: Collection[str]) -> bool:
        """Return whether the content of any other message can be read: then the mailbox itself works."""
        others = (item.key for item in self._folders.messages(INBOX, NEWEST) if item.key not in but)
        try:
            return any(self._look_at(key) for key in islice(others, 1))
        except Failed as failed:
            if not _of_one(failed):
                raise
            return False

    def _look_at(self, key: str) -> bool:
        """Read the beginning of a message's content; False when the message is gone."""
        try:
            self._app.request(self._content_of(key, HEADER))
        except Failed as failed:
            if not _gone(failed):
                raise
            return False
        return True

    def _raw(self, key: str, content: bytes, size: int, largest: int) -> RawMessage:
        cut = size > largest
        received_at = self._known[key].received_at if key in self._known else LONG_AGO
        return RawMessage(key, content[: min(HEADER, largest)] if cut else content, size, received_at, cut=cut)

    def _content_of(self, key: str, largest: int) -> GraphRequest:
        return GraphRequest("GET", f"{self._folders.path(key)}/$value", Operation.READ, headers=IMMUTABLE, largest=largest)

    def _marks(self, key: str, disposition: Disposition) -> dict[str, Any]:
        """Return the change that marks a message. Graph replaces the list of categories; only one is the service's."""
        others = [name for name in self._known[key].categories if name not in KEYWORDS] if key in self._known else []
        return {"isRead": True, "categories": [*others, disposition.keyword]}

    def _taken(self, since: str) -> Iterator[str]:
        """Yield messages that are read and arrived after `since`; another installation may have set the service's categories."""
        watched = datetime.now(UTC) - WATCHED
        begin = max(moment(since) or watched, watched)
        which = Which(read=True, since=f"{begin:%Y-%m-%dT%H:%M:%SZ}", newest_first=True)
        for item in islice(self._folders.messages(INBOX, which), MOST_WATCHED):
            yield item.key

    def _check_writing(self) -> str | None:
        """Check the write permission by marking a message that does not exist; return the TLS of the connection."""
        path = self._folders.path(_NOBODY)
        try:
            answer = self._app.request(GraphRequest("PATCH", path, Operation.MARK, headers=IMMUTABLE, body={"isRead": True}))
        except Failed as failed:
            if failed.refusal is None or failed.refusal.status not in {400, 404}:
                raise
            return failed.tls
        return answer.tls

    def _count(self, parts: Sequence[BatchRequest], operation: Operation) -> int:
        done, failed = self._run_all(parts, operation)
        if failed:
            raise failed[0]
        return done

    def _run_all(self, parts: Sequence[BatchRequest], operation: Operation) -> tuple[int, list[Failed]]:
        """Run all requests; return the number of successes, and the failures of single messages."""
        results = [result for _key, result in self._run(parts, operation)]
        failed = [result for result in results if isinstance(result, Failed)]
        return len(results) - len(failed), failed

    def _run(self, parts: Sequence[BatchRequest], operation: Operation) -> Iterator[tuple[str, batches.BatchResponse | Failed]]:
        return batches.run(self._app, self._server, parts, operation, IMMUTABLE)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except Failed as failed:
        raise MailboxFailed(failed.failure) from failed


def _of_one(failed: Failed) -> bool:
    """Return whether a failure concerns only one message."""
    return failed.refusal is not None and not batches.concerns_all(failed.refusal.status)


def _gone(failed: Failed) -> bool:
    return failed.refusal is not None and failed.refusal.status == 404


def _filed(item: Item) -> Filed:
    return Filed(item.key, item.seen, frozenset(item.categories), item.received_at)
