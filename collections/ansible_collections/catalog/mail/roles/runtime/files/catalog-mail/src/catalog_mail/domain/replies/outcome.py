# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of reading one message by itself, in which an error of the analysis is contained."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from catalog_mail.domain.replies.decision import Policy, ProbeArrival, Reading, read_parsed
from catalog_mail.domain.replies.foreign import ForeignIntent
from catalog_mail.domain.replies.incoming import parse
from catalog_mail.domain.replies.mailbox import RawMessage
from catalog_mail.domain.replies.message_head import MessageHead
from catalog_mail.domain.replies.reply import NotPosted


@dataclass(frozen=True)
class ReadingFailed:
    """The analysis of a message ended with an error; `stack` is for the log."""

    stack: str


@dataclass(frozen=True)
class Outcome:
    """The result of the analysis, and the head of the message for the log of messages."""

    found: Reading | ProbeArrival | ForeignIntent | NotPosted | ReadingFailed
    head: MessageHead


def outcome(raw: RawMessage, policy: Policy) -> Outcome:
    """Analyse a message by itself; raises no error of the analysis."""
    head = MessageHead(received_at=raw.received_at)
    try:
        incoming, contents = parse(raw.content)
        head = incoming.head(raw.received_at)
        return Outcome(read_parsed(raw, incoming, contents, policy), head)
    except Exception:  # a hostile message may cause any exception
        return Outcome(ReadingFailed(traceback.format_exc()), head)
