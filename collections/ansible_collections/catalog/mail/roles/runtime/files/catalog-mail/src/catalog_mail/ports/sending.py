"""How a message leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from catalog_mail.domain.settings.servers import SendingSettings


@dataclass(frozen=True)
class Evidence:
    """What a mail server said when it took a message over.

    `response` is its answer (`250 2.0.0 Ok: queued as 4F1...`), `server` who answered, `tls` protocol and cipher of the
    connection or None, `authenticated` the user that logged in or None, `seconds` from connecting to the answer.
    """

    server: str
    response: str
    tls: str | None
    authenticated: str | None
    seconds: float


class MailSender(Protocol):
    """One way to send, with its settings. Safe to use from several threads; keeps connections open between messages."""

    @property
    def settles_after(self) -> float:
        """Seconds after a hand-over from which on `again` can tell whether the message was taken; 0 where it never can."""

    def reserve(self) -> float:
        """Take a turn for one message: 0, or for how many seconds nothing is to be sent; then ask again."""

    def send(self, message: bytes, envelope_from: str, envelope_to: str, *, again: bool = False) -> Evidence:
        """Hand over one message. Raises SendingFailed and nothing else.

        `again` says that this message may have been handed over before: where that can be found out, it is not sent twice.
        """

    def close(self) -> None: ...


class MailSenders(Protocol):
    """Makes senders, and keeps one for each set of settings."""

    def sender(self, settings: SendingSettings) -> MailSender: ...

    def make_email_test_sender(self, settings: SendingSettings) -> MailSender:
        """A sender of its own for one test; the caller closes it."""

    def close(self) -> None: ...
