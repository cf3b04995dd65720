# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open mailboxes by IMAP."""

from __future__ import annotations

import time

from catalog_mail.adapters.imap.mailbox import ImapMailbox
from catalog_mail.domain.replies.mailbox import MailboxEvidence
from catalog_mail.domain.settings.servers import ImapServer


class ImapMailboxes:
    """Implements ports.Mailboxes."""

    def open(self, server: ImapServer) -> ImapMailbox:
        """Open a mailbox. Raises MailboxFailed."""
        return ImapMailbox(server)

    def check_mailbox(self, server: ImapServer) -> MailboxEvidence:
        """Test a mailbox: open it as for work, which shows the permissions; nothing in it is changed. Raises MailboxFailed."""
        started = time.monotonic()
        mailbox = ImapMailbox(server)
        try:
            return mailbox.evidence(started)
        finally:
            mailbox.close()
