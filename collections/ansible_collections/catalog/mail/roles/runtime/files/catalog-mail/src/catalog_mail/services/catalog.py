# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded catalog: users, conversations with mentions and an assignee, subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog_mail.domain.catalog.conversation import Conversation, Post, thread_of
from catalog_mail.domain.catalog.mentions import mentioned_names
from catalog_mail.domain.catalog.people import Principal, Role, User
from catalog_mail.domain.errors import InputRefused, NotFound, NotPermitted
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.mime.addresses import checked_address
from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.notifications.notification import Kind, Recipient
from catalog_mail.domain.notifications.recipients import of_unknown, of_user
from catalog_mail.domain.notifications.request import NotificationRequest
from catalog_mail.ports.catalog import ConversationStore, Notice, SubscriptionStore, UserStore
from catalog_mail.ports.clock import Clock
from catalog_mail.services.notifications import Notifications

UNTITLED = "Untitled"
MOST_MENTIONED = 100
# The principal that creates the notifications about replies by e-mail.
BY_EMAIL = Principal("reply-sync", Role.CATALOG)


@dataclass(frozen=True)
class NewUser:
    """The fields of a user that a client gives."""

    name: str
    display_name: str
    email: str
    server_admin: bool = False
    active: bool = True


class Catalog:
    """Use cases of the embedded catalog. A change and the notifications about it are stored in one transaction."""

    def __init__(
        self,
        *,
        users: UserStore,
        conversations: ConversationStore,
        subscriptions: SubscriptionStore,
        notifications: Notifications,
        clock: Clock,
        base_url: str,
    ) -> None:
        self._users = users
        self._conversations = conversations
        self._subscriptions = subscriptions
        self._notifications = notifications
        self._clock = clock
        self._base_url = base_url

    # -- users

    def add_user(self, new: NewUser) -> User:
        """Add a user. Raises Conflict when another user has the name or address, InputRefused when one of them is not valid."""
        user = _user(new_id(), new)
        self._users.add_user(user)
        return user

    def replace_user(self, user_id: str, new: NewUser) -> User:
        """Replace a user. Raises as `add_user` does, and NotFound."""
        user = _user(user_id, new)
        self._users.replace_user(user)
        return user

    def user(self, user_id: str) -> User:
        """Return the user with this id. Raises NotFound."""
        return self._users.user(user_id)

    def users(self, *, limit: int, after: str | None = None) -> Sequence[User]:
        """Return users ordered by name, starting after the name `after`."""
        return self._users.users(limit=limit, after=after)

    def acting(self, principal: Principal, name: str | None) -> User:
        """Return the user on whose behalf a request acts: the named user, else the user with the token's e-mail address.

        Raises NotPermitted when the token may not act for others, NotFound when there is no such active user.
        """
        if name is not None:
            if not principal.may(Role.CATALOG):
                raise NotPermitted(
                    f"The token {principal.name!r} has the role {principal.role}; it may not act for another user.",
                    "Leave out X-Catalog-User, or use a token with the role catalog.",
                )
            user = self._users.users_by_name([name]).get(name.lower())
        else:
            user = self._of_token(principal)
        if user is None or not user.active:
            who = f"user {name!r}" if name else f"user with the e-mail address of the token {principal.name!r}"
            raise NotFound(f"There is no active {who}.", "Name one by the header X-Catalog-User.", field="X-Catalog-User")
        return user

    def _of_token(self, principal: Principal) -> User | None:
        address = principal.email.lower() if principal.email else None
        return self._users.users_by_email([address]).get(address) if address else None

    # -- conversations

    def conversation(self, conversation_id: str) -> Conversation:
        """Return the conversation with this id. Raises NotFound."""
        return self._conversations.conversation(conversation_id)

    def conversations_by_id(self, ids: Iterable[str]) -> Mapping[str, Conversation]:
        """Return the conversations with these ids; unknown ids are left out."""
        return self._conversations.conversations_by_id(ids)

    def conversations(self, *, limit: int, before: str | None = None) -> Sequence[Conversation]:
        """Return conversations, newest first, starting before the id `before`. Raises NotFound when `before` is unknown."""
        return self._conversations.conversations(limit=limit, before=before)

    def posts(self, conversation_id: str, *, limit: int, before: str | None = None) -> Sequence[Post]:
        """Return posts, newest first, starting before the id `before`. Raises NotFound for the conversation or `before`."""
        self._conversations.conversation(conversation_id)
        return self._conversations.posts(conversation_id, limit=limit, before=before)

    def names(self, conversations: Sequence[Conversation], posts: Sequence[Post] = ()) -> dict[str, str]:
        """Return the names of all users that these conversations and posts refer to, by user id."""
        ids = {c.created_by for c in conversations} | {c.assignee_id for c in conversations if c.assignee_id}
        ids |= {post.author_id for post in posts} | {mentioned for post in posts for mentioned in post.mentions}
        return {user.id: user.name for user in self._users.users_by_id(ids).values()}

    def start_conversation(self, title: str, text: str | None, author: User, principal: Principal) -> Conversation:
        """Store a conversation, with a first post if there is a text. Raises InputRefused for too many mentions in the text."""
        conversation = Conversation(new_id(), one_line(title, 300) or UNTITLED, author.id, self._clock.now())
        post, notices = None, list[Notice]()
        if text is not None:
            post, notices = self._written(conversation, text, author, principal, key=None)
        self._conversations.add_conversation(conversation, post, notices)
        self._notifications.begin(notices)
        return conversation

    def add_post(self, conversation_id: str, text: str, author: User, principal: Principal, key: str | None = None) -> Post:
        """Store a post and notify the mentioned users, except the author. The same post with the same key is stored once.

        Raises NotFound for the conversation, Conflict when the key belongs to another post, InputRefused as above.
        """
        post, notices = self._written(self._conversations.conversation(conversation_id), text, author, principal, key)
        stored, is_new = self._conversations.add_post(post, notices)
        if is_new:
            self._notifications.begin(notices)
        return stored

    def reply(self, conversation: Conversation, text: str, author: User, at: datetime) -> tuple[Post, list[Notice]]:
        """Return the post and the notices of a reply by e-mail; stores nothing. Raises InputRefused."""
        post, notices = self._written(conversation, text, author, BY_EMAIL, key=None)
        return replace(post, created_at=at), notices

    def assign(self, conversation_id: str, name: str | None, actor: User, principal: Principal) -> Conversation:
        """Assign the conversation to this user; None removes the assignee. A new assignee is notified, unless they are the actor.

        Raises NotFound for the conversation, or when there is no such active user.
        """
        conversation = self._conversations.conversation(conversation_id)
        assignee = self._assignee(name) if name is not None else None
        notices = []
        if assignee and assignee.id != actor.id:
            notices.append(self._notice(Kind.ASSIGNMENT, conversation, actor, [of_user(assignee)], principal, {}))
        if self._conversations.assign(conversation_id, assignee.id if assignee else None, notices):
            self._notifications.begin(notices)
        return self._conversations.conversation(conversation_id)

    def _assignee(self, name: str) -> User:
        user = self._users.users_by_name([name]).get(name.lower())
        if user is None or not user.active:
            raise NotFound(f"There is no active user {name!r}.", "GET /users lists them.", field="assignee")
        return user

    def _written(
        self, conversation: Conversation, text: str, author: User, principal: Principal, key: str | None
    ) -> tuple[Post, list[Notice]]:
        names = mentioned_names(text)
        if len(names) > MOST_MENTIONED:
            raise InputRefused(
                "text",
                f"The text mentions {len(names)} names.",
                f"Mention at most {MOST_MENTIONED} in one post; names in backticks do not count.",
            )
        found = self._users.users_by_name(names) if names else {}
        mentioned = [found[name] for name in names if name in found]
        post = Post(
            new_id(), conversation.id, author.id, text, self._clock.now(), tuple(user.id for user in mentioned), key
        )
        told = [user for user in mentioned if user.id != author.id]
        # The log shows names that nobody has, so that it tells why somebody got no mail.
        recipients = [*map(of_user, told), *(of_unknown(name) for name in names if name not in found)]
        if not recipients:
            return post, []
        return post, [self._notice(Kind.MENTION, conversation, author, recipients, principal, {"text": text})]

    def _notice(
        self,
        kind: Kind,
        conversation: Conversation,
        author: User,
        recipients: Sequence[Recipient],
        principal: Principal,
        data: dict[str, str],
    ) -> Notice:
        request = NotificationRequest(
            kind=kind,
            data={
                "author": author.name,
                "conversation": conversation.title,
                "url": f"{self._base_url}/conversations/{conversation.id}",
                **data,
            },
            recipients=tuple(recipients),
            thread=thread_of(conversation.id),
        )
        return self._notifications.prepare(request, principal.name)

    # -- subscriptions

    def subscribe(self, user: User, event: str) -> None:
        """Notify the user of this event from now on."""
        self._subscriptions.subscribe(user.id, event)

    def unsubscribe(self, user: User, event: str) -> None:
        """Stop notifying the user of this event."""
        self._subscriptions.unsubscribe(user.id, event)

    def subscriptions(self, user: User) -> Sequence[str]:
        """Return the user's events, ordered by name."""
        return self._subscriptions.subscriptions(user.id)


def _user(user_id: str, new: NewUser) -> User:
    """Return the user, with name and address in lower case, and the display name as one line."""
    return User(
        id=user_id,
        name=new.name.lower(),
        display_name=one_line(new.display_name) or new.name,
        email=checked_address("email", new.email).lower(),
        server_admin=new.server_admin,
        active=new.active,
    )
