"""Drafts, and answering: a draft is made, changed and sent; a reply is made of a message, with its thread."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal
from emulator.exchange import access, mailboxes, mime
from emulator.exchange.compose import mime_of
from emulator.exchange.messages import ONE, entity_of, one_of
from emulator.exchange.sending import from_base64, submit
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


def _sender(user: Document) -> dict[str, str]:
    return {"name": user["displayName"], "address": user["mail"] or user["userPrincipalName"]}


def _kept(call: Call, user: Document, raw: bytes, given: dict[str, Any]) -> Document:
    """A draft with a Message-ID, which it keeps when it is sent."""
    message = mime.parsed(raw)
    if not mime.header(message, "Message-ID"):
        message["Message-ID"] = f"<{secrets.token_hex(18).upper()}@EM0PR01MB0001.eurprd01.prod.outlook.com>"
    extra = {name: given[name] for name in ("categories", "singleValueExtendedProperties") if name in given}
    return mailboxes.put_in(call.world, user, "drafts", message.as_bytes(), isDraft=True, isRead=True, **extra)


@routes.add("POST", "users/{user}/messages")
def create(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    if call.headers.get("content-type", "").lower().startswith("text/plain"):
        return entity_of(call, user, _kept(call, user, from_base64(call.body), {}), 201)
    given = call.json()
    return entity_of(call, user, _kept(call, user, mime_of(given, _sender(user)), given), 201)


@routes.add("POST", ONE + "/send")
def send(call: Call) -> Answer:
    """202: the draft is moved to Sent Items, and so has another id (facts: not even its immutable id is sure)."""
    user = access.mailbox(call, access.SEND)
    draft = one_of(call, user)
    if not draft["isDraft"]:
        raise Refusal(400, "ErrorInvalidOperation", "The message is not a draft and cannot be sent.")
    submit(call, user, call.world.store.raw(draft["immutableId"]), keep=True,
           singleValueExtendedProperties=draft["singleValueExtendedProperties"], categories=draft["categories"])  # fmt: skip
    mailboxes.remove(call.world, draft)
    return Answer(202)


def _answering(call: Call, user: Document) -> bytes:
    """A reply with what the body adds: `comment`, or a whole `message`."""
    given = {name.lower(): value for name, value in (call.raw_json() if call.body else {}).items()}
    original = mime.parsed(call.world.store.raw(one_of(call, user)["immutableId"]))
    message = {name: value for name, value in (given.get("message") or {}).items() if not name.startswith("@")}
    back = mime.addresses(original, "Reply-To") or mime.addresses(original, "From")
    if str(call.segments[-1]).lower().endswith("all"):
        own = {proxy.partition(":")[2].lower() for proxy in user["proxyAddresses"]}
        others = [*mime.addresses(original, "To"), *mime.addresses(original, "Cc")]
        back += [one for one in others if one["emailAddress"]["address"].lower() not in own]
    message.setdefault("toRecipients", back)
    message.setdefault("subject", _prefixed(mime.header(original, "Subject")))
    text, _ = mime.bodies(original)
    quoted = "\r\n".join(f"> {line}" for line in text.splitlines())
    message.setdefault("body", {"contentType": "text", "content": f"{given.get('comment', '')}\r\n\r\n{quoted}\r\n"})
    made = mime.parsed(mime_of(message, _sender(user)))
    if before := mime.header(original, "Message-ID"):
        made["In-Reply-To"] = before
        made["References"] = f"{mime.header(original, 'References')} {before}".strip()
    return made.as_bytes()


def _prefixed(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"RE: {subject}"


@routes.add("POST", ONE + "/reply")
@routes.add("POST", ONE + "/replyAll")
def reply(call: Call) -> Answer:
    user = access.mailbox(call, access.SEND)
    submit(call, user, _answering(call, user), keep=True)
    return Answer(202)


@routes.add("POST", ONE + "/createReply")
@routes.add("POST", ONE + "/createReplyAll")
def create_reply(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    return entity_of(call, user, _kept(call, user, _answering(call, user), {}), 201)
