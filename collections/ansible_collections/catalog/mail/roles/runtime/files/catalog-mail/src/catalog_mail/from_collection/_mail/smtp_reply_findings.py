# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The findings for replies of SMTP servers, by name, and the judgement of a reply. Pure."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from .connection_patterns import ENCRYPTION
from .finding import UNKNOWN, Finding
from .mail_patterns import LOGIN, REFUSALS
from .smtp_reply import Reply
from .smtp_reply_rules import RULES

_OWN: Tuple[Finding, ...] = (
    Finding(
        "tls_version",
        "The server does not accept the version or the ciphers of TLS that it is offered",
        "Let this host use TLS 1.2 or later (smtp_tls_protocols of Postfix, the system's crypto policy), and compare with openssl"
        " s_client -starttls smtp -connect HOST:PORT",
    ),
    Finding(
        "login_mechanism_refused",
        "The server does not accept this kind of login on this connection",
        "Use the port that is meant for logging in (587 with starttls, 465 with implicit TLS); where the server takes OAuth"
        " tokens only, have a login with a password allowed for this account, or send through Microsoft Graph",
    ),
    Finding(
        "account_blocked",
        "The provider has blocked this account, or not yet activated it",
        "Activate or unblock the account at the provider, whose page or e-mail to the account's owner says why",
    ),
    Finding(
        "quota_exceeded",
        "The server takes no more mail for now: a quota of this account or host is used up",
        "Wait until the quota begins anew, often the next day; if it happens again, have the quota raised",
        mends=True,
    ),
    Finding(
        "rate_limited",
        "The server takes no more mail at the moment: too much in a short time",
        "Wait; if it lasts, send less at a time or have the limit raised",
        mends=True,
    ),
    Finding(
        "greylisted",
        "The server defers mail from hosts that it does not know yet (greylisting)",
        "Wait: Postfix tries again by itself, usually after five minutes. Set timeout above 600, or have this host exempted"
        " (exempt it in the greylisting's list)",
        mends=True,
    ),
    Finding(
        "server_unavailable",
        "The server has a difficulty of its own: storage, load, name service, or it is being stopped",
        "Wait: Postfix tries again by itself; if it lasts, the server's log says why",
        mends=True,
    ),
    Finding(
        "helo_refused",
        "The server does not accept the name with which this host introduces itself (EHLO)",
        "Give this host its full name in the DNS (hostname -f shows it; myhostname and smtp_helo_name of Postfix)",
    ),
    Finding(
        "host_blocked",
        "The server refuses this host, whose address is on a blocklist",
        "Look the address up at the list the server names; ask to be taken off or allowed, or send through a relay",
    ),
    Finding(
        "host_refused",
        "The server's rules refuse mail from this host",
        "Have the server's administrator allow this host, check the reverse DNS of its address, or log in at the server (587 or"
        " 465)",
    ),
    Finding(
        "relay_denied",
        "The server does not pass on mail of this host to that recipient",
        "Log in at the server (587 or 465), or have this host's address allowed to relay",
    ),
    Finding(
        "sender_unverified",
        "The server does not know the sender's address or domain as one of this account",
        "Register and verify the address or its domain at the provider, or use a sender that is; an account in a provider's"
        " sandbox must also verify the recipients",
    ),
    Finding(
        "sender_domain_unknown",
        "The server finds no mail server for the sender's domain, so it takes nothing from there",
        "Use a sender in a domain that exists in the DNS (option sender; myorigin and mydomain of Postfix)",
    ),
    Finding(
        "sender_refused",
        "The server does not let this host send with this sender address",
        "Use a sender that the login may use (option sender, postfix_relay_sender_dependent), or have the mail server's"
        " administrator allow this address for the account",
    ),
    Finding(
        "not_authentic",
        "The server judges the message as not really sent by the sender's domain (SPF, DKIM or DMARC)",
        "Send through the domain's own mail server, or let the domain's SPF record name this host and sign with DKIM",
    ),
    Finding(
        "recipient_disabled",
        "The server does not deliver to the recipient: the account is disabled, or suppressed after earlier bounces",
        "Have the account, or the address at the provider, activated again, or test with another recipient",
    ),
    Finding(
        "recipient_busy",
        "The recipient's mailbox gets too much mail at the moment",
        "Wait: the message is tried again by itself",
        mends=True,
    ),
    Finding(
        "recipient_refused",
        "The server refuses this recipient, or mail to it without a login",
        "Check the address; log in at the server, on port 587 or 465, if it wants a login; the server's"
        " administrator sees in its log why it is refused",
    ),
    Finding(
        "mailbox_full",
        "The recipient's mailbox is full",
        "Have it cleared or its quota raised, or test with another recipient",
    ),
    Finding(
        "smtputf8_missing",
        "The server does not carry addresses outside ASCII (SMTPUTF8)",
        "Use addresses in ASCII, an international domain in its xn-- form, or have SMTPUTF8 enabled there",
    ),
    Finding(
        "spam_refused",
        "The server refuses the message by its rules against spam, viruses or unwanted mail",
        "Ask the mail server's administrator to allow this mail, or look the named rule up at the provider",
    ),
    Finding(
        "temporary",
        "The server deferred the message",
        "Wait: Postfix tries again by itself; if it lasts, the server's words and its log say why",
        mends=True,
    ),
)

