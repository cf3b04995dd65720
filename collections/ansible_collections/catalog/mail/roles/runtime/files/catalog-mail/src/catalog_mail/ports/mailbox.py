"""The mailbox that replies come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from catalog_mail.domain.replies.mailbox import Disposition, Filed, MailboxEvidence, Overview, Place, RawMessage, Unreadable
from catalog_mail.domain.replies.original import Original
from catalog_mail.domain.settings.servers import MailboxServer


class Mailbox(Protocol):
    r"""An open mailbox, for one thread. Every method raises MailboxFailed and nothing else.

    Nothing that is read here becomes \Seen by being read.
    """

    @property
    def place(self) -> Place: ...

    @property
    def keeps_keywords(self) -> bool:
        """Whether a keyword that is set here stays."""

    def unread(self) -> Sequence[str]:
        """The keys of all unread messages at this moment, oldest first."""

    def fetch(self, keys: Sequence[str], largest: int) -> Iterable[RawMessage | Unreadable]:
        """These messages, those larger than so many bytes without their body. One that is gone by now is left out."""

    def originals(self, message_ids: Sequence[str]) -> Mapping[str, Original]:
        """What is known of the mails that a server gave these Message-IDs; nothing where there is nowhere to look.

        A failure is part of the answer, and not raised.
        """

    def mark(self, keys: Sequence[str], disposition: Disposition) -> None:
        """Make them read, with the disposition's keyword where the server keeps it. One that is gone is left out.

        So is one that alone cannot be marked; that is logged.
        """

    def overview(self, since: str | None) -> Overview:
        """What stands here; `since` is the `last` of an earlier overview of this place, None for the first."""

    def wait(self, seconds: float) -> bool:
        """Wait until something has changed here (True) or so many seconds have passed (False); long waits are no fault.

        A server that does not tell of changes makes it wait to the end.
        """

    def filed(self) -> Iterable[Filed]:
        """All messages that are read."""

    def archive(self, keys: Sequence[str]) -> int:
        """Move these to the archive's mailbox, which is made if it is missing. How many were moved."""

    def archived(self) -> Iterable[Filed]:
        """What stands in the archive; empty where there is none."""

    def expire(self, keys: Sequence[str]) -> int:
        """Remove these from the archive for good, and nothing else. How many were removed."""

    def close(self) -> None:
        """Close the connection; raises nothing."""


class Mailboxes(Protocol):
    """Opens mailboxes."""

    def open(self, server: MailboxServer, sent_from: str | None = None) -> Mailbox:
        """`sent_from` is the account that sends what is answered here, where it can be looked into. Raises MailboxFailed."""

    def check_mailbox(self, server: MailboxServer) -> MailboxEvidence:
        """Open it for a test, change nothing in it, close it. Raises MailboxFailed."""


class MailboxMarks(Protocol):
    """Up to where a mailbox was looked through."""

    def mark(self, place: Place) -> str | None:
        """None if it never was."""

    def move(self, place: Place, last: str) -> None:
        """Up to here."""
