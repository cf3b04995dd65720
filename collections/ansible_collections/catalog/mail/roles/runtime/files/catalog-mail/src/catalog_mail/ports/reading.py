# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of messages, which may use other processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from catalog_mail.domain.replies.decision import Policy
from catalog_mail.domain.replies.mailbox import RawMessage
from catalog_mail.domain.replies.outcome import Outcome


class MessageReader(Protocol):
    """Analyses messages by themselves."""

    def begin(self, messages: Sequence[RawMessage], policy: Policy) -> Iterator[Outcome]:
        """Begin to analyse these messages; outcomes of earlier ones that were not taken are dropped.

        The iterator waits for each outcome, in the order of the messages.
        """
