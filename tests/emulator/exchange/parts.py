# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body and the attachments in the MIME of a message, found and changed."""

from __future__ import annotations

import email.policy
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from typing import Any

from emulator.exchange.headers import header

_KIND = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+(?:\s*;[ -~]*)?\Z", re.A)
_AS_IT_CAME = email.policy.SMTP.clone(refold_source="none")
DEFAULT_KIND = "application/octet-stream"


@dataclass(frozen=True)
class Attached:
    """`mark` is its own among the message's attachments, and stays when others come and go, unless they are quite the same.

    `item` says that it is a message.
    """

    part: Any
    mark: str

    @property
    def item(self) -> bool:
        return is_item(self.part)

    @property
    def name(self) -> str:
        if self.item:
            return header(self.part.get_payload(0), "Subject")
        return self.part.get_filename() or ""

    @property
    def kind(self) -> str:
        found: str = self.part.get_content_type()
        return found if _KIND.match(found) else DEFAULT_KIND

    @property
    def content(self) -> bytes:
        return _content(self.part)

    @property
    def content_id(self) -> str | None:
        return header(self.part, "Content-ID").strip("<>") or None

    @property
    def inline(self) -> bool:
        return _inline(self.part)


def attached(message: EmailMessage) -> list[Attached]:
    """All, in their order."""
    found: list[Attached] = []
    for part in _leaves(message):
        if _is_attachment(part):
            told = f"{part.get_filename()}\0{header(part, 'Content-ID')}\0".encode("utf-8", "replace") + _content(part)
            digest = hashlib.sha256(told)
            while any(one.mark == digest.hexdigest()[:32] for one in found):
                digest.update(b"again")
            found.append(Attached(part, digest.hexdigest()[:32]))
    return found


def any_file(message: EmailMessage) -> bool:
    """Whether there is one that is not inline."""
    return any(_is_attachment(part) and not _inline(part) for part in _leaves(message))


def bodies(message: EmailMessage) -> Iterator[Any]:
    """The leaves that are no attachments."""
    return (part for part in _leaves(message) if not _is_attachment(part))


def is_item(part: Any) -> bool:
    return bool(part.get_content_type() == "message/rfc822" and part.is_multipart())


def _leaves(part: Any) -> Iterator[Any]:
    """What is not divided further; an attached message is not."""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for inner in part.iter_parts():
            yield from _leaves(inner)
    else:
        yield part


def _is_attachment(part: Any) -> bool:
    if part.get_content_disposition() == "attachment" or part.get_filename() or is_item(part):
        return True
    return part.get_content_maintype() not in ("text", "message", "multipart")


def _inline(part: Any) -> bool:
    disposition = part.get_content_disposition()
    return bool(disposition == "inline" or (disposition is None and header(part, "Content-ID")))


def _content(part: Any) -> bytes:
    if is_item(part):
        return bytes(part.get_payload(0).as_bytes(policy=_AS_IT_CAME))
    return bytes(part.get_payload(decode=True) or b"")


def set_body(message: EmailMessage, kind: str, content: str) -> None:
    """Text or HTML in place of the body; attachments stay."""
    kept = attached(message)
    message.clear_content()
    message.set_content(content, subtype="html" if kind == "html" else "plain")
    for one in kept:
        add(message, one.part)


def add(message: EmailMessage, part: Any) -> None:
    if "Content-Type" not in message or (message.get_content_maintype() == "multipart" and not message.is_multipart()):
        del message["Content-Type"]
        message["Content-Type"] = "text/plain"
    if message.get_content_type() != "multipart/mixed":
        message.make_mixed()
    message.attach(part)


def remove(message: EmailMessage, one: Attached) -> None:
    for whole in message.walk():
        inner = whole.get_payload()
        if isinstance(inner, list) and any(part is one.part for part in inner):
            inner[:] = [part for part in inner if part is not one.part]


def file_part(given: dict[str, Any]) -> MIMEPart:
    """Of a fileAttachment."""
    name = _line(given.get("name") or "attachment")
    kind = _line(given.get("contentType") or mimetypes.guess_type(name)[0] or DEFAULT_KIND)
    main, _, sub = (kind if _KIND.match(kind) else DEFAULT_KIND).partition("/")
    part = MIMEPart(policy=email.policy.SMTP)
    content = given.get("contentBytes") or b""
    shown: dict[str, Any] = {"disposition": "inline" if given.get("isInline") else "attachment", "filename": name}
    if given.get("contentId"):
        shown["cid"] = "<" + re.sub(r"[<>\s]", "", given["contentId"]) + ">"
    if kind.lower().startswith("message/rfc822"):
        part.set_content(email.message_from_bytes(content, policy=email.policy.SMTP), **shown)
    else:
        part.set_content(content, main, sub, **shown)
    return part


def item_part(raw: bytes) -> MIMEPart:
    """Of an attached message."""
    part = MIMEPart(policy=email.policy.SMTP)
    part.set_content(email.message_from_bytes(raw, policy=email.policy.SMTP), disposition="attachment")
    return part


def _line(text: str) -> str:
    return re.sub(r"[\r\n]+", " ", text)
