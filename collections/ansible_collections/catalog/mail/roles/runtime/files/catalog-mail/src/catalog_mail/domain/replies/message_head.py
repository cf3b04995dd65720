# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of a message, by which an administrator finds it in the log of messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LONGEST_SUBJECT = 300
LONGEST_ID = 300


@dataclass(frozen=True)
class MessageHead:
    """Sender, subject, Message-ID and time of arrival, as far as the message has them; each is one line of bounded length."""

    sender: str | None = None
    subject: str | None = None
    message_id: str | None = None
    received_at: datetime | None = None
