"""The embedded catalog's data, one port for each of its users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.catalog.conversation import Conversation, Post
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification


@dataclass(frozen=True)
class Notice:
    """A notification with its deliveries, to be stored together with what it tells about."""

    notification: Notification
    deliveries: Sequence[Delivery]


class UserStore(Protocol):
    """The users, for the catalog. Addresses and names are found whatever their capitals."""

    def add_user(self, user: User) -> None:
        """Raises Conflict for a name or address that another has."""

    def replace_user(self, user: User) -> None:
        """Replace who has this id. Raises NotFound, or Conflict for a name or address that another has."""

    def user(self, user_id: str) -> User: ...  # raises NotFound

    def users(self, *, limit: int, after: str | None = None) -> Sequence[User]:
        """By name; `after` is the name to go on from."""

    def users_by_id(self, ids: Iterable[str]) -> Mapping[str, User]: ...

    def users_by_name(self, names: Iterable[str]) -> Mapping[str, User]:
        """By their names in lower case; names that nobody has are left out."""

    def users_by_email(self, addresses: Iterable[str]) -> Mapping[str, User]:
        """By their addresses in lower case."""


class UserDirectory(Protocol):
    """The users, for replies: their senders and their authors."""

    def users_by_id(self, ids: Iterable[str]) -> Mapping[str, User]: ...

    def users_by_email(self, addresses: Iterable[str]) -> Mapping[str, User]:
        """By their addresses in lower case."""


class RecipientDirectory(Protocol):
    """The users that notifications go to, and the addresses that do not want a kind."""

    def users_by_name(self, names: Iterable[str]) -> Mapping[str, User]:
        """By their names in lower case; names that nobody has are left out."""

    def users_by_email(self, addresses: Iterable[str]) -> Mapping[str, User]:
        """By their addresses in lower case."""

    def server_admins(self) -> Sequence[User]:
        """The active ones."""

    def subscribers(self, event: str) -> Sequence[User]:
        """The active ones."""

    def opted_out_of(self, addresses: Iterable[str], kind: Kind) -> frozenset[str]:
        """Which of these addresses, in lower case, do not want this kind."""


class ConversationStore(Protocol):
    """Conversations with their posts, for the catalog."""

    def add_conversation(self, conversation: Conversation, post: Post | None, notices: Sequence[Notice]) -> None:
        """With its first post and what tells of it, in one transaction."""

    def conversation(self, conversation_id: str) -> Conversation: ...  # raises NotFound

    def conversations(self, *, limit: int, before: str | None = None) -> Sequence[Conversation]:
        """Newest first; `before` is the id to go on from. Raises NotFound for an unknown one."""

    def assign(self, conversation_id: str, user_id: str | None, notices: Sequence[Notice]) -> bool:
        """With what tells of it, in one transaction; False, and nothing stored, where it was so already."""

    def add_post(self, post: Post, notices: Sequence[Notice]) -> tuple[Post, bool]:
        """With what tells of it, in one transaction. With an idempotency key that is known, nothing is stored and the
        earlier post returned with False. Raises Conflict if that one had other content."""

    def posts(self, conversation_id: str, *, limit: int, before: str | None = None) -> Sequence[Post]:
        """Newest first; `before` is the id to go on from. Raises NotFound for an unknown one."""


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


class OptOutCheck(Protocol):
    """Opt-outs, for the delivery of notifications."""

    def opted_out(self, address: str, kind: Kind) -> bool: ...
