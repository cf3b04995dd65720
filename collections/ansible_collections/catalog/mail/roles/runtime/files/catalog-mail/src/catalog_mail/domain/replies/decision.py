# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide whether a message of the mailbox is posted as a reply.

The decision has two steps, with a database query between them: `read` analyses the message by itself, `decide` compares it
with the stored data of the answered mail and of the sender. Both are pure, and take time linear in the message's size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.mime.headers import first_message_id
from catalog_mail.domain.mime.text import body
from catalog_mail.domain.notifications.data import LONGEST_TEXT
from catalog_mail.domain.notifications.notification import ANSWERABLE
from catalog_mail.domain.replies import intent
from catalog_mail.domain.replies.authentication_results import Verdict, verified
from catalog_mail.domain.replies.automatic import OwnAddresses, automatic
from catalog_mail.domain.replies.bounce import bounce_report
from catalog_mail.domain.replies.extraction import Contents, TooComplex, extract
from catalog_mail.domain.replies.foreign import ForeignIntent
from catalog_mail.domain.replies.incoming import Incoming, fingerprint, parse
from catalog_mail.domain.replies.intent import Purpose
from catalog_mail.domain.replies.mailbox import RawMessage
from catalog_mail.domain.replies.reaction import is_reaction
from catalog_mail.domain.replies.reply import Answered, NotPosted, Origin, Reason, Reply
from catalog_mail.domain.replies.unreadable import unreadable_form


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The settings of the decision. `keys` verify intents; `authserv_id` names the server that must confirm senders, if any."""

    keys: Sequence[bytes]
    valid_for: timedelta
    own_addresses: OwnAddresses
    authserv_id: str | None = None


class Reading(NamedTuple):
    """The analysis of a message by itself. `key`, `size`, `received_at` and `cut` are those of the RawMessage.

    `handle` identifies the delivery that it answers, None without a valid intent; `altered`: there was an invalid intent. `text`
    is None when the message has too many parts, is cut, or has no handle. `unreadable` is the form that hides the text, if any.
    """

    incoming: Incoming
    key: str
    size: int
    received_at: datetime
    cut: bool
    handle: str | None
    altered: bool
    verdict: Verdict | None
    text: str | None
    unreadable: Reason | None


@dataclass(frozen=True)
class ProbeArrival:
    """The service's own test of sub-addresses has arrived; `handle` identifies it."""

    handle: str


@dataclass(frozen=True)
class ReplyContext:
    """The stored data about one message.

    `sender` is the user with the message's address, `recipient` the user who received the answered mail; both are None for
    another catalog, whose users the service does not know. `embedded`: the conversations are the embedded catalog's.
    """

    answered: Answered | None
    sender: User | None
    recipient: User | None
    embedded: bool


def read(raw: RawMessage, policy: Policy) -> Reading | ProbeArrival | ForeignIntent | NotPosted:
    """Analyse a message by itself; returns something else than a Reading when that decides it already."""
    return read_parsed(raw, *parse(raw.content), policy)


def read_parsed(
    raw: RawMessage, incoming: Incoming, contents: Contents, policy: Policy
) -> Reading | ProbeArrival | ForeignIntent | NotPosted:
    """Analyse a parsed message, as `read` does."""
    named = intent.candidates(incoming.recipients)
    probe = next(filter(None, (intent.verified(policy.keys, found, Purpose.SUBADDRESS_PROBE) for found in named)), None)
    if probe:
        return ProbeArrival(probe)
    foreign_probe = any(found[0] == Purpose.SUBADDRESS_PROBE for found in named)
    named += [*intent.candidates(incoming.answered), *reversed(intent.candidates(incoming.references))]
    reason = automatic(contents, policy.own_addresses)
    if reason is None and not incoming.exceeds_limits and is_reaction(contents):
        reason = Reason.REACTION
    if reason is Reason.BOUNCE:
        return NotPosted(reason, bounce=bounce_report(contents, policy.keys))
    if reason:
        return ForeignIntent(NotPosted(reason)) if foreign_probe else NotPosted(reason)
    if incoming.sender is None:
        return NotPosted(Reason.MALFORMED, "it has no sender, or several")
    handle = next(filter(None, (intent.verified(policy.keys, found) for found in named)), None)
    found = Reading(
        incoming=incoming,
        key=raw.key,
        size=raw.size,
        received_at=raw.received_at,
        cut=raw.cut,
        handle=handle,
        altered=bool(named) and handle is None,
        verdict=verified(contents.message, policy.authserv_id, incoming.sender) if policy.authserv_id else None,
        text=None,
        unreadable=None,
    )
    return _with_text(found, contents, policy) if handle else found


def unknown_original(reading: Reading) -> str | None:
    """Return the Message-ID that a message answers, if a server may have given it to the service's mail in place of its own.

    None when there is an intent, valid or not, when the message names no Message-ID, and when its sender is not verified.
    """
    if reading.handle or reading.altered or (reading.verdict is not None and not reading.verdict.passed):
        return None
    return first_message_id(reading.incoming.answered)


def recognised(reading: Reading, raw: RawMessage, message_id: str, policy: Policy) -> Reading:
    """Return the reading of a message as a reply to the mail that was composed with this Message-ID.

    It is unchanged if the ID has no intent.
    """
    found = (intent.verified(policy.keys, candidate) for candidate in intent.candidates([message_id]))
    handle = next(filter(None, found), None)
    if handle is None:
        return reading
    return _with_text(reading._replace(handle=handle), parse(raw.content)[1], policy)


