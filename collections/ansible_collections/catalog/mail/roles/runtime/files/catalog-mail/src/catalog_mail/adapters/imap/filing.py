# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Move messages to the archive of a mailbox and remove them from it; each at most once, and no other messages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from imap_tools.errors import UnexpectedCommandStatusError
from imap_tools.utils import encode_folder

from catalog_mail.adapters.imap.portions import chunks
from catalog_mail.adapters.imap.responses import Fetched, fetched, number, uid_set, uids
from catalog_mail.adapters.imap.session import Session
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.settings.servers import ImapServer

# Headers that distinguish a copy from other messages, besides size and date of arrival, which a copy keeps (RFC 3501, 6.4.7):
# servers add a Received header to each arrival (RFC 5321, 4.4).
_TRACES = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE RECEIVED)]"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = timedelta(days=1)
Trace = tuple[int | None, datetime | None, bytes]


class Filing:
    r"""The archive in one session. Methods raise exceptions that a session's `failures` turns into MailboxFailed.

    Without UIDPLUS (RFC 4315) only EXPUNGE could remove messages, and it would also remove those that others have marked: so
    copied messages stay marked `\Deleted` and are skipped from then on.
    """

    def __init__(self, session: Session, server: ImapServer) -> None:
        self._session = session
        self._server = server
        self._archive = server.archive_mailbox
        self._moves = session.client.offers("MOVE")
        self._validity: str | None = None
        self._expunges = session.client.offers("UIDPLUS")
        # Search criterion that leaves out messages marked as deleted; empty when no such message remains in the mailbox.
        self.undeleted: tuple[str, ...] = () if self._expunges or self._moves else ("UNDELETED",)

    def exists(self) -> bool:
        """Return whether the archive exists."""
        try:
            self._session.box.folder.status(self._archive, ["MESSAGES"])
        except UnexpectedCommandStatusError:
            return False
        return True

    def move(self, keys: Sequence[str], back: Callable[[], None]) -> int:
        """Move up to a chunk of the selected mailbox's messages; `back` selects it again. Returns the number of moved messages.

        A message that was marked as unread in the meantime stays.
        """
        keys = uids(self._session.uid("SEARCH", "UID", uid_set(keys), "SEEN", *self.undeleted))
        if not keys:
            return 0
        self._make()
        if self._moves:
            self._session.uid("MOVE", uid_set(keys), encode_folder(self._archive))
            return len(keys)
        self._copy(keys, back)
        self._remove(uid_set(keys))
        return len(keys)

    def archived(self) -> list[Fetched]:
        """Return the messages of the archive, which this selects; none when there is no archive."""
        if not self._select():
            return []
        keys = uids(self._session.uid("SEARCH", *(self.undeleted or ("ALL",))))
        found: list[Fetched] = []
        for chunk in chunks(keys):
            answer = self._session.uid("FETCH", uid_set(chunk), "(UID FLAGS INTERNALDATE)")
            found += [message for message in fetched(answer) if message.date and message.flags is not None]
        return found

    def expire(self, keys: Sequence[str]) -> int:
        """Remove these messages from the archive, which this selects. Returns the number of removed messages."""
        if not self._select():
            return 0
        chosen = uids(self._session.uid("SEARCH", "UID", uid_set(keys), "SEEN"))
        if chosen:
            self._remove(uid_set(chosen))
        return len(chosen) if self._expunges else 0

    def _select(self) -> bool:
        if self._session.selected == self._archive:
            return True
        if not self.exists():
            return False
        validity = number(self._session.select(self._archive).get("UIDVALIDITY"))
        self._session.enter(Stage.ARCHIVE)
        if self._validity is not None and validity != self._validity:  # the known UIDs belong to other messages
            raise MailboxFailed(imap_failures.mailbox_recreated(self._archive, self._server))
        self._validity = validity
        return True

    def _make(self) -> None:
        if not self.exists():
            try:
                self._session.box.folder.create(self._archive)
            except UnexpectedCommandStatusError:
                if not self.exists():  # another program may have created it
                    self._session.name(self._archive)
                    raise

    def _copy(self, keys: Sequence[str], back: Callable[[], None]) -> None:
        """Copy messages that are not in the archive yet: an earlier run may have been killed after copying."""
        wanted = self._traces(uid_set(keys))
        dates = [message.date for message, _trace in wanted.values() if message.date]
        there = self._there(min(dates), max(dates)) if dates else set()
        back()
        missing = [uid for uid, (_message, trace) in wanted.items() if trace not in there]
        if missing:
            self._session.uid("COPY", uid_set(missing), encode_folder(self._archive))

    def _there(self, first: datetime, last: datetime) -> set[Trace]:
        """Return the traces of archived messages that arrived on these days; COPY keeps the date of arrival (RFC 3501, 6.4.7)."""
        if not self._select():
            return set()
        days = ("SINCE", _day(first - _DAY), "BEFORE", _day(last + 2 * _DAY))
        keys = uids(self._session.uid("SEARCH", *days))
        found: set[Trace] = set()
        for chunk in chunks(keys):
            traces = self._traces(uid_set(chunk))
            found |= {trace for _message, trace in traces.values()}
        return found

    def _traces(self, chosen: str) -> dict[str, tuple[Fetched, Trace]]:
        """Return what identifies each message: its trace headers, or else its whole content; with size and date."""
        answer = fetched(self._session.uid("FETCH", chosen, f"(UID RFC822.SIZE INTERNALDATE {_TRACES})"))
        found = {message.uid: (message, message.content) for message in answer if message.content is not None}
        for uid, (message, header) in found.items():
            if not header.strip():
                whole = fetched(self._session.uid("FETCH", uid, "(UID BODY.PEEK[])"))
                found[uid] = (message, next((one.content for one in whole if one.uid == uid and one.content), b""))
        return {
            uid: (message, (message.size, message.date, hashlib.sha256(told).digest())) for uid, (message, told) in found.items()
        }

    def _remove(self, chosen: str) -> None:
        self._session.uid("STORE", chosen, "+FLAGS.SILENT", "(\\Deleted)")
        if self._expunges:
            self._session.uid("EXPUNGE", chosen)


def _day(moment: datetime) -> str:
    """Format a day for SEARCH, whatever the locale."""
    return f"{moment.day}-{_MONTHS[moment.month - 1]}-{moment.year}"
