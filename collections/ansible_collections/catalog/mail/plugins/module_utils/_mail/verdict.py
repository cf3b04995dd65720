# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Decide when waiting for a test e-mail ends, and with which result. Pure: times are parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Tuple

from .diagnosis import Finding, diagnose
from .maillog import Evidence

GRACE = 5.0
"""Seconds to wait after a temporary failure when Postfix would not retry before the timeout."""
STARTING = 2.0
"""Seconds in which a Postfix that was just restarted or reloaded may not answer yet."""
FIRST_RETRY = 300.0
"""Seconds until Postfix tries a message again (queue_run_delay and minimal_backoff_time)."""

NOT_ACCEPTED = "map lookup problem for "
"""The log's words for a message that waits because of a lookup table."""

# Findings that name a symptom; a warning nearby in the log often names the reason.
_VAGUE = frozenset(("unknown", "tls_handshake", "connection_lost", "temporary"))


@dataclass(frozen=True)
class Situation:
    """The observations at one moment; ``waited`` and ``timeout`` are in seconds since the submission.

    ``followed``: the message was submitted to this host's Postfix, so its log and queue count.
    ``mailbox_failure`` is the stage at which reading the mailbox failed, and the error's text. ``flaw`` is what is wrong
    with the way of a message that was sent; ``certain``: finding the message would not change that.
    """

    waited: float
    timeout: float
    followed: bool
    wants_mailbox: bool
    found: bool = False
    mailbox_failure: Optional[Tuple[str, str]] = None
    evidence: Evidence = field(default_factory=Evidence)
    flaw: Optional[Finding] = None
    certain: bool = False


@dataclass(frozen=True)
class Verdict:
    """The end of waiting: ``stage`` is None for success. ``words`` quote a server or Postfix; they may be empty."""

    stage: Optional[str]
    words: str = ""
    finding: Optional[Finding] = None


DELIVERED = Verdict(None)


def judge(now: Situation) -> Optional[Verdict]:
    """Return the verdict; None to go on waiting."""
    if now.flaw and now.certain:
        return _other_route(now, now.flaw)
    if now.found:
        return DELIVERED
    failed = _relay_failure(now) if now.followed else None
    if failed:
        return failed
    if not now.wants_mailbox and (not now.followed or _left(now)):
        return DELIVERED
    over = now.waited >= now.timeout
    if now.mailbox_failure and (over or not now.followed or _left(now)):
        stage, words = now.mailbox_failure
        return Verdict(stage, words, diagnose(words))
    return _too_late(now) if over else None


def _relay_failure(now: Situation) -> Optional[Verdict]:
    """Return a failure that this host's Postfix reports and that will not pass before the timeout."""
    evidence = now.evidence
    if evidence.down and now.waited >= min(STARTING, now.timeout):
        return relay_failure(evidence, "mail system is down")
    outcome = evidence.log.outcome
    if outcome and outcome.status == "bounced":
        return relay_failure(evidence, outcome.words)
    words = _deferral(evidence) or (_trouble(evidence) if not outcome and now.waited >= GRACE else "")
    if not words:
        return None
    verdict = relay_failure(evidence, words)
    mends = verdict.finding is not None and verdict.finding.mends
    if not mends or (now.waited >= GRACE and now.timeout < FIRST_RETRY) or now.waited >= now.timeout:
        return verdict
    return None


def _trouble(evidence: Evidence) -> str:
    """Return why Postfix did not begin with the message: a process ended, or a lookup table cannot be read."""
    return evidence.log.crash or next((line.partition("]: ")[2] for line in evidence.log.trouble if NOT_ACCEPTED in line), "")


def _deferral(evidence: Evidence) -> str:
    """Return why Postfix deferred the message; empty when it did not."""
    outcome = evidence.log.outcome
    if outcome and outcome.status == "deferred":
        return outcome.words
    return evidence.entry.delay_reason if evidence.entry else ""


def relay_failure(evidence: Evidence, words: str) -> Verdict:
    """Return a failure of relaying; when ``words`` only name a symptom, the log's warnings are searched as well."""
    finding = diagnose(words)
    if finding.name in _VAGUE:
        for line in reversed(evidence.log.trouble):
            closer = diagnose(line)
            if closer.name not in _VAGUE:
                finding = closer
                break
    return Verdict("relay", words, finding)


def _left(now: Situation) -> bool:
    """Whether the message has left this host, by the log.

    Without a status in the log an empty queue counts, after the moment in which the message may not yet be in it; so
    does a queue that cannot be read.
    """
    outcome = now.evidence.log.outcome
    if outcome:
        return outcome.status == "sent"
    if not now.evidence.readable:
        return True
    return now.evidence.entry is None and not now.evidence.log.lines and now.waited >= GRACE


def _too_late(now: Situation) -> Verdict:
    """Return the failure at the timeout: the message is still on this host, or was accepted and is not found."""
    if now.followed and not _left(now):
        return Verdict("relay", "", STUCK)
    if now.flaw:
        return _other_route(now, now.flaw)
    outcome = now.evidence.log.outcome
    return Verdict("mailbox", outcome.words if outcome else "", NOT_FOUND)


def _other_route(now: Situation, flaw: Finding) -> Verdict:
    """Return the failure of a message that was sent by another way than the one to test."""
    outcome = now.evidence.log.outcome
    return Verdict("route", outcome.words if outcome else "", flaw)


STUCK = Finding(
    name="stuck",
    cause="Postfix has not finished with the message in this time: it waits for the server, or has not begun",
    remedy="Read the mail log; a server that says nothing at all is often asked with the wrong TLS mode (port 465 needs"
    " implicit TLS) or is behind a firewall. Give timeout more seconds if the way is slow",
)
NOT_FOUND = Finding(
    name="not_found",
    cause="The message was accepted, but lies neither in the INBOX nor in a folder for spam of this mailbox",
    remedy="Check that the mailbox is the recipient's; look for a filter, a quarantine or a redirection there, and in"
    " the log of the mail server that accepted it; give timeout more seconds if delivery is slow",
)
