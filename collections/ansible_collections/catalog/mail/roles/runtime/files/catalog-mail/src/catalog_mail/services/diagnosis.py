# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find out what is wrong with the service, its servers and its mailbox."""

from __future__ import annotations

import ipaddress
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from catalog_mail.domain.errors import CatalogMailError, InputRefused, NotConfigured, StorageFailed
from catalog_mail.domain.failures.failure import MailboxFailed, SendingFailed
from catalog_mail.domain.findings import of_service
from catalog_mail.domain.settings.bounces import bounce_hint
from catalog_mail.domain.settings.servers import GraphServer, ReceivingSettings, SendingSettings
from catalog_mail.from_collection._diagnosis.dns_answer import NAME, Dns, name_server
from catalog_mail.from_collection._diagnosis.dns_checks import sender_findings, sender_of
from catalog_mail.from_collection._diagnosis.finding import SERVICE, Finding, ordered
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.diagnosis import LostMessages, ServerChecks, ServerFacts
from catalog_mail.services.email_settings import View
from catalog_mail.services.health import Health
from catalog_mail.services.reply_state import ReplyState

log = logging.getLogger(__name__)


class DiagnosisSettings(Protocol):
    """The e-mail settings in force, as far as a diagnosis needs them."""

    def sending(self) -> SendingSettings:
        """Return the sending settings. Raises NotConfigured."""

    def receiving(self) -> ReceivingSettings | None:
        """Return the receiving settings; None while replies are off. Raises NotConfigured."""

    def switched_on(self) -> bool:
        """Return whether notifications are switched on."""

    def read(self) -> View:
        """Return the settings for display."""


@dataclass(frozen=True)
class DnsOptions:
    """What is known of the way messages take: the public address of the host, the selectors of DKIM, name servers to ask."""

    public_address: str | None = None
    selectors: Sequence[str] = ()
    name_servers: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True)
class Diagnosed:
    """The findings, worst first, and the way by which messages are sent; None while the settings are not complete."""

    findings: tuple[Finding, ...]
    transport: str | None


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Takes the reasons of the health, then looks at the servers; a look that fails is a finding, and the others go on."""

    health: Health
    settings: DiagnosisSettings
    servers: ServerChecks
    replies: ReplyState
    lost: LostMessages
    clock: Clock
    dns: Callable[[Sequence[tuple[str, int]]], Dns]
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def run(self, options: DnsOptions) -> Diagnosed:
        """Return what is wrong. Never raises; takes as long as the timeouts of the servers."""
        with self._one_at_a_time:
            report = self.health.check()
            found = [of_service.of_reason(reason) for reason in report.reasons]
            if report.ready:
                for look in (self._switch, self._bounces, self._lost, self._outcomes, self._sending, self._mailbox):
                    found += _guarded(look)
                found += _guarded(lambda: self._dns_of_sender(options))
            return Diagnosed(tuple(ordered(_once(found))), self._transport() if report.ready else None)

    def _transport(self) -> str | None:
        try:
            return self.settings.sending().transport.value
        except (CatalogMailError, StorageFailed):
            return None

    def _switch(self) -> Iterator[Finding]:
        if not self.settings.switched_on():
            yield of_service.notifications_off()

    def _bounces(self) -> Iterator[Finding]:
        hint = bounce_hint(self.settings.read().document)
        if hint is not None:
            yield of_service.finding(hint.code, cause=hint.cause, remedy=hint.remedy, field=hint.field)

    def _lost(self) -> Iterator[Finding]:
        yield from of_service.of_lost_messages(self.lost.failures(self.clock.now() - of_service.LATELY))

    def _outcomes(self) -> Iterator[Finding]:
        yield from of_service.of_outcomes(self.replies.look().outcomes)

    def _sending(self) -> Iterator[Finding]:
        try:
            settings = self.settings.sending()
        except NotConfigured:  # a reason of the health
            return
        yield from self._of_server(lambda: self.servers.sending(settings))

    def _dns_of_sender(self, options: DnsOptions) -> Iterator[Finding]:
        try:
            settings = self.settings.sending()
        except NotConfigured:  # a reason of the health
            return
        # Graph sends as the mailbox, whatever the header From says.
        envelope = settings.server.mailbox if isinstance(settings.server, GraphServer) else settings.envelope_from
        sender = sender_of(settings.from_address, envelope, options.public_address, options.selectors)
        for one in sender_findings(self.dns(options.name_servers), sender):
            yield replace(one, source=SERVICE, field="notifications.from.address")

    def _mailbox(self) -> Iterator[Finding]:
        try:
            settings = self.settings.receiving()
        except NotConfigured:  # a reason of the health
            return
        if settings is not None:
            server = settings.server
            yield from self._of_server(lambda: self.servers.mailbox(server))

    def _of_server(self, look: Callable[[], ServerFacts]) -> Iterator[Finding]:
        try:
            facts = look()
        except (SendingFailed, MailboxFailed) as error:
            yield of_service.of_failure(error.failure)
            return
        now = self.clock.now()
        yield from of_service.of_certificate(facts.name, facts.certificate_expires_at, now)
        yield from of_service.of_clock(facts.name, facts.time, now)


def dns_options(public_address: str | None, selectors: Sequence[str], name_servers: Sequence[str]) -> DnsOptions:
    """Return checked options. Raises InputRefused."""
    if public_address is not None:
        try:
            ipaddress.ip_address(public_address)
        except ValueError:
            raise InputRefused(
                "public_address", f"{public_address[:50]!r} is not an IP address.", "Give one such as 203.0.113.25."
            ) from None
    for selector in selectors:
        if not NAME.fullmatch(selector):
            raise InputRefused(
                "dkim_selector", f"{selector[:100]!r} is not a selector.", "Give one of letters, digits, hyphens and dots."
            )
    try:
        servers = [name_server(text) for text in name_servers]
    except ValueError as wrong:
        raise InputRefused(
            "name_server", f"{wrong}."[:200], "Give addresses such as 192.0.2.53 or 192.0.2.53:5353."
        ) from None
    return DnsOptions(public_address, tuple(selectors), tuple(servers))


def _guarded(look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return the findings of a look; an error that ends it is a finding too."""
    try:
        return list(look())
    except (CatalogMailError, StorageFailed) as error:
        return [of_service.of_error(error)]
    except Exception as error:
        log.exception("a check of the diagnosis failed")
        return [of_service.finding("internal-error", cause=f"A check ended with {type(error).__name__}.")]


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Return the first finding of each id and field: the reasons of the health come before the looks at the same server."""
    once: dict[tuple[str, str | None], Finding] = {}
    for one in findings:
        once.setdefault((one.id, one.field), one)
    return list(once.values())
