# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find, read and mark single messages of the mailbox or its archive that were handled before."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_mail.adapters.imap.connecting import Connecting
from catalog_mail.adapters.imap.failing import Refused
from catalog_mail.adapters.imap.fetching import SIZES, fetch_given
from catalog_mail.adapters.imap.filing import Filing
from catalog_mail.adapters.imap.responses import LONG_AGO, uid_set, uids
from catalog_mail.adapters.imap.session import Session
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.replies.mailbox import KEYWORDS, Disposition, Located, RawMessage, Unreadable

# Bytes of the header of a message that is too large.
HEADER = 256 * 1024


@dataclass(frozen=True)
class LocatedMessages:
    """The messages of one mailbox. Methods raise MailboxFailed."""

    connecting: Connecting
    filing: Filing

    def find(self, key: str | None, message_id: str | None) -> Located | None:
        """Implement `Mailbox.find`."""
        with self.connecting.asking(Stage.READ) as session:
            session.refresh()
            undeleted = self.filing.undeleted
            if key is not None and uids(session.uid("SEARCH", "UID", uid_set([key]), *undeleted)):
                return Located(key)
            named = _named(message_id)
            if named is None:
                return None
            if found := uids(session.uid("SEARCH", *undeleted, "HEADER", "MESSAGE-ID", named)):
                return Located(found[-1])
        with self.connecting.asking(Stage.ARCHIVE) as session:
            if not self.filing.select():
                return None
            found = uids(session.uid("SEARCH", *undeleted, "HEADER", "MESSAGE-ID", named))
        return Located(found[-1], archived=True) if found else None

    def fetch(self, key: str, largest: int) -> RawMessage | Unreadable | None:
        """Read a message of the archive."""
        with self.connecting.asking(Stage.ARCHIVE) as session:
            if not self.filing.select() or not uids(session.uid("SEARCH", "UID", uid_set([key]))):
                return None
            known = next((one for one in fetch_given(session, [key], SIZES) if one.uid == key), None)
            size = known.size or 0 if known else 0
            what = f"BODY.PEEK[HEADER]<0.{HEADER}>" if size > largest else "BODY.PEEK[]"
            found = next((one for one in fetch_given(session, [key], what) if one.uid == key), None)
        if known is None or found is None or found.content is None:
            return Unreadable(key, imap_failures.not_given(Stage.ARCHIVE, self.connecting.server))
        size = max(size, len(found.content))
        return RawMessage(key, found.content[:largest], size, known.date or LONG_AGO, cut=size > largest)

    def mark(self, located: Located, disposition: Disposition) -> None:
        """Implement `Mailbox.mark_located`."""
        stage = Stage.ARCHIVE if located.archived else Stage.MARK
        with self.connecting.asking(stage) as session:
            if not located.archived or self.filing.select():
                _mark(session, located.key, disposition)


def _mark(session: Session, key: str, disposition: Disposition) -> None:
    """Set the keyword and then remove the others; a server that refuses keywords gets the flag alone."""
    chosen = uid_set([key])
    others = " ".join(sorted(KEYWORDS - {disposition.keyword}))
    try:
        session.uid("STORE", chosen, "+FLAGS.SILENT", f"(\\Seen {disposition.keyword})")
        session.uid("STORE", chosen, "-FLAGS.SILENT", f"({others})")
    except Refused:
        session.uid("STORE", chosen, "+FLAGS.SILENT", "(\\Seen)")


def _named(message_id: str | None) -> str | None:
    """Return a Message-ID as a quoted string (RFC 3501, 9); None for one that cannot be searched for."""
    if message_id is None or not message_id.isascii() or not message_id.isprintable():
        return None
    escaped = message_id.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
