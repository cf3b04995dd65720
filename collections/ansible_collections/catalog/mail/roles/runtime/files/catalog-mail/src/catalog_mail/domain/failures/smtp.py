# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate replies of an SMTP server into causes and remedies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from catalog_mail.domain.failures import connection as connection_failures
from catalog_mail.domain.failures.connection import Peer
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.settings.servers import SmtpServer

SECTION = "notifications.smtp"
# RFC 4954, 6: the server requires a login, or TLS, before this command.
_LOGIN_OR_TLS_REQUIRED = {530, 538}
# Replies to MAIL that concern the server's state or the message's size (RFC 1870, 6; RFC 5321, 4.2.3).
_NOT_ABOUT_THE_SENDER = {451, 452, 552}


class Stage(StrEnum):
    """The stage of an SMTP session; each value completes "while ..."."""

    CONNECT = connection_failures.CONNECT
    GREETING = connection_failures.GREETING
    HELLO = "saying EHLO"
    TLS = "starting TLS"
    LOGIN = "logging in"
    SENDER = "naming the sender"
    RECIPIENT = "naming the recipient"
    CONTENT = "handing over the message"


_ABOUT_A_MESSAGE = (Stage.SENDER, Stage.RECIPIENT, Stage.CONTENT)


@dataclass(frozen=True)
class Attempt:
    """An attempt to send a message: server, sender, recipient. `builtin`: the server is the host's own Postfix."""

    server: SmtpServer
    sender: str
    recipient: str
    builtin: bool = False

    @property
    def peer(self) -> Peer:
        """The server as the peer of a connection."""
        server = self.server
        return Peer(
            server.host, server.port, server.tls, server.timeout, server.ca_file, SECTION, implicit_port=465, builtin=self.builtin
        )

    @property
    def place(self) -> str:
        """The name of the server in sentences."""
        return self.peer.place

    def field(self, name: str) -> str:
        """Return the path of a setting; for the built-in server always that of the transport."""
        return self.peer.field(name)


def answer_failure(stage: Stage, code: int, text: str, attempt: Attempt) -> Failure:
    """Translate a negative reply (RFC 5321, 4.2): 4yz is temporary, 5yz is permanent."""
    if not 200 <= code <= 599:  # smtplib returns -1 for a reply without a number
        return _no_mail_server(attempt)
    cause = _meaning(stage, code, text, attempt)
    temporary = 400 <= code < 500
    field, sentence, remedy = _words(cause, stage, attempt)
    if temporary and cause is Cause.OTHER_ANSWER:
        remedy = f"It may work later. {remedy}"
    answer = f"{code} {text}".strip().rstrip(".")
    return _failure(cause, field, f"{sentence}: {answer}.", remedy, temporary=temporary, answer=(code, text))


def _meaning(stage: Stage, code: int, text: str, attempt: Attempt) -> Cause:
    """Return the cause of a negative reply, from its stage and text more than from its number."""
    lowered = text.lower()
    if code in _LOGIN_OR_TLS_REQUIRED:
        encryption = code == 538 or "tls" in lowered or "encrypt" in lowered
        return Cause.TLS_REQUIRED if encryption else Cause.LOGIN_REQUIRED
    if code == 421:
        return Cause.OTHER_ANSWER
    if stage is Stage.LOGIN:
        return Cause.LOGIN_REFUSED
    if stage in _ABOUT_A_MESSAGE and _about_the_sender(stage, lowered, attempt):
        return Cause.SENDER_REFUSED
    if stage is Stage.SENDER:
        return Cause.OTHER_ANSWER if code in _NOT_ABOUT_THE_SENDER else Cause.SENDER_REFUSED
    return Cause.RECIPIENT_REFUSED if stage is Stage.RECIPIENT else Cause.OTHER_ANSWER


def _words(cause: Cause, stage: Stage, attempt: Attempt) -> tuple[str | None, str, str]:
    """Return field, sentence (which the reply completes) and remedy."""
    place = attempt.place
    words: dict[Cause, tuple[str | None, str, str]] = {
        Cause.TLS_REQUIRED: (
            attempt.field("tls"),
            f"{place} accepts no mail without TLS",
            "Choose tls 'starttls', or 'implicit' with that port (465).",
        ),
        Cause.LOGIN_REQUIRED: (
            attempt.field("username"),
            f"{place} accepts no mail without a login",
            "Give user name and password, or let the server's administrator allow this host to send without.",
        ),
        Cause.LOGIN_REFUSED: (
            attempt.field("password"),
            f"{place} refused the login of {attempt.server.username}",
            "Check user name and password, and whether this account may send by SMTP with a password.",
        ),
        Cause.SENDER_REFUSED: (
            "notifications.from.address",
            f"{place} refused the sender {attempt.sender}",
            "Use a From address that this server accepts from this host or login, or let its administrator allow this one.",
        ),
        Cause.RECIPIENT_REFUSED: (
            None,
            f"{place} refused the recipient {attempt.recipient}",
            "Check the address. If the server says that relaying is denied, it requires a login, or this host in its list.",
        ),
    }
    return words.get(cause) or (None, f"{place} gave this answer while {stage}", "The mail server's own log says more.")


def _no_mail_server(attempt: Attempt) -> Failure:
    return _failure(
        Cause.NOT_SMTP, attempt.field("port"),
        f"{attempt.place} does not answer as a mail server does.",
        "Check the port: 25, 587 and 465 are the usual ones; another service may listen on this one.",
        temporary=False,
    )  # fmt: skip


def login_not_offered(mechanisms: str, attempt: Attempt) -> Failure:
    """The settings have a user name, but the server offers no usable login mechanism (RFC 4954)."""
    offered = f"only {mechanisms}" if mechanisms else "no login at all"
    return _failure(
        Cause.LOGIN_REFUSED, attempt.field("username"),
        f"{attempt.place} offers {offered}; PLAIN or LOGIN is needed.",
        "Many servers offer it only under TLS, or only on port 587 or 465. Without a user name there is no login.",
        temporary=False,
    )  # fmt: skip


def _about_the_sender(stage: Stage, lowered: str, attempt: Attempt) -> bool:
    """Return whether a reply rejects the sender.

    By default Postfix checks the sender after RCPT (smtpd_delay_reject), Exchange after the message's content.
    """
    if any(words in lowered for words in ("sender address rejected", "send as this sender", "sendasdenied")):
        return True
    return stage is Stage.RECIPIENT and "sender" in lowered and f"<{attempt.sender.lower()}>" in lowered


def _failure(
    cause: Cause,
    field: str | None,
    sentence: str,
    remedy: str,
    *,
    temporary: bool = True,
    answer: tuple[int, str] | None = None,
) -> Failure:
    code, text = answer or (None, None)
    return Failure(cause, sentence, remedy, temporary, field, code, text)
