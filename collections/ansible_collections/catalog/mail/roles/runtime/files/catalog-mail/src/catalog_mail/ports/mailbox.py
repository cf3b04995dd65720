# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mailbox in which replies arrive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.replies.mailbox import (
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
from catalog_mail.domain.settings.servers import MailboxServer


class ReadableMailbox(Protocol):
    """The messages that one pass handles, wherever they lie. Every method raises MailboxFailed and nothing else."""

    @property
    def place(self) -> Place: ...

    def fetch(self, keys: Sequence[str], largest: int) -> Iterable[RawMessage | Unreadable]:
        """Read messages; those larger than `largest` bytes without their body. Messages that were removed are left out."""

    def originals(self, message_ids: Sequence[str]) -> Mapping[str, Original]:
        """Look up the sent mails to which a server gave these Message-IDs; empty when there is no mailbox of sent mail.

        A failed look-up is a result, not an exception.
        """

    def mark(self, keys: Sequence[str], disposition: Disposition) -> None:
        """Mark messages as read, with the disposition's keyword where the server stores keywords.

        Messages that were removed are skipped. A single message that cannot be marked is skipped and logged.
        """


class Mailbox(ReadableMailbox, Protocol):
    r"""An open mailbox, for one thread. Every method raises MailboxFailed and nothing else.

    Reading a message does not set its flag \Seen.
    """

    def unread(self) -> Sequence[str]:
        """Return the keys of all unread messages, oldest first."""

    def find(self, key: str | None, message_id: str | None) -> Located | None:
        """Find a message that was handled before, by its key, or by its Message-ID in the mailbox or its archive.

        None when it lies in neither. `key` is None when the server has assigned new keys since.
        """

    def fetch_located(self, located: Located, largest: int) -> RawMessage | Unreadable | None:
        """Read a message where it lies, as `fetch` does; None when it was removed."""

    def mark_located(self, located: Located, disposition: Disposition) -> None:
        """Mark a message where it lies, in place of the disposition that it was marked with before."""

    def overview(self, since: str | None) -> Overview:
        """Return an overview; `since` is `last` of an earlier overview of this place, None for the first."""

    def elsewhere(self, since: datetime) -> Iterable[Elsewhere]:
        """Return messages of other folders that arrived since then and are not marked as handled; limited in number."""

    def wait(self, seconds: float) -> bool:
        """Wait until the mailbox changes (returns True) or `seconds` have passed (returns False). A long wait is not an error.

        With a server that does not report changes, wait for all the seconds.
        """

    def filed(self) -> Iterable[Filed]:
        """Return all read messages of the mailbox."""

    def archive(self, keys: Sequence[str]) -> int:
        """Move messages to the archive mailbox, created if it is missing. Returns the number of moved messages."""

    def archived(self) -> Iterable[Filed]:
        """Return the messages of the archive mailbox; empty when there is no archive."""

    def expire(self, keys: Sequence[str]) -> int:
        """Delete messages from the archive, and no others. Returns the number of deleted messages."""

    def close(self) -> None:
        """Close the connection; raises nothing."""


class Mailboxes(Protocol):
    """Opens mailboxes."""

    def open(self, server: MailboxServer, sent_from: str | None = None, quick_look: int = 0) -> Mailbox:
        """Open a mailbox. `sent_from` is the account that sent the answered mails, None when the service cannot read its mail.

        `quick_look` is the number of seconds between two looks for new mail at a server that announces none, 0 for no looks.

        Raises MailboxFailed.
        """

    def check_mailbox(self, server: MailboxServer) -> MailboxEvidence:
        """Open a mailbox for a test and close it, without a change. Raises MailboxFailed."""


class MailboxMarks(Protocol):
    """The last message of each mailbox that was searched."""

    def mark(self, place: Place) -> str | None:
        """Return `last` of the latest overview of this place; None when there was none."""

    def move(self, place: Place, last: str) -> None:
        """Record `last` of the latest overview."""
