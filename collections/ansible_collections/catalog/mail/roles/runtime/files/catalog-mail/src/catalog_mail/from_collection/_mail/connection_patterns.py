# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Patterns of messages about a connection: Postfix, the TLS library, name service and network. Pure.

The texts are those of Postfix 3.5 to 3.11 (smtp, qmgr, cleanup), OpenSSL, Python and glibc.
"""

from __future__ import annotations

from .finding import UNVERIFIED, row

PREPARATION = (
    row(
        "tokens_only",
        r"none of the login methods is PLAIN or LOGIN: (?:XOAUTH2?|OAUTHBEARER)(?: (?:XOAUTH2?|OAUTHBEARER))*\Z",
        "The server takes no passwords, only OAuth tokens",
        "Have a login with a password allowed for this account (Exchange: SMTP AUTH for the mailbox), or send through Microsoft"
        " Graph",
    ),
    row(
        "no_sendmail",
        r"sendmail: command not found",
        "There is no sendmail command on this host, so no mail program is installed",
        "Install Postfix (the role catalog.mail.postfix does), or use transport: smtp",
    ),
    row(
        "mail_system_down",
        r"mail system is (?:down|not running)|the postfix mail system is not running",
        "Postfix is not running on this host",
        "Start it (systemctl start postfix) and read why it stopped (journalctl -u 'postfix*')",
    ),
    row(
        "no_mechanism",
        r"no mechanism available|no worthy mechs|no mechanism.{0,20} in common|none of the login methods",
        "There is no login method that both sides know. On the Postfix side this nearly always means that the"
        " SASL plug-ins are not installed",
        "Install libsasl2-modules (Debian) or cyrus-sasl-plain (RHEL); then compare what the server offers after"
        " EHLO with smtp_sasl_security_options and smtp_sasl_mechanism_filter",
    ),
    row(
        "tls_engine",
        r"our TLS engine is unavailable|disabling TLS support|cannot load Certification Authority data",
        "Postfix could not start TLS because a certificate file that it is told to read is missing or unreadable",
        "Correct smtp_tls_CAfile or smtp_tls_CApath: the file must exist, hold PEM certificates and be readable",
    ),
    row(
        "local_disk",
        r"no space left on device|queue file write error|disk quota exceeded",
        "There is no room left to write the message",
        "Free space or inodes in the file system of the queue (df -h and df -i /var/spool/postfix)",
    ),
)

ENCRYPTION = (
    row(
        "certificate_other_name",
        r"hostname mismatch|ip address mismatch|certificate is not valid for|doesn't match|name mismatch",
        "The server's certificate is issued for another name than the one that was asked for",
        "Give the server by a name in its certificate, or have the certificate issued for this name"
        " too; do not switch the check off",
    ),
    row(
        "certificate_expired",
        r"certificate (?:has expired|is not yet valid|expired)|alert certificate expired",
        "The server's certificate is out of date, or a clock is wrong",
        "Have the certificate renewed; compare the clocks of both hosts (timedatectl)",
    ),
    row(
        "certificate_not_trusted",
        r"certificate verify failed|self.signed certificate|unable to get (?:local )?issuer|untrusted issuer"
        r"|server certificate not trusted|alert unknown ca\b|certificate verification failed",
        "The server's certificate is not signed by a certification authority that this host trusts",
        "Give the authority's certificate as ca_file (postfix_relay_ca_file for the relay), or add it to the host's"
        " trusted ones; do not switch the check off",
    ),
    row(
        # Postfix logs the same text for an untrusted issuer and for a wrong name, and no more at log level 0.
        UNVERIFIED,
        r"server certificate not verified",
        "The server's certificate is not signed by a certification authority that this host trusts, or it is issued"
        " for another name than the one that was asked for",
        "Compare issuer and names (posttls-finger -c -l secure HOST, or openssl s_client -starttls smtp); then give the"
        " authority's certificate as postfix_relay_ca_file, or the relay by the name in its certificate; do not switch"
        " the check off",
    ),
    row(
        "wrong_tls_mode",
        r"wrong.version.number|record.layer.failure|http request|unknown protocol|packet length too long"
        r"|no greeting|garbage greeting|is not an? (?:smtp|imap) greeting"
        r"|timed out while receiving the initial server greeting",
        "The two sides do not agree when TLS begins: one starts TLS at once, the other waits for a command",
        "Use implicit TLS on ports 465 and 993, and starttls on ports 587, 25 and 143; a relay on port 465 needs"
        " smtp_tls_wrappermode = yes",
    ),
    row(
        "starttls_needed",
        r"must issue (?:a )?starttls|starttls (?:is )?required|5\.7\.10\b|encryption required|privacyrequired"
        r"|plaintext authentication disallowed|logindisabled",
        "The server accepts nothing before the connection is encrypted",
        "Set tls to starttls (tls_level at least encrypt for the relay)",
    ),
    row(
        "tls_not_offered",
        r"TLS is required, but was not offered|starttls extension not supported|starttls not (?:supported|available)"
        r"|refused to start TLS|does not offer starttls|TLS not available",
        "TLS is wanted, but the server does not offer STARTTLS on this port",
        "Use the server's port for it (587 for starttls, 465 for implicit TLS), or have TLS switched on"
        " there. A firewall that rewrites SMTP (ESMTP inspection) also hides the offer",
    ),
    row(
        "tls_handshake",
        r"cannot start TLS|handshake failure|SSL_connect error|unsupported.protocol|no shared cipher"
        r"|alert protocol version|tlsv1 alert|sslv3 alert|EOF occurred in violation|UNEXPECTED_EOF",
        "The two sides found no common way to encrypt",
        "Compare TLS versions and ciphers of both sides (openssl s_client -starttls smtp -connect HOST:PORT), and"
        " look whether the port wants TLS from the first byte",
    ),
)

CONFIGURATION = (
    row(
        "postfix_configuration",
        r"\bfatal: |\bpanic: |mail transport unavailable|unknown mail transport error|unsupported dictionary type"
        r"|server configuration (?:error|problem)|local configuration error|open database .{0,200}No such file",
        "Postfix cannot use its own configuration: a setting or a lookup table is broken",
        "Read the line with fatal or warning in the mail log, run postfix check, and correct the setting it names",
    ),
)

NETWORK = (
    row(
        "dns_unavailable",
        r"host not found, try again|temporary failure in name resolution|malformed or unexpected name server reply",
        "The DNS gives this host no answer",
        "Check the name servers in /etc/resolv.conf (getent hosts NAME). Postfix on Debian asks from inside"
        " /var/spool/postfix, with the copy of resolv.conf that it made when it was started: restart it after a change",
        mends=True,
    ),
    row(
        "name_not_found",
        r"host(?: or domain name)? not found|name service error|name or service not known|nodename nor servname"
        r"|no address associated|getaddrinfo failed|name does not resolve"
        r"|unable to look up host|domain not found|no such host",
        "A host name could not be resolved",
        "Check the spelling and this host's DNS (getent hosts NAME; /etc/resolv.conf). A relay without an MX record"
        " belongs in brackets: [mail.example.com]:587",
    ),
    row(
        "ipv6_unreachable",
        r"\[[0-9a-f]{0,4}:[0-9a-f:.]{2,45}\](?::[0-9]{1,5})?: ?(?:network is unreachable|no route to host"
        r"|cannot assign requested address|address family not supported)",
        "The server was tried over IPv6, and this host has no IPv6 connection to other networks",
        "Set inet_protocols = ipv4 (or smtp_address_preference = ipv4), or give the host an IPv6 route",
    ),
    row(
        "unreachable",
        r"network is unreachable|no route to host|host is unreachable|cannot assign requested address",
        "There is no network route from this host to the server",
        "Check address, routes and firewalls (ip route get ADDRESS)",
        mends=True,
    ),
    row(
        "refused",
        r"connection refused|actively refused",
        "Nothing listens at that host and port, or a firewall refuses the connection",
        "Check host and port (465 and 587 for logging in, 25 between servers, 143 and 993 for IMAP), that the"
        " server runs, and the firewalls between",
        mends=True,
    ),
    row(
        "timed_out",
        r"timed out|time.?out",
        "The server does not answer in time; often a firewall drops the packets, or outgoing port 25 is blocked",
        "Check host, port and firewalls (nc -vz HOST PORT); use 587 where port 25 is blocked",
        mends=True,
    ),
    row(
        "connection_lost",
        r"lost connection|connection (?:reset|aborted|unexpectedly closed|closed)|socket error|broken pipe|\bEOF\b"
        r"|\bBYE\b",
        "The server ended the connection in the middle",
        "Read the server's log at this time; a wrong TLS mode for the port and a ban of this address look like this",
        mends=True,
    ),
    row(
        "temporary",
        r"^4[0-9][0-9][ -]|\b4\.[0-9]{1,3}\.[0-9]{1,3}\b|temporar",
        "The server deferred the message",
        "Wait: Postfix tries again by itself; if it lasts, the server's words and its log say why",
        mends=True,
    ),
)
