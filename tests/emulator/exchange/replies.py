# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answering a message: at once, or by a draft; by JSON or MIME, always within its thread."""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal
from emulator.exchange import access, mailboxes, mime, resource
from emulator.exchange.compose import mime_of
from emulator.exchange.drafts import kept
from emulator.exchange.places import message_of, on_message
from emulator.exchange.sending import from_base64, is_mime, submit
from emulator.exchange.showing import entity_of
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


def _answering(call: Call, user: Document) -> tuple[bytes, dict[str, Any]]:
    """A reply with what the body adds: `comment`, a whole `message`, or MIME; and the message that was given."""
    given = {} if is_mime(call) or not call.body else resource.parameters(call.raw_json())
    message: dict[str, Any] = given.get("message") or {}
    if message.get("body") and given.get("comment"):
        raise Refusal(400, "ErrorInvalidRequest", "Either a comment or the body of the message can be given, not both.")
    original = mime.parsed(call.world.store.raw(message_of(call, user)["immutableId"]))
    if is_mime(call):
        made = mime.parsed(from_base64(call.body))
        _complete(made, mime_of({**_envelope(call, user, original)}, mailboxes.sender(user)))
    else:
        message = {**_envelope(call, user, original), "body": _quoting(original, given.get("comment") or ""), **message}
        made = mime.parsed(mime_of(message, mailboxes.sender(user)))
    _thread(made, original)
    return made.as_bytes(), message


def _envelope(call: Call, user: Document, original: EmailMessage) -> dict[str, Any]:
    """To whom, and about what."""
    back = mime.addresses(original, "Reply-To") or mime.addresses(original, "From")
    if str(call.segments[-1]).lower().endswith("all"):
        own = {proxy.partition(":")[2].lower() for proxy in user["proxyAddresses"]}
        others = [*mime.addresses(original, "To"), *mime.addresses(original, "Cc")]
        back += [one for one in others if one["emailAddress"]["address"].lower() not in own]
    subject = mime.header(original, "Subject")
    return {"toRecipients": back, "subject": subject if subject.lower().startswith("re:") else f"RE: {subject}"}


def _quoting(original: EmailMessage, comment: str) -> dict[str, str]:
    text, _ = mime.bodies(original)
    quoted = "\r\n".join(f"> {line}" for line in text.splitlines())
    return {"contentType": "text", "content": f"{comment}\r\n\r\n{quoted}\r\n"}


def _complete(made: EmailMessage, envelope: bytes) -> None:
    """The headers that the MIME lacks."""
    usual = mime.parsed(envelope)
    for name in ("From", "To", "Subject"):
        if name not in made:
            made[name] = usual[name]


def _thread(made: EmailMessage, original: EmailMessage) -> None:
    before = mime.header(original, "Message-ID")
    if before and "In-Reply-To" not in made:
        made["In-Reply-To"] = before
    if before and "References" not in made:
        made["References"] = f"{mime.header(original, 'References')} {before}".strip()


@on_message("POST", "/reply")
@on_message("POST", "/replyAll")
def reply(call: Call) -> Answer:
    user = access.mailbox(call, access.SEND)
    raw, _ = _answering(call, user)
    submit(call, user, raw, keep=True)
    return Answer(202)


@on_message("POST", "/createReply")
@on_message("POST", "/createReplyAll")
def create_reply(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    return entity_of(call, user, kept(call, user, *_answering(call, user)), 201)
