# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open mailboxes by Graph."""

from __future__ import annotations

import time
from dataclasses import replace

from catalog_mail.adapters.graph.apps import Apps
from catalog_mail.adapters.graph.failing import Failed
from catalog_mail.adapters.graph.mailbox import GraphMailbox
from catalog_mail.adapters.graph.originals import Experience, Originals
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.replies.mailbox import MailboxEvidence
from catalog_mail.domain.settings.servers import GraphServer


class GraphMailboxes:
    """The part of ports.Mailboxes for Graph."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps
        self._met: tuple[GraphServer, Experience] | None = None

    def open(self, server: GraphServer, sent_from: str | None = None, quick_look: int = 0) -> GraphMailbox:
        """Open a mailbox. Raises MailboxFailed."""
        try:
            originals = self._originals(replace(server, mailbox=sent_from, user=None)) if sent_from else None
            return GraphMailbox(server, self._apps.app(server), originals, quick_look)
        except Failed as failed:
            raise MailboxFailed(failed.failure) from failed

    def check_mailbox(self, server: GraphServer) -> MailboxEvidence:
        """Test a mailbox with a token of its own; nothing in the mailbox is changed. Raises MailboxFailed."""
        started = time.monotonic()
        try:
            app = self._apps.fresh(server)
        except Failed as failed:
            raise MailboxFailed(failed.failure) from failed
        try:
            return GraphMailbox(server, app).evidence(started)
        finally:
            app.close()

    def _originals(self, server: GraphServer) -> Originals:
        if self._met is None or self._met[0] != server:
            self._met = server, Experience()
        return Originals(server, self._apps.app(server), self._met[1])
