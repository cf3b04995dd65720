# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Decide what is wrong with a host, from its state. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Dict, Iterator, List, Sequence

from .._mail.diagnosis import diagnose
from .._mail.maillog import LogFindings, QueueEntry
from .finding import Finding, found
from .host_state import Disk, HostState, PostfixState

GROWING = 10
"""Messages of the last hour that wait after a failed attempt, from which on the queue counts as growing."""
_HOUR = 3600
MAX_GROUPS = 10
"""Reasons for waiting that are reported, those with the most messages first."""
LEAST_FREE = 1 << 30

# Numbers and names that differ between messages with the same reason, and the words of Postfix before the reason with which it
# holds back the other messages to a server that has just failed.
_OF_ONE_MESSAGE = re.compile(
    r"^delivery temporarily suspended: "
    r"|<[^<>]{1,320}>|\[[0-9A-Fa-f.:]{2,45}\]|\b[0-9A-Za-z]{10,}\b|[0-9]+(?:\.[0-9]+)?(?= seconds)")

# The entry of the catalogue for each name of `_mail/diagnosis.py`; other names are an entry with "-" for "_", or MAIL_WAITING.
MAIL_WAITING = "mail-waiting"
IDS: Dict[str, str] = {
    "certificate_expired": "certificate-not-trusted",
    "certificate_unverified": "certificate-not-trusted",
    "certificate_other_name": "certificate-wrong-name",
    "helo_refused": "host-refused",
    "host_blocked": "host-refused",
    "ipv6_unreachable": "unreachable",
    "local_disk": "disk-nearly-full",
    "login_mechanism_refused": "login-refused",
    "login_method_disabled": "login-refused",
    "login_needed": "login-required",
    "login_temporarily_refused": "login-refused",
    "mail_system_down": "postfix-not-running",
    "no_mechanism": "login-refused",
    "postfix_configuration": "postfix-configuration-broken",
    "quota_exceeded": "throttled",
    "rate_limited": "throttled",
    "recipient_disabled": "recipient-refused",
    "recipient_unknown": "recipient-refused",
    "mailbox_full": "recipient-refused",
    "refused": "connection-refused",
    "sender_domain_unknown": "sender-refused",
    "sender_unverified": "sender-refused",
    "starttls_needed": "tls-required",
    "tls_handshake": "tls-failed",
    "tls_version": "tls-failed",
    "tls_engine": "tls-failed",
    "tokens_only": "login-refused",
    "wrong_tls_mode": "tls-failed",
}
NAMED_ALIKE = frozenset((
    "account_blocked", "certificate_not_trusted", "connection_lost", "greylisted", "host_refused", "login_refused",
    "name_not_found", "recipient_refused", "relay_denied", "sender_refused", "timed_out", "tls_not_offered", "unreachable",
))


def id_of(name: str) -> str:
    """Return the id in the catalogue for a name of `_mail/diagnosis.py`."""
    return name.replace("_", "-") if name in NAMED_ALIKE else IDS.get(name, MAIL_WAITING)


def host_findings(state: HostState, now: float) -> List[Finding]:
    """Return the findings about a host; ``now`` is in seconds since 1970."""
    return [*_of_postfix(state.postfix, now), *_of_the_service(state), *_of_disks(state.disks), *_of_the_clock(state)]


def message_findings(log: LogFindings) -> List[Finding]:
    """Return the finding about one message, with its lines of the log from the submission to the final answer."""
    last = log.outcome
    if not log.lines:
        return [found("message-not-in-log")]
    if last is None or last.status == "deferred":
        return [_explained("message-waiting", last.words if last else "", log.lines)]
    if last.status == "bounced":
        return [_explained("message-bounced", last.words, log.lines)]
    return [found("message-delivered", *log.lines)]


def _explained(entry_id: str, words: str, lines: Sequence[str]) -> Finding:
    """Return a finding that continues with cause and remedy of the server's words, where they are understood."""
    why = diagnose(words)
    general = found(entry_id)
    if not words or why.name == "unknown":
        return found(entry_id, *lines)
    return found(entry_id, *lines, cause=f"{general.cause} {why.cause}.", remedy=f"{why.remedy}. {general.remedy}")


def _of_postfix(postfix: PostfixState, now: float) -> Iterator[Finding]:
    if not postfix.installed:
        yield found("postfix-not-installed")
        return
    if postfix.trouble:
        yield found("postfix-configuration-broken", postfix.trouble)
    if postfix.running is False:
        yield found("postfix-not-running", *_waiting(postfix.queue))
    groups = _groups(postfix.queue)
    fresh = [entry for entries in groups.values() for entry in entries if now - entry.arrival_time <= _HOUR]
    if len(fresh) >= GROWING:
        yield found(
            "queue-growing", f"{len(fresh)} messages of the last hour wait, {len(postfix.queue)} in all.", count=len(fresh))
    for entries in sorted(groups.values(), key=len, reverse=True)[:MAX_GROUPS]:
        yield _of_a_reason(entries)


def _of_a_reason(entries: Sequence[QueueEntry]) -> Finding:
    """Return the finding for messages that wait for the same reason, which Postfix tells in the words of the server."""
    why = diagnose(entries[0].delay_reason)
    entry_id = id_of(why.name)
    count, oldest = len(entries), min(entry.arrival_time for entry in entries)
    shown = "1 message waits" if count == 1 else f"{count} messages wait"
    cause = f"{shown} in the queue of Postfix: {why.cause[0].lower()}{why.cause[1:]}." if entry_id != MAIL_WAITING else ""
    return found(
        entry_id, f"{shown} since {_time(oldest)} at the earliest: {entries[0].delay_reason}", count=count, cause=cause,
        remedy=f"{why.remedy}." if entry_id != MAIL_WAITING else "")


def _groups(queue: Sequence[QueueEntry]) -> Dict[str, List[QueueEntry]]:
    """Group the messages after a failed attempt by their reason, without what differs between messages."""
    groups: Dict[str, List[QueueEntry]] = {}
    for entry in queue:
        if entry.delay_reason:
            groups.setdefault(_OF_ONE_MESSAGE.sub("", entry.delay_reason)[:300], []).append(entry)
    return groups


def _waiting(queue: Sequence[QueueEntry]) -> List[str]:
    return [f"{len(queue)} messages are in its queue."] if queue else []


def _of_the_service(state: HostState) -> Iterator[Finding]:
    if state.service in ("failed", "inactive"):
        yield found("service-not-running", f"systemd calls the unit {state.service}.", *state.journal)


def _of_disks(disks: Sequence[Disk]) -> Iterator[Finding]:
    for disk in disks:
        if disk.total and disk.free < min(disk.total // 10, LEAST_FREE):
            size = f"{disk.free >> 20} MiB left of {disk.total >> 20} MiB"
            yield found("disk-nearly-full", cause=f"The disk of {disk.folder} has only {size}.")


def _of_the_clock(state: HostState) -> Iterator[Finding]:
    if state.synchronized is False:
        yield found("clock-not-synchronized")


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
