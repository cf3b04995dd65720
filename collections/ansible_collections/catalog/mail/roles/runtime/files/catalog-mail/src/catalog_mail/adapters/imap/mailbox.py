# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a mailbox of replies by IMAP: in batches, without marking messages as read."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from catalog_mail.adapters.connection import encryption
from catalog_mail.adapters.imap.failing import Refused
from catalog_mail.adapters.imap.filing import Filing
from catalog_mail.adapters.imap.idle import Waiting
from catalog_mail.adapters.imap.portions import chunks, parts
from catalog_mail.adapters.imap.responses import LONG_AGO, Fetched, fetched, number, uid_set, uids, words
from catalog_mail.adapters.imap.session import Session
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.replies.mailbox import KEYWORDS, Disposition, Filed, MailboxEvidence, Overview, Place, RawMessage
from catalog_mail.domain.replies.original import Original
from catalog_mail.domain.settings.servers import ImapServer

# Bytes of the header of a message that is too large.
HEADER = 256 * 1024


class ImapMailbox:
    """Implements ports.Mailbox."""

    def __init__(self, server: ImapServer) -> None:
        """Connect, log in, open the mailbox. Raises MailboxFailed."""
        self._server = server
        self._name = "INBOX" if server.mailbox.upper() == "INBOX" else server.mailbox
        self._session = Session(server)
        with self._session.failures(Stage.SELECT):
            self._waiting = Waiting(self._session)
            validity, self._keeps = self._select()
        where = f"imap://{server.username}@{server.host.lower()}/{self._name}"
        self._place = Place(where, validity)
        self._filing = Filing(self._session, server)

    @property
    def place(self) -> Place:
        """Return the mailbox as a URL of RFC 5092, for people, and its UIDVALIDITY."""
        return self._place

    @property
    def keeps_keywords(self) -> bool:
        r"""Return whether the server stores the service's keywords: PERMANENTFLAGS (RFC 3501, 7.1) lists them, or `\*`."""
        return self._keeps

    def unread(self) -> Sequence[str]:
        """Return the UIDs of unread messages, by one SEARCH; ascending, which is the order of arrival."""
        with self._asking(Stage.READ):
            self._session.refresh()
            self._session.arrivals = False  # arrivals from here on may be missing in the answer
            return uids(self._session.uid("SEARCH", "UNSEEN"))

    def fetch(self, keys: Sequence[str], largest: int) -> Iterator[RawMessage]:
        """Fetch the sizes first; then as many messages in one answer as fit into bounded memory."""
        for chunk in chunks(keys):
            with self._asking(Stage.READ):
                known = self._fetched(chunk, "(UID RFC822.SIZE INTERNALDATE)")
            small = [message for message in known.values() if (message.size or 0) <= largest]
            for part in parts(small):
                yield from self._contents(part, "BODY.PEEK[]", known, largest)
            large = [uid for uid, message in known.items() if (message.size or 0) > largest]
            yield from self._contents(large, f"BODY.PEEK[HEADER]<0.{HEADER}>", known, largest)

    def mark(self, keys: Sequence[str], disposition: Disposition) -> None:
        """Mark messages with one STORE for each chunk."""
        with self._asking(Stage.MARK):
            for chunk in chunks(keys):
                self._mark(uid_set(chunk), disposition)

    def overview(self, since: str | None) -> Overview:
        """Return the overview with few commands, whatever the mailbox holds; the oldest is the unread message that came first."""
        with self._asking(Stage.READ):
            self._session.refresh()
            unread = uids(self._session.uid("SEARCH", "UNSEEN"))
            oldest = self._fetched(unread[:1], "(UID INTERNALDATE)").get(unread[0]) if unread else None
            newest = uids(self._session.uid("SEARCH", "UID", "*"))
            taken = self._taken(int(since)) if since and since.isdigit() else []
            last = newest[-1] if newest else since or "0"
        return Overview(len(unread), oldest.date if oldest else None, tuple(taken), last)

    def wait(self, seconds: float) -> bool:
        """Wait for changes; IDLE stays open from one call to the next."""
        with self._session.failures(Stage.WAIT):
            if self._session.selected != self._name:
                self._waiting.end()
                self._back()
            return self._waiting.wait(seconds)

    def filed(self) -> Iterator[Filed]:
        """Yield the messages that are read and not marked as deleted."""
        with self._asking(Stage.ARCHIVE):
            self._session.refresh()
            keys = uids(self._session.uid("SEARCH", *self._filing.undeleted, "SEEN"))
        for chunk in chunks(keys):
            with self._asking(Stage.ARCHIVE):
                found = self._fetched(chunk, "(UID FLAGS INTERNALDATE)")
            yield from (_filed(message) for message in found.values() if "\\Seen" in (message.flags or ()))

    def archive(self, keys: Sequence[str]) -> int:
        """Move messages to the archive, by MOVE or by COPY."""
        moved = 0
        for chunk in chunks(keys):
            with self._asking(Stage.ARCHIVE):
                moved += self._filing.move(chunk, self._back)
        return moved

    def archived(self) -> Iterator[Filed]:
        """Yield the messages of the archive that are not marked as deleted."""
        with self._asking(Stage.ARCHIVE):
            messages = self._filing.archived()
        yield from (_filed(message) for message in messages)

    def expire(self, keys: Sequence[str]) -> int:
        """Remove messages by UID EXPUNGE (RFC 4315), which removes no others."""
        removed = 0
        for chunk in chunks(keys):
            with self._asking(Stage.ARCHIVE):
                removed += self._filing.expire(chunk)
        return removed

    def originals(self, message_ids: Sequence[str]) -> Mapping[str, Original]:
        """Return nothing: an IMAP server knows nothing of mails sent by another server."""
        return {}

    def close(self) -> None:
        """Send LOGOUT if the connection is alive."""
        with suppress(MailboxFailed), self._session.failures():
            self._session.client.sock.settimeout(1)
            self._waiting.end()
        self._session.close()

    def evidence(self, started: float) -> MailboxEvidence:
        """Return the results of a test of this mailbox; `started` is the monotonic time at which the test began."""
        session = self._session
        with self._asking(Stage.READ):
            counted = len(uids(session.uid("SEARCH", "ALL")))
            unread = len(uids(session.uid("SEARCH", "UNSEEN")))
            archive_exists = self._filing.exists()
            return MailboxEvidence(
                server=f"{self._server.host}:{self._server.port}",
                tls=encryption(session.client.sock),
                messages=counted,
                unread=unread,
                keywords=self._keeps,
                idle=session.client.offers("IDLE"),
                archive_exists=archive_exists,
                seconds=round(time.monotonic() - started, 3),
            )

    # -- inside --------------------------------------------------------------------------------------------------------

    @contextmanager
    def _asking(self, stage: Stage) -> Iterator[None]:
        """Select the mailbox and leave IDLE for a command."""
        with self._session.failures(stage):
            self._waiting.end()
            self._back()
            self._session.enter(stage)
            yield

    def _back(self) -> None:
        """Select the mailbox again after the archive; its UIDVALIDITY must be the same."""
        if self._session.selected != self._name:
            validity, self._keeps = self._select()
            self._session.arrivals = True
            if validity != self._place.validity:
                raise MailboxFailed(imap_failures.mailbox_recreated(self._name, self._server))

    def _select(self) -> tuple[str, bool]:
        """Select the mailbox; return UIDVALIDITY, and whether keywords are stored."""
        said = self._session.select(self._name)
        permanent = words(said.get("PERMANENTFLAGS"))
        if permanent is not None and "\\seen" not in permanent:
            raise MailboxFailed(imap_failures.read_only(self._name, self._server))
        keeps = permanent is not None and ("\\*" in permanent or {word.lower() for word in KEYWORDS} <= permanent)
        return number(said.get("UIDVALIDITY")) or "0", keeps

    def _fetched(self, keys: Sequence[str], what: str) -> dict[str, Fetched]:
        """Return messages by UID; responses about other messages, or about flags alone, are ignored."""
        asked = set(keys)
        if not (chosen := uid_set(keys)):
            return {}
        answers = fetched(self._session.uid("FETCH", chosen, what))
        wanted = {message.uid: message for message in answers if message.uid in asked and _answers(message, what)}
        return {key: wanted[key] for key in keys if key in wanted}

    def _contents(self, keys: Sequence[str], what: str, known: dict[str, Fetched], largest: int) -> Iterator[RawMessage]:
        with self._asking(Stage.READ):
            found = self._fetched(keys, f"(UID {what})")
        for key, message in found.items():
            content = message.content or b""
            size = max(known[key].size or 0, len(content))
            date = known[key].date or LONG_AGO
            yield RawMessage(key, content[:largest] if size > largest else content, size, date, cut=size > largest)

    def _mark(self, chosen: str, disposition: Disposition) -> None:
        if self._keeps:
            try:
                self._session.uid("STORE", chosen, "+FLAGS.SILENT", f"(\\Seen {disposition.keyword})")
            except Refused:  # a server may limit the number of keywords
                self._keeps = False
            else:
                return
        if chosen:
            self._session.uid("STORE", chosen, "+FLAGS.SILENT", "(\\Seen)")

    def _taken(self, since: int) -> list[str]:
        """Return messages that are read, came after `since`, and have none of the service's keywords."""
        foreign = [word for keyword in sorted(KEYWORDS) for word in ("UNKEYWORD", keyword)] if self._keeps else []
        found = uids(self._session.uid("SEARCH", "UID", f"{since + 1}:*", "SEEN", *foreign))
        return [uid for uid in found if int(uid) > since]  # `n:*` includes the last message, if there is none after it


def _answers(message: Fetched, what: str) -> bool:
    """Return whether the message has the requested data."""
    if "BODY" in what:
        return message.content is not None
    return message.date is not None


def _filed(message: Fetched) -> Filed:
    flags = message.flags or frozenset()
    return Filed(message.uid, "\\Seen" in flags, flags, message.date or LONG_AGO)
