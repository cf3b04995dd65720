"""The embedded catalog: users, conversations with mentions and an assignee, subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog_mail.domain.catalog.conversation import Conversation, Post, thread_of
from catalog_mail.domain.catalog.mentions import mentioned_names
from catalog_mail.domain.catalog.people import Principal, Role, User
from catalog_mail.domain.errors import InputRefused, NotFound, NotPermitted
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.mime.addresses import checked_address
from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.notifications.recipients import of_user
from catalog_mail.domain.notifications.request import NotificationRequest
from catalog_mail.ports.catalog import ConversationStore, Notice, SubscriptionStore, UserStore
from catalog_mail.ports.clock import Clock
from catalog_mail.services.notifications import Notifications

UNTITLED = "Untitled"
MOST_MENTIONED = 100
# In whose name the mails are accepted that tell of a reply.
BY_EMAIL = Principal("reply-sync", Role.CATALOG)


@dataclass(frozen=True)
class NewUser:
    """A user as somebody describes one."""

    name: str
    display_name: str
    email: str
    server_admin: bool = False
    active: bool = True


class Catalog:
    """What is stored and the mails that tell of it are stored together: neither is there without the other."""

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
        """Raises Conflict for a name or address that another has, InputRefused for one that cannot be used."""
        user = _user(new_id(), new)
        self._users.add_user(user)
        return user

    def replace_user(self, user_id: str, new: NewUser) -> User:
        """Raises as `add_user` does, and NotFound."""
        user = _user(user_id, new)
        self._users.replace_user(user)
        return user

    def user(self, user_id: str) -> User:
        """One by the id. Raises NotFound."""
        return self._users.user(user_id)

    def users(self, *, limit: int, after: str | None = None) -> Sequence[User]:
        """By name, from the one after `after` on."""
        return self._users.users(limit=limit, after=after)

    def acting(self, principal: Principal, name: str | None) -> User:
        """The user for whom something is done: the one named, else the one with the token's e-mail address.

        Raises NotPermitted for a token that may not act for another, NotFound where there is no such user or no active one.
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
        """One by its id. Raises NotFound."""
        return self._conversations.conversation(conversation_id)

    def conversations(self, *, limit: int, before: str | None = None) -> Sequence[Conversation]:
        """Newest first, from the one before `before` on. Raises NotFound for an unknown `before`."""
        return self._conversations.conversations(limit=limit, before=before)

    def posts(self, conversation_id: str, *, limit: int, before: str | None = None) -> Sequence[Post]:
        """Newest first, from the one before `before` on. Raises NotFound for the conversation and for `before`."""
        self._conversations.conversation(conversation_id)
        return self._conversations.posts(conversation_id, limit=limit, before=before)

    def names(self, conversations: Sequence[Conversation], posts: Sequence[Post] = ()) -> dict[str, str]:
        """The names of all users that stand in these, by id."""
        ids = {c.created_by for c in conversations} | {c.assignee_id for c in conversations if c.assignee_id}
        ids |= {post.author_id for post in posts} | {mentioned for post in posts for mentioned in post.mentions}
        return {user.id: user.name for user in self._users.users_by_id(ids).values()}

    def start_conversation(self, title: str, text: str | None, author: User, principal: Principal) -> Conversation:
        """With a first post, if there is a text. Raises InputRefused for a text that mentions too many."""
        conversation = Conversation(new_id(), one_line(title, 300) or UNTITLED, author.id, self._clock.now())
        post, notices = None, list[Notice]()
        if text is not None:
            post, notices = self._written(conversation, text, author, principal, key=None)
        self._conversations.add_conversation(conversation, post, notices)
        self._notifications.begin(notices)
        return conversation

    def add_post(self, conversation_id: str, text: str, author: User, principal: Principal, key: str | None = None) -> Post:
        """Those whom it mentions get a mail, the author excepted. The same post under the same key is stored once.

        Raises NotFound for the conversation, Conflict for another post under a known key, InputRefused as above.
        """
        post, notices = self._written(self._conversations.conversation(conversation_id), text, author, principal, key)
        stored, is_new = self._conversations.add_post(post, notices)
        if is_new:
            self._notifications.begin(notices)
        return stored

    def reply(self, conversation: Conversation, text: str, author: User, at: datetime) -> tuple[Post, list[Notice]]:
        """The post of a reply that came by e-mail, and what tells of it; nothing is stored yet. Raises InputRefused."""
        post, notices = self._written(conversation, text, author, BY_EMAIL, key=None)
        return replace(post, created_at=at), notices

    def assign(self, conversation_id: str, name: str | None, actor: User, principal: Principal) -> Conversation:
        """Let this user take care of it, or nobody. The assignee gets a mail, unless it was so already or they did it.

        Raises NotFound for the conversation, the user, or one that is not active.
        """
        conversation = self._conversations.conversation(conversation_id)
        assignee = self._assignee(name) if name is not None else None
        notices = []
        if assignee and assignee.id != actor.id:
            notices.append(self._notice(Kind.ASSIGNMENT, conversation, actor, [assignee], principal, {}))
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
                f"It mentions {len(names)} names.",
                f"Mention at most {MOST_MENTIONED} in one post; names in backticks do not count.",
            )
        found = self._users.users_by_name(names) if names else {}
        mentioned = [found[name] for name in names if name in found]
        post = Post(
            new_id(), conversation.id, author.id, text, self._clock.now(), tuple(user.id for user in mentioned), key
        )
        told = [user for user in mentioned if user.id != author.id]
        if not told:
            return post, []
        return post, [self._notice(Kind.MENTION, conversation, author, told, principal, {"text": text})]

    def _notice(
        self,
        kind: Kind,
        conversation: Conversation,
        author: User,
        users: Sequence[User],
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
            recipients=tuple(of_user(user) for user in users),
            thread=thread_of(conversation.id),
        )
        return self._notifications.prepare(request, principal.name)

    # -- subscriptions

    def subscribe(self, user: User, event: str) -> None:
        """Mail on this event from now on."""
        self._subscriptions.subscribe(user.id, event)

    def unsubscribe(self, user: User, event: str) -> None:
        """No more."""
        self._subscriptions.unsubscribe(user.id, event)

    def subscriptions(self, user: User) -> Sequence[str]:
        """The events, by name."""
        return self._subscriptions.subscriptions(user.id)


def _user(user_id: str, new: NewUser) -> User:
    """Name and address in lower case, the display name as one line."""
    return User(
        id=user_id,
        name=new.name.lower(),
        display_name=one_line(new.display_name) or new.name,
        email=checked_address("email", new.email).lower(),
        server_admin=new.server_admin,
        active=new.active,
    )
