# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /users/{id}/sendMail with MIME. 202 says accepted; it is not said when, or whether, it arrives."""

from __future__ import annotations

import base64
import binascii
import email.utils
import re
import secrets
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal
from emulator.exchange import access, mailboxes, mime
from emulator.exchange.delivery import deliver
from emulator.exchange.rights import sending_as
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


@routes.add("POST", "users/{user}/sendMail")
def send_mail(call: Call) -> Answer:
    user = access.mailbox(call, access.SEND)
    kind = call.headers.get("content-type", "")
    if not kind.lower().startswith("text/plain"):
        raise Refusal(415, "RequestBroker--UnsupportedMediaType", f"The media type '{kind}' is not supported here.")
    _submit(call, user, _from_base64(call.body))
    return Answer(202)


def _from_base64(body: bytes) -> bytes:
    """The MIME of a body."""
    try:
        raw = base64.b64decode(re.sub(rb"\s", b"", body), validate=True)
    except binascii.Error:
        raise Refusal(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.") from None
    if not raw.strip():
        raise Refusal(400, "ErrorMimeContentInvalid", "The MIME content is empty.")
    return raw


def _submit(call: Call, user: Document, raw: bytes) -> None:
    """Send a message for a mailbox: rights, headers as Exchange sets them, Sent Items, recipients."""
    world = call.world
    message = mime.parsed(raw)
    _set_originators(call, user, message)
    recipients = [one["emailAddress"]["address"] for name in ("To", "Cc", "Bcc") for one in mime.addresses(message, name)]
    if not recipients:
        raise Refusal(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
    _set_message_id(call, user, message)
    if not mime.header(message, "Date"):
        message["Date"] = email.utils.format_datetime(world.clock.now())
    sender = mime.first(message, "Sender") or mime.first(message, "From")
    assert sender
    mailboxes.put_in(world, user, "sentitems", message.as_bytes(), isRead=True, submitted=True)
    del message["Bcc"]
    _stamp(message, user, world.clock.now())
    deliver(world, user, sender["emailAddress"]["address"], recipients, message.as_bytes())


def _set_originators(call: Call, user: Document, message: EmailMessage) -> None:
    """From as given or the mailbox; Sender only where it sends on behalf."""
    own = user["mail"]
    given = mime.first(message, "From")
    if given is None:
        message["From"] = email.utils.formataddr((user["displayName"], own))
        return
    how = sending_as(call.world, user, given["emailAddress"]["address"])
    del message["Sender"]
    if how == "behalf":
        message["Sender"] = email.utils.formataddr((user["displayName"], own))


def _set_message_id(call: Call, user: Document, message: EmailMessage) -> None:
    """Kept where the client gave one, unless the test wants it as Exchange's SMTP does: another, the first beside it."""
    given = mime.header(message, "Message-ID")
    rewritten = given and call.world.rules.meet(
        ("rewrite_message_id",), mailbox=user["userPrincipalName"], app_id=call.caller.app_id, method="POST", path=call.raw_path
    )
    if given and not rewritten:
        return
    del message["Message-ID"]
    message["Message-ID"] = f"<{secrets.token_hex(18).upper()}@EM0PR01MB0001.eurprd01.prod.outlook.com>"
    if rewritten:
        message["X-Microsoft-Original-Message-ID"] = given


def _stamp(message: EmailMessage, user: Document, now: Any) -> None:
    """A Received line on top, and what Exchange Online adds."""
    domain = user["userPrincipalName"].partition("@")[2]
    moment = email.utils.format_datetime(now)
    host = "EM0PR01MB0001.eurprd01.prod.outlook.com"
    headers = [
        ("Received", f"from {host} ([fe80::1]) by {host} ([fe80::1%4]) with mapi id 15.20.8000.000; {moment}"),
        ("X-MS-Exchange-Organization-AuthAs", "Internal"),
        ("X-OriginatorOrg", domain),
        ("X-MS-Exchange-CrossTenant-Id", user["tenant"]),
    ]
    message._headers[:0] = headers[:1]  # type: ignore[attr-defined]
    for name, value in headers[1:]:
        if name not in message:
            message[name] = value
