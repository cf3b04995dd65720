# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate responses of an IMAP server into causes and remedies."""

from __future__ import annotations

import re
from enum import StrEnum

from catalog_mail.domain.failures import connection as connection_failures
from catalog_mail.domain.failures.connection import Peer, with_password_hint
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer

SECTION = "interactions.imap"
# Response codes of RFC 5530 and RFC 9051, 7.1, after which another attempt may succeed.
_PASSING = {"UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "EXPUNGEISSUED", "CONTACTADMIN", "CORRUPTION", "OVERQUOTA"}
# Response codes that no repetition changes, whatever the words: "your temporary password" is not temporary.
_LASTING = {
    "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "NOPERM", "CANNOT", "NONEXISTENT",
    "TRYCREATE", "WEBALERT",
}  # fmt: skip
# Response codes with which a server refuses a login whatever the mechanism.
_ACCOUNT = {"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN", "UNAVAILABLE", "LIMIT"}
# Words after which another attempt may succeed, of servers that give no such code.
_PASSING_WORDS = re.compile(
    r"too many (?:\w{1,20} ){0,2}(?:connections|logins|sessions)|temporar|unavailable|try again|try later|throttl|rate limit"
    r"|bandwidth limit|(?:server|system) (?:is )?(?:too )?busy|maximum number of connections|number of connections|not connected"
    r"|\b(?:is|be|been|cannot|can't|unable to) lock|(?:mailbox|folder) (?:is )?(?:locked|in use)"
    r"|(?:system|internal|server|service|database|backend) (?:\w{1,20} ){0,2}(?:error|failure)",
    re.IGNORECASE,
)
_CODE = re.compile(r"\s*\[([A-Za-z0-9-]{1,40})[^\[\]]{0,200}\]")
_LOG = "The mail server's own log says more."
_EXPIRED = "Give this account a new password, and save it here."
_NO_CONNECTION = (
    "Exchange lets this account log in and does not open its mailbox: check there that the mailbox is licensed and IMAP enabled "
    "for it, and log in with this account in a browser; its log says more."
)
_HINTS = {
    "OVERQUOTA": "Let this account's quota be raised, or delete mail from it.",
    "NOPERM": "Give this account the rights to mark, copy and delete messages there (RFC 4314: the rights l, r, s, w, i, t, e).",
    "CORRUPTION": "The mail server's administrator has to repair the mailbox; the server's own log says more.",
}
_CHECK_LOGIN = (
    "Check user name and password, and whether this account may read mail by IMAP with a password: many providers want an app "
    "password in place of the usual one."
)


class Stage(StrEnum):
    """The stage of a connection; each value completes "while ..."."""

    CONNECT = connection_failures.CONNECT
    GREETING = connection_failures.GREETING
    TLS = "starting TLS"
    LOGIN = "logging in"
    SELECT = "opening the mailbox"
    READ = "reading the mailbox"
    WAIT = "waiting for new mail"
    MARK = "marking messages"
    ARCHIVE = "archiving messages"


def peer(server: ImapServer) -> Peer:
    """Return the server as the peer of a connection."""
    return Peer(
        server.host, server.port, server.tls, server.timeout, server.ca_file, SECTION, implicit_port=993, timeout_set=False
    )


def concerns_account(text: str) -> bool:
    """Return whether the refusal of a login concerns the account, so that another mechanism would be refused as well."""
    return _code(text) in _ACCOUNT


def concerns_moment(text: str) -> bool:
    """Return whether a refusal concerns the moment, an account or a mailbox, and so not what the server can do."""
    return _is_passing(_code(text), text) or _code(text) in _LASTING - {"CANNOT"}


def answer_failure(stage: Stage, text: str, server: ImapServer, mailbox: str | None = None) -> Failure:
    """Translate a response NO, BAD or BYE (RFC 3501, 7.1). `mailbox` is the one to open, by default the server's."""
    code, answer = _code(text), _sentence(text)
    place = peer(server).place
    temporary = _is_passing(code, text)
    if code == "PRIVACYREQUIRED":
        return Failure(
            Cause.TLS_REQUIRED, f"{place} refuses logins without TLS: {answer}",
            "Choose tls 'starttls', or 'implicit' with that port (993).", temporary=False, field=f"{SECTION}.tls",
        )  # fmt: skip
    if stage is Stage.LOGIN and not temporary:
        return Failure(
            Cause.LOGIN_REFUSED, f"{place} refused the login of {server.username}: {answer}",
            with_password_hint(_EXPIRED if code == "EXPIRED" else _CHECK_LOGIN, server.password),
            temporary=False, field=f"{SECTION}.password",
        )  # fmt: skip
    if stage is Stage.SELECT and not temporary:
        return _no_mailbox(mailbox or server.mailbox, code, answer, server)
    advice = _NO_CONNECTION if _is_unconnected(text) else _HINTS.get(code, _LOG)
    hint = "The server's login service is not available, or has had too much to do. " if stage is Stage.LOGIN else ""
    return Failure(
        Cause.OTHER_IMAP_ANSWER, f"{place} gave this answer while {stage}: {answer}",
        f"{'It may work later. ' if temporary else ''}{hint}{advice}",
        temporary=True, field=None,
    )  # fmt: skip


def ended(stage: Stage, text: str, server: ImapServer) -> Failure:
    """Translate BYE (RFC 3501, 7.1.5), with which a server ends a session; a login may be refused like this too."""
    if stage is Stage.LOGIN and _code(text) in _LASTING:
        return answer_failure(stage, text, server)
    return Failure(
        Cause.CONNECTION_LOST, f"{peer(server).place} ended the connection while {stage}: {_sentence(text)}",
        f"It may work later. {_LOG}", temporary=True, field=f"{SECTION}.host",
    )  # fmt: skip


def _code(text: str) -> str:
    """Return the response code at the beginning of a text, in upper case; the one after `[ALERT]`; empty without one."""
    found = _CODE.match(text)
    if found and found[1].upper() == "ALERT":
        found = _CODE.match(text, found.end()) or found
    return found[1].upper() if found else ""


def _sentence(text: str) -> str:
    return f"{text.strip().rstrip('.')}." if text.strip() else "no reason was given."


def _is_unconnected(text: str) -> bool:
    return "authenticated but not connected" in text.lower()


def _is_passing(code: str, text: str) -> bool:
    return code in _PASSING or (code not in _LASTING and bool(_PASSING_WORDS.search(text)))


def _no_mailbox(mailbox: str, code: str, answer: str, server: ImapServer) -> Failure:
    allowed = "exists and may be opened" if code == "NOPERM" else "exists, its spelling, and what separates its parts"
    return Failure(
        Cause.MAILBOX_MISSING, f"{peer(server).place} does not open the mailbox {mailbox!r} of {server.username}: {answer}",
        f"Check whether it {allowed}; INBOX is the usual one.", temporary=False, field=f"{SECTION}.{_setting(mailbox, server)}",
    )  # fmt: skip


def misnamed(mailbox: str, fitting: str, answer: str, server: ImapServer) -> Failure:
    """The name of the mailbox lacks the prefix of the user's namespace (RFC 2342)."""
    setting = _setting(mailbox, server)
    prefix = fitting.removesuffix(mailbox) or fitting
    return Failure(
        Cause.MAILBOX_MISSING,
        f"{peer(server).place} has no mailbox {mailbox!r} for {server.username}: "
        f"the names of this account's mailboxes begin with {prefix!r}. The server's answer: {answer}",
        f"Set {setting} to {fitting!r}.", temporary=False, field=f"{SECTION}.{setting}",
    )  # fmt: skip


def name_refused(mailbox: str, answer: str, server: ImapServer) -> Failure:
    """The server does not take the name of a mailbox that it is to create."""
    return Failure(
        Cause.MAILBOX_MISSING, f"{peer(server).place} does not take the name {mailbox!r} for a mailbox: {answer}",
        "Choose another name; look at the names of this account's other mailboxes, and at what separates their parts.",
        temporary=False, field=f"{SECTION}.{_setting(mailbox, server)}",
    )  # fmt: skip


def not_given(stage: Stage, server: ImapServer) -> Failure:
    """The server completed the command and did not return the message, or returned it in a form that cannot be read."""
    return Failure(
        Cause.OTHER_IMAP_ANSWER, f"{peer(server).place} does not return the message, or only a part of it, while {stage}.",
        "The mail server's own log says more.", temporary=True, field=None,
    )  # fmt: skip


def _setting(mailbox: str, server: ImapServer) -> str:
    return "mailbox" if mailbox == server.mailbox else "archive_mailbox"


def read_only(mailbox: str, server: ImapServer) -> Failure:
    r"""The mailbox opens, but \Seen cannot be set in it, so that messages would be handled again (RFC 3501, 6.3.1)."""
    return Failure(
        Cause.MAILBOX_READ_ONLY,
        f"{peer(server).place} lets {server.username} read the mailbox {mailbox!r}, but not mark messages in it.",
        "Give this account the right to mark messages as read there (RFC 4314: the rights s and w).",
        temporary=False, field=f"{SECTION}.{_setting(mailbox, server)}",
    )  # fmt: skip


def not_imap(server: ImapServer) -> Failure:
    """The server at this port is not an IMAP server."""
    return Failure(
        Cause.NOT_IMAP, f"{peer(server).place} does not answer as an IMAP server does.",
        "Check the port: 993 (tls implicit) and 143 (tls starttls) are the usual ones; another service may listen on this one.",
        temporary=False, field=f"{SECTION}.port",
    )  # fmt: skip


def not_understood(stage: Stage, server: ImapServer) -> Failure:
    """The server sent a malformed response, after a valid greeting."""
    return Failure(
        Cause.OTHER_IMAP_ANSWER, f"{peer(server).place} gave an answer that cannot be read while {stage}.",
        "The mail server's own log says more.", temporary=True, field=None,
    )  # fmt: skip


def login_not_offered(server: ImapServer, mechanisms: tuple[str, ...] = ()) -> Failure:
    """The server announces LOGINDISABLED (RFC 3501, 6.2.3), and does not offer AUTH=PLAIN, only `mechanisms`."""
    cause = f"{peer(server).place} offers no login with a password on this connection"
    if server.tls is TLS.NONE or not mechanisms:
        return Failure(
            Cause.LOGIN_REFUSED, f"{cause}.",
            "Many servers offer it only under TLS: choose tls 'starttls', or 'implicit' with that port (993).",
            temporary=False, field=f"{SECTION}.tls",
        )  # fmt: skip
    return Failure(
        Cause.LOGIN_REFUSED, f"{cause}, only {', '.join(mechanisms)}.",
        "A server that takes OAuth tokens only (XOAUTH2) needs receiver 'microsoft' for Exchange Online; elsewhere let its "
        "administrator allow this account to log in by IMAP with a password.",
        temporary=False, field=f"{SECTION}.username",
    )  # fmt: skip


def login_not_possible(server: ImapServer) -> Failure:
    """User name or password is not ASCII, as the command LOGIN needs, and the server does not offer AUTH=PLAIN."""
    return Failure(
        Cause.LOGIN_REFUSED, f"{peer(server).place} takes user name and password in ASCII only (it does not offer AUTH=PLAIN).",
        "Give this account a user name and a password of ASCII characters.", temporary=False, field=f"{SECTION}.password",
    )  # fmt: skip


def mailbox_recreated(mailbox: str, server: ImapServer) -> Failure:
    """The mailbox was deleted and created again, or renumbered, while it was open (RFC 3501, 2.3.1.1)."""
    return Failure(
        Cause.CONNECTION_LOST, f"The mailbox {mailbox!r} on {peer(server).place} was replaced while it was being read.",
        "Nothing has to be done: it is opened again.", temporary=True, field=None,
    )  # fmt: skip
