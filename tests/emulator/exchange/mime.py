# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between MIME and the properties of a message in Graph."""

from __future__ import annotations

import email.policy
import email.utils
import re
from collections.abc import Iterator
from datetime import UTC
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from typing import Any

from emulator.clock import whole


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
    """Return Graph's properties of a message from its MIME; `now` replaces a Date that cannot be read."""
    message = parsed(raw)
    return {
        "sentDateTime": _date(message, now),
        "hasAttachments": any(_is_file(part) for part in _leaves(message)),
        "internetMessageId": header(message, "Message-ID"),
        "subject": header(message, "Subject"),
        "from": first(message, "From"),
        "toRecipients": addresses(message, "To"),
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


def _leaves(part: Any) -> Iterator[Any]:
    """Yield the parts without parts of their own; an attached message counts as one."""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for inner in part.iter_parts():
            yield from _leaves(inner)
    else:
        yield part


def _is_file(part: Any) -> bool:
    """Whether it is an attachment, and not an inline one."""
    disposition = part.get_content_disposition()
    if disposition == "inline" or (disposition is None and header(part, "Content-ID")):
        return False
    if disposition == "attachment" or part.get_filename() or part.get_content_type() == "message/rfc822":
        return True
    return part.get_content_maintype() not in ("text", "message", "multipart")


def header(message: Any, name: str) -> str:
    """A header in one line, decoded, whatever it holds; empty where there is none."""
    value = next((value for known, value in message.raw_items() if known.lower() == name.lower()), None)
    return "" if value is None else decoded(line(value))


def line(value: object) -> str:
    """A header's value unfolded; bytes beyond ASCII are read as UTF-8, as Exchange does."""
    text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"\r?\n[ \t]*", " ", text).strip()


def decoded(text: str) -> str:
    """Without encoded words; as it is where they cannot be decoded."""
    try:
        return str(make_header(decode_header(text))).encode("utf-8", "replace").decode("utf-8")
    except (ValueError, LookupError):
        return text
