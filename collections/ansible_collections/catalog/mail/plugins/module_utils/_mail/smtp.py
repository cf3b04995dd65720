# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Submit a message to the local sendmail or over SMTP. An edge."""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from typing import Callable, NamedTuple, Optional, TypeVar

from .._core.redaction import Secrets
from .connection import Server, StageFailed, system_words, tls_context
from .message import MailUnderTest

Result = TypeVar("Result")

PROBE_TIMEOUT = 5
"""Seconds for each step of the connection that checks a server's certificate."""
SENDMAIL_PLACES = ["/usr/sbin", "/usr/lib", "/usr/local/sbin"]


def by_sendmail(module, message: MailUnderTest, config_directory: str) -> str:
    """Submit the message to the sendmail command of this host; return its output, usually nothing.

    Raises StageFailed (``submit``). The message is passed by standard input and each address as a separate argument,
    so that sendmail reads no part of them as an option.
    """
    path = module.get_bin_path("sendmail", opt_dirs=SENDMAIL_PLACES)
    if not path:
        raise StageFailed("submit", "sendmail: command not found")
    # No report to the sender when the test e-mail bounces. Exim's -N has another meaning.
    quiet = ["-N", "never"] if module.get_bin_path("postqueue", opt_dirs=SENDMAIL_PLACES) else []
    # -C names another instance of Postfix; other sendmail commands expect their own file there.
    instance = ["-C", config_directory] if config_directory != "/etc/postfix" else []
    code, out, err = module.run_command(
        [path, *instance, *quiet, "-i", "-f", message.sender, "--", message.recipient],
        data=message.content.replace(b"\r\n", b"\n"),
        binary_data=True,
        environ_update={"LC_ALL": "C"},
        errors="replace",
    )
    words = Secrets().words(err or out)
    if code:
        raise StageFailed("submit", words or f"sendmail ended with code {code} and said nothing")
    return words


class Submitted(NamedTuple):
    """The server's reply to the data, and the protocol and cipher of the connection; None without TLS."""

    reply: str
    tls: Optional[str]


def by_smtp(server: Server, message: MailUnderTest) -> Submitted:
    """Submit the message to a server.

    Raises StageFailed with the stage ``connect`` (up to and with TLS), ``login`` or ``submit``.
    """
    secrets = Secrets([(server.username, server.password)])
    client = _connected(server, secrets)
    try:
        if server.username:
            _at_stage("login", secrets, lambda: _login(client, server))
        tls = _encryption(client)
        return Submitted(_at_stage("submit", secrets, lambda: _hand_over(client, message)), tls)
    finally:
        client.close()


