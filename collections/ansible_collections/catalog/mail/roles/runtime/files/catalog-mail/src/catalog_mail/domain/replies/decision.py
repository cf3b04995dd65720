"""What becomes of a message in the mailbox of replies.

In two steps, since the database stands between them: `read` takes from the message what it says by itself, `decide` judges it
by what is known of the mail that it answers and of its sender. Neither asks anything; both take time in proportion to the
message's size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.mime.headers import first_message_id
from catalog_mail.domain.mime.text import body
from catalog_mail.domain.notifications.data import LONGEST_TEXT
from catalog_mail.domain.notifications.notification import ANSWERABLE
from catalog_mail.domain.replies import intent
from catalog_mail.domain.replies.authentication_results import Verdict, verified
from catalog_mail.domain.replies.automatic import OwnAddresses, automatic
from catalog_mail.domain.replies.extraction import TooComplex, extract
from catalog_mail.domain.replies.incoming import Incoming, fingerprint, parse
from catalog_mail.domain.replies.intent import Purpose
from catalog_mail.domain.replies.mailbox import RawMessage
from catalog_mail.domain.replies.reply import Answered, NotPosted, Origin, Reason, Reply


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is decided by. `keys` verify intents; `authserv_id` names the server whose verdict on senders is required, if any."""

    keys: Sequence[bytes]
    valid_for: timedelta
    own_addresses: OwnAddresses
    authserv_id: str | None = None


@dataclass(frozen=True)
class Reading:
    """What a message says by itself.

    `handle` names the delivery that it answers, None where no intent of ours was found; `altered` says that something stood
    in its place. `text` is None if its parts are more than anybody writes, and wherever it does not matter.
    """

    incoming: Incoming
    raw: RawMessage
    handle: str | None
    altered: bool
    verdict: Verdict | None
    text: str | None


@dataclass(frozen=True)
class ProbeArrival:
    """Our own test of sub-addresses has arrived; `handle` names it."""

    handle: str


@dataclass(frozen=True)
class ReplyContext:
    """Who and what is known around one message.

    `sender` is the user with the message's address, `recipient` the user to whom the answered mail went; both None in another
    catalog, whose users only it knows. `embedded` says that the conversations are our own.
    """

    answered: Answered | None
    sender: User | None
    recipient: User | None
    embedded: bool


def read(raw: RawMessage, policy: Policy) -> Reading | ProbeArrival | NotPosted:
    """What a message says by itself, or at once what becomes of it."""
    incoming = parse(raw.content)
    named = intent.candidates(incoming.recipients)
    probe = next(filter(None, (intent.verified(policy.keys, found, Purpose.SUBADDRESS_PROBE) for found in named)), None)
    if probe:
        return ProbeArrival(probe)
    named += [*intent.candidates(incoming.answered), *reversed(intent.candidates(incoming.references))]
    reason = automatic(incoming.message, policy.own_addresses)
    if reason:
        return NotPosted(reason)
    if incoming.sender is None:
        return NotPosted(Reason.MALFORMED, "it has no sender, or several")
    handle = next(filter(None, (intent.verified(policy.keys, found) for found in named)), None)
    return Reading(
        incoming=incoming,
        raw=raw,
        handle=handle,
        altered=bool(named) and handle is None,
        verdict=verified(incoming.message, policy.authserv_id, incoming.sender) if policy.authserv_id else None,
        text=_text(incoming) if handle and not raw.cut else None,
    )


def unknown_original(reading: Reading) -> str | None:
    """The Message-ID that a message answers, if that may be one which a server gave to a mail of ours in place of its own.

    None where an intent was found or altered, where nothing is named, and where the sender would not be heard anyway.
    """
    if reading.handle or reading.altered or (reading.verdict is not None and not reading.verdict.passed):
        return None
    return first_message_id(reading.incoming.answered)


def recognised(reading: Reading, message_id: str, policy: Policy) -> Reading:
    """The same, as an answer to the mail that we wrote with this Message-ID; nothing is changed if that holds no intent."""
    found = (intent.verified(policy.keys, candidate) for candidate in intent.candidates([message_id]))
    handle = next(filter(None, found), None)
    if handle is None:
        return reading
    return replace(reading, handle=handle, text=None if reading.raw.cut else _text(reading.incoming))


def decide(reading: Reading, context: ReplyContext, origin: Origin, policy: Policy) -> Reply | NotPosted:
    """The reply to be posted, or why not. The first reason counts, the sender's before the message's."""
    answered = context.answered
    refused = _who(reading, context)
    if refused or answered is None:
        return refused or NotPosted(Reason.EXPIRED_INTENT, "the mail that it answers is not known any more")
    refused = _what(reading, answered, context, policy)
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


def _who(reading: Reading, context: ReplyContext) -> NotPosted | None:  # noqa: PLR0911  # a table
    """What speaks against the sender, or against the intent that was sent."""
    if reading.verdict is not None and not reading.verdict.passed:
        return NotPosted(Reason.SENDER_NOT_VERIFIED, reading.verdict.detail)
    if reading.altered:
        return NotPosted(Reason.FORGED_INTENT)
    if reading.handle is None:
        return NotPosted(Reason.NO_INTENT if context.sender else Reason.UNKNOWN_SENDER)
    if context.answered is None:
        return None
    if not _is_recipient(reading, context, context.answered):
        return NotPosted(Reason.WRONG_SENDER if context.sender else Reason.UNKNOWN_SENDER, "the mail went to somebody else")
    if context.embedded and context.recipient is None:
        return NotPosted(Reason.UNKNOWN_SENDER, "the mail's recipient is no user")
    if context.recipient and not context.recipient.active:
        return NotPosted(Reason.INACTIVE_USER)
    return None


def _is_recipient(reading: Reading, context: ReplyContext, answered: Answered) -> bool:
    """Whoever got the mail may answer it, also from the address that the catalog knows them by since."""
    if context.sender and context.recipient:
        return context.sender.id == context.recipient.id
    return context.recipient is None and reading.incoming.sender == normalized(answered.address)


def _what(reading: Reading, answered: Answered, context: ReplyContext, policy: Policy) -> NotPosted | None:  # noqa: PLR0911  # a table
    """What speaks against the message."""
    if reading.raw.received_at - answered.created_at > policy.valid_for:
        return NotPosted(Reason.EXPIRED_INTENT)
    if answered.kind not in ANSWERABLE:
        return NotPosted(Reason.NOT_ANSWERABLE, answered.kind.value)
    if context.embedded and answered.conversation_id is None:
        return NotPosted(Reason.CONVERSATION_GONE)
    if reading.raw.cut:
        return NotPosted(Reason.TOO_LARGE, f"{reading.raw.size} bytes")
    if reading.text is None:
        return NotPosted(Reason.TOO_COMPLEX)
    if not reading.text:
        return NotPosted(Reason.EMPTY)
    if len(reading.text) > LONGEST_TEXT:
        return NotPosted(Reason.TOO_LARGE, f"a text of {len(reading.text)} characters")
    return None


def _text(incoming: Incoming) -> str | None:
    if incoming.nested:
        return None
    try:
        return body(extract(incoming.message).text).strip()
    except TooComplex:
        return None
