# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of servers, Postfix and libraries are explained by cause and remedy."""

from __future__ import annotations

import time

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.diagnosis import MAX_TEXT, TABLE, UNKNOWN, diagnose
from ansible_collections.catalog.mail.plugins.module_utils._mail.smtp_reply_findings import FINDINGS
from hypothesis import given
from hypothesis import strategies as st

HOST = "mail.corp.test[198.18.25.25]"

# Each text is an original of Postfix 3.7 or 3.10, Dovecot 2.3, Exchange, Gmail, Python or OpenSSL.
SAID = [
    # finding, is temporary, text
    ("no_sendmail", False, "sendmail: command not found"),
    ("mail_system_down", False, "postqueue: warning: Mail system is down -- accessing queue directly"),
    ("mail_system_down", False, "postfix-script[1]: fatal: the Postfix mail system is not running"),
    ("no_mechanism", False,
     f"SASL authentication failed; cannot authenticate to server {HOST}: no mechanism available"),
    ("no_mechanism", False, "postfix/smtp[1]: warning: SASL authentication failure: No worthy mechs found"),
    ("no_mechanism", False, "none of the login methods is PLAIN or LOGIN: GSSAPI NTLM"),
    ("no_mechanism", False, "none of the login methods is PLAIN or LOGIN: XOAUTH2 NTLM"),
    ("tokens_only", False, "none of the login methods is PLAIN or LOGIN: XOAUTH2 OAUTHBEARER"),
    ("tls_engine", False, "TLS is required but our TLS engine is unavailable"),
    ("tls_engine", False, 'warning: cannot load Certification Authority data, CAfile="/x": disabling TLS support'),
    ("local_disk", False, "sendmail: fatal: queue file write error: No space left on device"),
    ("certificate_other_name", False,
     "certificate verify failed: Hostname mismatch, certificate is not valid for 'a.b'."),
    ("certificate_other_name", False,
     "certificate verify failed: IP address mismatch, certificate is not valid for '::1'"),
    ("certificate_expired", False, "certificate verify failed: certificate has expired"),
    ("certificate_not_trusted", False, "certificate verify failed: self-signed certificate in certificate chain"),
    ("certificate_not_trusted", False, "certificate verify failed: unable to get local issuer certificate"),
    ("certificate_not_trusted", False, "Server certificate not trusted"),
    ("certificate_unverified", False, "Server certificate not verified"),
    ("wrong_tls_mode", False, "TLS: wrong version number"),
    ("wrong_tls_mode", False, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:992)"),
    ("wrong_tls_mode", False,
     "warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl.c"),
    ("wrong_tls_mode", False, "no greeting: Connection unexpectedly closed: timed out"),
    ("wrong_tls_mode", False, f"conversation with {HOST} timed out while receiving the initial server greeting"),
    ("starttls_needed", False, f"host {HOST} said: 530 5.7.0 Must issue a STARTTLS command first (in reply to MAIL FROM"
     " command)"),
    ("starttls_needed", False, "[PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure connections."),
    ("starttls_needed", False, "the server offers no login on this connection (LOGINDISABLED)"),
    ("tls_not_offered", False, f"TLS is required, but was not offered by host {HOST}"),
    ("tls_not_offered", False, f"TLS is required, but host {HOST} refused to start TLS: 454 4.7.0 TLS not available"),
    ("tls_not_offered", False, "STARTTLS extension not supported by server."),
    ("tls_handshake", False, "Cannot start TLS: handshake failure"),
    ("tls_handshake", False, "TLS: unsupported protocol"),
    ("login_method_disabled", False, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for"
     " the Tenant."),
    ("login_method_disabled", False, "the server does not offer a login (no AUTH after EHLO)"),
    ("login_temporarily_refused", True, "[UNAVAILABLE] Temporary authentication failure."),
    ("login_temporarily_refused", True, "454 4.7.0 Temporary authentication failure: Connection lost"),
    ("login_temporarily_refused", True, "[ALERT] Maximum number of connections from user+IP exceeded"),
    ("login_needed", False, "530 5.7.57 Client not authenticated to send mail."),
    ("login_needed", False, "530-5.7.0 Authentication Required. For more information, go to"),
    ("login_needed", False,
     f"host {HOST} said: 553 5.7.1 <a@b.test>: Sender address rejected: not logged in (in reply to"
     " RCPT TO command)"),
    ("login_refused", False, f"SASL authentication failed; server {HOST} said: 535 5.7.8 Error: authentication failed:"
     " (reason unavailable)"),
    ("login_refused", False, "535-5.7.8 Username and Password not accepted. For more information, go to"),
    ("login_refused", False, "534-5.7.9 Application-specific password required."),
    ("login_refused", False, "[AUTHENTICATIONFAILED] Authentication failed."),
    ("login_refused", False, "LOGIN failed."),
    ("loop", False, "mail for corp.test loops back to myself"),
    ("loop", False, "554 5.4.6 Hop count exceeded - possible mail loop"),
    ("too_large", False, f"message size 12345678 exceeds size limit 10240000 of server {HOST}"),
    ("too_large", False, "552 5.3.4 Message size exceeds fixed limit"),
    ("too_large", False, "sendmail: fatal: root(0): message file too big"),
    ("mailbox_full", False, "552 5.2.2 <alice@corp.test>: user is over quota"),
    ("sender_domain_unknown", False,
     "450 4.1.8 <a@nowhere.test>: Sender address rejected: Domain not found (in reply to"
     " RCPT TO command)"),
    ("sender_refused", False, f"host {HOST} said: 553 5.7.1 <root@x.test>: Sender address rejected: not owned by user"
     " catalog@corp.test (in reply to RCPT TO command)"),
    ("sender_refused", False, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
    ("sender_refused", False, "554 5.2.252 SendAsDenied; catalog@corp.test not allowed to send as x@corp.test"),
    ("sender_refused", False, f"host {HOST} said: 550 5.7.1 No (in reply to MAIL FROM command)"),
    ("recipient_refused", False, f"host {HOST} said: 554 5.7.1 <alice@corp.test>: Recipient address rejected: Access denied (in"
     " reply to RCPT TO command)"),
    ("host_refused", False, "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied"),
    ("recipient_unknown", False, "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
    ("relay_denied", False, "554 5.7.1 <alice@example.org>: Relay access denied"),
    ("relay_denied", False, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
    ("not_authentic", False, "550 5.7.1 rejected by DMARC policy for corp.test"),
    ("not_authentic", False, "550-5.7.26 This mail has been blocked because the sender is unauthenticated."),
    ("host_blocked", False, f"host {HOST} said: 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using"
     " zen.spamhaus.org (in reply to MAIL FROM command)"),
    ("spam_refused", False, "550 5.7.1 Message rejected as spam by Content Filtering."),
    ("recipient_unknown", False,
     f"host {HOST} said: 550 5.1.1 <nobody@corp.test>: Recipient address rejected: User unknown"
     " in virtual mailbox table (in reply to RCPT TO command)"),
    ("recipient_unknown", False, 'unknown user: "nobody"'),
    ("recipient_unknown", False,
     "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    ("no_mail_domain", False, "Domain example.org does not accept mail (nullMX)"),
    ("greylisted", True, f"host {HOST} said: 450 4.2.0 <a@b.test>: Recipient address rejected: Greylisted, see"
     " http://postgrey.schweikert.ch (in reply to RCPT TO command)"),
    ("server_unavailable", True, "421 4.7.0 Try again later, closing connection."),
    ("rate_limited", True, "451 4.7.500 Server busy. Please try again later"),
    ("postfix_configuration", False, "fatal: bad boolean configuration: smtp_sasl_auth_enable = True"),
    ("postfix_configuration", False, "mail transport unavailable"),
    ("postfix_configuration", False, "error: unsupported dictionary type: lmdb"),
    ("name_not_found", False,
     "Host or domain name not found. Name service error for name=x.test type=A: Host not found"),
    ("name_not_found", False, "host not found: Name or service not known"),
    ("dns_unavailable", True, "host not found: Temporary failure in name resolution"),
    ("dns_unavailable", True,
     "Host or domain name not found. Name service error for name=m.test type=AAAA: Host not found, try again"),
    ("ipv6_unreachable", False, "connect to mail.corp.test[2001:db8::25]:587: Network is unreachable"),
    ("unreachable", True, "connect to mail.corp.test[192.0.2.25]:587: Network is unreachable"),
    ("unreachable", True, "No route to host"),
    ("refused", True, "connect to mail.corp.test[fd25::25]:2525: Connection refused"),
    ("refused", True, "delivery temporarily suspended: connect to 192.0.2.1[192.0.2.1]:25: Connection refused"),
    ("timed_out", True, f"connect to {HOST}:25: Connection timed out"),
    ("timed_out", True, "timed out"),
    ("connection_lost", True, f"lost connection with {HOST} while receiving the initial server greeting"),
    ("connection_lost", True, "Connection unexpectedly closed"),
    ("connection_lost", True, "socket error: EOF"),
    ("server_unavailable", True, f"host {HOST} said: 451 4.3.0 Error: queue file (in reply to end of DATA command)"),
    ("temporary", True, f"host {HOST} said: 451 4.7.1 Come back (in reply to RCPT TO command)"),
    ("temporary", True, "delivery temporarily suspended: unknown mail transport"),
    # The words of a reply that is quoted without its code.
    ("relay_denied", False, "Relay access denied"),
    ("greylisted", True, "Greylisted, see the help"),
    # Postfix's words around a reply name the command, and so the stage.
    ("host_refused", False, f"host {HOST} refused to talk to me: 554 No SMTP service here"),
    ("rate_limited", True, f"host {HOST} refused to talk to me: 421 4.3.2 Too many connections"),
    ("login_temporarily_refused", True, f"SASL authentication failed; server {HOST} said: 454 4.7.0 Authentication failed"),
    ("helo_refused", False, f"host {HOST} said: 504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"
     " (in reply to RCPT TO command)"),
    ("starttls_needed", False, f"host {HOST} said: 451 5.7.3 STARTTLS is required to send mail (in reply to MAIL FROM command)"),
    ("tls_not_offered", False, "502 5.5.1 Error: command not implemented (in reply to STARTTLS command)"),
]


@pytest.mark.parametrize(("name", "mends", "text"), SAID, ids=[f"{row[0]}-{number}" for number, row in enumerate(SAID)])
def test_a_text_is_recognised(name, mends, text):
    finding = diagnose(text)
    assert finding.name == name
    assert finding.mends is mends


def test_every_finding_is_reached_by_a_text():
    """The findings for replies have texts in tests/data/server_answers.json (tests/repository/test_twins.py)."""
    assert {finding.name for _pattern, finding in TABLE} <= {name for name, _mends, _text in SAID}


@pytest.mark.parametrize(
    ("text", "stage", "name"),
    [
        ("554 No SMTP service here", "connect", "host_refused"),
        ("550 5.7.1 No", "login", "login_refused"),
        ("454 4.7.0 Authentication failed", "login", "login_temporarily_refused"),
        ("554 5.7.1 No (in reply to end of DATA command)", "submit", "unknown"),
        ("[UNAVAILABLE] Temporary authentication failure.", "mailbox_login", "login_temporarily_refused"),
    ],
)
def test_the_stage_judges_a_reply_without_words(text, stage, name):
    assert diagnose(text, stage).name == name


@pytest.mark.parametrize(
    ("text", "temporary"),
    [
        ("450 4.1.8 <a@b.test>: Sender address rejected: Domain not found", True),
        ("454 4.7.0 Temporary authentication failure", True),
        ("550 5.4.5 Daily user sending limit exceeded", True),
        ("451 5.7.3 STARTTLS is required to send mail", False),
        ("535 5.7.8 Error: authentication failed", False),
    ],
)
def test_a_temporary_reply_is_called_so(text, temporary):
    finding = diagnose(text)
    assert finding.temporary is temporary
    assert finding.remedy.startswith("It may work later.") is temporary
    assert not (temporary and "password" in finding.remedy)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # Names must not match.
        ("host spamfilter.corp.test[192.0.2.1] said: 550 5.1.1 User unknown", "recipient_unknown"),
        ("550 5.1.1 <dmarc-reports@spam.test>: Recipient address rejected: User unknown", "recipient_unknown"),
        ("host timed-out.test[192.0.2.1] said: 554 5.7.1 <a@b.test>: Relay access denied", "relay_denied"),
        # When the reply matches no pattern, the text around it may.
        ("host mail.test[192.0.2.1] said: what (in reply to MAIL FROM command); connection timed out", "timed_out"),
    ],
)
def test_names_of_hosts_and_addresses_do_not_mislead(text, name):
    assert diagnose(text).name == name


@pytest.mark.parametrize("text", ["", "550 frobnicated", "Zustellung nicht moeglich"])
def test_an_unknown_text_gets_an_honest_answer(text):
    assert diagnose(text) is UNKNOWN


@pytest.mark.parametrize(
    "finding", [finding for _pattern, finding in TABLE] + [UNKNOWN, *FINDINGS.values()], ids=lambda one: one.name
)
def test_cause_and_remedy_are_sentences(finding):
    for sentence in (finding.cause, finding.remedy):
        assert sentence[0].isupper()
        assert not sentence.endswith(".")  # the message with the pattern ends the search
        assert len(sentence) > 20


@given(st.text())
def test_any_text_is_answered(text):
    assert diagnose(text).remedy


@pytest.mark.parametrize(
    "piece", ["<", "<a", "said: 550 ", "[", "[2001:", "exceeds ", "no MX host ", "open database ", "try later, ", ":"]
)
def test_a_huge_hostile_text_costs_little(piece):
    begun = time.process_time()
    assert diagnose(piece * 1_000_000)
    assert time.process_time() - begun < 1  # some milliseconds: only the first characters are searched
    assert MAX_TEXT <= 10_000
