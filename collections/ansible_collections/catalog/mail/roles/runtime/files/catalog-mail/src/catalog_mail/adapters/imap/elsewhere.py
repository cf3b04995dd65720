# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read headers of new messages in the other folders of a mailbox, without a change in them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from imap_tools import FolderInfo
from imap_tools.errors import UnexpectedCommandStatusError

from catalog_mail.adapters.imap.connecting import Connecting
from catalog_mail.adapters.imap.failing import Refused
from catalog_mail.adapters.imap.fetching import fetch_given
from catalog_mail.adapters.imap.names import folders
from catalog_mail.adapters.imap.responses import day, uids
from catalog_mail.adapters.imap.session import Session
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.replies.mailbox import KEYWORDS, Elsewhere
from catalog_mail.domain.replies.misplaced import HEADER, MOST_WATCHED

log = logging.getLogger(__name__)

MOST_FOLDERS = 50
# Folders of mail that did not arrive there (RFC 6154), and those that cannot be opened (RFC 3501, 7.2.2).
_NOT_ARRIVED = frozenset({"\\sent", "\\drafts", "\\all", "\\flagged", "\\important", "\\noselect", "\\nonexistent"})
_STATE = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")


@dataclass
class OtherFolders:
    """The folders other than the mailbox of replies and its archive. A folder is read again when its counts have changed."""

    connecting: Connecting
    _known: dict[str, tuple[object, Sequence[Elsewhere]]] = field(default_factory=dict)
    _failed: set[str] = field(default_factory=set)

    def messages(self, since: datetime) -> Iterator[Elsewhere]:
        """Yield the messages that arrived since then and are not marked as handled.

        A folder that cannot be read is left out. Raises MailboxFailed when the server is lost.
        """
        for name in self._names():
            try:
                with self.connecting.asking(Stage.READ) as session:
                    found = self._messages(session, name, since)
            except MailboxFailed as error:
                self.connecting.reopen(error)
                self._failed.add(name)
                log.warning("the folder %r cannot be searched for replies: %s", name, error.failure.cause)
            else:
                yield from found

    def _names(self) -> list[str]:
        with self.connecting.asking(Stage.READ) as session:
            listed = folders(session)
        own = {self.connecting.name, self.connecting.server.archive_mailbox}
        names = [folder.name for folder in sorted(listed, key=_is_other) if _holds_arrivals(folder)]
        return [name for name in names if name not in own and name not in self._failed][:MOST_FOLDERS]

    def _messages(self, session: Session, name: str, since: datetime) -> Sequence[Elsewhere]:
        try:
            state = session.status(name, *_STATE)
            known = self._known.get(name)
            if known is not None and known[0] == state:
                return known[1]
            found = tuple(self._read(session, name, since)) if state.get("MESSAGES") else ()
        except (UnexpectedCommandStatusError, Refused):
            return ()
        self._known[name] = state, found
        return found

    def _read(self, session: Session, name: str, since: datetime) -> Iterator[Elsewhere]:
        session.examine(name)
        session.enter(Stage.READ)
        unhandled = [word for keyword in sorted(KEYWORDS) for word in ("UNKEYWORD", keyword)]
        # Without keywords a handled message that somebody moved looks like any other that is read.
        unread = [] if self.connecting.keeps else ["UNSEEN"]
        keys = uids(session.uid("SEARCH", "SINCE", day(since), *unread, *unhandled))[-MOST_WATCHED:]
        for message in fetch_given(session, keys, f"BODY.PEEK[HEADER]<0.{HEADER}>"):
            if message.content:
                yield Elsewhere(name, message.content)


def _holds_arrivals(folder: FolderInfo) -> bool:
    return _NOT_ARRIVED.isdisjoint(flag.lower() for flag in folder.flags)


def _is_other(folder: FolderInfo) -> bool:
    """Put Junk first."""
    return "\\junk" not in {flag.lower() for flag in folder.flags} and "junk" not in folder.name.lower()
