# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The catalogue of findings: severity, symptom, cause, remedy, and how to look by hand. Data only.

The collection and the application ship the same file. It is Python, since Ansible copies no other files of module_utils to a
host. The page docs/troubleshooting.md and the table of findings in docs/features.md are generated from it.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Tuple

ERROR = "error"
WARNING = "warning"
NOTE = "note"
SEVERITIES: Tuple[str, ...] = (ERROR, WARNING, NOTE)
"""The severities, worst first. An error stops mail, a warning will or may, a note explains."""


class Entry(NamedTuple):
    """A finding in general; ``look`` says how an administrator sees the same by hand."""

    id: str
    severity: str
    symptom: str
    cause: str
    remedy: str
    look: str


SYMPTOMS: Dict[str, str] = {
    "sending": "No e-mail leaves the host",
    "arriving": "E-mail leaves the host, but does not arrive, or is taken for spam",
    "server": "Test and Save fails, or a mail server refuses the application",
    "microsoft": "Sending or reading through Microsoft 365 fails",
    "replies": "Replies do not appear in their conversation",
    "application": "The application does not answer, or is degraded",
}
"""The symptoms in the order of the page, each with its heading."""

_QUEUE = "Run 'postqueue -p' as root: each message shows the reason for which it waits."
_LOG = "Run 'journalctl -t postfix/smtp --since -1h', or read /var/log/mail.log or /var/log/maillog."
_CONNECT = "On the host, run 'openssl s_client -starttls smtp -connect HOST:PORT' (without -starttls for implicit TLS)."
_TEST = "Run 'catalog-mail test-email --to YOUR-ADDRESS' as root: it shows the server's own words."
_SYNC = "Run 'journalctl -u catalog-mail-reply-sync', or read GET /api/v1/replies/sync."
_SERVICE = "Run 'systemctl status catalog-mail' and 'journalctl -u catalog-mail'."
_ENTRA = "In the Microsoft Entra admin center, open App registrations and the application's registration."
_EXCHANGE = "In the Exchange admin center, open the mailbox; the sign-in logs of Entra show each refused login."
_MAILBOX = "Open the mailbox of replies in a mail program that does not mark messages as read."

