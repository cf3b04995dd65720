"""A message given as JSON, made into MIME; and what Graph refuses in it."""

from __future__ import annotations

import base64
import binascii
import email.policy
import email.utils
import mimetypes
import re
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from emulator.answer import Refusal, bad_request
from emulator.odata.schema import MESSAGE, check_known

MOST_HEADERS = 5
RECIPIENTS = {"toRecipients": "To", "ccRecipients": "Cc", "bccRecipients": "Bcc", "replyTo": "Reply-To"}
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\Z")


def mime_of(message: dict[str, Any], sender: dict[str, str]) -> bytes:
    """The MIME of a message resource; `sender` is {name, address} of the mailbox, taken where no `from` is given."""
    unknown = check_known(MESSAGE, message)
    if unknown:
        raise Refusal(
            400, "RequestBodyRead", f"The property '{unknown}' does not exist on type 'microsoft.graph.message'. Make sure to"
            " only use property names that are defined by the type.",
        )  # fmt: skip
    made = EmailMessage(policy=email.policy.SMTP)
    made["From"] = _address((message.get("from") or {}).get("emailAddress") or sender)
    if message.get("sender"):
        made["Sender"] = _address(message["sender"].get("emailAddress") or sender)
    for name, header in RECIPIENTS.items():
        found = [_address(one.get("emailAddress") or {}) for one in message.get(name) or ()]
        if found:
            made[header] = found
    made["Subject"] = re.sub(r"[\r\n]+", " ", str(message.get("subject") or ""))
    if message.get("importance") in ("low", "high"):
        made["Importance"] = message["importance"]
    _add_headers(made, message.get("internetMessageHeaders") or [])
    body = message.get("body") or {}
    kind = "html" if str(body.get("contentType", "text")).lower() == "html" else "plain"
    made.set_content(str(body.get("content") or ""), subtype=kind)
    for attachment in message.get("attachments") or ():
        _attach(made, attachment)
    return made.as_bytes()


def _address(given: dict[str, Any]) -> Address:
    address = str(given.get("address") or "")
    if not _ADDRESS.match(address):
        raise Refusal(400, "ErrorInvalidRecipients", "At least one recipient is not valid., Recipient '" + address + "' is not"
                      " resolved. All recipients must be resolved before a message can be submitted.")  # fmt: skip
    return Address(str(given.get("name") or ""), addr_spec=address)


def _add_headers(made: EmailMessage, headers: list[dict[str, str]]) -> None:
    if len(headers) > MOST_HEADERS:
        raise bad_request(f"Maximum number of headers in one message should be less than or equal to {MOST_HEADERS}.",
                          "InvalidInternetMessageHeaderCollection")  # fmt: skip
    for header in headers:
        name = str(header.get("name", ""))
        if not name.lower().startswith("x-"):
            raise bad_request(
                f"The internet message header name '{name}' should start with 'x-' or 'X-'.", "InvalidInternetMessageHeader"
            )
        made[name] = re.sub(r"[\r\n]+", " ", str(header.get("value", "")))


def _attach(made: EmailMessage, attachment: dict[str, Any]) -> None:
    name = str(attachment.get("name") or "attachment")
    kind = str(attachment.get("contentType") or mimetypes.guess_type(name)[0] or "application/octet-stream")
    try:
        content = base64.b64decode(attachment.get("contentBytes") or "", validate=True)
    except binascii.Error:
        raise bad_request("Cannot convert the literal to the expected type 'Edm.Binary'.", "RequestBodyRead") from None
    main, _, sub = kind.partition("/")
    made.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=name)
