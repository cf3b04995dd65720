"""What an attempt to hand over a mail tells an administrator: each error and each answer as cause and remedy."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum

from catalog_mail.domain.diagnosis import Cause, Failure
from catalog_mail.domain.settings import TLS, SmtpServer

SECTION = "notifications.smtp"
# OpenSSL's numbers (X509_V_ERR_...): expired, not yet valid; the name or the address is another.
_OUT_OF_DATE = {9: "not valid yet", 10: "expired"}
_OTHER_NAME = {62, 64}
# RFC 4954, 6: there must be a login, or TLS, before this is done.
_NOT_LIKE_THIS = {530, 538}
# Given to MAIL too, and about the server's own state or the message's size (RFC 1870, 6; RFC 5321, 4.2.3).
_NOT_ABOUT_THE_SENDER = {451, 452, 552}
# Longest text of a server's answer that is shown.
SHOWN = 500


class Stage(StrEnum):
    """How far a hand-over had come; each word completes "while ..."."""

    CONNECT = "connecting"
    GREETING = "waiting for the greeting"
    HELLO = "saying EHLO"
    TLS = "starting TLS"
    LOGIN = "logging in"
    SENDER = "naming the sender"
    RECIPIENT = "naming the recipient"
    CONTENT = "handing over the message"


_ABOUT_A_MESSAGE = (Stage.SENDER, Stage.RECIPIENT, Stage.CONTENT)


@dataclass(frozen=True)
class Attempt:
    """Who was asked, and for whom. `builtin`: the server is the host's own Postfix."""

    server: SmtpServer
    sender: str
    recipient: str
    builtin: bool = False

    @property
    def place(self) -> str:
        """The server as it is called in sentences."""
        host = f"[{self.server.host}]" if ":" in self.server.host else self.server.host
        return f"The host's own mail server ({host}:{self.server.port})" if self.builtin else f"{host}:{self.server.port}"

    def field(self, name: str) -> str:
        """The setting of this name; with the built-in server there is only the choice of it."""
        return "notifications.transport" if self.builtin else f"{SECTION}.{name}"


def network_failure(error: Exception, stage: Stage, attempt: Attempt) -> Failure:
    """Of an exception of sockets or TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, attempt)
    if isinstance(error, TimeoutError):
        return _timed_out(stage, attempt)
    if isinstance(error, ssl.SSLError):
        return _tls(error, attempt)
    if stage is Stage.CONNECT:
        return _not_connected(error, attempt)
    return _lost(error, stage, attempt)


def answer_failure(stage: Stage, code: int, text: str, attempt: Attempt) -> Failure:
    """Of a server's answer that says no (RFC 5321, 4.2). 4yz may be otherwise later, 5yz will not."""
    if not 200 <= code <= 599:  # smtplib gives -1 where there is no number
        return _no_mail_server(attempt)
    cause = _meaning(stage, code, text, attempt)
    temporary = 400 <= code < 500
    field, sentence, remedy = _words(cause, stage, attempt)
    if temporary and cause is Cause.OTHER_ANSWER:
        remedy = f"It may work later. {remedy}"
    answer = f"{code} {text}".strip().rstrip(".")
    return _failure(cause, field, f"{sentence}: {answer}.", remedy, temporary=temporary, answer=(code, text))


