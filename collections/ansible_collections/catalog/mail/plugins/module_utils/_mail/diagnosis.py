# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find cause and remedy for a message of a server, Postfix, the TLS library or the system. Pure.

A table of patterns: the first pattern found in the text names the finding, so special patterns are above general
ones. No pattern has a repeat inside a repeat and every repeat is bounded; the cost is linear in the text, whose
length is limited.

The texts are those of Postfix 3.5 to 3.11 (smtp, qmgr, cleanup), Dovecot 2.3, Exchange, Gmail, OpenSSL and
glibc; enhanced status codes are RFC 3463 and RFC 7372.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Tuple

MAX_TEXT = 4000
"""Characters of a text that are searched."""


@dataclass(frozen=True)
class Finding:
    """Cause and remedy. ``mends``: a later attempt can succeed without a change."""

    name: str
    cause: str
    remedy: str
    mends: bool = False


UNVERIFIED = "certificate_unverified"
"""The name of the finding whose cause, issuer or name, only the certificate itself shows."""

UNKNOWN = Finding(
    name="unknown",
    cause="This collection does not know the server's message",
    remedy="Look the server's words up in its documentation, or read the mail log of the server that said them",
    mends=True,
)
"""The finding for a text that no pattern matches."""


def diagnose(text: str) -> Finding:
    """Return the finding for a message; `UNKNOWN` when no pattern matches.

    Names would match by accident: a host may be called spamfilter and an address dmarc@example.com. So addresses are
    removed, and of "host NAME said: REPLY" the reply is searched first.
    """
    said = _ADDRESS.sub("<>", text[:MAX_TEXT])
    reply = _REPLY.search(said)
    for part in ([said[reply.end() :]] if reply else []) + [said]:
        for pattern, finding in TABLE:
            if pattern.search(part):
                return finding
    return UNKNOWN


_ADDRESS = re.compile(r"<[^<>]{0,320}>")
_REPLY = re.compile(r" said: | refused to talk to me: ")


def _row(name: str, pattern: str, cause: str, remedy: str, mends: bool = False) -> Tuple[re.Pattern, Finding]:
    return re.compile(pattern, re.IGNORECASE), Finding(name, cause, remedy, mends)


_PREPARATION = (
    _row(
        "no_sendmail",
        r"sendmail: command not found",
        "There is no sendmail command on this host, so no mail program is installed",
        "Install Postfix (the role catalog.mail.postfix does), or use transport: smtp",
    ),
    _row(
        "mail_system_down",
        r"mail system is (?:down|not running)|the postfix mail system is not running",
        "Postfix is not running on this host",
        "Start it (systemctl start postfix) and read why it stopped (journalctl -u 'postfix*')",
    ),
    _row(
        "no_mechanism",
        r"no mechanism available|no worthy mechs|no mechanism.{0,20} in common|none of the login methods",
        "There is no login method that both sides know. On the Postfix side this nearly always means that the"
        " SASL plug-ins are not installed",
        "Install libsasl2-modules (Debian) or cyrus-sasl-plain (RHEL); then compare what the server offers after"
        " EHLO with smtp_sasl_security_options and smtp_sasl_mechanism_filter",
    ),
    _row(
        "tls_engine",
        r"our TLS engine is unavailable|disabling TLS support|cannot load Certification Authority data",
        "Postfix could not start TLS because a certificate file that it is told to read is missing or unreadable",
        "Correct smtp_tls_CAfile or smtp_tls_CApath: the file must exist, hold PEM certificates and be readable",
    ),
    _row(
        "local_disk",
        r"no space left on device|queue file write error|disk quota exceeded",
        "There is no room left to write the message",
        "Free space or inodes in the file system of the queue (df -h and df -i /var/spool/postfix)",
    ),
)

