# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the messages of the mailbox of replies, with what became of each, and have one tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from catalog_mail.domain.errors import Conflict
from catalog_mail.domain.replies.logged import LoggedMessage, LogOutcome, already_posted
from catalog_mail.domain.replies.mailbox import Located
from catalog_mail.domain.settings.servers import ReceivingSettings
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mailbox import Mailbox, Mailboxes
from catalog_mail.ports.message_log import MessageFilter, MessageLog
from catalog_mail.ports.pages import Page, PageRequest


class ReceivingNow(Protocol):
    """The e-mail settings in force, as far as a retry needs them."""

    def receiving(self) -> ReceivingSettings | None:
        """Return the receiving settings; None while replies are off. Raises NotConfigured."""


@dataclass(frozen=True, kw_only=True)
class ReplyMessages:
    """The messages of the mailbox of replies."""

    log: MessageLog
    settings: ReceivingNow
    mailboxes: Mailboxes
    clock: Clock

    def page(self, wanted: PageRequest, which: MessageFilter) -> Page[LoggedMessage]:
        """Return one page, the latest outcomes first."""
        return self.log.page(wanted, which)

    def message(self, entry_id: str) -> LoggedMessage:
        """Return one message. Raises NotFound."""
        return self.log.message(entry_id)

    def retry(self, entry_id: str) -> LoggedMessage:
        """Have the process that reads the mailbox try a message again; return its entry.

        Raises NotFound; Conflict for a message that is posted, or lies neither in the mailbox nor in its archive, and while
        replies are off; MailboxFailed and NotConfigured.
        """
        message = self.log.message(entry_id)
        if message.outcome is LogOutcome.POSTED:
            raise already_posted(message)
        self._check_lies_there(message)
        self.log.request_retry(entry_id, self.clock.now())
        return self.log.message(entry_id)

    def _check_lies_there(self, message: LoggedMessage) -> None:
        receiving = self.settings.receiving()
        if receiving is None:
            raise Conflict(
                "Replies are switched off, so nothing reads the mailbox.",
                "Switch them on (interactions.enabled), then try the message again.",
                field="interactions.enabled",
            )
        mailbox = self.mailboxes.open(receiving.server)
        try:
            if mailbox.place.mailbox != message.place.mailbox:
                raise Conflict(
                    f"The message was read in {message.place.mailbox}, and the service reads {mailbox.place.mailbox} now.",
                    "Move the message into the mailbox that is read, as unread: then it is handled like a new one.",
                )
            if locate(mailbox, message) is None:
                raise Conflict(
                    "The message lies neither in the mailbox nor in its archive any more.",
                    "Move it back if somebody moved it elsewhere, or ask its author to answer once more.",
                )
        finally:
            mailbox.close()


def locate(mailbox: Mailbox, message: LoggedMessage) -> Located | None:
    """Find a message of the log; None when it lies neither in the mailbox nor in its archive. Raises MailboxFailed."""
    same_keys = mailbox.place == message.place
    return mailbox.find(message.key if same_keys else None, message.head.message_id)