def decide(reading: Reading, context: ReplyContext, origin: Origin, policy: Policy) -> Reply | ForeignIntent | NotPosted:
    """Return the reply to post, or the first reason against it; reasons of the sender come before those of the content."""
    answered = context.answered
    refused = _check_sender(reading, context, policy)
    if refused and refused.reason is Reason.FORGED_INTENT and _may_be_foreign(context):
        return ForeignIntent(refused)
    if refused or answered is None:
        return refused or NotPosted(Reason.EXPIRED_INTENT, "the mail that it answers is not known any more")
    refused = _check_content(reading, answered, context, policy)
    if refused:
        return refused
    text = reading.text or ""
    sender = reading.incoming.sender or ""
    return Reply(
        key=fingerprint(reading.incoming, answered.delivery_id, text),
        delivery_id=answered.delivery_id,
        notification_id=answered.notification_id,
        conversation_id=answered.conversation_id,
        thread=answered.thread,
        address=sender,
        user_id=context.recipient.id if context.recipient else None,
        text=text,
        message_id=reading.incoming.message_id,
        origin=origin,
    )


def _check_sender(reading: Reading, context: ReplyContext, policy: Policy) -> NotPosted | None:  # noqa: PLR0911  # a table
    """Return the reason against the sender or the intent, None when there is none."""
    if reading.verdict is not None and not reading.verdict.passed:
        return NotPosted(Reason.SENDER_NOT_VERIFIED, reading.verdict.detail)
    if reading.altered:
        return NotPosted(Reason.FORGED_INTENT)
    if reading.handle is None:
        return NotPosted(Reason.NO_INTENT if context.sender else Reason.UNKNOWN_SENDER)
    if context.answered is None:
        return None
    if not _is_recipient(reading, context, context.answered):
        return _not_from_recipient(reading, context, context.answered, policy)
    if context.embedded and context.recipient is None:
        return NotPosted(Reason.UNKNOWN_SENDER, "the mail's recipient is no user")
    if context.recipient and not context.recipient.active:
        return NotPosted(Reason.INACTIVE_USER)
    return None


def _may_be_foreign(context: ReplyContext) -> bool:
    """Return whether the sender may answer another installation's mail; the users of another catalog are not known."""
    return context.sender.active if context.sender else not context.embedded


def _not_from_recipient(reading: Reading, context: ReplyContext, answered: Answered, policy: Policy) -> NotPosted:
    """Return the reason against a reply from an address that the answered mail did not go to.

    A valid intent proves which user got the mail. From an address of no active user it may be that user's own reply, from an
    alias or an address that they had before: OTHER_ADDRESS has the user told.
    """
    if context.sender and context.sender.active:
        return NotPosted(Reason.WRONG_SENDER, "the mail went to somebody else")
    recipient_known = context.recipient is not None and context.recipient.active if context.embedded else True
    if recipient_known and not _is_expired(reading, answered, policy):
        return NotPosted(Reason.OTHER_ADDRESS, "the mail went to another address, whose user is told")
    return NotPosted(Reason.WRONG_SENDER if context.sender else Reason.UNKNOWN_SENDER, "the mail went to somebody else")


def _is_expired(reading: Reading, answered: Answered, policy: Policy) -> bool:
    return reading.received_at - answered.created_at > policy.valid_for


def _is_recipient(reading: Reading, context: ReplyContext, answered: Answered) -> bool:
    """Return whether the sender received the answered mail; a user may have another address by now."""
    if context.sender and context.recipient:
        return context.sender.id == context.recipient.id
    return context.recipient is None and reading.incoming.sender == normalized(answered.address)


def _check_content(reading: Reading, answered: Answered, context: ReplyContext, policy: Policy) -> NotPosted | None:  # noqa: PLR0911  # a table
    """Return the reason against the content, None when there is none."""
    if _is_expired(reading, answered, policy):
        return NotPosted(Reason.EXPIRED_INTENT)
    if answered.kind not in ANSWERABLE:
        return NotPosted(Reason.NOT_ANSWERABLE, answered.kind.value)
    if context.embedded and answered.conversation_id is None:
        return NotPosted(Reason.CONVERSATION_GONE)
    if reading.cut:
        return NotPosted(Reason.TOO_LARGE, f"{reading.size} bytes")
    if reading.unreadable:
        return NotPosted(reading.unreadable)
    if reading.text is None:
        return NotPosted(Reason.TOO_COMPLEX)
    if not reading.text:
        return NotPosted(Reason.EMPTY)
    if len(reading.text) > LONGEST_TEXT:
        return NotPosted(Reason.TOO_LARGE, f"a text of {len(reading.text)} characters")
    return None


def _with_text(reading: Reading, contents: Contents, policy: Policy) -> Reading:
    """Return the reading with the author's text, or the form that hides it."""
    own = policy.own_addresses
    if reading.cut or reading.incoming.exceeds_limits:
        return reading
    try:
        extracted = extract(contents, (own.from_address, own.reply_to))
        unreadable = unreadable_form(contents, extracted)
        return reading._replace(text=body(extracted.text).strip(), unreadable=unreadable)
    except TooComplex:
        return reading
