"""The embedded catalog: users, conversations, posts, the assignee, subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from catalog_mail.api.context import Services, services
from catalog_mail.api.fields import (
    ActingUser,
    Address,
    Before,
    DisplayName,
    EventPath,
    Id,
    Key,
    Limit,
    PathId,
    PostText,
    Title,
    UserName,
)
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog import mentions
from catalog_mail.domain.catalog.conversation import Conversation, Post
from catalog_mail.domain.catalog.people import Principal, Role, User
from catalog_mail.services.catalog import NewUser

router = APIRouter(tags=["catalog"])

_Services = Annotated[Services, Depends(services)]
_CREATED: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}}
}
_Reader = Annotated[Principal, Depends(require(Role.CATALOG, Role.VIEWER))]
_Writer = Annotated[Principal, Depends(require(Role.CATALOG))]


class Body(BaseModel):
    """A body: unknown fields are refused, and nothing is taken for something else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class UserBody(Body):
    """A user of the embedded catalog. Capitals of name and address are not kept."""

    name: UserName
    email: Address
    display_name: DisplayName = Field(default="", description="A name for people; the user name where it is empty.")
    server_admin: bool = Field(default=False, description="Gets mail about system health and scheduled jobs.")
    active: bool = Field(default=True, description="Only active users get mail.")


class UserAnswer(BaseModel):
    """A user as stored."""

    id: Id
    name: str
    email: str
    display_name: str
    server_admin: bool
    active: bool


class UsersAnswer(BaseModel):
    """A page of the users, by name."""

    users: list[UserAnswer]


class ConversationBody(Body):
    """A new conversation."""

    title: Title
    text: PostText | None = Field(default=None, description="The first post.")


class ConversationAnswer(BaseModel):
    """A conversation. People are given by their user names."""

    id: Id
    title: str
    created_by: str
    created_at: datetime
    assignee: str | None = Field(description="Who takes care of it.")


class ConversationsAnswer(BaseModel):
    """A page of the conversations, newest first."""

    conversations: list[ConversationAnswer]


class PostBody(Body):
    """A new post. `@name` mentions a user, who then gets a mail; not in code between backticks."""

    text: PostText
    idempotency_key: Key | None = None


class PostAnswer(BaseModel):
    """A post. People are given by their user names."""

    id: Id
    author: str
    text: str
    created_at: datetime
    mentions: list[str]


class PostsAnswer(BaseModel):
    """A page of the posts, newest first."""

    posts: list[PostAnswer]


class AssigneeBody(Body):
    """Who takes care of a conversation."""

    assignee: UserName | None = Field(description="The user's name; null for nobody.")


class SubscriptionsAnswer(BaseModel):
    """The events that a user gets mail about."""

    events: list[str]


@router.get("/users", response_model=UsersAnswer, responses=documented(401, 403, 422))
def users(
    services: _Services,
    _principal: _Reader,
    limit: Limit = 100,
    after: Annotated[str | None, Query(pattern=mentions.NAME_PATTERN, description="Go on after the user of this name.")] = None,
) -> UsersAnswer:
    """The users by name."""
    return UsersAnswer(users=[_user(user) for user in services.catalog.users(limit=limit, after=after)])


@router.post(
    "/users", status_code=201, response_model=UserAnswer, responses=_CREATED | documented(401, 403, 409, 413, 422)
)
def add_user(
    services: _Services, _principal: _Writer, body: UserBody, request: Request, response: Response
) -> UserAnswer:
    """Add a user. A name or an address that another user has is a conflict."""
    added = services.catalog.add_user(_new_user(body))
    response.headers["Location"] = request.app.url_path_for("user", user_id=added.id)
    return _user(added)


@router.get("/users/{user_id}", response_model=UserAnswer, responses=documented(401, 403, 404, 422))
def user(services: _Services, _principal: _Reader, user_id: PathId) -> UserAnswer:
    """One user."""
    return _user(services.catalog.user(user_id))


@router.put("/users/{user_id}", response_model=UserAnswer, responses=documented(401, 403, 404, 409, 413, 422))
def replace_user(services: _Services, _principal: _Writer, user_id: PathId, body: UserBody) -> UserAnswer:
    """Replace a user: what is left out has its default."""
    return _user(services.catalog.replace_user(user_id, _new_user(body)))


@router.get("/conversations", response_model=ConversationsAnswer, responses=documented(401, 403, 404, 422))
def conversations(
    services: _Services, _principal: _Reader, limit: Limit = 100, before: Before = None
) -> ConversationsAnswer:
    """The conversations, newest first."""
    found = services.catalog.conversations(limit=limit, before=before)
    names = services.catalog.names(found)
    return ConversationsAnswer(conversations=[_conversation(one, names) for one in found])


