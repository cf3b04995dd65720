# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read which e-mail of this service a bounce reports, and whether it failed for good.

Standard reports (RFC 3464) tell the action and the status of each recipient, and return the e-mail or its header. Other bounces,
such as those of qmail, Exim and Exchange, are texts with the returned header below the reason. Anybody can write a bounce: only
one counts that names an e-mail by what this service made, the signed intent or the random id in its Message-ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_string
from email.message import Message
from itertools import islice

from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.replies import intent
from catalog_mail.domain.replies.bounced import BounceReport
from catalog_mail.domain.replies.extraction import Contents
from catalog_mail.domain.replies.extraction.decode import part_text
from catalog_mail.domain.replies.own_parts import OwnPart

_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED_MESSAGES = frozenset({"message/rfc822", "message/global", "message/global-headers"})
_RETURNED_HEADERS = frozenset({"text/rfc822-headers", "text/rfc822-header"})
_NAMES = ("message-id", "x-catalog-intent", "references")
_MOST_RECIPIENTS = 50
_LONGEST_TEXT = 100_000
_LONGEST_SAID = 500
_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -])")
_HEADER = re.compile(r"^[ \t>]*(message-id|x-catalog-intent|references)[ \t]*:[ \t]*(.{0,900})", re.IGNORECASE | re.MULTILINE)
_DELIVERY = re.compile(r"<([a-z2-7]{26})@[^<>@\s]{1,255}>")
# A text that only warns of a delay (Exim, sendmail, qmail's patches).
_DELAYED = re.compile(
    r"\b(?:delayed|warning|will (?:continue|be retried|keep trying)|not yet been delivered|still trying|no action is required)\b",
    re.IGNORECASE,
)


def bounce_report(contents: Contents, keys: Sequence[bytes]) -> BounceReport | None:
    """Return the report of a message that counts as a bounce; None when it reports no failure of an e-mail of this service."""
    parts = contents.own_parts
    failed = _failed_by_status(parts)
    text = _text(parts)
    if failed is None:
        failed = None if any(part.kind in _STATUS_PARTS for part in parts) else _failed_by_text(text, contents.headers)
    if failed is None:
        return None
    handle, message_id = _identify([*_returned(parts), *_named_in(text)], keys)
    if handle is None and message_id is None:
        return None
    status, said = failed
    code = _CODE.search(said)
    return BounceReport(handle, message_id, status, int(code[1]) if code else None, one_line(said, _LONGEST_SAID) or None)


def _failed_by_status(parts: Sequence[OwnPart]) -> tuple[str, str] | None:
    """Return status and words of the first recipient whose action is `failed` (RFC 3464, 2.3.3)."""
    for part in parts:
        if part.kind not in _STATUS_PARTS:
            continue
        for fields in islice(_fields(part.part), _MOST_RECIPIENTS):
            if fields.get("action", "").strip().lower() != "failed":
                continue
            said = fields.get("diagnostic-code", "")
            said = said.partition(";")[2].strip() or said
            found = _STATUS.search(fields.get("status", "")) or _STATUS.search(said)
            return (found[1] if found and found[1][0] in "45" else "5.0.0"), said
    return None


def _fields(part: Message) -> Iterator[Mapping[str, str]]:
    """Yield the fields of each block of a delivery status."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Message):
            if part.get_content_subtype() != "delivery-status":  # the parser knows no blocks in a report of RFC 6533
                yield from _fields(message_from_string(f"Content-Type: message/delivery-status\n\n{block.as_string()}"))
                continue
            yield {name.lower(): " ".join(str(value).split()) for name, value in islice(block.raw_items(), 50)}


def _failed_by_text(text: str, headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Return status and words of a bounce that is a text; None when it may be a warning of a delay."""
    first = _HEADER.search(text)
    reason = text[: first.start()] if first else text
    found = _STATUS.search(reason)
    code = _CODE.search(reason)
    lines = (line.strip() for line in reason.splitlines())
    said = next((line for line in lines if (found and found[1] in line) or (not found and code and code[1] in line)), "")
    if found is not None:
        return (found[1], said) if found[1][0] == "5" else None
    if code is not None:
        return ("5.0.0", said) if code[1][0] == "5" else None
    if "x-failed-recipients" in headers and not _DELAYED.search(reason):
        return "5.0.0", ""
    return None


def _text(parts: Sequence[OwnPart]) -> str:
    """Return the text of the first part that is text."""
    for part in parts:
        if part.kind in ("text/plain", "") and not part.attached:
            return _decoded(part)
    return ""


def _decoded(part: OwnPart) -> str:
    return part_text(part.part, part.parameters.get("charset", ""))[:_LONGEST_TEXT]


def _returned(parts: Sequence[OwnPart]) -> Iterator[tuple[str, str]]:
    """Yield name and value of the returned e-mail's headers that may identify it."""
    for part in parts:
        if part.kind in _RETURNED_MESSAGES:
            payload = part.part.get_payload()
            for message in payload[:1] if isinstance(payload, list) else ():
                if isinstance(message, Message):
                    yield from ((name.lower(), str(value)) for name, value in islice(message.raw_items(), 200))
        elif part.kind in _RETURNED_HEADERS:
            yield from _named_in(_decoded(part))


def _named_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of the headers in a text that may identify an e-mail."""
    yield from ((found[1].lower(), found[2]) for found in islice(_HEADER.finditer(text), 20))


def _identify(found: Sequence[tuple[str, str]], keys: Sequence[bytes]) -> tuple[str | None, str | None]:
    """Return the handle of an intent that one of the keys signed; else the Message-ID that may name a delivery."""
    values = [(name, value) for name, value in found if name in _NAMES]
    for candidate in intent.candidates(value for _name, value in values):
        handle = intent.verified(keys, candidate)
        if handle is not None:
            return handle, None
    for name, value in values:
        named = _DELIVERY.search(value) if name == "message-id" else None
        if named is not None:
            return None, named[0]
    return None, None
