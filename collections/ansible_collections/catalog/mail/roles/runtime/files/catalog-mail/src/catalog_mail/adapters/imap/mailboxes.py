"""Opens mailboxes by IMAP."""

from __future__ import annotations

import time

from catalog_mail.adapters.imap.mailbox import ImapMailbox
from catalog_mail.domain.replies.mailbox import MailboxEvidence
from catalog_mail.domain.settings.servers import ImapServer


class ImapMailboxes:
    """Fulfils ports.Mailboxes."""

    def open(self, server: ImapServer) -> ImapMailbox:
        """Raises MailboxFailed."""
        return ImapMailbox(server)

    def check_mailbox(self, server: ImapServer) -> MailboxEvidence:
        """Open it as it is opened for work, which shows what is allowed there; nothing is changed in it."""
        started = time.monotonic()
        mailbox = ImapMailbox(server)
        try:
            return mailbox.evidence(started)
        finally:
            mailbox.close()
