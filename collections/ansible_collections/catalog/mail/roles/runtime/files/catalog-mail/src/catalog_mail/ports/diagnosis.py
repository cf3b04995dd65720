# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at servers for a diagnosis. None sends a message or changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.failures.failure import Failure
from catalog_mail.domain.settings.servers import MailboxServer, SendingSettings


@dataclass(frozen=True)
class ServerFacts:
    """A server that accepted the connection, the login and the sender.

    `certificate_expires_at` is None without TLS, `time` the server's own time, None when it told none.
    """

    name: str
    certificate_expires_at: datetime | None = None
    time: datetime | None = None


class ServerChecks(Protocol):
    def sending(self, settings: SendingSettings) -> ServerFacts:
        """Connect, log in, and have the server judge the sender. Raises SendingFailed."""

    def mailbox(self, server: MailboxServer) -> ServerFacts:
        """Open the mailbox as for work. Raises MailboxFailed."""


class LostMessages(Protocol):
    def failures(self, since: datetime) -> Sequence[Failure]:
        """Return why messages accepted since then were given up: the newest of them, limited in number. Raises StorageFailed."""
