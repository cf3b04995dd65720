# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probe the mail server from outside, as its clients see it."""
from __future__ import annotations

import base64
import hashlib
import imaplib
import smtplib
import socket
import ssl

from labkit.definition import MAIL_ADDRESS, MAIL_NAME
from labkit.state import home

SUBMISSION, SUBMISSIONS, SMTP, IMAP, IMAPS = 587, 465, 25, 143, 993
SMTP_LOGIN_ACCEPTED, SMTP_LOGIN_REFUSED = 235, 535  # RFC 4954, 4 and 6
_TIMEOUT = 10.0


def mail_server_trouble() -> str | None:
    """Return why the mail server is not ready, or None."""
    for port, greeting in ((SMTP, b"220"), (SUBMISSION, b"220"), (IMAP, b"* OK")):
        try:
            with socket.create_connection((MAIL_ADDRESS, port), timeout=2) as connection:
                if not connection.recv(512).startswith(greeting):
                    return f"port {port} gives no greeting"
        except OSError as error:
            return f"port {port}: {error}"
    for port in (SUBMISSIONS, IMAPS):
        if shown_certificate(port) is None:
            return f"port {port} does no TLS"
    return None if _dns_answers() else "the DNS does not answer"


def shown_certificate(port: int) -> str | None:
    """Return the SHA-256 of the certificate on a port with implicit TLS, or None."""
    try:
        with (
            socket.create_connection((MAIL_ADDRESS, port), timeout=3) as connection,
            _unverified().wrap_socket(connection, server_hostname=MAIL_NAME) as secured,
        ):
            return hashlib.sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
    except OSError:
        return None


def expected_certificate(name: str) -> str:
    """Return the SHA-256 of one of the lab's certificates (mail, other, untrusted)."""
    text = (home() / "certificates" / f"{name}.crt").read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text)).hexdigest()


def listens(port: int) -> bool:
    """Return True if the port accepts a connection."""
    try:
        socket.create_connection((MAIL_ADDRESS, port), timeout=2).close()
    except OSError:
        return False
    return True


def is_silent(port: int) -> bool:
    """Return True if the port accepts a connection and sends nothing for a second."""
    try:
        with socket.create_connection((MAIL_ADDRESS, port), timeout=2) as connection:
            connection.settimeout(1)
            connection.recv(1)
    except TimeoutError:
        return True
    except OSError:
        return False
    return False


def offers_starttls(port: int) -> bool:
    """Return True if the port offers STARTTLS."""
    try:
        with smtplib.SMTP(MAIL_ADDRESS, port, timeout=_TIMEOUT) as smtp:
            smtp.ehlo("probe.corp.test")
            return smtp.has_extn("starttls")
    except (OSError, smtplib.SMTPException):
        return False


def is_full(port: int) -> bool:
    """Return True if the port refuses a message with 452 4.3.1 (insufficient system storage)."""
    try:
        with smtplib.SMTP(MAIL_ADDRESS, port, timeout=_TIMEOUT) as smtp:
            smtp.ehlo("probe.corp.test")
            code, text = smtp.mail(f"probe@{MAIL_NAME}")
    except (OSError, smtplib.SMTPException):
        return False
    return code == 452 and text.startswith(b"4.3.1")


def _unverified() -> ssl.SSLContext:
    """Return a TLS context that accepts any certificate, so that the probes can read a wrong one as well."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def login_refused(user: str, password: str) -> bool:
    """Return True if both submission and IMAP refuse the login (535, NO)."""
    return _submission_login(user, password) == SMTP_LOGIN_REFUSED and _imap_login_is_refused(user, password)


def login_accepted(user: str, password: str) -> bool:
    """Return True if submission accepts the login."""
    return _submission_login(user, password) == SMTP_LOGIN_ACCEPTED


def _submission_login(user: str, password: str) -> int | None:
    """Return the reply code to a login on port 465, or None if the connection failed before."""
    # Without smtplib's login(), which cannot send a password that is not ASCII. RFC 4616 requires UTF-8.
    initial = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    try:
        with smtplib.SMTP_SSL(MAIL_ADDRESS, SUBMISSIONS, timeout=_TIMEOUT, context=_unverified()) as smtp:
            smtp.ehlo("probe.corp.test")
            return smtp.docmd("AUTH", f"PLAIN {initial}")[0]
    except (OSError, smtplib.SMTPException):
        return None


def _imap_login_is_refused(user: str, password: str) -> bool:
    try:
        with imaplib.IMAP4_SSL(MAIL_ADDRESS, IMAPS, ssl_context=_unverified(), timeout=_TIMEOUT) as imap:
            # Without imaplib's login(), for the same reason.
            imap.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())
    except imaplib.IMAP4.abort:
        return False
    except imaplib.IMAP4.error:
        return True
    except OSError:
        return False
    return False


def sender_refused(sender: str, recipient: str) -> bool:
    """Return True if port 25 refuses the envelope sender with 550 5.7.1. Sends no message."""
    return _refused_with(b"5.7.1", sender, recipient)


def recipient_refused(recipient: str) -> bool:
    """Return True if port 25 refuses the recipient with 550 5.1.1. Sends no message."""
    return _refused_with(b"5.1.1", "probe@elsewhere.test", recipient)


def _refused_with(status: bytes, sender: str, recipient: str) -> bool:
    """Return True if the envelope is refused permanently with this enhanced status (RFC 3463)."""
    try:
        with smtplib.SMTP(MAIL_ADDRESS, SMTP, timeout=_TIMEOUT) as smtp:
            smtp.ehlo("probe.corp.test")
            answers = [smtp.mail(sender), smtp.rcpt(recipient)]
    except (OSError, smtplib.SMTPException):
        return False
    return any(code == 550 and text.startswith(status) for code, text in answers)


def _dns_answers() -> bool:
    """Return True if the lab's DNS resolves the mail server's name."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in MAIL_NAME.split("."))
    # RFC 1035, 4.1: id, recursion desired, one question; the name, type A, class IN.
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\0\0\x01\0\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(2)
        try:
            udp.sendto(question, (MAIL_ADDRESS, 53))
            return socket.inet_aton(MAIL_ADDRESS) in udp.recv(512)
        except OSError:
            return False
