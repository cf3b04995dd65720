# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The options of test_email, checked before anything is sent."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from .._core.errors import InputRefused
from .._core.loopback import is_loopback
from .._core.module import Spec
from .connection import IMAP_PORTS, SMTP_PORTS, Server, server, tls_context
from .message import checked_address, default_sender, is_domain
from .postfix_tracking import postconf

_TLS_MODES = ["none", "starttls", "implicit"]
MAILBOX_TIMEOUT = 10
"""Seconds that each step of the connection to the mailbox may take."""

SMTP: Dict[str, Any] = {
    "type": "dict",
    "options": {
        "host": {"type": "str", "required": True},
        "port": {"type": "int"},
        "tls": {"type": "str", "default": "starttls", "choices": _TLS_MODES},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "ca_file": {"type": "path"},
        "timeout": {"type": "int", "default": 30},
    },
    "required_together": [("username", "password")],
}
"""The option for the submission server."""

MAILBOX: Dict[str, Any] = {
    "type": "dict",
    "options": {
        "host": {"type": "str", "required": True},
        "port": {"type": "int"},
        "tls": {"type": "str", "default": "implicit", "choices": _TLS_MODES},
        "username": {"type": "str", "required": True},
        "password": {"type": "str", "required": True, "no_log": True},
        "ca_file": {"type": "path"},
    },
}
"""The option for a mailbox."""

SPEC = Spec(
    {
        "recipient": {"type": "str"},
        "sender": {"type": "str"},
        "transport": {"type": "str", "default": "sendmail", "choices": ["sendmail", "smtp", "application"]},
        "smtp": SMTP,
        "mailbox": MAILBOX,
        "timeout": {"type": "int", "default": 60},
        "config_directory": {"type": "path", "default": "/etc/postfix"},
        "any_route": {"type": "bool", "default": False},
    },
    required_if=(("transport", "smtp", ("smtp", "recipient")), ("transport", "sendmail", ("recipient",))),
)


@dataclass(frozen=True)
class Request:
    """The checked options. Without ``smtp`` the message is submitted by ``via``, to this host's Postfix if ``own_postfix``."""

    sender: str
    recipient: str
    smtp: Optional[Server]
    mailbox: Optional[Server]
    timeout: int
    config_directory: str
    any_route: bool = False
    via: str = "sendmail"
    own_postfix: bool = True

    @property
    def followed(self) -> bool:
        """Whether the message is submitted to the Postfix of this host."""
        return self.own_postfix if self.smtp is None else is_loopback(self.smtp.host)

    def described(self) -> Dict[str, str]:
        """Return the names for messages about this request, without secrets."""
        smtp, mailbox = self.smtp, self.mailbox
        return {
            "recipient": self.recipient,
            "server": f"{smtp.host}:{smtp.port}" if smtp else self.via,
            "username": (smtp.username if smtp else None) or "nobody",
            "mailbox": f"{mailbox.host}:{mailbox.port}" if mailbox else "nowhere",
            "mailbox_username": (mailbox.username if mailbox else None) or "nobody",
            "timeout": str(self.timeout),
        }


def read_request(module) -> Request:
    """Read and check the module's options. Raises InputRefused."""
    given = module.params
    if given["timeout"] < 1:
        raise InputRefused("timeout", "less than a second is too short for a delivery", "Write 1 or more seconds")
    if given["smtp"] and given["transport"] != "smtp":
        raise InputRefused("smtp", "it has no effect with transport: sendmail", "Set transport: smtp, or leave it out")
    smtp, mailbox = read_servers(module)
    return Request(
        sender=checked_address("sender", given["sender"] or _own_sender(module, given["config_directory"])),
        recipient=checked_address("recipient", given["recipient"]),
        smtp=smtp,
        mailbox=mailbox,
        timeout=given["timeout"],
        config_directory=given["config_directory"],
        any_route=given["any_route"],
    )


def read_servers(module) -> Tuple[Optional[Server], Optional[Server]]:
    """Read and check the options smtp and mailbox. Raises InputRefused; warns of passwords sent unencrypted."""
    given = module.params
    smtp = server("smtp", given["smtp"], SMTP_PORTS, given["smtp"]["timeout"]) if given["smtp"] else None
    mailbox = server("mailbox", given["mailbox"], IMAP_PORTS, MAILBOX_TIMEOUT) if given["mailbox"] else None
    for option, one in (("smtp", smtp), ("mailbox", mailbox)):
        if one and one.tls == "none" and one.username and not is_loopback(one.host):
            module.warn(f"{option}.tls is none: the password goes to {one.host} unencrypted.")
        if one and one.tls != "none":
            tls_context(one, option)  # Raises for an unreadable file of authorities before anything is sent.
    return smtp, mailbox


def _own_sender(module, config_directory: str) -> str:
    domain = postconf(module, config_directory, ("mydomain",)).get("mydomain", "")
    # The host's full name may need a DNS query: look it up only when needed.
    name = "" if is_domain(domain) else socket.getfqdn()
    return default_sender(domain, name.partition(".")[2], name)
