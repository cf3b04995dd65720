# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Move messages to the archive of a mailbox and remove them from it; each at most once, and no other messages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from imap_tools.errors import UnexpectedCommandStatusError
from imap_tools.utils import encode_folder

from catalog_mail.adapters.imap.connecting import Connecting
from catalog_mail.adapters.imap.failing import Refused
from catalog_mail.adapters.imap.fetching import fetch_given
from catalog_mail.adapters.imap.names import fitting_name
from catalog_mail.adapters.imap.portions import chunks
from catalog_mail.adapters.imap.responses import Fetched, day, number, uid_set, uids
from catalog_mail.adapters.imap.session import Session
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.failure import Failure, MailboxFailed
from catalog_mail.domain.failures.imap import Stage

# Headers that distinguish a copy from other messages, besides size and date of arrival, which a copy keeps (RFC 3501, 6.4.7):
# servers add a Received header to each arrival (RFC 5321, 4.4).
_TRACES = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE RECEIVED)]"
_DAY = timedelta(days=1)
Trace = tuple[int | None, datetime | None, bytes]


class Filing:
    r"""The archive in one session. Methods raise exceptions that a session's `failures` turns into MailboxFailed.

    Without UIDPLUS (RFC 4315) only EXPUNGE could remove messages, and it would also remove those that others have marked: so
    copied messages stay marked `\Deleted` and are skipped from then on.
    """

    def __init__(self, connecting: Connecting) -> None:
        self._connecting = connecting
        self._archive = connecting.server.archive_mailbox
        self._validity: str | None = None

    @property
    def undeleted(self) -> tuple[str, ...]:
        """Search criterion that leaves out messages marked as deleted; empty when no such message remains in the mailbox."""
        return () if self._session.offers("UIDPLUS") else ("UNDELETED",)

    def exists(self) -> bool:
        """Return whether the archive exists."""
        return self._refusal() is None

    def problem(self) -> Failure | None:
        """Return why the archive could not be created when it is needed; None when it exists, or nothing speaks against it."""
        refusal = self._refusal()
        if refusal is None:
            return None
        answer, server = self._session.answer(refusal), self._connecting.server
        fitting = fitting_name(self._session, self._archive)
        if fitting is not None:
            return imap_failures.misnamed(self._archive, fitting, answer, server)
        return imap_failures.name_refused(self._archive, answer, server) if _is_impossible(refusal) else None

    def move(self, keys: Sequence[str]) -> int:
        """Move up to a chunk of the mailbox's messages. Returns the number of moved messages.

        A message that was marked as unread in the meantime stays.
        """
        self._connecting.back()  # a refusal may have left the archive selected
        self._session.enter(Stage.ARCHIVE)
        movable = self._movable(keys)
        if not movable:
            return 0
        self._make()
        refusal = None
        if self._session.offers("MOVE"):
            refusal = self._move(movable)
            if refusal is None:
                return len(movable)
        left = self._movable(keys)
        copied = self._copy(left) if left else []
        if refusal is not None:  # COPY does what MOVE did not
            self._session.refused("MOVE", refusal)
        if copied:
            self._remove(copied)
        return len(movable) - len(left) + len(copied)

    def archived(self) -> list[Fetched]:
        """Return the messages of the archive with flags and dates; selects the archive."""
        if not self.select():
            return []
        keys = uids(self._session.uid("SEARCH", *(self.undeleted or ("ALL",))))
        found = fetch_given(self._session, keys, "FLAGS INTERNALDATE")
        return [message for message in found if message.date and message.flags is not None]

    def expire(self, keys: Sequence[str]) -> int:
        """Remove these messages from the archive, which this selects. Returns the number of removed messages."""
        if not self.select():
            return 0
        chosen = uids(self._session.uid("SEARCH", "UID", uid_set(keys), "SEEN"))
        if chosen:
            self._remove(chosen)
        return len(chosen) if self._session.offers("UIDPLUS") else 0

    @property
    def _session(self) -> Session:
        return self._connecting.session

    def _movable(self, keys: Sequence[str]) -> list[str]:
        return uids(self._session.uid("SEARCH", "UID", uid_set(keys), "SEEN", *self.undeleted))

    def _move(self, keys: Sequence[str]) -> Refused | None:
        """Move by MOVE (RFC 6851); return the refusal when messages did not move."""
        try:
            with self._session.trying("MOVE"):
                self._session.uid("MOVE", uid_set(keys), encode_folder(self._archive))
        except Refused as refusal:
            self._session.forgive()
            return refusal
        return Refused(b"the messages are still there") if self._movable(keys) else None

    def _refusal(self) -> bytes | None:
        """Return the server's answer when it has no archive."""
        try:
            self._session.status(self._archive, "MESSAGES")
        except Refused as refusal:
            return refusal.text
        return None

    def select(self) -> bool:
        """Select the archive; return False when there is none."""
        if self._session.selected == self._archive:
            return True
        if not self.exists():
            return False
        validity = number(self._session.select(self._archive).get("UIDVALIDITY"))
        self._session.enter(Stage.ARCHIVE)
        if self._validity is not None and validity != self._validity:  # the known UIDs belong to other messages
            raise MailboxFailed(imap_failures.mailbox_recreated(self._archive, self._connecting.server))
        self._validity = validity
        return True

    def _make(self) -> None:
        if self.exists():
            return
        try:
            self._session.box.folder.create(self._archive)
        except UnexpectedCommandStatusError:
            if self.exists():  # another program may have created it
                return
            if problem := self.problem():
                raise MailboxFailed(problem) from None
            self._session.name(self._archive)
            raise

    def _copy(self, keys: Sequence[str]) -> list[str]:
        """Copy messages that are not in the archive yet: an earlier run may have been killed after copying.

        Returns the messages that are in the archive now; one that the server does not return stays in the mailbox.
        """
        wanted = self._traces(keys)
        dates = [message.date for message, _trace in wanted.values() if message.date]
        there = self._there(min(dates), max(dates)) if dates else set()
        self._connecting.back()
        self._session.enter(Stage.ARCHIVE)
        missing = [uid for uid, (_message, trace) in wanted.items() if trace not in there]
        if missing:
            self._session.uid("COPY", uid_set(missing), encode_folder(self._archive))
        return list(wanted)

    def _there(self, first: datetime, last: datetime) -> set[Trace]:
        """Return the traces of archived messages that arrived on these days; COPY keeps the date of arrival (RFC 3501, 6.4.7)."""
        if not self.select():
            return set()
        days = ("SINCE", day(first - _DAY), "BEFORE", day(last + 2 * _DAY))
        keys = uids(self._session.uid("SEARCH", *days))
        found: set[Trace] = set()
        for chunk in chunks(keys):
            traces = self._traces(chunk)
            found |= {trace for _message, trace in traces.values()}
        return found

    def _traces(self, keys: Sequence[str]) -> dict[str, tuple[Fetched, Trace]]:
        """Return what identifies each message: its trace headers, or else its whole content; with size and date."""
        given = fetch_given(self._session, keys, f"RFC822.SIZE INTERNALDATE {_TRACES}")
        found: dict[str, tuple[Fetched, Trace]] = {}
        for message in given:
            told = message.content
            if told is not None and not told.strip():
                whole = fetch_given(self._session, [message.uid], "BODY.PEEK[]")
                told = next((one.content for one in whole if one.uid == message.uid), None)
            if told is not None:
                found[message.uid] = message, (message.size, message.date, hashlib.sha256(told).digest())
        return {uid: found[uid] for uid in keys if uid in found}

    def _remove(self, keys: Sequence[str]) -> None:
        chosen = uid_set(keys)
        self._session.uid("STORE", chosen, "+FLAGS.SILENT", "(\\Deleted)")
        if not self._session.offers("UIDPLUS"):
            return
        try:
            with self._session.trying("UIDPLUS"):
                self._session.uid("EXPUNGE", chosen)
        except Refused as refusal:
            self._session.refused("UIDPLUS", refusal)


def _is_impossible(refusal: bytes) -> bool:
    """Return whether a mailbox of this name can never exist: `[CANNOT]` (RFC 5530)."""
    return refusal.lstrip().upper().startswith(b"[CANNOT]")
