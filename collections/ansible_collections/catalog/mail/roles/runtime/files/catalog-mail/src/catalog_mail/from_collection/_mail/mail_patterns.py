# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Patterns of messages about a login, or about the message, without an SMTP reply: IMAP, Postfix, local delivery. Pure.

The texts are those of Dovecot 2.3, Exchange, Gmail and Postfix 3.5 to 3.11.
"""

from __future__ import annotations

from .finding import row

LOGIN = (
    row(
        "login_method_disabled",
        r"smtpclientauthentication is disabled|basic authentication is disabled|5\.7\.139\b|not enabled for imap"
        r"|via your web browser|web login required|imap access is disabled"
        r"|authentication not enabled|auth extension not supported|does not offer (?:a )?login",
        "The server does not let this account log in with a password here",
        "Have the login method switched on for this account (Exchange: SMTP AUTH for the mailbox; IMAP access), use the port"
        " that is meant for logging in (587), or use a transport with modern authentication",
    ),
    row(
        "login_temporarily_refused",
        r"temporary authentication failure|too many (?:failed )?(?:login|auth|simultaneous)|4\.7\.0 temporary auth"
        r"|\[(?:UNAVAILABLE|LIMIT|INUSE)\]|maximum number of connections from user|authenticated but not connected"
        r"|server unavailable|temporarily unavailable|command or bandwidth limits|request is throttled",
        "The server cannot check logins at the moment, or has had too many of them",
        "Wait some minutes; if it stays so, the server's login service or its limits need looking at",
        mends=True,
    ),
    row(
        "login_needed",
        r"authentication required|not logged in|5\.7\.57\b|client (?:was )?not authenticated"
        r"|must (?:be authenticated|authenticate)|\b530 5\.7\.(?:0|1)\b"
        r"|authenticate first|login required|unauthenticated (?:users|mail) ",
        "The server takes mail only from those who have logged in, and this host did not",
        "Give a user name and a password (postfix_relay_username and postfix_relay_password for the relay); with"
        " Postfix, the name of the relay in the password map must equal relayhost to the character",
    ),
    row(
        "login_refused",
        r"authentication (?:credentials invalid|failed|failure|unsuccessful)|authenticationfailed|\b53[45][ -]"
        r"|5\.7\.8\b|5\.7\.9\b|(?:login|authenticate) (?:failed|failure)|invalid credentials|password not accepted"
        r"|application.specific password|incorrect (?:password|authentication)|bad (?:user|username|credentials)",
        "The server does not accept this user name and password",
        "Check both by hand, and whether the account is locked, wants an app password instead of the usual one, or"
        " must be given as a full e-mail address",
    ),
)

REFUSALS = (
    row(
        "loop",
        r"loops back to myself|too many hops|5\.4\.6\b|mail (?:forwarding )?loop|hop count exceeded",
        "The message loops: a server passes it back to one that had it already",
        "Look at relayhost, mydestination and the MX records: the relay must not send this domain back here",
    ),
    row(
        "too_large",
        r"message (?:size|too large|too big|file too big)|5\.3\.4\b|exceeds .{0,60}(?:size|limit)|5\.2\.3\b|\b552[ -]",
        "The message is larger than the server takes",
        "Have the limit raised (message_size_limit), or send less",
    ),
    row(
        "recipient_unknown",
        r"user unknown|unknown user|no such (?:user|recipient|mailbox|person)|5\.1\.1\b|5\.1\.10\b|5\.4\.1\b"
        r"|recipient (?:address rejected|not found|unknown|rejected)|recipientnotfound"
        r"|mailbox (?:not found|unavailable)|does not exist|unknown (?:recipient|mailbox|address)"
        r"|account (?:disabled|unknown)",
        "The server does not know the recipient",
        "Check the spelling of the recipient's address, and that the mailbox exists there",
    ),
    row(
        "no_mail_domain",
        r"nullmx|does not accept mail|no MX host .{0,260} valid address|5\.1\.2\b|bad destination",
        "The recipient's domain takes no mail, or has no mail server that can be reached by name",
        "Check the domain's spelling and its MX record (dig MX DOMAIN)",
    ),
)
