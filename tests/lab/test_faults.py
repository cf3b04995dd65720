# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client sees each fault as soon as `lab.py fault` returns, and no longer after `lab.py fault none`."""
from __future__ import annotations

import imaplib
import socket
import ssl
from collections.abc import Iterator

import pytest
from helpers.waiting import PATIENCE

RELAY_ACCOUNT = "catalog@corp.test"


@pytest.fixture(autouse=True)
def clear_faults_afterwards(lab) -> Iterator[None]:
    yield
    lab.run("fault", "none")


def login_code(lab) -> int:
    with lab.smtp(587) as session:
        return lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))[0]


def answer_to(lab, sender: str) -> tuple[int, bytes]:
    with lab.smtp(587) as session:
        lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))
        session.mail(sender)
        return session.rcpt("alice@corp.test")


def test_refuse_login_refuses_smtp_and_imap_logins(lab):
    lab.run("fault", "refuse_login")
    assert login_code(lab) == 535
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"), lab.imap("alice@corp.test"):
        pass
    lab.run("fault", "none")
    assert login_code(lab) == 235
    with lab.imap("alice@corp.test") as session:
        assert session.state == "AUTH"


def test_refuse_sender_refuses_only_noreply(lab):
    lab.run("fault", "refuse_sender")
    code, text = answer_to(lab, "noreply@catalog.test")
    assert (code, text[:5], b"Sender address rejected" in text) == (550, b"5.7.1", True)
    assert answer_to(lab, "catalog@corp.test")[0] == 250
    lab.run("fault", "none")
    assert answer_to(lab, "noreply@catalog.test")[0] == 250


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("wrong_certificate", "Hostname mismatch, certificate is not valid for 'mail.corp.test'"),
        ("untrusted_certificate", "unable to get local issuer certificate"),
    ],
)
def test_a_wrong_certificate_fails_verification(lab, fault, complaint):
    lab.run("fault", fault)
    for port in (587, 465):
        with pytest.raises(ssl.SSLCertVerificationError, match=complaint), lab.smtp(port):
            pass
    with pytest.raises(ssl.SSLCertVerificationError, match=complaint), lab.imap("alice@corp.test"):
        pass
    lab.run("fault", "none")
    assert login_code(lab) == 235


def test_down_refuses_smtp_connections_only(lab):
    lab.run("fault", "down")
    for port in (25, 465, 587):
        with pytest.raises(ConnectionRefusedError), lab.smtp(port, tls=False):
            pass
    with lab.imap("alice@corp.test") as session:
        assert session.select("INBOX")[0] == "OK"
    assert "198.18.25.25" in lab.on("mail", "host", "mail.corp.test", "198.18.25.25")
    lab.run("fault", "none")
    assert login_code(lab) == 235


def test_no_starttls_stops_offering_starttls(lab):
    lab.run("fault", "no_starttls")
    for port in (25, 587):
        with lab.smtp(port, tls=False) as session:
            session.ehlo()
            assert not session.has_extn("starttls")
    assert "faults     no_starttls" in lab.run("status")
    lab.run("fault", "none")
    assert login_code(lab) == 235


def test_full_refuses_mail_for_lack_of_space(lab):
    lab.run("fault", "full")
    with lab.smtp(587) as session:
        lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))
        code, text = session.mail("noreply@catalog.test")
    assert (code, text[:5]) == (452, b"4.3.1")
    lab.run("fault", "none")
    assert answer_to(lab, "noreply@catalog.test")[0] == 250


def test_no_subaddress_refuses_only_sub_addresses(lab):
    def code(recipient: str) -> int:
        with lab.smtp(587) as session:
            lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))
            session.mail("noreply@catalog.test")
            return session.rcpt(recipient)[0]

    assert code("replies+anything@corp.test") == 250
    lab.run("fault", "no_subaddress")
    assert (code("replies+anything@corp.test"), code("replies@corp.test")) == (550, 250)
    assert "faults     no_subaddress" in lab.run("status")
    lab.run("fault", "none")
    assert code("replies+anything@corp.test") == 250


def test_imap_down_refuses_imap_connections_only(lab, message):
    lab.run("fault", "imap_down")
    for port in (143, 993):
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("198.18.25.25", port), timeout=PATIENCE):
            pass
    assert "faults     imap_down" in lab.run("status")
    assert login_code(lab) == 235
    with lab.smtp(587) as session:
        lab.log_in(session, RELAY_ACCOUNT, lab.password(RELAY_ACCOUNT))
        session.send_message(message)
    lab.run("fault", "none")
    assert lab.find("alice@corp.test", message["Message-ID"])[0] == "INBOX"


def test_silent_ports_send_no_greeting(lab):
    lab.run("fault", "silent")
    for port in (25, 465, 587, 2525):
        with socket.create_connection(("198.18.25.25", port), timeout=2) as connection, pytest.raises(TimeoutError):
            connection.recv(1)
    with lab.imap("alice@corp.test") as session:
        assert session.select("INBOX")[0] == "OK"
    lab.run("fault", "none")
    assert login_code(lab) == 235


def test_faults_replace_earlier_ones_and_up_clears_them(lab):
    lab.run("fault", "down")
    lab.run("fault", "refuse_login", "refuse_sender")
    assert "faults     refuse_login, refuse_sender" in lab.run("status")
    assert "Clearing faults of an earlier run: refuse_login, refuse_sender" in lab.run("up")
    assert login_code(lab) == 235


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["slow"], "There is no fault slow."),
        (["wrong_certificate", "untrusted_certificate"], "A server shows one certificate"),
        (["silent", "refuse_login"], "A server that is silent shows no other fault"),
    ],
)
def test_impossible_faults_are_refused_with_the_reason(lab, names, complaint):
    done = lab.command("fault", *names)
    assert done.returncode == 1
    assert complaint in done.stderr
