# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of an SMTP server's negative reply: judged by reply code, enhanced code and words, in this order.

Reply codes are those of RFC 5321 (4.2), RFC 4954 (6) and RFC 3207 (4), enhanced codes those of RFC 3463 and its registry
(RFC 5248). Large providers use both loosely, so a row of smtp_rules may need all three. tests/data/server_answers.json holds real
replies with their meanings, for this file and for the modules' own implementation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """The meanings of negative replies."""

    STARTTLS_NEEDED = "starttls_needed"
    TLS_VERSION = "tls_version"
    TLS_NOT_OFFERED = "tls_not_offered"
    LOGIN_NEEDED = "login_needed"
    LOGIN_REFUSED = "login_refused"
    LOGIN_METHOD_DISABLED = "login_method_disabled"
    LOGIN_MECHANISM_REFUSED = "login_mechanism_refused"
    LOGIN_TEMPORARILY_REFUSED = "login_temporarily_refused"
    ACCOUNT_BLOCKED = "account_blocked"
    QUOTA_EXCEEDED = "quota_exceeded"
    RATE_LIMITED = "rate_limited"
    GREYLISTED = "greylisted"
    HELO_REFUSED = "helo_refused"
    HOST_BLOCKED = "host_blocked"
    HOST_REFUSED = "host_refused"
    RELAY_DENIED = "relay_denied"
    SENDER_UNVERIFIED = "sender_unverified"
    SENDER_DOMAIN_UNKNOWN = "sender_domain_unknown"
    SENDER_REFUSED = "sender_refused"
    NOT_AUTHENTIC = "not_authentic"
    RECIPIENT_UNKNOWN = "recipient_unknown"
    RECIPIENT_DISABLED = "recipient_disabled"
    RECIPIENT_BUSY = "recipient_busy"
    RECIPIENT_REFUSED = "recipient_refused"
    MAILBOX_FULL = "mailbox_full"
    NO_MAIL_DOMAIN = "no_mail_domain"
    SMTPUTF8_MISSING = "smtputf8_missing"
    TOO_LARGE = "too_large"
    SPAM_REFUSED = "spam_refused"
    LOOP = "loop"
    SERVER_UNAVAILABLE = "server_unavailable"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reply:
    """A negative reply, read. `enhanced` is empty when the server gives none; `words` are in lower case, without names."""

    code: int
    enhanced: str
    words: str

    @property
    def temporary(self) -> bool:
        """Whether the reply code is 4yz."""
        return 400 <= self.code < 500

    @property
    def subject(self) -> int | None:
        """The second number of the enhanced code (RFC 3463, 3), such as 7 for security; None without one."""
        return int(self.enhanced.split(".")[1]) if self.enhanced else None


_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
# Addresses, URLs and the names of hosts: a host may be called spamfilter.example.com. The names of exceptions stay, which
# Exchange writes in mixed case.
_NAMES = re.compile(
    r"<[^<>]{0,320}>|https?://\S{1,500}|[^\s@<>]{1,64}@[^\s@<>]{1,255}|(?<![\w.-])(?:[a-z0-9_-]{1,63}\.){1,10}[a-z]{2,24}(?![\w.])"
)
_REPEATED_CODES = re.compile(r"(?<![\d.])[245]\d\d-(?=[245]\.)|(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")


def read_reply(code: int, text: str) -> Reply:
    """Read a reply's text (without its code), whose lines are joined by blanks."""
    enhanced = _enhanced(code, text)
    words = _REPEATED_CODES.sub(" ", _NAMES.sub(" <> ", text))
    return Reply(code, enhanced, " ".join(words.split()).lower())


def _enhanced(code: int, text: str) -> str:
    """Return the enhanced code: the first of a text, and after other words only one of the reply code's class (RFC 2034, 4).

    Others are versions: "rejected by SpamAssassin 4.0.1".
    """
    found = _ENHANCED.findall(text)
    beginning = _ENHANCED.match(text)
    return beginning[1] if beginning else next((one for one in found if one[0] == str(code)[0]), "")
