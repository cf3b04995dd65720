# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read the negative reply of an SMTP server in a message of Postfix or of this collection's own client. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple, Optional


class Reply(NamedTuple):
    """A negative reply: code (0 where the text has none), enhanced code or "", words in lower case, command replied to."""

    code: int
    enhanced: str
    words: str
    stage: str

    @property
    def temporary(self) -> bool:
        """Whether the reply code is 4yz."""
        return 400 <= self.code < 500

    @property
    def subject(self) -> Optional[int]:
        """The second number of the enhanced code (RFC 3463, 3), such as 7 for security; None without one."""
        return int(self.enhanced.split(".")[1]) if self.enhanced else None


# Postfix quotes a reply after one of these words; this collection's own client begins with the code.
_CODE = re.compile(
    r"(?:\A| said: | refused to talk to me: | refused to start TLS: )([45]\d\d)(?:[ -]|\Z)(.*)", re.DOTALL
)
_COMMAND = re.compile(r"\(in reply to (?:end of )?([A-Z]{4,8})[^()]{0,20}\)")
_STAGES = {
    "EHLO": "hello", "HELO": "hello", "STARTTLS": "tls", "AUTH": "login",
    "MAIL": "sender", "RCPT": "recipient", "DATA": "content",
}
_PHRASES = (
    (" refused to talk to me: ", "greeting"), (" refused to start TLS: ", "tls"), ("SASL authentication failed; server", "login"),
)
_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
# Names would match by accident: a host may be called spamfilter and an address dmarc@example.com. Exchange writes the
# names of exceptions in mixed case; they stay.
_NAMES = re.compile(
    r"<[^<>]{0,320}>|https?://\S{1,500}|[^\s@<>]{1,64}@[^\s@<>]{1,255}"
    r"|(?<![\w.-])(?:[a-z0-9_-]{1,63}\.){1,10}[a-z]{2,24}(?![\w.])"
)
_REPEATED_CODES = re.compile(r"(?<![\d.])[245]\d\d-(?=[245]\.)|(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")


def read_reply(text: str, stage: str = "") -> Optional[Reply]:
    """Return the reply in a text; None without a code of 4yz or 5yz. ``stage`` is that of a text that names no command."""
    found = _CODE.search(text)
    if not found:
        return None
    reply = _reply(int(found.group(1)), found.group(2), text)
    return reply._replace(stage=reply.stage or stage)


def without_code(text: str) -> Reply:
    """Return a text without a code as a reply, to judge its words alone."""
    return _reply(0, text, text)


def _reply(code: int, said: str, text: str) -> Reply:
    command = _COMMAND.search(text)
    words = _REPEATED_CODES.sub(" ", _NAMES.sub(" <> ", _COMMAND.sub(" ", said)))
    return Reply(code, _enhanced(code, said), " ".join(words.split()).lower(), _stage(command, text))


def _enhanced(code: int, said: str) -> str:
    """Return the enhanced code: the first of a text, and after other words only one of the reply code's class (RFC 2034, 4).

    Others are versions: "rejected by SpamAssassin 4.0.1". Without a reply code any counts.
    """
    beginning = _ENHANCED.match(said)
    if beginning:
        return beginning.group(1)
    return next((one for one in _ENHANCED.findall(said) if not code or one[0] == str(code)[0]), "")


def _stage(command: Optional[re.Match[str]], text: str) -> str:
    """Return the stage of the session: by the command replied to, else by Postfix's phrase; "" when neither tells."""
    if command:
        return _STAGES.get(command.group(1), "")
    return next((stage for phrase, stage in _PHRASES if phrase in text), "")
