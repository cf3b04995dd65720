# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's mail server behaves as a company's does: what it takes, what it refuses, and how it judges."""
from __future__ import annotations

import imaplib
import json
import smtplib

import pytest
from helpers.waiting import PATIENCE

RELAY_ACCOUNT = "catalog@corp.test"


def verdicts(message) -> str:
    """What the mail server itself says of the message, in one line."""
    assert all(value.startswith("mail.corp.test;") for value in message.get_all("Authentication-Results"))
    return " ".join(" ".join(value.split()) for value in message.get_all("Authentication-Results"))


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("corp.test", "MX", "10 mail.corp.test"),
        ("catalog.test", "MX", "10 mail.corp.test"),
        ("corp.test", "TXT", '"v=spf1 mx -all"'),
        ("catalog.test", "TXT", '"v=spf1 ip4:198.18.25.12'),
        ("lab._domainkey.corp.test", "TXT", '"v=DKIM1; k=rsa; p=MII'),
        ("lab._domainkey.catalog.test", "TXT", '"v=DKIM1; k=rsa; p=MII'),
        ("_dmarc.corp.test", "TXT", '"v=DMARC1; p=reject"'),
        ("_dmarc.catalog.test", "TXT", '"v=DMARC1; p=quarantine"'),
        ("mail.corp.test", "A", "198.18.25.25"),
        ("catalog13.catalog.test", "A", "198.18.25.13"),
        ("198.18.25.12", "PTR", "catalog12.catalog.test"),
    ],
)
def test_the_dns_knows_what_the_internet_would(lab, name, kind, answer):
    assert answer in lab.on("mail", "host", "-t", kind, name, "198.18.25.25")


def test_the_dns_knows_nothing_else(lab):
    assert "NXDOMAIN" in lab.on("mail", "sh", "-c", "host -t MX example.org 198.18.25.25 || true")


@pytest.mark.parametrize("port", [587, 465])
@pytest.mark.parametrize("sender", ["noreply@catalog.test", "noreply@corp.test", "catalog@corp.test"])
def test_submitted_mail_arrives_signed_and_judged(lab, message, port, sender):
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
with smtplib.SMTP("smtp.corp.test", 587, timeout=240) as session:
    session.starttls(context=ssl.create_default_context(cafile="/etc/ssl/lab-ca.crt"))
    session.ehlo()
    code, text = session.docmd("AUTH", "PLAIN " + base64.b64encode(task["login"].encode()).decode())
    assert code == 235, text
    session.sendmail("noreply@catalog.test", ["alice@corp.test"], task["message"].encode())
"""


@pytest.mark.parametrize("host", ["catalog12", "catalog13"])
def test_a_bare_host_can_submit_with_the_names_and_the_ca_that_it_has(lab, message, host):
    task = {"login": f"\0{RELAY_ACCOUNT}\0{lab.password(RELAY_ACCOUNT)}", "message": message.as_string()}
    # The program goes on the command line, the password by standard input.
    lab.on(host, "python3", "-c", _FROM_A_HOST, stdin=json.dumps(task))
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    assert f"{host}.catalog.test" in " ".join(found.get_all("Received"))


_DIRECT = """
import smtplib, sys
with smtplib.SMTP("mail.corp.test", int(sys.argv[2]), timeout=240) as session:
    session.sendmail(sys.argv[1], ["alice@corp.test"], sys.stdin.buffer.read())
"""


@pytest.mark.parametrize("sender", ["noreply@catalog.test", "root@catalog12.catalog.test"])
def test_mail_straight_from_an_allowed_host_passes_spf_and_dmarc(lab, message, sender):
    message.replace_header("From", sender)
    lab.on("catalog12", "python3", "-c", _DIRECT, sender, "25", stdin=message.as_string())
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    for verdict in ("spf=pass", "dkim=none", "dmarc=pass"):
        assert verdict in verdicts(found)


@pytest.mark.parametrize("host", ["catalog12", "catalog13"])
def test_a_host_that_is_known_by_its_address_needs_no_login(lab, message, host):
    message.replace_header("From", "noreply@corp.test")
    lab.on(host, "python3", "-c", _DIRECT, "noreply@corp.test", "2525", stdin=message.as_string())
    folder, found = lab.find("alice@corp.test", message["Message-ID"])
    assert folder == "INBOX"
    for verdict in ("spf=pass", "dmarc=pass"):
        assert verdict in verdicts(found)


def test_nobody_else_is_known_by_an_address(lab):
    with lab.smtp(2525, tls=False) as session:
        assert not session.has_extn("starttls")
        session.mail("noreply@corp.test")
        assert session.rcpt("alice@corp.test")[0] == 554


def test_mail_that_fails_a_quarantine_policy_lies_in_junk(lab, message):
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


def test_the_open_port_relays_for_nobody(lab):
    with lab.smtp(25) as session:
        session.mail("someone@catalog.test")
        code, text = session.rcpt("someone@elsewhere.test")
    assert (code, b"Relay access denied" in text) == (554, True)


def test_the_open_port_knows_its_mailboxes(lab):
    with lab.smtp(25) as session:
        session.mail("someone@catalog.test")
        assert session.rcpt("alice+reply@corp.test")[0] == 250
        code, text = session.rcpt("nobody@corp.test")
    assert (code, b"User unknown" in text) == (550, True)


def test_submission_insists_on_tls(lab):
    with lab.smtp(587, tls=False) as session:
        assert "auth" not in session.esmtp_features
        assert session.mail("alice@corp.test")[0] == 530


@pytest.mark.parametrize("port", [587, 465])
def test_submission_insists_on_a_login(lab, port):
    with lab.smtp(port) as session:
        session.mail("alice@corp.test")
        code, text = session.rcpt("someone@elsewhere.test")
        assert (code, b"Relay access denied" in text) == (554, True)
        code, text = session.rcpt("bob@corp.test")
        assert (code, b"Access denied" in text) == (554, True)


def test_submission_refuses_a_wrong_password(lab):
    with lab.smtp(587) as session:
        assert lab.log_in(session, RELAY_ACCOUNT, "wrong")[0] == 535


def test_submission_lets_nobody_write_as_somebody_else(lab):
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


def test_imap_without_tls_takes_no_password(lab):
    session = imaplib.IMAP4("198.18.25.25", 143, timeout=PATIENCE)
    with session:
        assert "LOGINDISABLED" in session.capabilities
        assert "STARTTLS" in session.capabilities


def test_a_sub_address_reaches_the_mailbox_of_replies(lab, message):
    message.replace_header("To", "replies+abcdefghijklmnopqrstuvwxyz234567@corp.test")
    with lab.smtp(587) as session:
        lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))
        session.send_message(message)
    folder, found = lab.find("replies@corp.test", message["Message-ID"])
    assert (folder, found["To"]) == ("INBOX", message["To"])
