# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the parts and decode the texts of one message, each once for all decisions about it."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message

from catalog_mail.domain.replies.extraction.decode import part_text
from catalog_mail.domain.replies.extraction.parts import TextPart, text_streams
from catalog_mail.domain.replies.first_headers import FirstHeaders
from catalog_mail.domain.replies.own_parts import OwnPart, own_parts


class Contents:
    """A parsed message (compat32 policy), with its parts and the texts of its parts."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self._headers = FirstHeaders()
        self._texts: dict[int, str] = {}
        self._own_parts: list[OwnPart] | None = None
        self._streams: tuple[list[TextPart], list[TextPart]] | None = None

    @classmethod
    def of(cls, message: Message | Contents) -> Contents:
        """Return the contents of a message; contents are returned as they are."""
        return message if isinstance(message, Contents) else cls(message)

    @property
    def headers(self) -> Mapping[str, str]:
        """The message's own headers, as `FirstHeaders.of` returns them."""
        return self._headers.of(self.message)

    @property
    def own_parts(self) -> list[OwnPart]:
        """The message and its own parts, as `own_parts` returns them."""
        if self._own_parts is None:
            self._own_parts = own_parts(self.message, self._headers)
        return self._own_parts

    @property
    def streams(self) -> tuple[list[TextPart], list[TextPart]]:
        """The parts of the text with plain text preferred, and with HTML preferred. Raises TooComplex."""
        if self._streams is None:
            self._streams = text_streams(self.message, self._headers)
        return self._streams

    def text(self, part: TextPart) -> str:
        """Return the decoded text of one of the message's parts."""
        found = self._texts.get(id(part.part))
        if found is None:
            found = self._texts[id(part.part)] = part_text(part.part, part.kind.parameters.get("charset", ""))
        return found
