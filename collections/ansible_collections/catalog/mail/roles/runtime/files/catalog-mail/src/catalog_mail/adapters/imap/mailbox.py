# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a mailbox of replies by IMAP: in batches, without marking messages as read."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from catalog_mail.adapters.connection import encryption
from catalog_mail.adapters.imap.capabilities import BrokenCapabilities
from catalog_mail.adapters.imap.connecting import Connecting
from catalog_mail.adapters.imap.elsewhere import OtherFolders
from catalog_mail.adapters.imap.failing import Refused
from catalog_mail.adapters.imap.fetching import SIZES, Fetching
from catalog_mail.adapters.imap.filing import Filing
from catalog_mail.adapters.imap.idle import Waiting
from catalog_mail.adapters.imap.located import HEADER, LocatedMessages
from catalog_mail.adapters.imap.portions import chunks, one_by_one, parts
from catalog_mail.adapters.imap.responses import LONG_AGO, Fetched, day, uid_set, uids
from catalog_mail.domain.failures.failure import Failure, MailboxFailed
from catalog_mail.domain.failures.imap import Stage
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
from catalog_mail.domain.replies.misplaced import WATCHED
from catalog_mail.domain.replies.original import Original
from catalog_mail.domain.settings.servers import ImapServer

log = logging.getLogger(__name__)

# Messages with the service's keywords that are compared with the store.
MOST_MARKED = 1000


