# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deliver mail: to mailboxes of the tenants at once, to other addresses by the SMTP server, else back to the sender."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import logging
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

from emulator import ids
from emulator.exchange import mailboxes, mime
from emulator.exchange.rights import owner_of
from emulator.store import Document
from emulator.world import World

LONGEST_WAIT = 60.0
log = logging.getLogger("emulator.delivery")


def deliver(world: World, user: Document, sender: str, recipients: list[str], raw: bytes) -> None:
    """Each recipient once. What cannot be delivered comes back to the user's mailbox."""
    outside, unknown = [], []
    for recipient in dict.fromkeys(address.lower() for address in recipients):
        owner = owner_of(world, recipient)
        if owner is not None:
            receive(world, owner, raw)
        elif world.tenant(recipient.partition("@")[2]):
            unknown.append(recipient)
        else:
            outside.append(recipient)
    if unknown:
        why = "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"
        _bounce(world, user, unknown, raw, why)
    if outside:
        key = ids.new()
        world.store.put_raw(f"outgoing/{key}", raw)
        world.store.put("outgoing", key, {
            "id": key, "sender": sender, "user": user["id"], "recipients": outside, "attempts": 0,
            "next": 0.0, "error": "" if world.smtp else "The emulator was started without --smtp.",
        })  # fmt: skip


def receive(world: World, user: Document, raw: bytes) -> Document:
    return mailboxes.put_in(world, user, "inbox", raw)


def _bounce(world: World, user: Document, recipients: list[str], raw: bytes, why: str) -> None:
    """A non-delivery report, as Exchange words it."""
    given = mime.parsed(raw)
    report = EmailMessage()
    report["From"] = f"Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@{world_domain(world, user)}>"
    report["To"] = user["mail"]
    report["Subject"] = f"Undeliverable: {mime.header(given, 'Subject')}"
    report["Date"] = email.utils.format_datetime(world.clock.now())
    report["Message-ID"] = email.utils.make_msgid(domain=world_domain(world, user))
    report["In-Reply-To"] = report["References"] = mime.header(given, "Message-ID")
    report["Auto-Submitted"] = "auto-replied"
    report["X-MS-Exchange-Message-Is-Ndr"] = ""
    report["Content-Type"] = 'multipart/report; report-type=delivery-status; boundary="report"'
    status = "".join(
        f"Final-Recipient: rfc822;{address}\r\nAction: failed\r\nStatus: {_status(why)}\r\nDiagnostic-Code: smtp;{why}\r\n\r\n"
        for address in recipients
    )
    body = (
        "--report\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nYour message couldn't be delivered to "
        f"{', '.join(recipients)}.\r\n{why}\r\n--report\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns;EM0PR01MB0001.eurprd01.prod.outlook.com\r\n\r\n{status}--report--\r\n"
    )
    mailboxes.put_in(world, user, "inbox", _with_body(report, body))


def _with_body(message: EmailMessage, body: str) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in message.items())
    return (head + "MIME-Version: 1.0\r\n\r\n" + body).encode()


def _status(why: str) -> str:
    return next((word for word in why.split() if word.count(".") == 2 and word[0] in "245"), "5.0.0")


def world_domain(world: World, user: Document) -> str:
    tenant = world.tenant(user["tenant"])
    return str(tenant["domains"][0]) if tenant else "localhost"


class Postman:
    """Carries what is for outside to the SMTP server, tries again what was refused for now, and reports what was refused."""

    def __init__(self, world: World, ca_file: Path | None) -> None:
        self._world, self._ca_file = world, ca_file

    async def run(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            if self._world.smtp:
                for document in list(self._world.store.all("outgoing")):
                    if document["next"] <= self._world.clock.seconds():
                        with contextlib.suppress(Exception):
                            await self._carry(document)

    async def _carry(self, document: Document) -> None:
        raw = self._world.store.raw(f"outgoing/{document['id']}")
        try:
            refused = await asyncio.to_thread(self._send, document["sender"], document["recipients"], raw)
        except smtplib.SMTPResponseException as error:
            text = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
            refused = dict.fromkeys(document["recipients"], (error.smtp_code, text))
            if error.smtp_code < 500:
                self._later(document, f"{error.smtp_code} {text.decode('utf-8', 'replace')}")
                return
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except (OSError, smtplib.SMTPException) as error:
            self._later(document, str(error))
            return
        self._done(document, refused, raw)

    def _done(self, document: Document, refused: dict[str, tuple[int, bytes]], raw: bytes) -> None:
        for_ever = {address: (code, text) for address, (code, text) in refused.items() if code >= 500}
        for_now = [address for address in refused if address not in for_ever]
        user = self._world.store.get("user", document["user"])
        for address, (code, text) in for_ever.items():
            log.warning("refused: %s: %s %s", address, code, text)
            if user:
                _bounce(self._world, user, [address], raw, f"{code} {text.decode('utf-8', 'replace')}")
        if for_now:
            self._later({**document, "recipients": for_now}, "some recipients were refused for now")
            return
        self._world.store.delete("outgoing", document["id"])
        self._world.store.delete_raw(f"outgoing/{document['id']}")

    def _later(self, document: Document, why: str) -> None:
        wait = min(2.0 ** document["attempts"], LONGEST_WAIT)
        document |= {"attempts": document["attempts"] + 1, "next": self._world.clock.seconds() + wait, "error": why}
        self._world.store.put("outgoing", document["id"], document)

    def _send(self, sender: str, recipients: list[str], raw: bytes) -> dict[str, tuple[int, bytes]]:
        assert self._world.smtp
        host, port = self._world.smtp
        with smtplib.SMTP(host, port, timeout=30) as server:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context(cafile=self._ca_file))
                server.ehlo()
            return server.sendmail(sender, recipients, raw)