def _meaning(stage: Stage, code: int, text: str, attempt: Attempt) -> Cause:
    """What an answer refuses. The number tells less than where it was given, and who was asked before."""
    lowered = text.lower()
    if code in _NOT_LIKE_THIS:
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
    """Field, the sentence that the answer completes, and remedy."""
    place = attempt.place
    words: dict[Cause, tuple[str | None, str, str]] = {
        Cause.TLS_REQUIRED: (
            attempt.field("tls"),
            f"{place} takes nothing without TLS",
            "Choose tls 'starttls', or 'implicit' with that port (465).",
        ),
        Cause.LOGIN_REQUIRED: (
            attempt.field("username"),
            f"{place} takes nothing without a login",
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
            "Check the address. If the server says that relaying is denied, it wants a login, or this host in its list.",
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


def tls_not_offered(attempt: Attempt) -> Failure:
    """The settings want STARTTLS, and the server does not name it (RFC 3207)."""
    return _failure(
        Cause.TLS_NOT_OFFERED, attempt.field("tls"),
        f"{attempt.place} does not offer STARTTLS, which the settings require.",
        "Let the server offer it, or choose tls 'implicit' with that port (465), or 'none' where the network is trusted.",
        temporary=False,
    )  # fmt: skip


def login_not_offered(mechanisms: str, attempt: Attempt) -> Failure:
    """There is a user name, and no way to use it (RFC 4954)."""
    offered = f"only {mechanisms}" if mechanisms else "no login at all"
    return _failure(
        Cause.LOGIN_REFUSED, attempt.field("username"),
        f"{attempt.place} offers {offered}; PLAIN or LOGIN is needed.",
        "Many servers offer it only under TLS, or only on port 587 or 465. Without a user name nothing logs in.",
        temporary=False,
    )  # fmt: skip


def authorities_unreadable(reason: str, attempt: Attempt) -> Failure:
    """The CA file cannot be used."""
    return _failure(
        Cause.CERTIFICATE_NOT_TRUSTED, attempt.field("ca_file"),
        f"The CA file {attempt.server.ca_file} cannot be used: {reason}.",
        "Put the CA's certificate there as PEM, readable by the service, or name none to trust the system's.",
        temporary=False,
    )  # fmt: skip


def _not_connected(error: Exception, attempt: Attempt) -> Failure:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return _failure(
            Cause.NAME_NOT_FOUND, attempt.field("host"),
            f"The name {attempt.server.host} cannot be looked up: no DNS server gave an answer.",
            "Check the DNS servers in /etc/resolv.conf, and the way from this host to them.",
        )  # fmt: skip
    if isinstance(error, socket.gaierror):
        return _failure(
            Cause.NAME_NOT_FOUND, attempt.field("host"),
            f"The name {attempt.server.host} cannot be found in DNS.",
            "Check the spelling, and whether this host's DNS servers know the name ('getent hosts NAME').",
        )  # fmt: skip
    if isinstance(error, ConnectionRefusedError):
        remedy = (
            "See 'systemctl status postfix', and whether inet_interfaces lets it listen on the loopback."
            if attempt.builtin
            else "Check the port, whether the mail server runs, and whether it lets this host in."
        )
        cause = f"{attempt.place} refused the connection."
        return _failure(Cause.CONNECTION_REFUSED, attempt.field("port"), cause, remedy)
    return _failure(
        Cause.UNREACHABLE, attempt.field("host"),
        f"{attempt.place} cannot be reached from this host: {getattr(error, 'strerror', None) or error}.",
        "Check the routes and firewalls between this host and the mail server.",
    )  # fmt: skip


def _certificate(error: ssl.SSLCertVerificationError, attempt: Attempt) -> Failure:
    if error.verify_code in _OTHER_NAME:
        return _failure(
            Cause.CERTIFICATE_WRONG_NAME, attempt.field("host"),
            f"The certificate of {attempt.place} is for another name.",
            "Give the server's name as it stands in its certificate, or let the server have one for this name.",
            temporary=False,
        )  # fmt: skip
    reason = _OUT_OF_DATE.get(error.verify_code, error.verify_message)
    remedy = (
        "Let the mail server's administrator renew it; check this host's clock."
        if error.verify_code in _OUT_OF_DATE
        else "Name the file of the CA that signed it as ca_file, or install that CA on this host."
    )
    return _failure(
        Cause.CERTIFICATE_NOT_TRUSTED, attempt.field("ca_file"),
        f"The certificate of {attempt.place} is not trusted: {reason}.", remedy, temporary=False,
    )  # fmt: skip


def _tls(error: ssl.SSLError, attempt: Attempt) -> Failure:
    plain = error.reason == "WRONG_VERSION_NUMBER" and attempt.server.tls is TLS.IMPLICIT
    cause = "does not speak TLS from the start" if plain else f"could not agree on TLS: {error.reason or 'broken off'}"
    remedy = "Choose tls 'starttls' for this port, or give the port of implicit TLS (465)." if plain else (
        "The server must speak TLS 1.2 or later; its own log says more."
    )  # fmt: skip
    return _failure(Cause.TLS_FAILED, attempt.field("tls"), f"{attempt.place} {cause}.", remedy)


def _timed_out(stage: Stage, attempt: Attempt) -> Failure:
    server = attempt.server
    remedy = "A firewall that drops is the usual reason; else the server is slow: raise the timeout."
    if stage is Stage.GREETING and server.tls is not TLS.IMPLICIT:
        remedy = "A server that waits for TLS from the start is silent like this: try tls 'implicit'. Else it is overloaded."
    return _failure(
        Cause.TIMED_OUT, attempt.field("timeout"),
        f"{attempt.place} timed out after {server.timeout:g} seconds while {stage}.", remedy,
    )  # fmt: skip


def _lost(error: Exception, stage: Stage, attempt: Attempt) -> Failure:
    reason = (isinstance(error, OSError) and error.strerror) or "it was closed"
    remedy = "The mail server's own log says why."
    if stage is Stage.GREETING and attempt.server.tls is TLS.NONE:
        remedy += " A server that wants TLS from the start closes like this too: try tls 'implicit'."
    return _failure(
        Cause.CONNECTION_LOST, attempt.field("host"), f"{attempt.place} broke off while {stage}: {reason}.", remedy
    )


def _about_the_sender(stage: Stage, lowered: str, attempt: Attempt) -> bool:
    """Postfix judges the sender when it is told the recipient, by default (smtpd_delay_reject); Exchange at the very end."""
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


def readable(text: bytes, *secrets: str | None) -> str:
    """A server's words, fit to be shown: one line, bounded, and without a secret that it repeats."""
    line = _one_line(text.decode("utf-8", "replace"))
    # The longest first: a password may stand by chance in what else was sent of it.
    for secret in sorted({_one_line(secret) for secret in secrets if secret} - {""}, key=len, reverse=True):
        line = line.replace(secret, "(removed)")
    printable = "".join(character if character.isprintable() else "?" for character in line)
    return printable if len(printable) <= SHOWN else printable[:SHOWN] + "..."


def _one_line(text: str) -> str:
    return " ".join(text.split())