def chain_error(host: str, port: int, implicit: bool, ca_file: str, ca_path: str) -> Optional[str]:
    """Return why these authorities do not make a server's certificate trusted, in OpenSSL's words.

    Empty when the certificate is trusted, for any name; None when the connection fails otherwise. No data is sent
    over the connection, so skipping the comparison of names is safe.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca_file or ca_path:
            context.load_verify_locations(ca_file or None, ca_path or None)
        if implicit:
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, own_name(), timeout=PROBE_TIMEOUT, context=context)
        else:
            client = smtplib.SMTP(host, port, own_name(), timeout=PROBE_TIMEOUT)
            client.starttls(context=context)
        client.close()
    except ssl.SSLCertVerificationError as exc:
        return system_words(exc)
    except (smtplib.SMTPException, OSError, ValueError):
        return None
    return ""


def _connected(server: Server, secrets: Secrets) -> smtplib.SMTP:
    """Return a client after EHLO, encrypted and verified as the settings say."""
    context = tls_context(server, "smtp") if server.tls != "none" else None
    client = _at_stage("connect", secrets, lambda: _greeted(server, context))
    try:
        _at_stage("connect", secrets, lambda: _introduced(client, server, context))
    except StageFailed:
        client.close()
        raise
    return client


def _greeted(server: Server, context: Optional[ssl.SSLContext]) -> smtplib.SMTP:
    try:
        if server.tls == "implicit":
            return smtplib.SMTP_SSL(
                server.host, server.port, own_name(), timeout=server.timeout, context=context
            )
        return smtplib.SMTP(server.host, server.port, own_name(), timeout=server.timeout)
    except smtplib.SMTPServerDisconnected as exc:
        # The connection was made, so the network works: the server speaks another protocol, or nothing.
        raise StageFailed("connect", f"no greeting: {exc}") from None


def own_name() -> Optional[str]:
    """Return the name for EHLO; None lets smtplib query the DNS, which takes long when the DNS is down."""
    name = socket.gethostname()
    return name if "." in name else None


def _encryption(client: smtplib.SMTP) -> Optional[str]:
    if not isinstance(client.sock, ssl.SSLSocket):
        return None
    cipher = client.sock.cipher()
    return f"{client.sock.version()} {cipher[0] if cipher else ''}".strip()


def _introduced(client: smtplib.SMTP, server: Server, context: Optional[ssl.SSLContext]) -> None:
    client.ehlo_or_helo_if_needed()
    if server.tls == "starttls":
        client.starttls(context=context)
        client.ehlo()


def _login(client: smtplib.SMTP, server: Server) -> str:
    """Log in with SASL PLAIN, else LOGIN, in UTF-8: smtplib's own login takes only ASCII passwords."""
    offered = client.esmtp_features.get("auth", "").upper().split()
    username, password = server.username or "", server.password or ""
    if not offered and server.tls == "none" and client.has_extn("starttls"):
        raise StageFailed("login", "the server offers a login only where STARTTLS is used: starttls is required")
    if not offered:
        raise StageFailed("login", "the server does not offer a login (no AUTH after EHLO)")
    if "PLAIN" in offered:
        code, reply = client.docmd("AUTH", "PLAIN " + _base64(f"\0{username}\0{password}"))
    elif "LOGIN" in offered:
        code, reply = client.docmd("AUTH", "LOGIN " + _base64(username))
        if code == 334:
            code, reply = client.docmd(_base64(password))
    else:
        raise StageFailed("login", f"none of the login methods is PLAIN or LOGIN: {' '.join(offered)}")
    return _accepted("login", code, reply)


def _hand_over(client: smtplib.SMTP, message: MailUnderTest) -> str:
    _accepted("submit", *client.mail(message.sender), command="MAIL FROM")
    # No report to the sender when the message bounces later (RFC 3461).
    options = ["NOTIFY=NEVER"] if client.has_extn("dsn") else []
    _accepted("submit", *client.rcpt(message.recipient, options), command="RCPT TO")
    words = _accepted("submit", *client.data(message.content), command="end of DATA")
    # The server has accepted the message, so an error at QUIT does not matter.
    with suppress(smtplib.SMTPException, OSError):
        client.quit()
    return words


def _accepted(stage: str, code: int, reply: bytes, command: str = "") -> str:
    """Return the text of a reply. Raises StageFailed unless its code is 2xx."""
    words = _reply(code, reply)
    if 200 <= code < 300:
        return words
    raise StageFailed(stage, f"{words} (in reply to {command} command)" if command else words)


def _at_stage(stage: str, secrets: Secrets, step: Callable[[], Result]) -> Result:
    """Return the result of ``step``. Raises StageFailed when the library or the system raises an error."""
    try:
        return step()
    except StageFailed as exc:
        raise StageFailed(exc.stage, secrets.words(exc.words)) from None
    except smtplib.SMTPResponseException as exc:
        # smtplib raises the base class for a refused STARTTLS only.
        command = " (in reply to STARTTLS command)" if exc.__class__ is smtplib.SMTPResponseException else ""
        raise StageFailed(stage, secrets.words(_reply(exc.smtp_code, exc.smtp_error) + command)) from None
    except (smtplib.SMTPException, OSError, ValueError) as exc:
        raise StageFailed(stage, secrets.words(system_words(exc))) from None


def _reply(code: int, reply: object) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return f"{code} {text}".strip()


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
