# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""What Postfix's log and queue tell about one message. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .._core.redaction import hide_login_commands

MAX_LINES = 40
"""Log lines that are returned."""
MAX_LINE = 1000
"""Characters of one log line that are returned; a reply may make it longer."""

# "postfix/smtp[211]: 4cXyZ1234: to=<...>": the queue id follows the process, whatever the log puts in front.
_OF_MESSAGE = re.compile(r"\[[0-9]{1,10}\]: ([0-9A-Za-z]{5,30}): ")
_STATUS = re.compile(r"\bstatus=([a-zA-Z]{4,20})[, ]")
_RECIPIENT = re.compile(r" to=<([^<>]{0,320})>")
_RELAY = re.compile(r" relay=([^ ,]{1,300}),")
_TROUBLE = re.compile(r"postfix[^ ]{0,60}\[[0-9]{1,10}\]: (?:fatal|panic|error|warning): ")

RELAY = re.compile(r"[^ \[\]]{1,255}\[([0-9A-Fa-f:.]{2,45})\]:([0-9]{1,5})")
"""A relay as the log names it: "mail.example.com[192.0.2.25]:587"; its groups are address and port."""

# A process on the way out, not one that other hosts talk to: "postfix/relay/smtp[211]: fatal: ...".
_CRASH = re.compile(
    r"/(?:pickup|cleanup|trivial-rewrite|n?qmgr|smtp|lmtp|local|virtual|pipe|error|tlsproxy)\[[0-9]{1,10}\]: "
    r"((?:fatal|panic): .*)"
)

# What each status comes to. Of several recipients (an alias) the worst counts.
_WORST_FIRST = ("bounced", "deferred", "sent")
_MEANS = {"sent": "sent", "deferred": "deferred", "bounced": "bounced", "expired": "bounced", "softbounce": "deferred"}


@dataclass(frozen=True)
class QueueEntry:
    """A message in the queue, from ``postqueue -j``; ``delay_reason`` is empty while it was not put off."""

    queue_id: str
    queue_name: str
    arrival_time: int
    sender: str
    recipients: Tuple[str, ...]
    delay_reason: str

    def as_result(self) -> Dict[str, Any]:
        """The entry as the module returns it."""
        return {
            "queue_id": self.queue_id,
            "queue_name": self.queue_name,
            "arrival_time": self.arrival_time,
            "sender": self.sender,
            "recipients": list(self.recipients),
            "delay_reason": self.delay_reason or None,
        }


@dataclass(frozen=True)
class Attempt:
    """The last word of the log on one recipient: what became of it, through whom, in whose words."""

    status: str
    relay: Optional[str]
    words: str


@dataclass(frozen=True)
class LogFindings:
    """What the log says about a message: its queue ids, one attempt for each recipient, its lines.

    ``accepted`` are the queue ids under which cleanup took it in. A message that was seen before that, in
    the folder where sendmail drops it, had another id there, of which no log speaks again.
    """

    queue_ids: Tuple[str, ...] = ()
    accepted: Tuple[str, ...] = ()
    attempts: Mapping[Tuple[str, str], Attempt] = field(default_factory=dict)
    lines: Tuple[str, ...] = ()
    trouble: Tuple[str, ...] = ()

    @property
    def crash(self) -> str:
        """Why a process that mail of this host passes gave up; empty when none did."""
        for line in self.trouble:
            crash = _CRASH.search(line)
            if crash:
                return crash.group(1)
        return ""

    @property
    def outcome(self) -> Optional[Attempt]:
        """The worst attempt once every accepted queue id has one; before that only what is not "sent"; else None.

        A content filter hands a message back under a new queue id: that the filter took it is no delivery.
        """
        settled = {queue_id for queue_id, _recipient in self.attempts}
        for status in _WORST_FIRST:
            for attempt in self.attempts.values():
                if attempt.status == status and (status != "sent" or settled >= set(self.accepted)):
                    return attempt
        return None


@dataclass(frozen=True)
class Evidence:
    """What is known of the message on this host at one moment.

    ``readable`` says whether the queue could be read at all, ``down`` whether Postfix is stopped.
    """

    readable: bool = False
    down: bool = False
    entry: Optional[QueueEntry] = None
    log: LogFindings = field(default_factory=LogFindings)


def read_queue(text: str) -> List[QueueEntry]:
    """The entries of ``postqueue -j`` (one JSON object a line); a line that is none is passed over."""
    entries = []
    for line in text.splitlines():
        try:
            row = json.loads(line)
            recipients = row["recipients"]
            reasons = [one["delay_reason"] for one in recipients if one.get("delay_reason")]
            entries.append(
                QueueEntry(
                    queue_id=row["queue_id"],
                    queue_name=row["queue_name"],
                    arrival_time=int(row["arrival_time"]),
                    sender=row["sender"],
                    recipients=tuple(one["address"] for one in recipients),
                    delay_reason=reasons[0] if reasons else "",
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return entries


def candidates(entries: Sequence[QueueEntry], sender: str, recipient: str, since: float) -> List[QueueEntry]:
    """Entries that may be the message: young enough, and with its sender or its recipient.

    An alias may have changed one of the two. The newest first.
    """
    young = [entry for entry in entries if entry.arrival_time >= int(since) - 1]
    fitting = [
        entry for entry in young if entry.sender.lower() == sender.lower()
        or recipient.lower() in (one.lower() for one in entry.recipients)
    ]
    return sorted(fitting, key=lambda entry: entry.arrival_time, reverse=True)


def read_log(text: str, message_id: str, known: Sequence[str] = (), recent: bool = True) -> LogFindings:
    """What the lines of a log say about the message; ``known`` are queue ids found elsewhere.

    ``recent`` says that no line is older than the message; else trouble counts from its first line on.
    cleanup writes queue id and Message-ID in one line; every other line carries only the queue id. What a
    protocol trace shows of a login is replaced.
    """
    lines = [hide_login_commands(line) for line in text.splitlines()]
    marker = f"message-id={message_id}".lower()
    accepted = list(dict.fromkeys(_queue_id(line) for line in lines if marker in line.lower() and _queue_id(line)))
    queue_ids = list(dict.fromkeys([*known, *accepted]))
    attempts: Dict[Tuple[str, str], Attempt] = {}
    own: List[str] = []
    trouble: List[str] = []
    for line in lines:
        queue_id = _queue_id(line)
        if (recent or own) and _TROUBLE.search(line):
            trouble.append(line[:MAX_LINE])
        if queue_id in queue_ids:
            own.append(line[:MAX_LINE])
            attempt = _attempt(line)
            if attempt:
                recipient = _RECIPIENT.search(line)
                attempts[(queue_id, recipient.group(1) if recipient else "")] = attempt
    ids = (tuple(queue_ids), tuple(accepted))
    return LogFindings(*ids, attempts=attempts, lines=tuple(own[-MAX_LINES:]), trouble=tuple(trouble[-MAX_LINES:]))


def _queue_id(line: str) -> str:
    found = _OF_MESSAGE.search(line[:400])
    return found.group(1) if found else ""


def _attempt(line: str) -> Optional[Attempt]:
    """What a line says that became of a recipient; None for every other line."""
    status = _STATUS.search(line)
    means = _MEANS.get(status.group(1).lower()) if status else None
    if not status or not means:
        return None
    relay = _RELAY.search(line)
    words = line[status.end() :].strip()
    if words.startswith("(") and words.endswith(")"):
        words = words[1:-1]
    return Attempt(means, relay.group(1) if relay and relay.group(1) != "none" else None, words)
