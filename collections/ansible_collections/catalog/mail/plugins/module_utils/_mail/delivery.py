# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of test_email: send a test e-mail, follow it, find it, and report its way or the failure."""

from __future__ import annotations

import secrets
import socket
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional, Tuple

from .._core.errors import DeliveryFailed
from .._core.name_service import in_hosts_file, resolves
from .._core.redaction import Secrets
from .connection import Server, StageFailed
from .diagnosis import UNVERIFIED, Finding, diagnose
from .host_findings import for_instance, known_to_the_host, name_without_dns
from .imap import Found, Mailbox
from .maillog import RELAY, Evidence
from .message import MailUnderTest, compose
from .options import Request, read_request
from .postfix_tracking import Traces, postconf
from .report import accepted, failure
from .route import Route
from .route_findings import described, flaw, is_certain
from .route_reader import RouteReader
from .smtp import by_sendmail, by_smtp, chain_error
from .verdict import Situation, Verdict, judge
from .way import way_of

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.3, 2.0, 1.3
"""Seconds between two checks: short at first, since most mail arrives at once."""
OWN_AGENTS = ("local", "virtual", "pipe", "lmtp", "error", "discard")
"""Delivery agents that keep a message on the host, or refuse it themselves."""
LOG_PAUSES = (0.2, 0.5, 1.0)
"""Seconds to wait for a failure's line in the log, after the queue shows the failure."""
ARRIVAL_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds to wait for the line of a delivery, after the message was found in the mailbox; the last three only for a log
that has shown the message."""


def deliver(module) -> Dict[str, Any]:
    """Send the test e-mail, wait, and return its way. Raises InputRefused or DeliveryFailed."""
    request = read_request(module)
    now = datetime.now(timezone.utc)
    message = compose(request.sender, request.recipient, secrets.token_hex(10), socket.gethostname(), now)
    return Delivery(module, request, message).run()


@dataclass
class Progress:
    """The observations so far, kept from one check to the next."""

    reply: str = ""
    evidence: Evidence = field(default_factory=Evidence)
    route: Optional[Route] = None
    found: Optional[Found] = None
    mailbox_failure: Optional[Tuple[str, str]] = None


def joined(verdict: Verdict, broken: Finding) -> Finding:
    """Return the finding for a server's refusal, to which a lookup table that cannot be read may have led."""
    finding = verdict.finding or diagnose(verdict.words)
    return replace(
        finding, cause=f"{finding.cause}. {broken.cause}", remedy=f"{broken.remedy}. Otherwise: {finding.remedy}")


