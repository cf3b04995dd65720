# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message given as JSON, made into MIME or into a change of it; and what Graph refuses in it."""

from __future__ import annotations

import email.errors
import email.policy
import re
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from emulator.answer import Refusal, bad_request
from emulator.exchange import parts, resource

MOST_HEADERS = 5
RECIPIENTS = {"toRecipients": "To", "ccRecipients": "Cc", "bccRecipients": "Bcc", "replyTo": "Reply-To"}
RECEIPTS = {"isReadReceiptRequested": "Disposition-Notification-To", "isDeliveryReceiptRequested": "Return-Receipt-To"}
# What of a message stands in its MIME; the rest is kept beside it.
IN_MIME = frozenset((
    *RECIPIENTS, *RECEIPTS, "from", "sender", "subject", "importance", "internetMessageHeaders", "internetMessageId", "body",
    "attachments",
))  # fmt: skip
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\Z")
_HEADER_NAME = re.compile(r"x-[!-9;-~]*\Z", re.I)


def mime_of(message: dict[str, Any], sender: dict[str, str]) -> bytes:
    """The MIME of a message resource; `sender` is {name, address} of the mailbox, taken where no `from` is given.

    Its internetMessageId is left out: no one knows that Exchange heeds it in a new message (facts).
    """
    made = EmailMessage(policy=email.policy.SMTP)
    given = {name: value for name, value in message.items() if name != "internetMessageId"}
    change(made, {"from": None, "subject": "", "body": None, **given}, sender)
    return made.as_bytes()


def change(message: EmailMessage, given: dict[str, Any], sender: dict[str, str]) -> None:
    """What is given in place of what the message had; all else stays."""
    if "from" in given:
        _set(message, "From", _address((given["from"] or {}).get("emailAddress") or sender))
    if "sender" in given:
        found = given["sender"]
        _set(message, "Sender", _address(found.get("emailAddress") or sender) if found else None)
    for name, header in RECIPIENTS.items():
        if name in given:
            _set(message, header, [_address(one.get("emailAddress") or {}) for one in given[name] or ()])
    if "subject" in given:
        _set(message, "Subject", _line(given["subject"] or ""), keep_empty=True)
    if "importance" in given:
        _set(message, "Importance", given["importance"] if given["importance"] != "normal" else None)
    for name, header in RECEIPTS.items():
        if name in given:
            _set(message, header, str(message["From"] or _address(sender)) if given[name] else None)
    if given.get("internetMessageId"):
        _set(message, "Message-ID", _line(given["internetMessageId"]))
    _set_headers(message, given.get("internetMessageHeaders") or [])
    if "body" in given:
        body = given["body"] or {}
        parts.set_body(message, body.get("contentType") or "text", body.get("content") or "")
    for attachment in given.get("attachments") or ():
        parts.add(message, part_of(attachment, sender))


def part_of(attachment: dict[str, Any], sender: dict[str, str]) -> Any:
    """Of an attachment that was read; an item has to be a message."""
    if attachment["@odata.type"].endswith("fileAttachment"):
        return parts.file_part(attachment)
    item = attachment.get("item") or {}
    if item.get("@odata.type") != "#microsoft.graph.message":
        raise bad_request("Only a message can be attached as an item here.", "ErrorInvalidRequest")
    raw = mime_of(resource.message(item), sender)
    return parts.item_part(raw)


def _set(message: EmailMessage, header: str, value: Any, *, keep_empty: bool = False) -> None:
    del message[header]
    if value or keep_empty:
        message[header] = value


def _address(given: dict[str, Any]) -> Address:
    address = given.get("address") or ""
    try:
        if _ADDRESS.match(address):
            return Address(_line(given.get("name") or ""), addr_spec=address)
    except (ValueError, IndexError, email.errors.MessageError):
        pass
    raise Refusal(400, "ErrorInvalidRecipients", f"At least one recipient is not valid., Recipient '{address}' is not resolved."
                  " All recipients must be resolved before a message can be submitted.")  # fmt: skip


def _set_headers(message: EmailMessage, headers: list[dict[str, Any]]) -> None:
    if len(headers) > MOST_HEADERS:
        raise bad_request(f"Maximum number of headers in one message should be less than or equal to {MOST_HEADERS}.",
                          "InvalidInternetMessageHeaderCollection")  # fmt: skip
    for header in headers:
        name = header.get("name") or ""
        if not _HEADER_NAME.match(name):
            raise bad_request(
                f"The internet message header name '{name}' should start with 'x-' or 'X-'.", "InvalidInternetMessageHeader"
            )
        _set(message, name, _line(header.get("value") or ""), keep_empty=True)


def _line(text: str) -> str:
    return re.sub(r"[\r\n]+", " ", text)
