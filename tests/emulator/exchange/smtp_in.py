# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail from outside: an SMTP server that takes what is for mailboxes here."""

from __future__ import annotations

import email.utils
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from emulator.exchange import delivery
from emulator.exchange.rights import owner_of
from emulator.world import World


class MailHandler:
    """Refuses recipients that it does not know; delivers in the event loop that answers Graph too."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if owner_of(self._world, address) is None:
            return "550 5.4.1 Recipient address rejected: Access denied."
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = self._received(session, envelope) + (envelope.original_content or b"")
        for address in dict.fromkeys(address.lower() for address in envelope.rcpt_tos):
            owner = owner_of(self._world, address)
            if owner:
                delivery.receive(self._world, owner, raw)
        return "250 2.6.0 Queued mail for delivery"

    def _received(self, session: Session, envelope: Envelope) -> bytes:
        peer: Any = session.peer
        moment = email.utils.format_datetime(self._world.clock.now())
        lines = (
            f"Return-Path: <{envelope.mail_from or ''}>\r\n"
            f"Received: from {session.host_name} ({peer[0] if peer else 'unknown'}) by"
            f" EM0PEPF00000001.mail.protection.outlook.com\r\n with SMTP; {moment}\r\n"
        )
        return lines.encode()
