# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations of the embedded catalog, and their posts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Conversation:
    """A titled exchange of posts; `assignee_id` is the user to whom it is assigned."""

    id: str
    title: str
    created_by: str
    created_at: datetime
    assignee_id: str | None = None


@dataclass(frozen=True)
class Post:
    """A text by one user; `mentions` are the ids of the users that it mentions with an @.

    A post that is sent twice with one `idempotency_key` is stored once.
    """

    id: str
    conversation_id: str
    author_id: str
    text: str
    created_at: datetime
    mentions: tuple[str, ...] = ()
    idempotency_key: str | None = None


_THREAD = "conversation."


def thread_of(conversation_id: str) -> str:
    """Return the name of the thread that groups a conversation's mails."""
    return f"{_THREAD}{conversation_id}"


def conversation_of_thread(thread: str | None) -> str | None:
    """Return the id of the conversation that a thread belongs to; None for another catalog's thread."""
    return thread.removeprefix(_THREAD) if thread and thread.startswith(_THREAD) else None