FINDINGS: Dict[str, Finding] = {
    **{finding.name: finding for _pattern, finding in ENCRYPTION + LOGIN + REFUSALS}, **{one.name: one for one in _OWN},
}
"""Every finding for a reply, by name."""

# Whatever the reply code: only a change ends these, and these pass by themselves.
_LASTING = frozenset((
    "starttls_needed", "tls_version", "login_needed", "login_method_disabled", "login_mechanism_refused", "smtputf8_missing",
))
_PASSING = frozenset(("rate_limited", "quota_exceeded", "greylisted", "recipient_busy", "login_temporarily_refused"))


def judge_reply(reply: Reply) -> Finding:
    """Return the finding for a negative reply; `UNKNOWN` for one that is not known and not temporary."""
    name = _by_rule(reply) or _by_stage(reply) or ("temporary" if reply.temporary else "")
    # 4yz says nothing about the password, whatever the words.
    if name == "login_refused" and reply.temporary:
        name = "login_temporarily_refused"
    if not name:
        return UNKNOWN
    finding = FINDINGS[name]
    temporary = name in _PASSING or (reply.temporary and name not in _LASTING)
    return finding.said_to_be_temporary() if temporary else finding


def judge_words(words: Reply) -> Optional[Finding]:
    """Return the finding for words without a reply code; None when no rule fits."""
    name = _by_rule(words)
    return FINDINGS[name] if name else None


def _by_rule(reply: Reply) -> Optional[str]:
    return next((rule.name for rule in RULES if rule.fits(reply)), None)


def _by_stage(reply: Reply) -> Optional[str]:
    """Judge by codes and stage alone."""
    if reply.code == 421:
        return "server_unavailable"
    if reply.code == 530 and reply.stage != "tls":
        return "login_needed"
    before = {
        "greeting": ("server_unavailable", "host_refused"), "tls": ("tls_not_offered", "tls_not_offered"),
        "login": ("login_temporarily_refused", "login_refused"),
    }
    if reply.stage in before:
        passing, lasting = before[reply.stage]
        return passing if reply.temporary else lasting
    return _of_an_address(reply) or _of_the_message(reply)


def _of_an_address(reply: Reply) -> Optional[str]:
    """Return whose address is refused; a refusal at RCPT is the recipient's only by its codes."""
    named = reply.code in (550, 551, 553) if not reply.enhanced else reply.subject in (1, 2)
    if reply.stage == "recipient" and (named or (not reply.enhanced and reply.code == 450)):
        return "recipient_refused"
    if reply.stage == "sender" and not reply.temporary and (named or reply.subject == 7):
        return "sender_refused"
    return "host_refused" if reply.stage == "hello" and reply.code in (550, 553, 554) else None


def _of_the_message(reply: Reply) -> Optional[str]:
    if reply.code == 552 and reply.stage in ("sender", "content"):
        return "too_large"
    return "server_unavailable" if reply.subject == 3 and reply.temporary else None