@router.post(
    "/conversations",
    status_code=201,
    response_model=ConversationAnswer,
    responses=_CREATED | documented(401, 403, 404, 413, 422),
)
def start_conversation(  # a handler's arguments are the parts of its request
    services: _Services,
    principal: _Writer,
    body: ConversationBody,
    request: Request,
    response: Response,
    acting: ActingUser = None,
) -> ConversationAnswer:
    """Start a conversation, as the acting user. Control characters in the title become spaces."""
    author = services.catalog.acting(principal, acting)
    conversation = services.catalog.start_conversation(body.title, body.text, author, principal)
    response.headers["Location"] = request.app.url_path_for("conversation", conversation_id=conversation.id)
    return _conversation(conversation, {author.id: author.name})


@router.get(
    "/conversations/{conversation_id}", response_model=ConversationAnswer, responses=documented(401, 403, 404, 422)
)
def conversation(services: _Services, _principal: _Reader, conversation_id: PathId) -> ConversationAnswer:
    """One conversation; its posts have an address of their own."""
    return _one(services, services.catalog.conversation(conversation_id))


@router.get(
    "/conversations/{conversation_id}/posts", response_model=PostsAnswer, responses=documented(401, 403, 404, 422)
)
def posts(
    services: _Services, _principal: _Reader, conversation_id: PathId, limit: Limit = 100, before: Before = None
) -> PostsAnswer:
    """The posts of a conversation, newest first."""
    found = services.catalog.posts(conversation_id, limit=limit, before=before)
    names = services.catalog.names([], found)
    return PostsAnswer(posts=[_post(post, names) for post in found])


@router.post(
    "/conversations/{conversation_id}/posts",
    status_code=201,
    response_model=PostAnswer,
    responses=documented(401, 403, 404, 409, 413, 422),
)
def add_post(
    services: _Services, principal: _Writer, conversation_id: PathId, body: PostBody, acting: ActingUser = None
) -> PostAnswer:
    """Write a post, as the acting user. Those whom it mentions get a mail; post and mails are stored together."""
    author = services.catalog.acting(principal, acting)
    post = services.catalog.add_post(conversation_id, body.text, author, principal, body.idempotency_key)
    return _post(post, services.catalog.names([], [post]))


@router.put(
    "/conversations/{conversation_id}/assignee",
    response_model=ConversationAnswer,
    responses=documented(401, 403, 404, 413, 422),
)
def assign(
    services: _Services, principal: _Writer, conversation_id: PathId, body: AssigneeBody, acting: ActingUser = None
) -> ConversationAnswer:
    """Assign a conversation, as the acting user. The assignee gets a mail, unless they did it themselves or had it already."""
    actor = services.catalog.acting(principal, acting)
    return _one(services, services.catalog.assign(conversation_id, body.assignee, actor, principal))


@router.get("/me/subscriptions", response_model=SubscriptionsAnswer, responses=documented(401, 403, 404, 422))
def subscriptions(services: _Services, principal: _Reader, acting: ActingUser = None) -> SubscriptionsAnswer:
    """The events that the acting user gets mail about."""
    return _subscriptions(services, services.catalog.acting(principal, acting))


@router.put("/me/subscriptions/{event}", response_model=SubscriptionsAnswer, responses=documented(401, 403, 404, 422))
def subscribe(services: _Services, principal: _Reader, event: EventPath, acting: ActingUser = None) -> SubscriptionsAnswer:
    """Let the acting user get mail about an event. Twice is the same as once."""
    user = services.catalog.acting(principal, acting)
    services.catalog.subscribe(user, event)
    return _subscriptions(services, user)


@router.delete("/me/subscriptions/{event}", response_model=SubscriptionsAnswer, responses=documented(401, 403, 404, 422))
def unsubscribe(services: _Services, principal: _Reader, event: EventPath, acting: ActingUser = None) -> SubscriptionsAnswer:
    """Let the acting user get no more mail about an event, also where there was no subscription."""
    user = services.catalog.acting(principal, acting)
    services.catalog.unsubscribe(user, event)
    return _subscriptions(services, user)


def _new_user(body: UserBody) -> NewUser:
    return NewUser(body.name, body.display_name, body.email, body.server_admin, body.active)


def _user(user: User) -> UserAnswer:
    return UserAnswer(
        id=user.id,
        name=user.name,
        email=user.email,
        display_name=user.display_name,
        server_admin=user.server_admin,
        active=user.active,
    )


def _one(services: Services, conversation: Conversation) -> ConversationAnswer:
    return _conversation(conversation, services.catalog.names([conversation]))


def _conversation(conversation: Conversation, names: dict[str, str]) -> ConversationAnswer:
    return ConversationAnswer(
        id=conversation.id,
        title=conversation.title,
        created_by=names[conversation.created_by],
        created_at=conversation.created_at,
        assignee=names[conversation.assignee_id] if conversation.assignee_id else None,
    )


def _post(post: Post, names: dict[str, str]) -> PostAnswer:
    return PostAnswer(
        id=post.id,
        author=names[post.author_id],
        text=post.text,
        created_at=post.created_at,
        mentions=[names[user_id] for user_id in post.mentions],
    )


def _subscriptions(services: Services, user: User) -> SubscriptionsAnswer:
    return SubscriptionsAnswer(events=list(services.catalog.subscriptions(user)))
