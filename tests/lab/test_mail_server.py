# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's mail server accepts, refuses and checks mail as a company's mail server does."""
from __future__ import annotations

import imaplib
import json
import smtplib

import pytest
from helpers.waiting import PATIENCE

RELAY_ACCOUNT = "catalog@corp.test"


def verdicts(message) -> str:
    """Return the Authentication-Results that the mail server added to the message, in one line."""
    assert all(value.startswith("mail.corp.test;") for value in message.get_all("Authentication-Results"))
    return " ".join(" ".join(value.split()) for value in message.get_all("Authentication-Results"))


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("corp.test", "MX", "10 mail.corp.test"),
        ("catalog.test", "MX", "10 mail.corp.test"),
        ("example.com", "MX", "10 mail.corp.test"),
        ("corp.test", "TXT", '"v=spf1 mx -all"'),
        ("catalog.test", "TXT", '"v=spf1 ip4:198.18.25.12'),
        ("lab._domainkey.corp.test", "TXT", '"v=DKIM1; k=rsa; p=MII'),
        ("lab._domainkey.catalog.test", "TXT", '"v=DKIM1; k=rsa; p=MII'),
        ("_dmarc.corp.test", "TXT", '"v=DMARC1; p=reject"'),
        ("_dmarc.catalog.test", "TXT", '"v=DMARC1; p=quarantine"'),
        ("mail.corp.test", "A", "198.18.25.25"),
        ("mail.example.com", "A", "198.18.25.25"),
        ("catalog13.catalog.test", "A", "198.18.25.13"),
        ("198.18.25.12", "PTR", "catalog12.catalog.test"),
    ],
)
def test_the_dns_has_the_records_of_the_lab(lab, name, kind, answer):
    assert answer in lab.on("mail", "host", "-t", kind, name, "198.18.25.25")


def test_the_dns_has_no_other_domain(lab):
    assert "NXDOMAIN" in lab.on("mail", "sh", "-c", "host -t MX example.org 198.18.25.25 || true")


@pytest.mark.parametrize("port", [587, 465])
@pytest.mark.parametrize("sender", ["noreply@catalog.test", "noreply@corp.test", "catalog@corp.test"])
def test_submitted_mail_is_signed_and_checked(lab, message, port, sender):
    message.replace_header("From", sender)
    with lab.smtp(port) as session:
        assert lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))[0] == 235
        session.send_message(message)
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    domain = sender.partition("@")[2]
    for verdict in (f"dkim=pass (2048-bit key; unprotected) header.d={domain}", "dmarc=pass", "spf=pass"):
        assert verdict in verdicts(found)
    assert any("using TLSv1.3 with cipher" in hop for hop in found.get_all("Received"))


_FROM_A_HOST = """
import base64, json, smtplib, ssl, sys
task = json.load(sys.stdin)
with smtplib.SMTP(task["server"], 587, timeout=240) as session:
    session.starttls(context=ssl.create_default_context(cafile=task["ca"]))
    session.ehlo()
    code, text = session.docmd("AUTH", "PLAIN " + base64.b64encode(task["login"].encode()).decode())
    assert code == 235, text
    session.sendmail(task["sender"], [task["recipient"]], task["message"].encode())
"""


def submit(lab, host, message, account, **where: str) -> None:
    """Submit the message from a host, logged in as an address of the relay's account; `where` is server and ca."""
    login = f"\0{account}\0{lab.password(RELAY_ACCOUNT)}"
    task = {"login": login, "sender": message["From"].addresses[0].addr_spec, "recipient": message["To"], **where}
    # The program goes on the command line, the password by standard input.
    lab.on(host, "python3", "-c", _FROM_A_HOST, stdin=json.dumps({**task, "message": message.as_string()}))


@pytest.mark.parametrize("host", ["catalog12", "catalog13"])
def test_a_bare_host_submits_with_the_labs_dns_and_ca(lab, message, host):
    submit(lab, host, message, RELAY_ACCOUNT, server="smtp.corp.test", ca="/etc/ssl/lab-ca.crt")
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    assert f"{host}.catalog.test" in " ".join(found.get_all("Received"))


@pytest.mark.parametrize("host", ["catalog12", "catalog13"])
def test_the_names_of_the_examples_reach_the_mailboxes(lab, message, host):
    message.replace_header("From", "noreply@example.com")
    message.replace_header("To", "alice@example.com")
    submit(lab, host, message, "catalog@example.com", server="mail.example.com", ca="/etc/ssl/certs/company-ca.pem")
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    for verdict in ("dkim=pass (2048-bit key; unprotected) header.d=example.com", "dmarc=pass", "spf=pass"):
        assert verdict in verdicts(found)
    with lab.imap("alice@example.com", lab.password("alice@corp.test")) as session:
        session.select("INBOX", readonly=True)
        assert session.search(None, "HEADER", "Message-ID", message["Message-ID"])[1][0]


