# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate replies of an SMTP server into causes and remedies."""

from __future__ import annotations

from catalog_mail.domain.failures.connection import with_password_hint
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.failures.smtp_attempt import SECTION, Attempt, Stage
from catalog_mail.domain.failures.smtp_meaning import meaning
from catalog_mail.domain.failures.smtp_remedies import words_for
from catalog_mail.domain.failures.smtp_replies import Meaning, read_reply

# Mechanisms that take an OAuth token in place of a password (RFC 7628, and Google's and Microsoft's own).
TOKEN_MECHANISMS = frozenset({"XOAUTH", "XOAUTH2", "OAUTHBEARER"})

__all__ = ["SECTION", "Attempt", "Stage", "answer_failure", "login_not_offered"]

# Meanings that only a change of the settings ends, whatever the reply code, and those that pass by themselves.
_LASTING = frozenset(
    {
        Meaning.STARTTLS_NEEDED, Meaning.TLS_VERSION, Meaning.LOGIN_NEEDED, Meaning.LOGIN_METHOD_DISABLED,
        Meaning.LOGIN_MECHANISM_REFUSED, Meaning.SMTPUTF8_MISSING,
    }
)  # fmt: skip
_PASSING = frozenset(
    {Meaning.RATE_LIMITED, Meaning.QUOTA_EXCEEDED, Meaning.GREYLISTED, Meaning.RECIPIENT_BUSY, Meaning.LOGIN_TEMPORARILY_REFUSED}
)


def answer_failure(stage: Stage, code: int, text: str, attempt: Attempt) -> Failure:
    """Translate a negative reply (RFC 5321, 4.2): 4yz is temporary and 5yz permanent, unless the meaning says otherwise."""
    if not 200 <= code <= 599:  # smtplib returns -1 for a reply without a number
        return _no_mail_server(attempt)
    if code < 400 and stage is not Stage.LOGIN:
        return _out_of_step(stage, code, text, attempt)
    reply = read_reply(code, text)
    found = meaning(reply, stage)
    temporary = found in _PASSING or (reply.temporary and found not in _LASTING)
    words = words_for(found, stage, attempt)
    remedy = f"It may work later. {words.remedy}" if temporary else words.remedy
    if found is Meaning.LOGIN_REFUSED:
        remedy = with_password_hint(remedy, attempt.server.password)
    return Failure(words.cause, f"{words.sentence}: {_answer(code, text)}.", remedy, temporary, words.field, code, text)


def _answer(code: int, text: str) -> str:
    return f"{code} {text}".strip().rstrip(".")


def _out_of_step(stage: Stage, code: int, text: str, attempt: Attempt) -> Failure:
    """The server accepts what it was not asked for, so that nobody knows what it has understood."""
    return Failure(
        Cause.OTHER_ANSWER, f"{attempt.place} gave this answer while {stage}, which fits no command: {_answer(code, text)}.",
        "It may work later. The mail server's own log says more.", temporary=True, smtp_code=code, smtp_text=text,
    )  # fmt: skip


def _no_mail_server(attempt: Attempt) -> Failure:
    return Failure(
        Cause.NOT_SMTP, f"{attempt.place} does not answer as a mail server does.",
        "Check the port: 25, 587 and 465 are the usual ones; another service may listen on this one.",
        temporary=False, field=attempt.field("port"),
    )  # fmt: skip


def login_not_offered(mechanisms: str, attempt: Attempt) -> Failure:
    """The settings have a user name, but the server offers no usable login mechanism (RFC 4954)."""
    offered = f"only {mechanisms}" if mechanisms else "no login at all"
    remedy = "Many servers offer it only under TLS, or only on port 587 or 465. Without a user name there is no login."
    if mechanisms and set(mechanisms.replace(",", " ").upper().split()) <= TOKEN_MECHANISMS:
        remedy = (
            "This server takes no passwords, only OAuth tokens: choose transport 'microsoft' for Exchange Online; elsewhere let "
            "its administrator allow this account, or this host, to send by SMTP without a token."
        )
    return Failure(
        Cause.LOGIN_REFUSED, f"{attempt.place} offers {offered}; PLAIN or LOGIN is needed.", remedy,
        temporary=False, field=attempt.field("username"),
    )  # fmt: skip