_TLS = (
    _row(
        "certificate_other_name",
        r"hostname mismatch|ip address mismatch|certificate is not valid for|doesn't match|name mismatch",
        "The server's certificate is issued for another name than the one that was asked for",
        "Give the server by a name in its certificate, or have the certificate issued for this name"
        " too; do not switch the check off",
    ),
    _row(
        "certificate_expired",
        r"certificate (?:has expired|is not yet valid|expired)|alert certificate expired",
        "The server's certificate is out of date, or a clock is wrong",
        "Have the certificate renewed; compare the clocks of both hosts (timedatectl)",
    ),
    _row(
        "certificate_not_trusted",
        r"certificate verify failed|self.signed certificate|unable to get (?:local )?issuer|untrusted issuer"
        r"|server certificate not trusted|alert unknown ca\b|certificate verification failed",
        "The server's certificate is not signed by a certification authority that this host trusts",
        "Give the authority's certificate as ca_file (postfix_relay_ca_file for the relay), or add it to the host's"
        " trusted ones; do not switch the check off",
    ),
    _row(
        # Postfix logs the same text for an untrusted issuer and for a wrong name, and no more at log level 0.
        UNVERIFIED,
        r"server certificate not verified",
        "The server's certificate is not signed by a certification authority that this host trusts, or it is issued"
        " for another name than the one that was asked for",
        "Compare issuer and names (posttls-finger -c -l secure HOST, or openssl s_client -starttls smtp); then give the"
        " authority's certificate as postfix_relay_ca_file, or the relay by the name in its certificate; do not switch"
        " the check off",
    ),
    _row(
        "wrong_tls_mode",
        r"wrong.version.number|record.layer.failure|http request|unknown protocol|packet length too long"
        r"|no greeting|garbage greeting|is not an? (?:smtp|imap) greeting"
        r"|timed out while receiving the initial server greeting",
        "The two sides do not agree when TLS begins: one starts TLS at once, the other waits for a command",
        "Use implicit TLS on ports 465 and 993, and starttls on ports 587, 25 and 143; a relay on port 465 needs"
        " smtp_tls_wrappermode = yes",
    ),
    _row(
        "starttls_needed",
        r"must issue (?:a )?starttls|starttls (?:is )?required|5\.7\.10\b|encryption required|privacyrequired"
        r"|plaintext authentication disallowed|logindisabled",
        "The server accepts nothing before the connection is encrypted",
        "Set tls to starttls (tls_level at least encrypt for the relay)",
    ),
    _row(
        "tls_not_offered",
        r"TLS is required, but was not offered|starttls extension not supported|starttls not (?:supported|available)"
        r"|refused to start TLS|does not offer starttls|TLS not available",
        "TLS is wanted, but the server does not offer STARTTLS on this port",
        "Use the server's port for it (587 for starttls, 465 for implicit TLS), or have TLS switched on"
        " there. A firewall that rewrites SMTP (ESMTP inspection) also hides the offer",
    ),
    _row(
        "tls_handshake",
        r"cannot start TLS|handshake failure|SSL_connect error|unsupported.protocol|no shared cipher"
        r"|alert protocol version|tlsv1 alert|sslv3 alert|EOF occurred in violation|UNEXPECTED_EOF",
        "The two sides found no common way to encrypt",
        "Compare TLS versions and ciphers of both sides (openssl s_client -starttls smtp -connect HOST:PORT), and"
        " look whether the port wants TLS from the first byte",
    ),
)

_LOGIN = (
    _row(
        "login_method_disabled",
        r"smtpclientauthentication is disabled|basic authentication is disabled|5\.7\.139\b|not enabled for imap"
        r"|authentication not enabled|auth extension not supported|does not offer (?:a )?login",
        "The server does not let this account log in with a password here",
        "Have the login method switched on for this account (Exchange: SMTP AUTH for the mailbox), use the port"
        " that is meant for logging in (587), or use a transport with modern authentication",
    ),
    _row(
        "login_temporarily_refused",
        r"temporary authentication failure|too many (?:failed )?(?:login|auth)|4\.7\.0 temporary auth"
        r"|\[UNAVAILABLE\]|maximum number of connections from user",
        "The server cannot check logins at the moment, or has had too many of them",
        "Wait some minutes; if it stays so, the server's login service or its limits need looking at",
        mends=True,
    ),
    _row(
        "login_needed",
        r"authentication required|not logged in|5\.7\.57\b|client (?:was )?not authenticated"
        r"|must (?:be authenticated|authenticate)|\b530 5\.7\.(?:0|1)\b"
        r"|authenticate first|login required|unauthenticated (?:users|mail) ",
        "The server takes mail only from those who have logged in, and this host did not",
        "Give a user name and a password (postfix_relay_username and postfix_relay_password for the relay); with"
        " Postfix, the name of the relay in the password map must equal relayhost to the character",
    ),
    _row(
        "login_refused",
        r"authentication (?:credentials invalid|failed|failure|unsuccessful)|authenticationfailed|\b53[45][ -]"
        r"|5\.7\.8\b|5\.7\.9\b|(?:login|authenticate) (?:failed|failure)|invalid credentials|password not accepted"
        r"|application.specific password|incorrect (?:password|authentication)|bad (?:user|username|credentials)",
        "The server does not accept this user name and password",
        "Check both by hand, and whether the account is locked, wants an app password instead of the usual one, or"
        " must be given as a full e-mail address",
    ),
)

