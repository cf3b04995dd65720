# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at the servers of the settings for a diagnosis; nothing is sent."""

from __future__ import annotations

import contextlib
from datetime import datetime

from catalog_mail.adapters.connection import Deadline, certificate_name, connect, expiry, verifying_context
from catalog_mail.adapters.servers import Mailboxes, Servers
from catalog_mail.adapters.smtp.session import Session
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.failures.smtp import Attempt
from catalog_mail.domain.settings.document import TLS, Transport
from catalog_mail.domain.settings.servers import GraphServer, ImapServer, MailboxServer, SendingSettings
from catalog_mail.ports.diagnosis import ServerFacts

# Bytes of the answers before TLS that are read.
_LONGEST = 64 * 1024


class Checks:
    """Implements ports.ServerChecks."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    def sending(self, settings: SendingSettings) -> ServerFacts:
        """Connect, log in, and have the server judge the sender. Raises SendingFailed."""
        server = settings.server
        if isinstance(server, GraphServer):
            return self._servers.graph()[0].check_login(settings)
        attempt = Attempt(server, settings.from_address, settings.from_address, settings.transport is Transport.BUILTIN)
        session = Session(attempt, Deadline(server.timeout))
        try:
            expires = session.offer_sender(attempt)
        finally:
            session.quit()
        return ServerFacts(f"{server.host}:{server.port}", expires)

    def mailbox(self, server: MailboxServer) -> ServerFacts:
        """Open the mailbox as for work. Raises MailboxFailed."""
        evidence = Mailboxes(self._servers).check_mailbox(server)
        if evidence.archive_problem is not None:
            raise MailboxFailed(evidence.archive_problem)
        return ServerFacts(evidence.server, _imap_certificate(server) if isinstance(server, ImapServer) else None)


def _imap_certificate(server: ImapServer) -> datetime | None:
    """Return the end of the certificate of a server that was just reached; None without TLS, or when it is away again."""
    if server.tls is TLS.NONE:
        return None
    deadline = Deadline(server.timeout)
    with contextlib.suppress(OSError), connect(server.host, server.port, deadline) as plain:
        plain.settimeout(deadline.remaining())
        if server.tls is TLS.STARTTLS:
            with plain.makefile("rwb") as stream:
                stream.readline(_LONGEST)  # the greeting
                stream.write(b"a STARTTLS\r\n")
                stream.flush()
                if not stream.readline(_LONGEST).lower().startswith(b"a ok"):
                    return None
        context = verifying_context(server.ca_file)
        with context.wrap_socket(plain, server_hostname=certificate_name(server.host)) as connection:
            return expiry(connection)
    return None
