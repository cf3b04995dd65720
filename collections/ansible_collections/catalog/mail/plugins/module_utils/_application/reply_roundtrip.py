# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of reply_sync_info and reply_test: the state of receiving replies, and a test of the whole round trip."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.message import Message
from typing import Any, Callable, Dict, List, NamedTuple, Optional, TypeVar

from .._core.errors import InputRefused, ReplyFailed
from .._core.module import Spec
from .._core.redaction import Secrets
from .._mail.connection import Server, StageFailed
from .._mail.diagnosis import diagnose
from .._mail.imap import Found, Mailbox
from .._mail.options import MAILBOX, SMTP, read_servers
from .._mail.report import seconds
from .._mail.smtp import by_smtp
from .api_options import API
from .client import CatalogApi
from .reply_diagnosis import healthy, not_posted
from .reply_message import compose_answer, text_of_answer

Result = TypeVar("Result")

SPEC = API + Spec({
    "author": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "conversation": {"type": "str"},
    "mailbox": {**MAILBOX, "required": True},
    "smtp": {**SMTP, "required": True},
    "leg_timeout": {"type": "int", "default": 60},
})

PAUSE = 0.2
"""Seconds between two searches of the mailbox, or reads of the conversation."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LEGS = ("mention", "mail", "reply", "post")


def read_replies(module) -> Dict[str, Any]:
    """Return the result of reply_sync_info."""
    state = CatalogApi(module.params).replies()
    return {**state, "healthy": healthy(state)}


def try_replies(module) -> Dict[str, Any]:
    """Return the result of reply_test. Raises InputRefused, ApiFailed or ReplyFailed."""
    params = module.params
    if params["leg_timeout"] < 1:
        raise InputRefused("leg_timeout", "less than a second is too short for a delivery", "Write 1 or more seconds")
    if params["author"].lower() == params["user"].lower():
        raise InputRefused("user", "a user gets no mail for mentioning themselves", "Name another user than author")
    if params["conversation"] is not None and not _ID.fullmatch(params["conversation"]):
        raise InputRefused("conversation", "it is not the id of a conversation", "Leave it out to start a conversation")
    smtp, mailbox = read_servers(module)
    if smtp is None or mailbox is None:
        raise InputRefused("smtp", "it is missing", "Name the server that the user submits mail to")
    api = CatalogApi(params, [(one.username or "", one.password or "") for one in (smtp, mailbox)])
    round_trip = RoundTrip(api, Servers(smtp, mailbox), params)
    result = round_trip.run()
    if round_trip.spam_folder:
        module.warn(f"The mail of the mention was taken for spam: it lies in {round_trip.spam_folder}.")
    return result


class Servers(NamedTuple):
    """The user's submission server and the server of the user's mailbox."""

    smtp: Server
    mailbox: Server


@dataclass
class Progress:
    """The progress of a round trip. ``legs`` are the seconds of each completed leg."""

    legs: Dict[str, float] = field(default_factory=dict)
    ids: Dict[str, Any] = field(default_factory=dict)
    server_says: Optional[str] = None


class RoundTrip:
    """A mention, its e-mail, the reply to the e-mail, and the post of the reply. ``clock`` and ``sleep`` are in seconds."""

    def __init__(
        self, api: CatalogApi, servers: Servers, params: Dict[str, Any],
        clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api
        self._smtp, self._mailbox = servers
        self._params = params
        self._clock = clock
        self._sleep = sleep
        self._token = secrets.token_hex(10)
        self._progress = Progress()
        self._hide = Secrets([(one.username, one.password) for one in servers]).words
        self.spam_folder = ""

    def run(self) -> Dict[str, Any]:
        """Make all four legs and return the result. Raises ReplyFailed or ApiFailed."""
        try:
            before = self._switched_on()
            conversation = self._leg("mention", self._mention)
            found = self._leg("mail", self._find_mail)
            self._leg("reply", lambda: self._answer(found.headers))
            post = self._leg("post", lambda: self._await_post(conversation, before))
        except ReplyFailed as exc:
            raise exc.at(self._result()) from None
        self.spam_folder = found.folder if found.junk else ""
        tracking = self._api.replies().get("intent_tracking") or {}
        return {
            **self._result(), "post": post, "mailbox_folder": found.folder, "intent_tracking": tracking.get("in_use"),
            "summary": self._summary(found.folder, post)}

    def _switched_on(self) -> Dict[str, Any]:
        state = self._api.replies()
        if not state["enabled"]:
            raise ReplyFailed("mention", *not_posted(state, state))
        return state

    def _mention(self) -> str:
        params = self._params
        conversation = params["conversation"] or self._api.start_conversation(params["author"], f"Reply test {self._token}")
        self._progress.ids["conversation_id"] = conversation
        text = f"@{params['user']} this mention tests that replies by e-mail arrive: {self._token}"
        post = self._api.add_post(params["author"], conversation, text)
        self._progress.ids["mention_id"] = post.get("id")
        if params["user"].lower() not in [str(name).lower() for name in post["mentions"]]:
            raise ReplyFailed(
                "mention", f"The catalog has no active user {params['user']}, so the mention reached no user",
                "Name a user of the catalog, whose mailbox is the one in the option mailbox")
        return conversation

    def _find_mail(self) -> Found:
        mailbox: List[Mailbox] = []

        def look() -> Optional[Found]:
            if not mailbox:
                mailbox.append(Mailbox(self._mailbox))
            return mailbox[0].read(self._token)

        try:
            found = self._wait_for(look)
        except StageFailed as exc:
            raise self._at_server("mail", exc) from None
        finally:
            for one in mailbox:
                one.close()
        if found is None:
            raise ReplyFailed(
                "mail", f"The mail of the mention was not found in the mailbox of {self._mailbox.username} within"
                f" {self._params['leg_timeout']} s",
                "Compare the user's address in the catalog with this mailbox, and see with catalog.mail.email_settings_info"
                " and catalog.mail.test_email whether the application and its host can send")
        return found

    def _answer(self, mail: Message) -> None:
        answer = compose_answer(mail, self._token, datetime.now(timezone.utc))
        self._progress.ids["reply_message_id"] = answer.message_id
        try:
            self._progress.server_says = self._hide(by_smtp(self._smtp, answer).reply)
        except StageFailed as exc:
            raise self._at_server("reply", exc) from None

    def _await_post(self, conversation: str, before: Dict[str, Any]) -> Dict[str, Any]:
        post = self._wait_for(lambda: self._posted(conversation))
        if post is None:
            raise ReplyFailed("post", *not_posted(before, self._api.replies()))
        expected = text_of_answer(self._token)
        if str(post.get("text", "")).strip() != expected or str(post.get("author", "")).lower() != self._params["user"].lower():
            raise ReplyFailed(
                "post", f"The post has another author or text than the answer: {post.get('author')} wrote"
                f" {self._hide(post.get('text', ''))!r}",
                "Look what rewrites mails on their way; if nothing does, report this as a fault of the application")
        return post

    def _posted(self, conversation: str) -> Optional[Dict[str, Any]]:
        mine = [
            post for post in self._api.posts(conversation)
            if self._token in str(post.get("text", "")) and post.get("id") != self._progress.ids["mention_id"]]
        return mine[0] if mine else None

    def _wait_for(self, look: Callable[[], Optional[Result]]) -> Optional[Result]:
        """Call ``look`` until it returns a result; None when ``leg_timeout`` is over."""
        deadline = self._clock() + self._params["leg_timeout"]
        while True:
            found = look()
            if found is not None or self._clock() >= deadline:
                return found
            self._sleep(PAUSE)

    def _leg(self, name: str, go: Callable[[], Result]) -> Result:
        began = self._clock()
        try:
            return go()
        finally:
            self._progress.legs[name] = round(self._clock() - began, 2)

    def _at_server(self, leg: str, failed: StageFailed) -> ReplyFailed:
        self._progress.server_says = self._hide(failed.words) or None
        finding = diagnose(failed.words, failed.stage)
        return ReplyFailed(leg, finding.cause, finding.remedy, stage=failed.stage)

    def _result(self) -> Dict[str, Any]:
        legs = self._progress.legs
        names = ("conversation_id", "mention_id", "reply_message_id")
        return {
            **{name: self._progress.ids.get(name) for name in names},
            "seconds": {name: legs.get(name) for name in LEGS}, "elapsed": round(sum(legs.values()), 2),
            "server_says": self._progress.server_says}

    def _summary(self, folder: str, post: Dict[str, Any]) -> List[str]:
        legs, params = self._progress.legs, self._params
        return [
            f"1. {params['author']} mentions {params['user']}: accepted after {seconds(legs['mention'])}",
            f"2. {folder} of {self._mailbox.username}: the mail was found {seconds(legs['mail'])} later",
            f"3. {self._smtp.host}: took the answer after {seconds(legs['reply'])}",
            f"4. The answer appeared in its conversation {seconds(legs['post'])} later, by {post.get('author')}",
        ]
