# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cause, setting, sentence and remedy for each meaning of an SMTP server's reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from catalog_mail.domain.failures.failure import Cause
from catalog_mail.domain.failures.smtp_attempt import Attempt, Stage
from catalog_mail.domain.failures.smtp_replies import Meaning

FROM = "notifications.from.address"


@dataclass(frozen=True)
class Words:
    """The cause, field, sentence and remedy of a failure; the server's reply completes the sentence.

    `field` is the setting at fault. In the tables it is a name within notifications.smtp, or FROM, and `{...}` in a sentence
    are filled from the attempt.
    """

    cause: Cause
    field: str | None
    sentence: str
    remedy: str


_ENCRYPTION: Mapping[Meaning, Words] = {
    Meaning.STARTTLS_NEEDED: Words(
        Cause.TLS_REQUIRED, "tls", "{place} accepts no mail without TLS",
        "Choose tls 'starttls', or 'implicit' with that port (465).",
    ),
    Meaning.TLS_VERSION: Words(
        Cause.TLS_FAILED, "tls", "{place} does not accept the version or the ciphers of TLS",
        "This host offers TLS 1.2 and later, so a proxy between may have changed the connection, or the server is too old: "
        "compare 'openssl s_client -starttls smtp -connect HOST:PORT'.",
    ),
    Meaning.TLS_NOT_OFFERED: Words(
        Cause.TLS_NOT_OFFERED, "tls", "{place} refused to start TLS, which the settings require",
        "Let the server's administrator look at its TLS (certificate and key), or choose tls 'implicit' with that port (465), or "
        "'none' where the network is trusted.",
    ),
}  # fmt: skip
_LOGIN: Mapping[Meaning, Words] = {
    Meaning.LOGIN_NEEDED: Words(
        Cause.LOGIN_REQUIRED, "username", "{place} accepts no mail without a login",
        "Give user name and password, or let the server's administrator allow this host to send without.",
    ),
    Meaning.LOGIN_REFUSED: Words(
        Cause.LOGIN_REFUSED, "password", "{place} refused the login of {username}",
        "Check user name and password, and whether this account may send by SMTP with a password: many providers want an app "
        "password, or a key of their own, in place of the usual one.",
    ),
    Meaning.LOGIN_METHOD_DISABLED: Words(
        Cause.LOGIN_REFUSED, "username", "{place} does not let {username} log in with a password",
        "Let the mail administrator switch on SMTP AUTH for this account (Exchange Online: for the tenant and the mailbox, and "
        "no security defaults or policy against it), or choose transport 'microsoft'.",
    ),
    Meaning.LOGIN_MECHANISM_REFUSED: Words(
        Cause.LOGIN_REFUSED, "username", "{place} does not accept this kind of login on this connection",
        "Use the port for logging in (587 with 'starttls', or 465 with 'implicit'); a server that takes tokens only (XOAUTH2) "
        "needs transport 'microsoft', or an account that may log in by PLAIN or LOGIN.",
    ),
    Meaning.LOGIN_TEMPORARILY_REFUSED: Words(
        Cause.LOGIN_REFUSED, None, "{place} cannot check the login of {username} at this moment",
        "The settings may be right: the server's login service is not available, or had too many logins. If this goes on, let "
        "its administrator look at it.",
    ),
    Meaning.ACCOUNT_BLOCKED: Words(
        Cause.ACCOUNT_BLOCKED, "username", "{place} has blocked this account from sending",
        "Activate or unblock the account at the provider (its page or its mail to the account's owner says why), or use another.",
    ),
}  # fmt: skip
_LIMITS: Mapping[Meaning, Words] = {
    Meaning.QUOTA_EXCEEDED: Words(
        Cause.THROTTLED, None, "{place} takes no more mail for now: a quota is used up",
        "Nothing has to be done: the message is sent when the quota begins anew. If this goes on, let the provider raise it.",
    ),
    Meaning.RATE_LIMITED: Words(
        Cause.THROTTLED, None, "{place} takes no more mail at this moment: too much in a short time",
        "Nothing has to be done: it is tried again. If this goes on, let the server's administrator raise the limit.",
    ),
    Meaning.GREYLISTED: Words(
        Cause.GREYLISTED, None, "{place} defers mail from hosts that it does not know yet (greylisting)",
        "Nothing has to be done: it is tried again; or let the server's administrator exempt this host.",
    ),
    Meaning.SERVER_UNAVAILABLE: Words(
        Cause.OTHER_ANSWER, None, "{place} gave this answer while {stage}",
        "The mail server has a difficulty of its own (storage, load, name service); its log says more.",
    ),
}  # fmt: skip
_THIS_HOST: Mapping[Meaning, Words] = {
    Meaning.HELO_REFUSED: Words(
        Cause.HOST_REFUSED, None, "{place} refused the name with which this host introduced itself (EHLO)",
        "Give this host its full name in DNS ('hostname -f' shows it, such as catalog.example.com), or let the server's "
        "administrator allow it.",
    ),
    Meaning.HOST_BLOCKED: Words(
        Cause.HOST_REFUSED, None, "{place} refused this host: its address is on a blocklist",
        "Look the address up at the list that the server names and ask to be taken off, or send through another mail server.",
    ),
    Meaning.HOST_REFUSED: Words(
        Cause.HOST_REFUSED, None, "{place} accepts no mail from this host",
        "Let the server's administrator allow this host's address, and check its reverse DNS; or log in.",
    ),
    Meaning.RELAY_DENIED: Words(
        Cause.RELAY_DENIED, "username", "{place} does not pass on mail of this host to {recipient}",
        "Let the application log in to this server, or let its administrator allow this host's address to relay.",
    ),
}  # fmt: skip
_SENDER: Mapping[Meaning, Words] = {
    Meaning.SENDER_UNVERIFIED: Words(
        Cause.SENDER_REFUSED, FROM, "{place} does not know {sender} as an address of this account",
        "Register and verify this From address or its domain at the provider, or use one that is; an account in a provider's "
        "sandbox must also verify the recipients.",
    ),
    Meaning.SENDER_DOMAIN_UNKNOWN: Words(
        Cause.SENDER_REFUSED, FROM, "{place} refused the sender {sender}, whose domain it cannot find or verify",
        "Use a From address whose domain exists in DNS and receives mail, and check the mail server's own DNS.",
    ),
    Meaning.SENDER_REFUSED: Words(
        Cause.SENDER_REFUSED, FROM, "{place} refused the sender {sender}",
        "Use a From address that this server accepts from this host or login, or let its administrator allow this one.",
    ),
    Meaning.NOT_AUTHENTIC: Words(
        Cause.SENDER_REFUSED, FROM, "{place} does not believe that the mail comes from the domain of {sender} (SPF, DKIM, DMARC)",
        "Let the domain's SPF record name the server that sends, and sign with DKIM; or use a From address of its own "
        "domain.",
    ),
}  # fmt: skip
_RECIPIENT: Mapping[Meaning, Words] = {
    Meaning.RECIPIENT_UNKNOWN: Words(
        Cause.RECIPIENT_REFUSED, None, "{place} does not know the recipient {recipient}", "Check the spelling of the address."
    ),
    Meaning.RECIPIENT_DISABLED: Words(
        Cause.RECIPIENT_REFUSED, None, "{place} does not deliver to the recipient {recipient}",
        "The account is disabled, or the provider suppresses it after earlier bounces: let its administrator, or the provider, "
        "activate it again.",
    ),
    Meaning.RECIPIENT_BUSY: Words(
        Cause.RECIPIENT_REFUSED, None, "{place} takes no more mail for {recipient} at this moment: that mailbox gets too much",
        "Nothing has to be done: it is tried again.",
    ),
    Meaning.RECIPIENT_REFUSED: Words(
        Cause.RECIPIENT_REFUSED, None, "{place} refused the recipient {recipient}",
        "Check the address, and whether the server wants a login for it; the server's administrator sees in its log why it is "
        "refused.",
    ),
    Meaning.MAILBOX_FULL: Words(
        Cause.RECIPIENT_REFUSED, None, "{place} refused the recipient {recipient}, whose mailbox is full",
        "Let its owner make room, or let its quota be raised.",
    ),
    Meaning.NO_MAIL_DOMAIN: Words(
        Cause.RECIPIENT_REFUSED, None, "{place} cannot deliver to the domain of {recipient}",
        "Check the spelling of the domain, and its MX record.",
    ),
}  # fmt: skip
_MESSAGE: Mapping[Meaning, Words] = {
    Meaning.SMTPUTF8_MISSING: Words(
        Cause.OTHER_ANSWER, None, "{place} does not carry addresses outside ASCII (SMTPUTF8)",
        "Use addresses in ASCII, an international domain in its xn-- form, or let the server's administrator enable SMTPUTF8.",
    ),
    Meaning.TOO_LARGE: Words(
        Cause.OTHER_ANSWER, None, "{place} refused the message, which is larger than the server takes",
        "Let the server's administrator raise its limit (message_size_limit).",
    ),
    Meaning.SPAM_REFUSED: Words(
        Cause.OTHER_ANSWER, None, "{place} refused the message by its rules against spam, viruses or unwanted mail",
        "Let the mail administrator allow the application's mail, or look the named rule up at the provider.",
    ),
    Meaning.LOOP: Words(
        Cause.OTHER_ANSWER, None, "{place} found that the message loops between servers",
        "Let the mail administrator look at its relay, its own domains and the MX records: one of them sends the mail back.",
    ),
    Meaning.UNKNOWN: Words(
        Cause.OTHER_ANSWER, None, "{place} gave this answer while {stage}", "The mail server's own log says more."
    ),
}  # fmt: skip
_ROWS: Mapping[Meaning, Words] = {**_ENCRYPTION, **_LOGIN, **_LIMITS, **_THIS_HOST, **_SENDER, **_RECIPIENT, **_MESSAGE}


def words_for(meaning: Meaning, stage: Stage, attempt: Attempt) -> Words:
    """Return what the failure says of this attempt."""
    row = _ROWS[meaning]
    if meaning is Meaning.SMTPUTF8_MISSING and stage is Stage.SENDER:
        row = replace(row, cause=Cause.SENDER_REFUSED, field=FROM)
    if meaning is Meaning.SMTPUTF8_MISSING and stage is Stage.RECIPIENT:
        row = replace(row, cause=Cause.RECIPIENT_REFUSED)
    field = attempt.field(row.field) if row.field and row.field != FROM else row.field
    sentence = row.sentence.format(
        place=attempt.place, sender=attempt.sender, recipient=attempt.recipient, stage=stage.value,
        username=attempt.server.username or "this host",
    )  # fmt: skip
    return replace(row, field=field, sentence=sentence)