class ImapMailbox:
    """Implements ports.Mailbox."""

    def __init__(self, server: ImapServer, broken: BrokenCapabilities) -> None:
        """Connect, log in, open the mailbox. Raises MailboxFailed."""
        self._server = server
        self._connecting = Connecting(server, broken)
        where = f"imap://{server.username}@{server.host.lower()}/{self._connecting.name}"
        self._place = Place(where, self._connecting.validity)
        self._filing = Filing(self._connecting)
        self._fetching = Fetching(self._connecting)
        self._others = OtherFolders(self._connecting)
        self._located = LocatedMessages(self._connecting, self._filing)

    @property
    def place(self) -> Place:
        """Return the mailbox as a URL of RFC 5092, for people, and its UIDVALIDITY."""
        return self._place

    @property
    def keeps_keywords(self) -> bool:
        r"""Return whether the server stores the service's keywords: PERMANENTFLAGS (RFC 3501, 7.1) lists them, or `\*`."""
        return self._connecting.keeps

    def unread(self) -> Sequence[str]:
        """Return the UIDs of unread messages, by one SEARCH; ascending, which is the order of arrival."""
        with self._connecting.asking(Stage.READ) as session:
            session.refresh()
            session.arrivals = False  # arrivals from here on may be missing in the answer
            return uids(session.uid("SEARCH", "UNSEEN"))

    def fetch(self, keys: Sequence[str], largest: int) -> Iterator[RawMessage | Unreadable]:
        """Fetch the sizes first; then as many messages in one answer as fit into bounded memory."""
        withheld: dict[str, Failure] = {}
        read = 0
        for chunk in chunks(keys):
            known = self._fetching.get(chunk, SIZES, withheld)
            for message in self._contents(known, largest, withheld):
                read += 1
                yield message
        if withheld and not read and not self._fetching.gives_another(withheld):
            failures = list(withheld.values())
            raise MailboxFailed(failures[0])
        for key, failure in withheld.items():
            yield Unreadable(key, failure)

    def mark(self, keys: Sequence[str], disposition: Disposition) -> None:
        """Mark messages with one STORE for each chunk."""
        for chunk in chunks(keys):
            with self._connecting.asking(Stage.MARK):
                one_by_one(chunk, lambda some: self._mark(some, disposition), self._log_refusal)

    def find(self, key: str | None, message_id: str | None) -> Located | None:
        """Find a message by its UID, or by SEARCH for its Message-ID."""
        return self._located.find(key, message_id)

    def fetch_located(self, located: Located, largest: int) -> RawMessage | Unreadable | None:
        """Read a message of the mailbox as `fetch` does, or one of the archive."""
        if located.archived:
            return self._located.fetch(located.key, largest)
        return next(iter(self.fetch([located.key], largest)), None)

    def mark_located(self, located: Located, disposition: Disposition) -> None:
        """Mark a message with one keyword in place of another."""
        self._located.mark(located, disposition)

    def overview(self, since: str | None) -> Overview:
        """Return the overview with few commands, whatever the mailbox holds; the oldest is the unread message that came first."""
        with self._connecting.asking(Stage.READ) as session:
            session.refresh()
            unread = uids(session.uid("SEARCH", "UNSEEN"))
            newest = uids(session.uid("SEARCH", "UID", "*"))
            taken = self._taken(int(since)) if since and since.isdigit() else []
            last = newest[-1] if newest else since or "0"
        oldest = self._fetching.fetch(some, SIZES).found if (some := self._fetching.usable(unread)[:1]) else {}
        dates = [message.date for message in oldest.values() if message.date]
        return Overview(len(unread), min(dates, default=None), tuple(taken), last)

    def wait(self, seconds: float) -> bool:
        """Wait for changes; IDLE stays open from one call to the next."""
        end = time.monotonic() + seconds
        return self._connecting.repeating(lambda: self._wait(end - time.monotonic()))

    def filed(self) -> Iterator[Filed]:
        """Yield the messages that are read and not marked as deleted."""
        with self._connecting.asking(Stage.ARCHIVE) as session:
            session.refresh()
            keys = uids(session.uid("SEARCH", *self._filing.undeleted, "SEEN"))
        withheld: dict[str, Failure] = {}
        for chunk in chunks(keys):
            found = self._fetching.get(chunk, "FLAGS INTERNALDATE", withheld, Stage.ARCHIVE)
            yield from (_filed(message) for message in found.values() if "\\Seen" in (message.flags or ()))

    def archive(self, keys: Sequence[str]) -> int:
        """Move messages to the archive, by MOVE or by COPY."""
        return sum(self._connecting.repeating(partial(self._archive, chunk)) for chunk in chunks(keys))

    def archived(self) -> Iterator[Filed]:
        """Yield the messages of the archive that are not marked as deleted."""
        with self._connecting.asking(Stage.ARCHIVE):
            messages = self._filing.archived()
        yield from (_filed(message) for message in messages)

    def expire(self, keys: Sequence[str]) -> int:
        """Remove messages by UID EXPUNGE (RFC 4315), which removes no others."""
        return sum(self._connecting.repeating(partial(self._expire, chunk)) for chunk in chunks(keys))

    def elsewhere(self, since: datetime) -> Iterator[Elsewhere]:
        """Yield messages of the other folders, each of which is opened without the right to change it."""
        return self._others.messages(since)

    def originals(self, message_ids: Sequence[str]) -> Mapping[str, Original]:
        """Return nothing: an IMAP server knows nothing of mails sent by another server."""
        return {}

    def close(self) -> None:
        """Send LOGOUT if the connection is alive."""
        session = self._connecting.session
        with suppress(MailboxFailed), session.failures():
            session.client.sock.settimeout(1)
            self._waiting.end()
        session.close()

    def evidence(self, started: float) -> MailboxEvidence:
        """Return the results of a test of this mailbox; `started` is the monotonic time at which the test began."""
        with self._connecting.asking(Stage.READ) as session:
            counted = len(uids(session.uid("SEARCH", "ALL")))
            unread = len(uids(session.uid("SEARCH", "UNSEEN")))
            archive_exists = self._filing.exists()
        problem = self._connecting.repeating(self._archive_problem)
        return MailboxEvidence(
            server=f"{self._server.host}:{self._server.port}",
            tls=encryption(self._connecting.session.client.sock),
            messages=counted,
            unread=unread,
            keywords=self._connecting.keeps,
            idle=self._connecting.repeating(self._idles),
            archive_exists=archive_exists,
            archive_problem=problem,
            seconds=round(time.monotonic() - started, 3),
        )

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _waiting(self) -> Waiting:
        """The waiting of the present connection."""
        return self._connecting.waiting

    def _contents(self, known: dict[str, Fetched], largest: int, withheld: dict[str, Failure]) -> Iterator[RawMessage]:
        small = [message for message in known.values() if (message.size or 0) <= largest]
        large = [uid for uid, message in known.items() if (message.size or 0) > largest]
        requests = [(part, "BODY.PEEK[]") for part in parts(small)]
        for part, what in [*requests, (large, f"BODY.PEEK[HEADER]<0.{HEADER}>")]:
            for key, message in self._fetching.get(part, what, withheld).items():
                content = message.content or b""
                size = max(known[key].size or 0, len(content))
                date = known[key].date or LONG_AGO
                yield RawMessage(key, content[:largest] if size > largest else content, size, date, cut=size > largest)

    def _wait(self, seconds: float) -> bool:
        connecting = self._connecting
        if connecting.session.selected != connecting.name:
            connecting.leave_idle()
            with connecting.session.failures(Stage.WAIT):
                connecting.back()
        with connecting.session.failures(Stage.WAIT):
            return self._waiting.wait(max(0.0, seconds))

    def _idles(self) -> bool:
        """Return whether IDLE works, by starting and ending it."""
        with self._connecting.asking(Stage.WAIT):
            return self._waiting.works()

    def _archive_problem(self) -> Failure | None:
        with self._connecting.asking(Stage.READ):
            return self._filing.problem()

    def _archive(self, keys: Sequence[str]) -> int:
        with self._connecting.asking(Stage.ARCHIVE):
            return one_by_one(keys, self._filing.move, self._log_refusal)

    def _expire(self, keys: Sequence[str]) -> int:
        with self._connecting.asking(Stage.ARCHIVE):
            return one_by_one(keys, self._filing.expire, self._log_refusal)

    def _mark(self, keys: Sequence[str], disposition: Disposition) -> int:
        session, chosen = self._connecting.session, uid_set(keys)
        if self._connecting.keeps:
            try:
                session.uid("STORE", chosen, "+FLAGS.SILENT", f"(\\Seen {disposition.keyword})")
            except Refused:  # a server may limit the number of keywords
                session.uid("STORE", chosen, "+FLAGS.SILENT", "(\\Seen)")
                self._connecting.keeps = False
        else:
            session.uid("STORE", chosen, "+FLAGS.SILENT", "(\\Seen)")
        return len(keys)

    def _log_refusal(self, key: str, refusal: Refused) -> None:
        answer = self._connecting.session.answer(refusal.text)
        log.warning("message %s of %s is left as it is: %s", key, self._place.mailbox, answer)

    def _taken(self, since: int) -> list[str]:
        """Return messages that are read, came after `since`, and lack the service's keywords or came lately.

        Another installation sets the same keywords, and a server may store none; only the store knows which messages this one has
        handled, and it forgets old ones.
        """
        session, after = self._connecting.session, ("UID", f"{since + 1}:*", "SEEN")
        foreign = [word for keyword in sorted(KEYWORDS) for word in ("UNKEYWORD", keyword)] if self._connecting.keeps else []
        found = uids(session.uid("SEARCH", *after, *foreign)) if foreign else []
        known = frozenset(found)
        late = uids(session.uid("SEARCH", *after, "SINCE", day(datetime.now(UTC) - WATCHED)))
        found += [uid for uid in late[-MOST_MARKED:] if uid not in known]
        return [uid for uid in found if int(uid) > since]  # `n:*` includes the last message, if there is none after it


def _filed(message: Fetched) -> Filed:
    flags = message.flags or frozenset()
    return Filed(message.uid, "\\Seen" in flags, flags, message.date or LONG_AGO)
