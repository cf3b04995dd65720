# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Use the real lab: lab.py by its command line, the hosts by podman, the mail server by SMTP and IMAP."""
from __future__ import annotations

import base64
import contextlib
import dataclasses
import email.message
import email.parser
import email.policy
import email.utils
import imaplib
import json
import os
import pathlib
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator

import pytest
from helpers.waiting import PATIENCE, wait_until

SHARED = pathlib.Path(__file__).resolve().parents[2] / "molecule" / "shared"
MAIL_ADDRESS = "198.18.25.25"
MAIL_NAME = "mail.corp.test"


@dataclasses.dataclass(frozen=True)
class Lab:
    """The lab, for the tests: its command, hosts, passwords and mail server."""

    home: pathlib.Path
    program: tuple[str, str] = (sys.executable, str(SHARED / "lab.py"))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.program, *arguments], capture_output=True, text=True, check=False, timeout=300
        )

    def run(self, *arguments: str) -> str:
        done = self.command(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def podman(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["podman", *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=PATIENCE,
            env={**os.environ, "CONTAINERS_CONF": str(SHARED / "containers.conf")},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def on(self, host: str, *command: str, stdin: str = "") -> str:
        return self.podman("exec", "--interactive", f"cml-{host}", *command, stdin=stdin)

    def containers(self) -> dict[str, str]:
        """Return the containers of the lab's hosts: name -> id."""
        listed = self.podman("ps", "--all", "--no-trunc", "--filter", "name=^cml-", "--format", "{{.Names}} {{.ID}}")
        return dict(line.split() for line in listed.splitlines())

    def password(self, user: str) -> str:
        return json.loads((self.home / "credentials.json").read_text())["users"][user]

    def sudo_password(self, user: str) -> str:
        return json.loads((self.home / "sudo.json").read_text())[user]

    def trust(self) -> ssl.SSLContext:
        """Return a TLS context that trusts the lab's CA and verifies the server's name."""
        return ssl.create_default_context(cafile=self.home / "ca.crt")

    @contextlib.contextmanager
    def smtp(self, port: int, *, tls: bool = True) -> Iterator[smtplib.SMTP]:
        """Open an SMTP session with the mail server, with TLS verified, and send EHLO."""
        session = _Smtp(timeout=PATIENCE)
        session.lab_context = self.trust() if port == 465 else None
        session.connect(MAIL_NAME, port)
        try:
            if tls and port != 465:
                session.starttls(context=self.trust())
            session.ehlo("control.corp.test")
            yield session
        finally:
            session.close()

    def log_in(self, session: smtplib.SMTP, user: str, password: str) -> tuple[int, bytes]:
        """Send AUTH PLAIN; smtplib's own login() cannot send a password that is not ASCII."""
        return session.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())

    @contextlib.contextmanager
    def imap(self, user: str, password: str | None = None) -> Iterator[imaplib.IMAP4]:
        """Open an IMAP session on port 993, with TLS verified, and log in."""
        session = _Imap(MAIL_NAME, 993, ssl_context=self.trust(), timeout=PATIENCE)
        try:
            session.authenticate("PLAIN", lambda _: f"\0{user}\0{password or self.password(user)}".encode())
            yield session
        finally:
            session.shutdown()

    def find(self, user: str, message_id: str) -> tuple[str, email.message.EmailMessage]:
        """Wait for a message; return its folder and the message."""
        with self.imap(user) as session:

            def found() -> tuple[str, email.message.EmailMessage] | None:
                for folder in ("INBOX", "Junk"):
                    session.select(folder, readonly=True)
                    uids = session.uid("SEARCH", "HEADER", "Message-ID", message_id)[1][0].split()
                    if uids:
                        content = session.uid("FETCH", uids[0].decode(), "(BODY.PEEK[])")[1][0][1]
                        return folder, email.parser.BytesParser(policy=email.policy.default).parsebytes(content)
                return None

            return wait_until(found, f"{message_id} did not reach {user}")


class _Smtp(smtplib.SMTP):
    """SMTP by address, because this machine cannot resolve the lab's names; TLS verifies the name."""

    lab_context: ssl.SSLContext | None = None

    def _get_socket(self, host, port, timeout):
        self._host = host
        plain = socket.create_connection((MAIL_ADDRESS, port), timeout)
        return self.lab_context.wrap_socket(plain, server_hostname=host) if self.lab_context else plain


class _Imap(imaplib.IMAP4_SSL):
    """IMAP by address, with TLS that verifies the name."""

    def _create_socket(self, timeout):
        plain = socket.create_connection((MAIL_ADDRESS, self.port), timeout)
        return self.ssl_context.wrap_socket(plain, server_hostname=self.host)


@pytest.fixture(scope="session")
def lab() -> Lab:
    """Start the lab and return it."""
    home = pathlib.Path(os.environ.get("CATALOG_MAIL_LAB_HOME") or "~/.cache/catalog-mail-lab").expanduser()
    running = Lab(home)
    running.run("up")
    return running


@pytest.fixture
def message() -> email.message.EmailMessage:
    """Return a small message to alice with its own Message-ID."""
    text = email.message.EmailMessage()
    text["From"] = "Data Catalog <noreply@catalog.test>"
    text["To"] = "alice@corp.test"
    text["Subject"] = "Lab test"
    text["Date"] = email.utils.formatdate()
    text["Message-ID"] = email.utils.make_msgid(domain="catalog.test")
    text.set_content("Grüße from the lab.\n")
    return text