class Delivery:
    """The delivery of one test e-mail. ``clock`` and ``sleep`` are in seconds."""

    def __init__(
        self,
        module,
        request: Request,
        message: MailUnderTest,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._module = module
        self._request = request
        self._message = message
        self._clock = clock
        self._sleep = sleep
        self._progress = Progress()
        self._traces: Optional[Traces] = None
        self._routes = RouteReader(module, request.config_directory, request.sender, request.recipient)
        self._mailbox: Optional[Mailbox] = None
        self._was_open = False
        self._begun = clock()
        servers = (request.smtp, request.mailbox)
        self._secrets = Secrets([(one.username, one.password) for one in servers if one])

    def run(self) -> Dict[str, Any]:
        """Submit the message, wait for its delivery and return the result. Raises DeliveryFailed."""
        try:
            self._hand_over()
            verdict = self._wait()
        except StageFailed as exc:
            verdict = Verdict(exc.stage, exc.words, diagnose(exc.words, exc.stage))
        finally:
            if self._mailbox:
                self._mailbox.close()
        verdict = self._with_reason(verdict) if verdict.stage else verdict
        elapsed = round(self._clock() - self._begun, 2)
        if verdict.stage:
            raise self._failed(verdict, elapsed)
        return self._result(elapsed)

    def _hand_over(self) -> None:
        request = self._request
        if request.followed:
            self._traces = Traces(self._module, request.config_directory, self._message, time.time())
        self._begun = self._clock()
        if request.smtp:
            self._progress.reply = by_smtp(request.smtp, self._message).reply
        else:
            self._progress.reply = by_sendmail(self._module, self._message, request.config_directory)

    def _wait(self) -> Verdict:
        pause = FIRST_PAUSE
        while True:
            self._look()
            waited = self._clock() - self._begun
            verdict = judge(self._situation(waited))
            if verdict and not verdict.stage and not self._progress.route:
                self._await_outcome()
                verdict = judge(self._situation(waited))
            if verdict:
                return verdict
            self._sleep(min(pause, max(0.05, self._request.timeout - waited)))
            pause = min(LONGEST_PAUSE, pause * GROWTH)

    def _situation(self, waited: float) -> Situation:
        # A mailbox that was open once may become reachable again before the timeout.
        final = not self._was_open or waited >= self._request.timeout
        route = None if self._request.any_route else self._progress.route
        wrong = flaw(route) if route else None
        return Situation(
            waited=waited,
            timeout=self._request.timeout,
            followed=self._request.followed,
            wants_mailbox=self._request.mailbox is not None,
            found=self._progress.found is not None,
            mailbox_failure=self._progress.mailbox_failure if final else None,
            evidence=self._progress.evidence,
            flaw=wrong,
            certain=bool(wrong and route and is_certain(wrong, route, self._request.mailbox is not None)),
        )

    def _look(self) -> None:
        """Read the log and queue of Postfix, and the mailbox."""
        self._look_at_host()
        if self._request.mailbox and (self._was_open or not self._progress.mailbox_failure):
            self._look_into(self._request.mailbox)

    def _look_at_host(self) -> None:
        """Read the log and queue of Postfix, and once the message is sent, its way."""
        if not self._traces:
            return
        self._progress.evidence = self._traces.look()
        outcome = self._progress.evidence.log.outcome
        if outcome and outcome.status == "sent" and not self._progress.route:
            self._progress.route = self._routes.route(self._progress.evidence.log)

    def _await_outcome(self) -> None:
        """Read the log again after short pauses: a message may be in the mailbox before its delivery is in the log."""
        for number, pause in enumerate(ARRIVAL_PAUSES):
            if not self._traces or self._progress.route or (number > 1 and not self._progress.evidence.log.lines):
                return
            self._sleep(pause)
            self._look_at_host()

    def _look_into(self, mailbox: Server) -> None:
        """Search the mailbox, connecting first if necessary; drop a broken connection, record a failed one."""
        try:
            if not self._mailbox:
                self._mailbox = Mailbox(mailbox)
                self._was_open = True
            self._progress.found = self._mailbox.find(self._message)
        except StageFailed as exc:
            lost, self._mailbox = self._mailbox, None
            if lost:
                lost.close()
            else:
                self._progress.mailbox_failure = (exc.stage, exc.words)
        else:
            self._progress.mailbox_failure = None

    def _result(self, elapsed: float) -> Dict[str, Any]:
        found = self._progress.found
        outcome = self._progress.evidence.log.outcome
        result: Dict[str, Any] = {
            "message_id": self._message.message_id,
            "elapsed": elapsed,
            "hops": [],
            "authentication_results": [],
            "mailbox_folder": found.folder if found else None,
            "server_says": self._secrets.words(outcome.words if outcome else self._progress.reply) or None,
            "route": self._shown_route(),
        }
        wrong = flaw(self._progress.route) if self._progress.route else None
        if wrong:
            self._module.warn(f"{self._secrets.hide(wrong.cause)}.")
        if not found:
            by = self._request.described()["server"]
            return {**result, "summary": accepted(by, outcome, result["server_says"], elapsed) + self._described_route()}
        if found.junk:
            self._module.warn(f"The test e-mail was taken for spam: it lies in {found.folder}.")
        result.update(way_of(found.values("Received"), found.values("Authentication-Results"), found.folder, elapsed))
        return {**result, "summary": result["summary"] + self._described_route()}

    def _described_route(self) -> List[str]:
        route = self._progress.route
        return [self._secrets.hide(line) for line in described(route)] if route else []

    def _shown_route(self) -> Optional[Dict[str, Any]]:
        return self._progress.route.as_result() if self._progress.route else None

    def _with_reason(self, verdict: Verdict) -> Verdict:
        """Return the failure with the reason that the log, the tables and the way of the message give."""
        self._await_log()
        log = self._progress.evidence.log
        if not self._traces or verdict.stage not in ("submit", "relay"):
            return verdict
        broken = self._routes.broken_table(log)
        attempt = next(iter(log.last_attempts(self._request.recipient)), None)
        if broken:
            return replace(verdict, finding=broken if not (attempt and attempt.relay) else joined(verdict, broken))
        if attempt and attempt.process in OWN_AGENTS and not self._request.any_route:
            self._progress.route = self._routes.route(log)
            wrong = flaw(self._progress.route) if self._progress.route else None
            if wrong and self._progress.route and self._progress.route.chosen:
                return Verdict("route", verdict.words, wrong)
        return verdict

    def _failed(self, verdict: Verdict, elapsed: float) -> DeliveryFailed:
        evidence = self._progress.evidence
        removed = bool(self._traces and evidence.entry and self._traces.remove())
        finding = self._looked_closer(verdict.finding or diagnose(verdict.words))
        if self._traces:
            finding = self._fitted(finding, verdict.words)
        finding = replace(finding, cause=self._secrets.hide(finding.cause), remedy=self._secrets.hide(finding.remedy))
        lines = evidence.log.lines + tuple(line for line in evidence.log.trouble if line not in evidence.log.lines)
        says = self._secrets.words(verdict.words) or None
        outcome = evidence.log.outcome
        where = {**self._request.described(), "relay": (outcome.relay if outcome else None) or ""}
        return DeliveryFailed(
            failure(where, verdict.stage or "", says, finding, removed),
            stage=verdict.stage,
            server_says=says,
            cause=finding.cause,
            remedy=finding.remedy,
            route=self._shown_route(),
            queue_entry=self._shown_entry(),
            log_lines=[self._secrets.hide(line) for line in lines],
            message_id=self._message.message_id,
            elapsed=elapsed,
        )

    def _await_log(self) -> None:
        """Read again after short pauses, since the queue shows a failure before the log does."""
        if not self._progress.evidence.log.trouble:
            self._look_at_host()
        for pause in LOG_PAUSES:
            evidence = self._progress.evidence
            if not self._traces or not evidence.entry or not evidence.entry.delay_reason or evidence.log.outcome:
                return
            self._sleep(pause)
            self._progress.evidence = self._traces.look()

    def _shown_entry(self) -> Optional[Dict[str, Any]]:
        entry = self._progress.evidence.entry
        reason = self._secrets.words(entry.delay_reason) if entry else ""
        return replace(entry, delay_reason=reason).as_result() if entry else None

    def _fitted(self, finding: Finding, words: str) -> Finding:
        """Return the finding with the folders of the instance; for a name that DNS does not know, look at other sources."""
        found = postconf(self._module, self._request.config_directory, ("queue_directory", "smtp_host_lookup"))
        queue = found.get("queue_directory", "")
        name = name_without_dns(finding, words)
        if name and resolves(name):
            return known_to_the_host(name, in_hosts_file(name), found.get("smtp_host_lookup", ""), queue)
        return for_instance(finding, self._request.config_directory, queue)

    def _looked_closer(self, finding: Finding) -> Finding:
        """For an unverified certificate, connect to the server and return whether issuer or name is wrong."""
        outcome = self._progress.evidence.log.outcome
        relay = RELAY.fullmatch(outcome.relay or "") if outcome else None
        if finding.name != UNVERIFIED or not relay:
            return finding
        names = ("smtp_tls_CAfile", "smtp_tls_CApath", "smtp_tls_wrappermode")
        settings = postconf(self._module, self._request.config_directory, names)
        ca_file, ca_path, wrapped = (settings.get(name, "") for name in names)
        words = chain_error(relay.group(1), int(relay.group(2)), wrapped == "yes", ca_file, ca_path)
        if words is None:
            return finding
        return diagnose(words or "name mismatch")
