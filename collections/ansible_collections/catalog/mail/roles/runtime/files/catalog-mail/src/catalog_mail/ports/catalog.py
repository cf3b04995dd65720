# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded catalog's data, one port for each of its users."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.catalog.conversation import Conversation, Post
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification


@dataclass(frozen=True)
class Notice:
    """A notification with its deliveries, stored in one transaction with the change that it announces."""

    notification: Notification
    deliveries: Sequence[Delivery]


@dataclass(frozen=True)
class Contacts:
    """The users with some addresses, and the kinds that these addresses opted out of; all addresses are in lower case."""

    users: Mapping[str, User]
    opted_out: Collection[tuple[str, str]]

    def opted_out_of(self, kind: Kind) -> frozenset[str]:
        """Return the addresses that opted out of this kind."""
        return frozenset(address for address, other in self.opted_out if other == kind.value)


class UserStore(Protocol):
    """The users, for the catalog. Addresses and names are compared without regard to case."""

    def add_user(self, user: User) -> None:
        """Add a user. Raises Conflict when another user has the name or the address."""

    def replace_user(self, user: User) -> None:
        """Replace the user with the same id. Raises NotFound, or Conflict when another user has the name or the address."""

    def user(self, user_id: str) -> User: ...  # raises NotFound

    def users(self, *, limit: int, after: str | None = None) -> Sequence[User]:
        """Return at most `limit` users after the name `after`, sorted by name."""

    def users_by_id(self, ids: Iterable[str]) -> Mapping[str, User]: ...

    def users_by_name(self, names: Iterable[str]) -> Mapping[str, User]:
        """Return the users with these names, keyed by the name in lower case; unknown names are left out."""

    def users_by_email(self, addresses: Iterable[str]) -> Mapping[str, User]:
        """Return the users with these addresses, keyed by the address in lower case; unknown addresses are left out."""


class UserDirectory(Protocol):
    """The users, for replies: to look up senders of replies and authors of posts."""

    def users_by_id(self, ids: Iterable[str]) -> Mapping[str, User]: ...

    def users_by_email(self, addresses: Iterable[str]) -> Mapping[str, User]:
        """Return the users with these addresses, keyed by the address in lower case; unknown addresses are left out."""


class RecipientDirectory(Protocol):
    """The users that receive notifications, and the addresses that opted out of a kind."""

    def users_by_name(self, names: Iterable[str]) -> Mapping[str, User]:
        """Return the users with these names, keyed by the name in lower case; unknown names are left out."""

    def contacts(self, addresses: Iterable[str]) -> Contacts:
        """Return the users with these addresses, and the kinds that the addresses opted out of."""

    def server_admins(self) -> Sequence[User]:
        """Return the active server admins."""

    def subscribers(self, event: str) -> Sequence[User]:
        """Return the active users that subscribed to the event."""


class ConversationStore(Protocol):
    """Conversations with their posts, for the catalog."""

    def add_conversation(self, conversation: Conversation, post: Post | None, notices: Sequence[Notice]) -> None:
        """Store a conversation, its first post and the notices of the post in one transaction."""

    def conversation(self, conversation_id: str) -> Conversation: ...  # raises NotFound

    def conversations_by_id(self, ids: Iterable[str]) -> Mapping[str, Conversation]:
        """Return the conversations with these ids; unknown ids are left out."""

    def conversations(self, *, limit: int, before: str | None = None) -> Sequence[Conversation]:
        """Return at most `limit` items older than the id `before`, newest first. Raises NotFound for an unknown id."""

    def assign(self, conversation_id: str, user_id: str | None, notices: Sequence[Notice]) -> bool:
        """Store assignee and notices in one transaction. Returns False, and stores nothing, when the assignee does not change."""

    def add_post(self, post: Post, notices: Sequence[Notice]) -> tuple[Post, bool]:
        """Store a post and its notices in one transaction; return the post and True.

        With an idempotency key that is known, store nothing and return the earlier post and False. Raises Conflict when the
        earlier post had other content.
        """

    def posts(self, conversation_id: str, *, limit: int, before: str | None = None) -> Sequence[Post]:
        """Return at most `limit` items older than the id `before`, newest first. Raises NotFound for an unknown id."""


class SubscriptionStore(Protocol):
    """Subscriptions to events, for the catalog."""

    def subscribe(self, user_id: str, event: str) -> None: ...

    def unsubscribe(self, user_id: str, event: str) -> None: ...

    def subscriptions(self, user_id: str) -> Sequence[str]: ...


class OptOutStore(Protocol):
    """Opt-outs, for the pages behind unsubscribe links."""

    def opt_out(self, address: str, kind: Kind, at: datetime) -> None: ...

    def opt_in(self, address: str, kind: Kind) -> None: ...

    def opted_out(self, address: str, kind: Kind) -> bool: ...
