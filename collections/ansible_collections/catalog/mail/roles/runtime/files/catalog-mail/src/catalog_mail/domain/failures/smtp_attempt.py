# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An attempt to send a message by SMTP, and the stages of its session."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from catalog_mail.domain.failures import connection as connection_failures
from catalog_mail.domain.failures.connection import Peer
from catalog_mail.domain.settings.servers import SmtpServer

SECTION = "notifications.smtp"


class Stage(StrEnum):
    """The stage of an SMTP session; each value completes "while ..."."""

    CONNECT = connection_failures.CONNECT
    GREETING = connection_failures.GREETING
    HELLO = "saying EHLO"
    TLS = "starting TLS"
    LOGIN = "logging in"
    SENDER = "naming the sender"
    RECIPIENT = "naming the recipient"
    CONTENT = "handing over the message"


@dataclass(frozen=True)
class Attempt:
    """An attempt to send a message: server, sender, recipient. `builtin`: the server is the host's own Postfix."""

    server: SmtpServer
    sender: str
    recipient: str
    builtin: bool = False

    @property
    def peer(self) -> Peer:
        """The server as the peer of a connection."""
        server = self.server
        return Peer(
            server.host, server.port, server.tls, server.timeout, server.ca_file, SECTION, implicit_port=465, builtin=self.builtin
        )

    @property
    def place(self) -> str:
        """The name of the server in sentences."""
        return self.peer.place

    def field(self, name: str) -> str:
        """Return the path of a setting; for the built-in server always that of the transport."""
        return self.peer.field(name)
