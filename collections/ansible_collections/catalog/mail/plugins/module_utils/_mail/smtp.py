# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The edge that hands a message over: local sendmail, or a server by SMTP."""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from typing import Callable, Optional, TypeVar

from .._core.redaction import Secrets
from .connection import Server, StageFailed, system_words, tls_context
from .message import Letter

Result = TypeVar("Result")

PROBE_TIMEOUT = 5
"""Seconds for each step of a second look at a server's certificate."""
SENDMAIL_PLACES = ["/usr/sbin", "/usr/lib", "/usr/local/sbin"]


def by_sendmail(module, message: Letter, config_directory: str) -> str:
    """Give the message to the sendmail command of this host; returns what it said, usually nothing.

    Raises StageFailed (``submit``). The message goes in by standard input and the addresses as arguments
    of their own, so that nothing of them is read as an option.
    """
    path = module.get_bin_path("sendmail", opt_dirs=SENDMAIL_PLACES)
    if not path:
        raise StageFailed("submit", "sendmail: command not found")
    # A test that bounces shall not send a report to whoever the sender is. Exim means something else by -N.
    quiet = ["-N", "never"] if module.get_bin_path("postqueue", opt_dirs=SENDMAIL_PLACES) else []
    # -C names another instance of Postfix; other sendmails would take it for their own file.
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


def by_smtp(server: Server, message: Letter) -> str:
    """Give the message to a server; returns its reply to the message.

    Raises StageFailed with the stage ``connect`` (up to and with TLS), ``login`` or ``submit``.
    """
    secrets = Secrets([(server.username, server.password)])
    client = _connected(server, secrets)
    try:
        if server.username:
            _at_stage("login", secrets, lambda: _login(client, server))
        return _at_stage("submit", secrets, lambda: _hand_over(client, message))
    finally:
        client.close()


def chain_error(host: str, port: int, implicit: bool, ca_file: str, ca_path: str) -> Optional[str]:
    """Why a server's certificate is not trusted by these authorities, in OpenSSL's words.

    Empty when it is trusted, whatever name it is for; None when that could not be seen. Nothing is sent
    over the connection, so nothing is at stake where the name is not compared.
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
    """A client that has said EHLO, encrypted and verified when that is asked for."""
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
        # The connection stood, so the way is open: the server speaks something else, or nothing.
        raise StageFailed("connect", f"no greeting: {exc}") from None


def own_name() -> Optional[str]:
    """The name for EHLO; None lets smtplib ask the DNS, which takes long where that is down."""
    name = socket.gethostname()
    return name if "." in name else None


def _introduced(client: smtplib.SMTP, server: Server, context: Optional[ssl.SSLContext]) -> None:
    client.ehlo_or_helo_if_needed()
    if server.tls == "starttls":
        client.starttls(context=context)
        client.ehlo()


def _login(client: smtplib.SMTP, server: Server) -> str:
    """SASL PLAIN, else LOGIN, in UTF-8: the standard library's own login takes only ASCII passwords."""
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


def _hand_over(client: smtplib.SMTP, message: Letter) -> str:
    _accepted("submit", *client.mail(message.sender), command="MAIL FROM")
    # No report to the sender when the message bounces later (RFC 3461).
    options = ["NOTIFY=NEVER"] if client.has_extn("dsn") else []
    _accepted("submit", *client.rcpt(message.recipient, options), command="RCPT TO")
    words = _accepted("submit", *client.data(message.content), command="end of DATA")
    # The message is the server's now; how it says goodbye does not matter.
    with suppress(smtplib.SMTPException, OSError):
        client.quit()
    return words


def _accepted(stage: str, code: int, reply: bytes, command: str = "") -> str:
    """The reply in words; raises StageFailed unless it is a 2xx."""
    words = _reply(code, reply)
    if 200 <= code < 300:
        return words
    raise StageFailed(stage, f"{words} (in reply to {command} command)" if command else words)


def _at_stage(stage: str, secrets: Secrets, step: Callable[[], Result]) -> Result:
    """The step's result; whatever the library or the system throws becomes the failure of this stage."""
    try:
        return step()
    except StageFailed as exc:
        raise StageFailed(exc.stage, secrets.words(exc.words)) from None
    except smtplib.SMTPResponseException as exc:
        raise StageFailed(stage, secrets.words(_reply(exc.smtp_code, exc.smtp_error))) from None
    except (smtplib.SMTPException, OSError, ValueError) as exc:
        raise StageFailed(stage, secrets.words(system_words(exc))) from None


def _reply(code: int, reply: object) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    return f"{code} {text}".strip()


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
