# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between MIME and the properties of a message in Graph."""

from __future__ import annotations

import base64
import email.policy
import email.utils
import hashlib
import html
import re
from datetime import UTC
from email.message import EmailMessage, Message
from html.parser import HTMLParser
from typing import Any

from emulator.clock import whole
from emulator.exchange import parts
from emulator.exchange.headers import decoded, header, line

PREVIEW = 255


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def addresses(message: Message, name: str) -> list[dict[str, Any]]:
    """All addresses of a header, as Graph gives them."""
    values = [line(value) for known, value in message.raw_items() if known.lower() == name.lower()]
    found = email.utils.getaddresses(values)
    return [_address(decoded(shown), address) for shown, address in found if address]


def _address(name: str, address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": name or address, "address": address}}


def first(message: Message, name: str) -> dict[str, Any] | None:
    return next(iter(addresses(message, name)), None)


def properties(raw: bytes, now: str) -> dict[str, Any]:
    """What Graph shows of a message that came as MIME."""
    message = parsed(raw)
    text, html_ = bodies(message)
    from_ = first(message, "From")
    return {
        "sentDateTime": _date(message, now),
        "hasAttachments": parts.any_file(message),
        "internetMessageId": header(message, "Message-ID"),
        "subject": header(message, "Subject"),
        "bodyPreview": re.sub(r"[ \t]+", " ", text).strip()[:PREVIEW],
        "importance": _importance(message),
        "conversationId": conversation_id(message),
        "conversationIndex": base64.b64encode(hashlib.sha256(conversation_id(message).encode()).digest()[:22]).decode(),
        "isDeliveryReceiptRequested": bool(header(message, "Return-Receipt-To")),
        "isReadReceiptRequested": bool(header(message, "Disposition-Notification-To")),
        "webLink": "https://outlook.office365.com/owa/?ItemID=&exvsurl=1&viewmodel=ReadMessageItem",
        "text": text,
        "html": html_,
        "sender": first(message, "Sender") or from_,
        "from": from_,
        "toRecipients": addresses(message, "To"),
        "ccRecipients": addresses(message, "Cc"),
        "bccRecipients": addresses(message, "Bcc"),
        "replyTo": addresses(message, "Reply-To"),
    }


def headers(raw: bytes) -> list[dict[str, str]]:
    """internetMessageHeaders: all, unfolded."""
    return [{"name": name, "value": line(value)} for name, value in parsed(raw).raw_items()]


def _date(message: Message, otherwise: str) -> str:
    try:
        moment = email.utils.parsedate_to_datetime(header(message, "Date"))
    except ValueError:
        return otherwise
    return whole(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _importance(message: Message) -> str:
    found = header(message, "Importance").lower()
    return found if found in ("low", "high") else "normal"


def conversation_id(message: Message) -> str:
    """The same for all of a thread: what it began with decides."""
    references = header(message, "References").split() or header(message, "In-Reply-To").split()
    root = references[0] if references else header(message, "Message-ID")
    return "AAQkA" + base64.urlsafe_b64encode(hashlib.sha512(root.encode()).digest()[:45]).decode()


def bodies(message: EmailMessage) -> tuple[str, str | None]:
    """Its text (made from the HTML, where there is no other) and its HTML (None where there is none)."""
    html_ = _content(message, "html")
    text = _content(message, "plain")
    return (text if text is not None else text_of(html_ or "")), html_


def _content(message: EmailMessage, kind: str) -> str | None:
    part = next((part for part in parts.bodies(message) if part.get_content_type() == f"text/{kind}"), None)
    if part is None:
        return None
    content = part.get_payload(decode=True)
    charset = part.get_content_charset() or "utf-8"
    try:
        return bytes(content or b"").decode(charset, "replace")
    except LookupError:
        return bytes(content or b"").decode("latin-1")


def html_of(text: str) -> str:
    """A text message as Exchange shows it by default."""
    lines = "<br>\r\n".join(html.escape(line, quote=False) for line in text.splitlines())
    return (
        '<html><head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8"><!-- converted from text -->\r\n'
        "<style><!-- .EmailQuote { margin-left: 1pt; padding-left: 4pt; border-left: #800000 2px solid; } --></style></head>\r\n"
        f'<body>\r\n<div class="PlainText">{lines}</div>\r\n</body>\r\n</html>\r\n'
    )


class _Text(HTMLParser):
    """Text of HTML: blocks begin lines, scripts and styles are left out."""

    BLOCKS = frozenset(
        ("p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr", "table", "ul", "ol")
    )
    SILENT = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._silent += tag in self.SILENT
        if tag in self.BLOCKS:
            self.parts.append("\r\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of(html_: str) -> str:
    reader = _Text()
    reader.feed(html_)
    reader.close()
    return re.sub(r"(\r\n *){3,}", "\r\n\r\n", "".join(reader.parts)).strip() + "\r\n"
