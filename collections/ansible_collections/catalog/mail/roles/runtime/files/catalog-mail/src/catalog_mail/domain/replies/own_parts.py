# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the parts of a message that are its own: parts of attached messages are left out. Takes linear time; raises nothing."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from functools import lru_cache
from typing import NamedTuple

from catalog_mail.domain.mime.structured import joined_statements
from catalog_mail.domain.replies.first_headers import FirstHeaders

_MOST_PARTS = 200
_DEEPEST = 10


class OwnPart(NamedTuple):
    """A part. `kind` is its type without parameters, `name` its file name or ""; these and `parameters` are in lower case.

    `attached`: Content-Disposition calls it an attachment. `leading`: it is the message itself, or the first part of the first
    part, and so on; a gateway or a mailing list adds its own parts behind that. `in_leading`: it is in such a part, or leading.
    """

    part: Message
    kind: str
    parameters: Mapping[str, str]
    name: str
    attached: bool
    leading: bool
    in_leading: bool


def own_parts(message: Message, headers: FirstHeaders) -> list[OwnPart]:
    """Return the message and its parts in their order, each after the one that contains it.

    At most 200 parts, and parts nested at most 10 deep, are returned.
    """
    found: list[OwnPart] = []
    waiting = [(message, 0, True, True)]
    while waiting and len(found) < _MOST_PARTS:
        part, depth, leading, in_leading = waiting.pop()
        found.append(_own_part(part, headers.of(part), leading=leading, in_leading=in_leading))
        if found[-1].kind.startswith("multipart/") and depth < _DEEPEST:
            children = list(enumerate(_children(part)))
            waiting.extend((child, depth + 1, leading and number == 0, leading) for number, child in reversed(children))
    return found


def _own_part(part: Message, headers: Mapping[str, str], *, leading: bool, in_leading: bool) -> OwnPart:
    kind, parameters = _parsed(headers.get("content-type", ""))
    disposition, names = _parsed(headers.get("content-disposition", ""))
    name = names.get("filename") or parameters.get("name") or ""
    return OwnPart(part, kind, parameters, name, disposition == "attachment", leading, in_leading)


@lru_cache(maxsize=64)  # most parts have the same few values
def _parsed(value: str) -> tuple[str, Mapping[str, str]]:
    """Return value and parameters of such a header (RFC 2045, 5.1) in lower case."""
    if not value:
        return "", {}
    first, *others = joined_statements(value.lower())
    pairs = (text.partition("=") for text in others)
    return first, {name.rstrip("*"): text for name, _equals, text in pairs}


def _children(part: Message) -> list[Message]:
    # Does not decode the text of a part, which would fail for a charset such as idna or undefined.
    payload = part.get_payload() if part.is_multipart() else None
    return [child for child in payload[:_MOST_PARTS] if isinstance(child, Message)] if isinstance(payload, list) else []
