"""Conversations of the embedded catalog: posts, and whom a post mentions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Conversation:
    """A titled exchange of posts; `assignee_id` is the user who is to take care of it."""

    id: str
    title: str
    created_by: str
    created_at: datetime
    assignee_id: str | None = None


@dataclass(frozen=True)
class Post:
    """What one user wrote; `mentions` are the ids of the users whose names it mentions with an @.

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
    """The name of the thread that keeps a conversation's mails together."""
    return f"{_THREAD}{conversation_id}"


def conversation_of_thread(thread: str | None) -> str | None:
    """The id of the conversation that a thread belongs to; None for another catalog's thread."""
    return thread.removeprefix(_THREAD) if thread and thread.startswith(_THREAD) else None
