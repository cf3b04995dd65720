# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Senders of messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from catalog_mail.domain.settings.servers import SendingSettings


@dataclass(frozen=True)
class Evidence:
    """The response of a mail server that accepted a message, and the connection.

    `response` is the server's text (`250 2.0.0 Ok: queued as 4F1...`), `server` its name, `tls` protocol and cipher of the
    connection or None, `authenticated` the user that logged in or None, `seconds` the time from connecting to the response.
    """

    server: str
    response: str
    tls: str | None
    authenticated: str | None
    seconds: float


class MailSender(Protocol):
    """A sender with its settings. Safe to use from several threads; keeps connections open between messages."""

    @property
    def settles_after(self) -> float:
        """Seconds after which `again` can find out whether a message was accepted; 0 when it never can."""

    def reserve(self) -> float:
        """Reserve a slot for one message. Returns 0, or the seconds to wait before the next call."""

    def send(self, message: bytes, envelope_from: str, envelope_to: str, *, again: bool = False) -> Evidence:
        """Send one message. Raises SendingFailed and nothing else.

        `again` says that an earlier attempt may have sent this message: where the server can tell, it is not sent twice.
        """

    def close(self) -> None: ...


class MailSenders(Protocol):
    """Creates senders, and keeps one for each set of settings."""

    def sender(self, settings: SendingSettings) -> MailSender: ...

    def make_email_test_sender(self, settings: SendingSettings) -> MailSender:
        """Create a sender for one test; the caller closes it."""

    def close(self) -> None: ...