_DIRECT = """
import smtplib, sys
with smtplib.SMTP("mail.corp.test", int(sys.argv[2]), timeout=240) as session:
    session.sendmail(sys.argv[1], ["alice@corp.test"], sys.stdin.buffer.read())
"""


@pytest.mark.parametrize("sender", ["noreply@catalog.test", "root@catalog12.catalog.test"])
def test_direct_mail_of_an_allowed_host_passes_spf_and_dmarc(lab, message, sender):
    message.replace_header("From", sender)
    lab.on("catalog12", "python3", "-c", _DIRECT, sender, "25", stdin=message.as_string())
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    for verdict in ("spf=pass", "dkim=none", "dmarc=pass"):
        assert verdict in verdicts(found)


@pytest.mark.parametrize("host", ["catalog12", "catalog13"])
def test_port_2525_relays_for_bare_hosts_without_login(lab, message, host):
    message.replace_header("From", "noreply@corp.test")
    lab.on(host, "python3", "-c", _DIRECT, "noreply@corp.test", "2525", stdin=message.as_string())
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    for verdict in ("spf=pass", "dmarc=pass"):
        assert verdict in verdicts(found)


def test_port_2525_refuses_other_addresses(lab):
    with lab.smtp(2525, tls=False) as session:
        assert not session.has_extn("starttls")
        session.mail("noreply@corp.test")
        assert session.rcpt("alice@corp.test")[0] == 554


def test_mail_that_fails_a_quarantine_policy_is_in_junk(lab, message):
    with lab.smtp(25) as session:
        session.send_message(message)
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "Junk"
    for verdict in ("spf=fail", "dmarc=fail"):
        assert verdict in verdicts(found)


def test_mail_that_fails_a_reject_policy_is_refused(lab, message):
    message.replace_header("From", "bob@corp.test")
    with lab.smtp(25) as session, pytest.raises(smtplib.SMTPDataError, match=r"by DMARC policy for corp\.test"):
        session.send_message(message)


def test_port_25_does_not_relay(lab):
    with lab.smtp(25) as session:
        session.mail("someone@catalog.test")
        code, text = session.rcpt("someone@elsewhere.test")
    assert (code, b"Relay access denied" in text) == (554, True)


@pytest.mark.parametrize("domain", ["corp.test", "example.com"])
def test_port_25_accepts_only_existing_mailboxes(lab, domain):
    with lab.smtp(25) as session:
        session.mail("someone@catalog.test")
        assert session.rcpt(f"alice+reply@{domain}")[0] == 250
        code, text = session.rcpt(f"nobody@{domain}")
    assert (code, b"User unknown" in text) == (550, True)


def test_submission_requires_tls(lab):
    with lab.smtp(587, tls=False) as session:
        assert "auth" not in session.esmtp_features
        assert session.mail("alice@corp.test")[0] == 530


@pytest.mark.parametrize("port", [587, 465])
def test_submission_requires_a_login(lab, port):
    with lab.smtp(port) as session:
        session.mail("alice@corp.test")
        code, text = session.rcpt("someone@elsewhere.test")
        assert (code, b"Relay access denied" in text) == (554, True)
        code, text = session.rcpt("bob@corp.test")
        assert (code, b"Access denied" in text) == (554, True)


def test_submission_refuses_a_wrong_password(lab):
    with lab.smtp(587) as session:
        assert lab.log_in(session, RELAY_ACCOUNT, "wrong")[0] == 535


def test_submission_refuses_the_address_of_another_user(lab):
    with lab.smtp(587) as session:
        lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))
        session.mail("alice@corp.test")
        code, text = session.rcpt("bob@corp.test")
    assert (code, b"not owned by user catalog@corp.test" in text) == (553, True)


def test_imap_has_the_folders_and_refuses_a_wrong_password(lab):
    with lab.imap("bob@corp.test") as session:
        listed = b" ".join(session.list()[1])
    for folder in (b"INBOX", b"Junk", b"Archive"):
        assert folder in listed
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"), lab.imap("bob@corp.test", "wrong"):
        pass


def test_imap_without_tls_offers_no_login(lab):
    session = imaplib.IMAP4("198.18.25.25", 143, timeout=PATIENCE)
    with session:
        assert "LOGINDISABLED" in session.capabilities
        assert "STARTTLS" in session.capabilities


@pytest.mark.parametrize("domain", ["corp.test", "example.com"])
def test_a_sub_address_reaches_the_mailbox_of_replies(lab, message, domain):
    message.replace_header("To", f"replies+abcdefghijklmnopqrstuvwxyz234567@{domain}")
    with lab.smtp(587) as session:
        lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))
        session.send_message(message)
    folder, found = lab.find("replies@corp.test", message["Message-ID"])
    assert (folder, found["To"]) == ("INBOX", message["To"])
