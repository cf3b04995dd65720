# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open mailboxes by IMAP."""

from __future__ import annotations

import time

from catalog_mail.adapters.imap.capabilities import BrokenCapabilities
from catalog_mail.adapters.imap.mailbox import ImapMailbox
from catalog_mail.domain.failures.imap import peer
from catalog_mail.domain.replies.mailbox import MailboxEvidence
from catalog_mail.domain.settings.servers import ImapServer


class ImapMailboxes:
    """Implements ports.Mailboxes."""

    def __init__(self) -> None:
        self._broken: dict[tuple[str, int], BrokenCapabilities] = {}

    def open(self, server: ImapServer) -> ImapMailbox:
        """Open a mailbox. Raises MailboxFailed."""
        key = server.host.lower(), server.port
        return ImapMailbox(server, self._broken.setdefault(key, BrokenCapabilities(peer(server).place)))

    def check_mailbox(self, server: ImapServer) -> MailboxEvidence:
        """Test a mailbox: open it as for work, which shows the permissions; nothing in it is changed. Raises MailboxFailed."""
        started = time.monotonic()
        mailbox = self.open(server)
        try:
            return mailbox.evidence(started)
        finally:
            mailbox.close()