CATALOGUE: Tuple[Entry, ...] = (
    # -- Postfix on the host ------------------------------------------------------------------------------------------------
    Entry(
        "postfix-not-installed", ERROR, "sending", "Postfix is not installed on this host.",
        "Run the role catalog.mail.postfix, or choose another transport than builtin.", "Run 'postconf mail_version'."),
    Entry(
        "postfix-not-running", ERROR, "sending", "Postfix is installed, but does not run, so it takes and sends no mail.",
        "Start it with 'systemctl start postfix'; if it ends again, its journal names the reason.",
        "Run 'postfix status' and 'systemctl status postfix'."),
    Entry(
        "postfix-configuration-broken", ERROR, "sending", "Postfix cannot read its configuration.",
        "Correct the line that Postfix names in main.cf, then run 'postfix reload'.", "Run 'postfix check' as root."),
    Entry(
        "queue-growing", WARNING, "sending", "Messages enter the queue of Postfix faster than they leave it.",
        "Remove the reasons for which the messages wait; then run 'postqueue -f' to have all of them tried at once.", _QUEUE),
    Entry(
        "mail-waiting", WARNING, "sending", "Messages wait in the queue of Postfix after a failed attempt.",
        "Read the reason that Postfix gives; Postfix tries again by itself, and gives up after maximal_queue_lifetime.", _QUEUE),
    Entry(
        "message-not-in-log", WARNING, "arriving", "The mail log of this host has no line about the message.",
        "Compare the Message-ID, and look on the host that sent the message; without Postfix no host logs it.", _LOG),
    Entry(
        "message-waiting", WARNING, "arriving", "The message has no final answer: Postfix tries to deliver it again.",
        "Remove the reason in the last line of the log; Postfix then delivers the message by itself.", _LOG),
    Entry(
        "bounced", ERROR, "arriving", "A sent e-mail came back, because its recipient cannot get any.",
        "Correct the recipient's address in the catalog, or make the user inactive.",
        "Run 'catalog-mail mail list --state bounced' as root."),
    Entry(
        "undelivered", ERROR, "arriving", "A sent e-mail came back, because a mail server did not deliver it.",
        "Remove what the server's words name, such as a sender that it does not accept.",
        "Run 'catalog-mail mail list --state bounced' as root."),
    Entry(
        "message-bounced", ERROR, "arriving", "The next mail server refused the message for good, so it went back to its sender.",
        "Read the server's words in the last line of the log, remove their reason, and send the message again.", _LOG),
    Entry(
        "message-delivered", NOTE, "arriving", "The next mail server accepted the message.",
        "If it is not in the mailbox, look into the folder for junk mail, then ask the administrator of that mail server for it.",
        _LOG),
    # -- mail servers -------------------------------------------------------------------------------------------------------
    Entry(
        "name-not-found", ERROR, "server", "The DNS has no address for the name of the mail server.",
        "Correct the name, or have it added to the DNS.", "Run 'getent hosts NAME'."),
    Entry(
        "connection-refused", ERROR, "server", "Nothing listens at this port of the mail server, or a firewall refuses it.",
        "Correct host and port, start the mail server, or have the port opened.", _CONNECT),
    Entry(
        "timed-out", ERROR, "server", "The mail server did not answer in time; often a firewall drops the connection.",
        "Have the firewall allow outgoing connections from this host to the server's port.", _CONNECT),
    Entry(
        "unreachable", ERROR, "server", "No route leads from this host to the mail server.",
        "Correct the host's network, or the server's address.", "Run 'ip route get ADDRESS'."),
    Entry(
        "connection-lost", ERROR, "server", "The mail server ended the connection before its answer.",
        "Read the server's log; check that the port is the one for this kind of TLS.", _CONNECT),
    Entry(
        "not-smtp", ERROR, "server", "Another service than SMTP answers at this port.",
        "Use the server's port for submission: 587 with STARTTLS, 465 with implicit TLS, or 25.", _CONNECT),
    Entry(
        "not-imap", ERROR, "server", "Another service than IMAP answers at this port.",
        "Use the server's port for IMAP: 993 with implicit TLS, or 143 with STARTTLS.",
        "Run 'openssl s_client -connect HOST:993'."),
    Entry(
        "tls-not-offered", ERROR, "server", "The mail server does not offer STARTTLS at this port.",
        "Use the port that offers STARTTLS (587), or the one with implicit TLS (465 or 993) and the setting tls: implicit.",
        _CONNECT),
    Entry(
        "tls-failed", ERROR, "server", "The mail server and this host agree on no version or cipher of TLS.",
        "Have the server accept TLS 1.2 or later.", _CONNECT),
    Entry(
        "tls-required", ERROR, "server", "The mail server demands TLS.", "Set tls to starttls or implicit.", _CONNECT),
    Entry(
        "certificate-not-trusted", ERROR, "server",
        "The certificate of the mail server has expired, or no authority that this host knows has signed it.",
        "Give the certificates of the authority as ca_file, or have the server's certificate renewed.", _CONNECT),
    Entry(
        "certificate-wrong-name", ERROR, "server", "The certificate of the mail server is for another name.",
        "Use a name that is in the certificate.", _CONNECT),
    Entry(
        "server-certificate-expires-soon", WARNING, "server",
        "The certificate of the mail server is about to expire; after that no connection is accepted.",
        "Have the administrator of the mail server renew the certificate.", _CONNECT),
    Entry(
        "login-refused", ERROR, "server", "The mail server does not accept user name and password.",
        "Correct user name and password, and check that the account may log in by SMTP or IMAP with a password.", _TEST),
    Entry(
        "login-required", ERROR, "server", "The mail server takes mail only after a login.",
        "Give user name and password, and use the port for submission.", _TEST),
    Entry(
        "account-blocked", ERROR, "server", "The account is blocked, disabled or over its quota at the mail server.",
        "Have the account unblocked by the administrator of the mail server.", _TEST),
    Entry(
        "sender-refused", ERROR, "server", "The mail server does not let this account or host send with this sender's address.",
        "Use a sender that exists and that the account may use, or have the address allowed for the account.", _TEST),
    Entry(
        "recipient-refused", ERROR, "server", "The mail server does not accept a recipient's address.",
        "Correct the address; the server's words say whether the mailbox is missing, full or closed.", _TEST),
    Entry(
        "relay-denied", ERROR, "server", "The mail server does not pass on mail of this host to other domains.",
        "Log in at the server, or have its administrator allow the address of this host to relay.", _TEST),
    Entry(
        "host-refused", ERROR, "server", "The mail server refuses this host, by a blocklist or by a rule of its own.",
        "Have the address of this host taken off the list or allowed, and check PTR and HELO; or send through a relay.", _TEST),
    Entry(
        "greylisted", WARNING, "server", "The mail server defers mail of hosts that it does not know yet (greylisting).",
        "Wait for the next attempt, or have this host exempted.", _QUEUE),
    Entry(
        "throttled", WARNING, "server", "The server takes no more mail for now: too much in a short time, or a quota is used up.",
        "Wait; if it lasts, have the limit raised, or set queue.per_second lower.", _TEST),
    Entry(
        "other-smtp-answer", ERROR, "server", "The mail server gave an answer that is not classified.",
        "Look the server's words up in its documentation, or ask its administrator.", _TEST),
    Entry(
        "mailbox-missing", ERROR, "server", "The mail server has no folder of this name in the mailbox.",
        "Correct interactions.imap.mailbox or archive_mailbox.", _SYNC),
    Entry(
        "mailbox-read-only", ERROR, "server", "The mailbox of replies can be read, but messages cannot be marked as read.",
        "Give the account the rights to write in the mailbox.", _SYNC),
    Entry(
        "other-imap-answer", ERROR, "server", "The IMAP server gave an answer that is not classified.",
        "Look the server's words up in its documentation, or ask its administrator.", _SYNC),
    Entry(
        "proxy-failed", ERROR, "server", "The proxy on the way to Microsoft cannot be reached, or refuses the connection.",
        "Correct the proxy's address, or have the proxy allow the addresses of Microsoft.", "Run 'curl -v --proxy PROXY URL'."),
    Entry(
        "proxy-login-refused", ERROR, "server", "The proxy on the way to Microsoft demands a login, or refuses it.",
        "Correct the login in the proxy's address.", "Run 'curl -v --proxy PROXY URL'."),
    # -- the DNS of the sender's domain -------------------------------------------------------------------------------------
    Entry(
        "dns-not-answering", WARNING, "arriving",
        "The DNS gave no answer, so the records of the sender's domain are not checked.",
        "Correct the name servers in /etc/resolv.conf, or have UDP and TCP port 53 opened to them.",
        "Run 'dig MX DOMAIN'."),
    Entry(
        "sender-domain-missing", ERROR, "arriving", "The domain of the sender's address does not exist in the DNS.",
        "Use a sender's address in a domain that exists.", "Run 'dig NS DOMAIN'."),
    Entry(
        "mx-missing", WARNING, "arriving",
        "The domain of the sender's address takes no mail, so no bounce or answer arrives there.",
        "Publish an MX record, or use a sender's address in a domain that has one; many servers refuse such a sender.",
        "Run 'dig MX DOMAIN'."),
    Entry(
        "spf-missing", WARNING, "arriving", "The domain of the sender's address has no SPF record.",
        "Publish one TXT record that begins with v=spf1 and names the hosts that send.", "Run 'dig TXT DOMAIN'."),
    Entry(
        "spf-invalid", ERROR, "arriving", "The SPF record of the sender's domain is invalid, so receivers ignore or refuse it.",
        "Leave exactly one record, correct its syntax, and stay within ten lookups of the DNS.", "Run 'dig TXT DOMAIN'."),
    Entry(
        "spf-refuses-host", ERROR, "arriving",
        "The SPF record of the sender's domain does not allow the public address of this host.",
        "Add the address to the record (ip4: or ip6:), or send through a server that the record names.",
        "Run 'dig TXT DOMAIN'."),
    Entry(
        "dkim-key-missing", ERROR, "arriving",
        "The DNS has no valid DKIM key under the selector, so signatures cannot be verified.",
        "Publish the TXT record of the key that the mail server signs with.", "Run 'dig TXT SELECTOR._domainkey.DOMAIN'."),
    Entry(
        "dmarc-missing", WARNING, "arriving", "The domain of the sender's address has no DMARC record.",
        "Publish a TXT record at _dmarc.DOMAIN, first with p=none.", "Run 'dig TXT _dmarc.DOMAIN'."),
    Entry(
        "dmarc-invalid", WARNING, "arriving", "The DMARC record of the sender's domain is invalid, so receivers ignore it.",
        "Leave exactly one record that begins with v=DMARC1 and has p=none, quarantine or reject.",
        "Run 'dig TXT _dmarc.DOMAIN'."),
    Entry(
        "dmarc-not-aligned", ERROR, "arriving",
        "DMARC fails for the sender's address: neither SPF nor DKIM passes with the domain of the header From.",
        "Let the SPF record of the domain allow the sending host, or sign with DKIM for this domain.",
        "Run 'dig TXT _dmarc.DOMAIN', and read Authentication-Results in a received message."),
    Entry(
        "ptr-missing", WARNING, "arriving", "The public address of this host has no name in the reverse DNS (PTR).",
        "Have the owner of the address, often the provider, set a PTR record with the name of this host.",
        "Run 'dig -x ADDRESS'."),
    Entry(
        "ptr-not-confirmed", WARNING, "arriving", "The name in the reverse DNS (PTR) does not lead back to the public address.",
        "Give that name an A or AAAA record with the address.", "Run 'dig -x ADDRESS' and 'dig A NAME'."),
    Entry(
        "helo-not-found", WARNING, "arriving",
        "The name with which this host introduces itself (HELO) has no address in the DNS.",
        "Set myhostname of Postfix to the public name of the host, and give it an A or AAAA record.",
        "Run 'postconf -xh smtp_helo_name' and 'dig A NAME'."),
    Entry(
        "helo-not-matching", NOTE, "arriving",
        "The name with which this host introduces itself (HELO) leads to another address than the public one.",
        "Let the name in HELO, its address and the PTR record agree: some receivers demand it.",
        "Run 'postconf -xh smtp_helo_name' and 'dig A NAME'."),
    Entry(
        "bounces-not-read", NOTE, "arriving",
        "Undeliverable e-mails come back to a mailbox that the application does not read.",
        "Set notifications.bounce_to to reply_to, or look into that mailbox from time to time.",
        "Run 'catalog-mail settings export' as root, and compare the sender with interactions.reply_to."),
    Entry(
        "recipients-bounce", WARNING, "arriving", "E-mails to some recipients came back for good.",
        "Correct the addresses of these recipients in the catalog, or make the users inactive.",
        "Run 'catalog-mail mail list --state bounced' as root."),
    # -- Microsoft ----------------------------------------------------------------------------------------------------------
    Entry(
        "tenant-unknown", ERROR, "microsoft", "Entra does not know the tenant.",
        "Copy the tenant id from the overview of the registration, and choose the cloud that the tenant is in.", _ENTRA),
    Entry(
        "client-unknown", ERROR, "microsoft", "The tenant has no application with this client id.",
        "Copy the application (client) id from the overview of the registration in this tenant.", _ENTRA),
    Entry(
        "client-disabled", ERROR, "microsoft", "The application is disabled in the tenant.",
        "Enable the enterprise application for sign-in.", _ENTRA),
    Entry(
        "secret-wrong", ERROR, "microsoft", "The client secret is not one of the registration's.",
        "Make a new secret, and store its value, not its id.", _ENTRA),
    Entry(
        "secret-expired", ERROR, "microsoft", "The client secret has expired.",
        "Run the playbook rotate_secret, or make a new secret and store it.", _ENTRA),
    Entry(
        "certificate-not-registered", ERROR, "microsoft", "The registration does not have the certificate of the settings.",
        "Upload the certificate to the registration.", _ENTRA),
    Entry(
        "certificate-unusable", ERROR, "microsoft", "The certificate or its key cannot be used for a login.",
        "Give a PEM with an RSA key and its valid certificate.", _ENTRA),
    Entry(
        "cloud-wrong", ERROR, "microsoft", "The tenant is in another national cloud than the settings say.",
        "Choose the tenant's cloud in the settings.", _ENTRA),
    Entry(
        "conditional-access", ERROR, "microsoft", "A Conditional Access policy of the tenant refuses the login.",
        "Let the policy allow the application from the address of this host.",
        "Open the service principal sign-ins in the sign-in logs of Entra: each names the policy."),
    Entry(
        "other-entra-answer", ERROR, "microsoft", "Entra gave an answer that is not classified.",
        "Look the code AADSTS... up at Microsoft.", _ENTRA),
    Entry(
        "token-refused", ERROR, "microsoft", "Graph does not accept the token that Entra issued.",
        "Check that cloud, authority_url and graph_url belong together, and the clock of this host.", _ENTRA),
    Entry(
        "permission-missing", ERROR, "microsoft",
        "The application lacks a permission of Graph, or an administrator has not consented to it.",
        "Add Mail.Send for sending or Mail.ReadWrite for replies as an application permission, and grant admin consent.", _ENTRA),
    Entry(
        "access-blocked", ERROR, "microsoft",
        "A policy (application access policy or RBAC for applications) keeps the application from this mailbox.",
        "Add the mailbox to the scope of the policy; changes need up to two hours.",
        "Run Test-ServicePrincipalAuthorization or Test-ApplicationAccessPolicy in Exchange Online PowerShell."),
    Entry(
        "mailbox-unknown", ERROR, "microsoft", "The tenant has no mailbox with this address.",
        "Correct the address, or create the mailbox.", _EXCHANGE),
    Entry(
        "mailbox-not-licensed", ERROR, "microsoft", "The user has no mailbox in Exchange Online, often for want of a licence.",
        "Assign a licence with Exchange Online, or use a shared mailbox.", _EXCHANGE),
    Entry(
        "send-as-denied", ERROR, "microsoft", "The mailbox may not send with the address in From.",
        "Grant Send As on the mailbox of that address to the sending mailbox, or leave From empty.", _EXCHANGE),
    Entry(
        "microsoft-unavailable", WARNING, "microsoft", "Microsoft Graph or Entra is not available at the moment.",
        "Wait: each message is tried again. The service health of Microsoft 365 tells more.",
        "Open the service health in the Microsoft 365 admin center."),
    Entry(
        "other-graph-answer", ERROR, "microsoft", "Graph gave an answer that is not classified.",
        "Look Graph's code up at Microsoft, and give them the request id.", _TEST),
    Entry(
        "credential-expires-soon", WARNING, "microsoft", "A client secret or certificate is about to expire.",
        "Run the playbook rotate_secret, or make a new one and save the settings with it.", _ENTRA),
    Entry(
        "credential-expired", ERROR, "microsoft", "A client secret or certificate has expired.",
        "Run the playbook rotate_secret, or make a new one and save the settings with it.", _ENTRA),
    # -- replies ------------------------------------------------------------------------------------------------------------
    Entry(
        "no-reader", ERROR, "replies", "No process reads the mailbox of replies.",
        "Start it with 'systemctl start catalog-mail-reply-sync'; if it ends again, its journal names the reason.", _SYNC),
    Entry(
        "mailbox-not-read", ERROR, "replies", "The last successful poll of the mailbox of replies is too long ago.",
        "Read the reason in the journal of catalog-mail-reply-sync.", _SYNC),
    Entry(
        "replies-waiting", WARNING, "replies", "Replies wait unread in the mailbox.",
        "Read the reason in the journal; most often the catalog does not accept the posts.", _SYNC),
    Entry(
        "taken-by-others", ERROR, "replies", "Something else marks messages of the mailbox as read, so they are not posted.",
        "Let nothing else read the mailbox (in Outlook, switch off marking as read), then mark those messages as unread.",
        _MAILBOX),
    Entry(
        "misplaced", WARNING, "replies", "Replies were moved to Junk or to another folder, so they are not posted.",
        "Exempt replies from the filter, switch off the rule, and move the replies back as unread.", _MAILBOX),
    Entry(
        "foreign-intents", WARNING, "replies",
        "Replies answer messages that no key of this installation signed: another installation reads the same mailbox, or the "
        "key is another one.",
        "Give each installation a mailbox of its own, or let the hosts share database and key; restore a lost key.", _SYNC),
    Entry(
        "put-aside", WARNING, "replies", "Messages could not be handled, so they were set aside.",
        "Read the journal; mark the messages as unread to have them tried again.", _SYNC),
    Entry(
        "not-answerable", NOTE, "replies", "Users answered notifications that take no replies, such as an assignment.",
        "Tell users to answer the notifications that mention them and show the line above which to write.", _SYNC),
    Entry(
        "catalog-failed", ERROR, "replies", "The other catalog, in which replies are posted, fails or refuses them.",
        "Read the log of that catalog; replies stay unread until it accepts them.", _SYNC),
    # -- the application ----------------------------------------------------------------------------------------------------
    Entry(
        "service-not-running", ERROR, "application", "The service catalog-mail is installed on this host, but does not run.",
        "Start it with 'systemctl start catalog-mail'; if it ends again, its journal names the reason.", _SERVICE),
    Entry(
        "service-not-asked", ERROR, "application", "The application does not answer, so only the host was checked.",
        "Start the application, or correct address and token.", _SERVICE),
    Entry(
        "notifications-off", NOTE, "sending", "Notifications are switched off; only those about downloads are sent.",
        "Set notifications.enabled to true in the e-mail settings.", "Run 'catalog-mail settings export' as root."),
    Entry(
        "not-configured", ERROR, "sending", "The e-mail settings are not complete, so nothing is sent or read.",
        "Complete the settings that the finding names, with Test and Save.", "Run 'catalog-mail settings export' as root."),
    Entry(
        "misconfigured", ERROR, "application", "The configuration file or the database does not fit this version.",
        "Correct what the finding names, or run the role catalog.mail.application.", _SERVICE),
    Entry(
        "queue-not-running", ERROR, "sending", "The queue of the application does not run: accepted messages are not sent.",
        "Restart the service catalog-mail; its journal names the error.", _SERVICE),
    Entry(
        "deliveries-overdue", WARNING, "sending", "Messages are due, and are not sent yet.",
        "After many messages at once, wait; else the journal names the error.", _SERVICE),
    Entry(
        "not-rendered", ERROR, "sending", "A message could not be made from its template.",
        "Correct the template that the finding names, or remove it to use the one of the package.", _SERVICE),
    Entry(
        "internal-error", ERROR, "application", "An error of the application itself stopped a message or a check.",
        "Read the journal, and report the error.", _SERVICE),
    Entry(
        "disk-nearly-full", WARNING, "application", "A disk is nearly full; on a full disk nothing can be stored or queued.",
        "Free space or enlarge the disk.", "Run 'df -h /var/lib/catalog-mail /var/spool/postfix'."),
    Entry(
        "drift-found", WARNING, "application", "Hosts differ from what their playbook describes.",
        "Look at the report, and run the playbook to correct them.", "Call 'GET /api/v1/drift-reports'."),
    Entry(
        "database-failed", ERROR, "application", "The database cannot store anything.",
        "Remove the reason that the finding names: disk, permissions, lock, or a database server that is away.", _SERVICE),
    Entry(
        "clock-not-synchronized", NOTE, "application",
        "The clock of this host is not synchronized; tokens, certificates and times of replies depend on it.",
        "Switch on chrony or systemd-timesyncd.", "Run 'timedatectl'."),
    Entry(
        "clock-wrong", ERROR, "application", "The clock of this host differs from that of a server on the network.",
        "Switch on chrony or systemd-timesyncd, and correct the time.", "Run 'timedatectl'."),
)

BY_ID: Dict[str, Entry] = {entry.id: entry for entry in CATALOGUE}