_REFUSALS = (
    _row(
        "loop",
        r"loops back to myself|too many hops|5\.4\.6\b|mail (?:forwarding )?loop|hop count exceeded",
        "The message loops: a server passes it back to one that had it already",
        "Look at relayhost, mydestination and the MX records: the relay must not send this domain back here",
    ),
    _row(
        "mailbox_full",
        r"over quota|quota exceeded|mailbox (?:is )?full|[45]\.2\.2\b",
        "The recipient's mailbox is full",
        "Have it cleared or its quota raised, or test with another recipient",
    ),
    _row(
        "too_large",
        r"message (?:size|too large|too big|file too big)|5\.3\.4\b|exceeds .{0,60}(?:size|limit)|5\.2\.3\b|\b552[ -]",
        "The message is larger than the server takes",
        "Have the limit raised (message_size_limit), or send less",
    ),
    _row(
        "sender_domain_unknown",
        r"sender address rejected: (?:domain|malformed dns|unverified|undeliverable)|sender domain (?:not|must)"
        r"|domain of sender",
        "The server finds no mail server for the sender's domain, so it takes nothing from there",
        "Use a sender in a domain that exists in the DNS (option sender; myorigin and mydomain of Postfix)",
    ),
    _row(
        "sender_refused",
        r"sender address rejected|not owned by user|sendasdenied|send as (?:this|that) sender|5\.7\.60\b|5\.1\.[78]\b"
        r"|5\.2\.252\b|sender (?:is )?(?:not allowed|refused|denied|rejected)|not (?:allowed|permitted) to send as",
        "The server does not let this host send with this sender address",
        "Use a sender that the login may use (option sender, postfix_relay_sender_dependent), or have the mail"
        " server's administrator allow this address for the account",
    ),
    _row(
        "access_denied",
        r"5\.7\.1\b.{0,40}rejected: access denied|client host rejected",
        "The server's rules refuse mail from this host without a login, or mail to this recipient",
        "Log in at the server (587 or 465 with user and password), or have its administrator allow this host",
    ),
    _row(
        "relay_denied",
        r"relay(?:ing)? (?:access )?(?:denied|not permitted|prohibited)|unable to relay|not permitted to relay"
        r"|5\.7\.54\b|5\.7\.64\b|we do not relay|relaying disallowed",
        "The server does not pass on mail of this host to that recipient",
        "Log in at the server (587 or 465 with user and password), or have this host's address allowed to relay",
    ),
    _row(
        "not_authentic",
        r"dmarc|spf (?:check|fail|validation)|fails? spf|5\.7\.2[0-9]\b|unauthenticated (?:e.?mail|sender|and)|dkim"
        r"|sender policy framework|is unauthenticated",
        "The server judges the message as not really sent by the sender's domain (SPF, DKIM or DMARC)",
        "Send through the domain's own mail server, or let the domain's SPF record name this host and sign with"
        " DKIM",
    ),
    _row(
        "spam_refused",
        r"\bspam|block ?list|black ?list|spamhaus|spamcop|barracuda|poor reputation|unsolicited|5\.7\.(?:70[0-9]|606)"
        r"|content (?:rejected|refused)|listed (?:at|by|in|on) |\bRBL\b|\bDNSBL\b",
        "The server takes the message for spam, or this host's address is on a block list",
        "Look the address up at the list the server names; ask to be taken off or allowed, or send through a relay",
    ),
    _row(
        "greylisted",
        r"gr[ea]ylist|postgrey|try (?:again )?later, .{0,40}first time"
        r"|deferring (?:mail|delivery) .{0,40}(?:new|unknown)",
        "The server defers mail from hosts that it does not know yet (greylisting)",
        "Wait: Postfix tries again by itself, usually after five minutes. Set timeout above 600, or have this host"
        " exempted",
        mends=True,
    ),
    _row(
        "recipient_unknown",
        r"user unknown|unknown user|no such (?:user|recipient|mailbox|person)|5\.1\.1\b|5\.1\.10\b|5\.4\.1\b"
        r"|recipient (?:address rejected|not found|unknown|rejected)|recipientnotfound"
        r"|mailbox (?:not found|unavailable)|does not exist|unknown (?:recipient|mailbox|address)"
        r"|account (?:disabled|unknown)",
        "The server does not know the recipient",
        "Check the spelling of the recipient's address, and that the mailbox exists there",
    ),
    _row(
        "no_mail_domain",
        r"nullmx|does not accept mail|no MX host .{0,260} valid address|5\.1\.2\b|bad destination",
        "The recipient's domain takes no mail, or has no mail server that can be reached by name",
        "Check the domain's spelling and its MX record (dig MX DOMAIN)",
    ),
    _row(
        "rate_limited",
        r"rate limit|throttl|too many (?:connections|messages|recipients|concurrent)|concurrent connections"
        r"|server busy|4\.7\.500\b|try again later|4\.3\.2\b|\b421[ -]",
        "The server takes no more mail at the moment",
        "Wait; if it lasts, send less at a time or have the limit raised",
        mends=True,
    ),
    _row(
        "sender_refused",
        r"^55[0-9][ -].{0,400}in reply to MAIL FROM",
        "The server refused the message because of the sender's address",
        "Use a sender that the login may use (option sender), or ask the mail server's administrator why it refuses"
        " this one",
    ),
)

