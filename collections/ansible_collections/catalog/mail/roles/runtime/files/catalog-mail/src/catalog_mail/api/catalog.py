# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints of the embedded catalog: users, conversations, posts, assignees, subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from catalog_mail.api.bodies import Body, BodyLimits, BodyRoute
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
from catalog_mail.domain.notifications.data import LONGEST_TEXT, LONGEST_TITLE
from catalog_mail.services.catalog import NewUser

router = APIRouter(tags=["catalog"], route_class=BodyRoute)

_Services = Annotated[Services, Depends(services)]
_CREATED: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}}
}
_Reader = Annotated[Principal, Depends(require(Role.CATALOG, Role.VIEWER))]
_Writer = Annotated[Principal, Depends(require(Role.CATALOG))]


class StrictBody(Body):
    """A request body: unknown fields are refused, and values are not converted to another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class UserBody(StrictBody):
    """A user of the embedded catalog. Name and address are stored in lower case."""

    name: UserName
    email: Address
    display_name: DisplayName = Field(default="", description="Name shown in mails; the user name when it is empty.")
    server_admin: bool = Field(default=False, description="Whether the user gets mail about system health and scheduled jobs.")
    active: bool = Field(default=True, description="Whether the user gets mail.")


class UserAnswer(BaseModel):
    """A user as stored."""

    id: Id
    name: str
    email: str
    display_name: str
    server_admin: bool
    active: bool


class UsersAnswer(BaseModel):
    """A page of the users, ordered by name."""

    users: list[UserAnswer]


class ConversationBody(StrictBody):
    """A new conversation."""

    limits = BodyLimits.for_texts(LONGEST_TITLE + LONGEST_TEXT)
    title: Title
    text: PostText | None = Field(default=None, description="The first post.")


class ConversationAnswer(BaseModel):
    """A conversation. Users are given by their names."""

    id: Id
    title: str
    created_by: str
    created_at: datetime
    assignee: str | None = Field(description="Name of the user to whom the conversation is assigned.")


class ConversationsAnswer(BaseModel):
    """A page of the conversations, newest first."""

    conversations: list[ConversationAnswer]


class PostBody(StrictBody):
    """A new post. `@name` mentions a user, who then gets a mail; a name in code between backticks does not count."""

    limits = BodyLimits.for_texts(LONGEST_TEXT)
    text: PostText
    idempotency_key: Key | None = None


class PostAnswer(BaseModel):
    """A post. Users are given by their names."""

    id: Id
    author: str
    text: str
    created_at: datetime
    mentions: list[str]


class PostsAnswer(BaseModel):
    """A page of the posts, newest first."""

    posts: list[PostAnswer]


class AssigneeBody(StrictBody):
    """The assignee of a conversation."""

    assignee: UserName | None = Field(description="The user's name; null removes the assignee.")


class SubscriptionsAnswer(BaseModel):
    """The events that a user gets mail about."""

    events: list[str]


@router.get("/users", response_model=UsersAnswer, responses=documented(401, 403, 422))
def users(
    services: _Services,
    _principal: _Reader,
    limit: Limit = 100,
    after: Annotated[str | None, Query(pattern=mentions.NAME_PATTERN, description="Return users after this name.")] = None,
) -> UsersAnswer:
    """List the users, ordered by name."""
    return UsersAnswer(users=[_user(user) for user in services.catalog.users(limit=limit, after=after)])


@router.post(
    "/users", status_code=201, response_model=UserAnswer, responses=_CREATED | documented(401, 403, 409, 413, 422)
)
def add_user(
    services: _Services, _principal: _Writer, body: UserBody, request: Request, response: Response
) -> UserAnswer:
    """Add a user. Answers 409 when another user has the name or the address."""
    added = services.catalog.add_user(_new_user(body))
    response.headers["Location"] = request.app.url_path_for("user", user_id=added.id)
    return _user(added)


@router.get("/users/{user_id}", response_model=UserAnswer, responses=documented(401, 403, 404, 422))
def user(services: _Services, _principal: _Reader, user_id: PathId) -> UserAnswer:
    """Return one user."""
    return _user(services.catalog.user(user_id))


@router.put("/users/{user_id}", response_model=UserAnswer, responses=documented(401, 403, 404, 409, 413, 422))
def replace_user(services: _Services, _principal: _Writer, user_id: PathId, body: UserBody) -> UserAnswer:
    """Replace a user. Fields that are left out get their defaults."""
    return _user(services.catalog.replace_user(user_id, _new_user(body)))


@router.get("/conversations", response_model=ConversationsAnswer, responses=documented(401, 403, 404, 422))
def conversations(
    services: _Services, _principal: _Reader, limit: Limit = 100, before: Before = None
) -> ConversationsAnswer:
    """List the conversations, newest first."""
    found = services.catalog.conversations(limit=limit, before=before)
    names = services.catalog.names(found)
    return ConversationsAnswer(conversations=[_conversation(one, names) for one in found])


@router.post(
    "/conversations",
    status_code=201,
    response_model=ConversationAnswer,
    responses=_CREATED | documented(401, 403, 404, 413, 422),
)
def start_conversation(  # the arguments of a handler are the parts of its request
    services: _Services,
    principal: _Writer,
    body: ConversationBody,
    request: Request,
    response: Response,
    acting: ActingUser = None,
) -> ConversationAnswer:
    """Start a conversation as the acting user. Control characters in the title become spaces."""
    author = services.catalog.acting(principal, acting)
    conversation = services.catalog.start_conversation(body.title, body.text, author, principal)
    response.headers["Location"] = request.app.url_path_for("conversation", conversation_id=conversation.id)
    return _conversation(conversation, {author.id: author.name})


@router.get(
    "/conversations/{conversation_id}", response_model=ConversationAnswer, responses=documented(401, 403, 404, 422)
)
def conversation(services: _Services, _principal: _Reader, conversation_id: PathId) -> ConversationAnswer:
    """Return one conversation, without its posts."""
    return _one(services, services.catalog.conversation(conversation_id))


@router.get(
    "/conversations/{conversation_id}/posts", response_model=PostsAnswer, responses=documented(401, 403, 404, 422)
)
def posts(
    services: _Services, _principal: _Reader, conversation_id: PathId, limit: Limit = 100, before: Before = None
) -> PostsAnswer:
    """List the posts of a conversation, newest first."""
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
    """Add a post as the acting user. Mentioned users get a mail; post and mails are stored in one transaction."""
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
    """Assign a conversation, as the acting user. A new assignee gets a mail, unless they assigned it to themselves."""
    actor = services.catalog.acting(principal, acting)
    return _one(services, services.catalog.assign(conversation_id, body.assignee, actor, principal))


@router.get("/me/subscriptions", response_model=SubscriptionsAnswer, responses=documented(401, 403, 404, 422))
def subscriptions(services: _Services, principal: _Reader, acting: ActingUser = None) -> SubscriptionsAnswer:
    """List the events that the acting user gets mail about."""
    return _subscriptions(services, services.catalog.acting(principal, acting))


@router.put("/me/subscriptions/{event}", response_model=SubscriptionsAnswer, responses=documented(401, 403, 404, 422))
def subscribe(services: _Services, principal: _Reader, event: EventPath, acting: ActingUser = None) -> SubscriptionsAnswer:
    """Subscribe the acting user to an event. Idempotent."""
    user = services.catalog.acting(principal, acting)
    services.catalog.subscribe(user, event)
    return _subscriptions(services, user)


@router.delete("/me/subscriptions/{event}", response_model=SubscriptionsAnswer, responses=documented(401, 403, 404, 422))
def unsubscribe(services: _Services, principal: _Reader, event: EventPath, acting: ActingUser = None) -> SubscriptionsAnswer:
    """Unsubscribe the acting user from an event. Idempotent, also without a subscription."""
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