_CONFIGURATION = (
    _row(
        "postfix_configuration",
        r"\bfatal: |\bpanic: |mail transport unavailable|unknown mail transport error|unsupported dictionary type"
        r"|server configuration (?:error|problem)|local configuration error|open database .{0,200}No such file",
        "Postfix cannot use its own configuration: a setting or a lookup table is broken",
        "Read the line with fatal or warning in the mail log, run postfix check, and correct the setting it names",
    ),
)

_NETWORK = (
    _row(
        "dns_unavailable",
        r"host not found, try again|temporary failure in name resolution|malformed or unexpected name server reply",
        "The DNS gives this host no answer",
        "Check the name servers in /etc/resolv.conf (getent hosts NAME). Postfix on Debian asks from inside"
        " /var/spool/postfix, with the copy of resolv.conf that it made when it was started: restart it after a change",
        mends=True,
    ),
    _row(
        "name_not_found",
        r"host(?: or domain name)? not found|name service error|name or service not known|nodename nor servname"
        r"|no address associated|getaddrinfo failed|name does not resolve"
        r"|unable to look up host|domain not found|no such host",
        "A host name could not be resolved",
        "Check the spelling and this host's DNS (getent hosts NAME; /etc/resolv.conf). A relay without an MX record"
        " belongs in brackets: [mail.example.com]:587",
    ),
    _row(
        "ipv6_unreachable",
        r"\[[0-9a-f]{0,4}:[0-9a-f:.]{2,45}\](?::[0-9]{1,5})?: ?(?:network is unreachable|no route to host"
        r"|cannot assign requested address|address family not supported)",
        "The server was tried over IPv6, and this host has no IPv6 connection to other networks",
        "Set inet_protocols = ipv4 (or smtp_address_preference = ipv4), or give the host an IPv6 route",
    ),
    _row(
        "unreachable",
        r"network is unreachable|no route to host|host is unreachable|cannot assign requested address",
        "There is no network route from this host to the server",
        "Check address, routes and firewalls (ip route get ADDRESS)",
        mends=True,
    ),
    _row(
        "refused",
        r"connection refused|actively refused",
        "Nothing listens at that host and port, or a firewall refuses the connection",
        "Check host and port (465 and 587 for logging in, 25 between servers, 143 and 993 for IMAP), that the"
        " server runs, and the firewalls between",
        mends=True,
    ),
    _row(
        "timed_out",
        r"timed out|time.?out",
        "The server does not answer in time; often a firewall drops the packets, or outgoing port 25 is blocked",
        "Check host, port and firewalls (nc -vz HOST PORT); use 587 where port 25 is blocked",
        mends=True,
    ),
    _row(
        "connection_lost",
        r"lost connection|connection (?:reset|aborted|unexpectedly closed|closed)|socket error|broken pipe|\bEOF\b"
        r"|\bBYE\b",
        "The server ended the connection in the middle",
        "Read the server's log at this time; a wrong TLS mode for the port and a ban of this address look like this",
        mends=True,
    ),
    _row(
        "temporary",
        r"^4[0-9][0-9][ -]|\b4\.[0-9]{1,3}\.[0-9]{1,3}\b|temporar",
        "The server deferred the message",
        "Wait: Postfix tries again by itself; if it lasts, the server's words and its log say why",
        mends=True,
    ),
)

TABLE = _PREPARATION + _TLS + _LOGIN + _REFUSALS + _CONFIGURATION + _NETWORK
"""Every pattern with its finding, in the order of the search."""
