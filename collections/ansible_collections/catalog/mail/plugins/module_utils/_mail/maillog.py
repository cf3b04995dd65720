# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read Postfix's log and queue for one message. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Pattern, Sequence, Tuple

from .._core.redaction import hide_login_commands

MAX_LINES = 40
"""Log lines that are returned."""
MAX_LINE = 1000
"""Characters of one log line that are returned; a reply may make it longer."""

# "postfix/smtp[211]: 4cXyZ1234: to=<...>": the queue id follows the process; the prefix of a line varies.
_OF_MESSAGE = re.compile(r"\[[0-9]{1,10}\]: ([0-9A-Za-z]{5,30}): ")
_STATUS = re.compile(r"\bstatus=([a-zA-Z]{4,20})[, ]")
_RECIPIENT = re.compile(r" to=<([^<>]{0,320})>")
_ORIGINAL = re.compile(r" orig_to=<([^<>]{0,320})>")
_SENDER = re.compile(r": from=<([^<>]{0,320})>, size=")
_PROCESS = re.compile(r"([a-z0-9_-]{1,40})\[[0-9]{1,10}\]: ")
_RELAY = re.compile(r" relay=([^ ,]{1,300}),")
_TROUBLE = re.compile(r"postfix[^ ]{0,60}\[[0-9]{1,10}\]: (?:fatal|panic|error|warning): ")

RELAY = re.compile(r"[^ \[\]]{1,255}\[([0-9A-Fa-f:.]{2,45})\]:([0-9]{1,5})")
"""A relay in the log: "mail.example.com[192.0.2.25]:587"; its groups are address and port."""

# A process that sends mail, not one that other hosts connect to: "postfix/relay/smtp[211]: fatal: ...".
_CRASH = re.compile(
    r"/(?:pickup|cleanup|trivial-rewrite|n?qmgr|smtp|lmtp|local|virtual|pipe|error|tlsproxy)\[[0-9]{1,10}\]: "
    r"((?:fatal|panic): .*)"
)

# Statuses, the worst first, and the status that each word in the log means. Of several recipients the worst counts.
_WORST_FIRST = ("bounced", "deferred", "sent")
_MEANS = {"sent": "sent", "deferred": "deferred", "bounced": "bounced", "expired": "bounced", "softbounce": "deferred"}


@dataclass(frozen=True)
class QueueEntry:
    """A message in the queue, from ``postqueue -j``; ``delay_reason`` is empty until it is deferred."""

    queue_id: str
    queue_name: str
    arrival_time: int
    sender: str
    recipients: Tuple[str, ...]
    delay_reason: str

    def as_result(self) -> Dict[str, Any]:
        """Return the entry for the module's result."""
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
    """The log's last delivery attempt to one recipient: status, relay, and the message of the relay or of Postfix.

    ``process`` is the delivery agent, such as smtp or local. ``original`` is the recipient before Postfix rewrote the
    address; it is empty when the address is unchanged.
    """

    status: str
    relay: Optional[str]
    words: str
    process: str = ""
    recipient: str = ""
    original: str = ""


@dataclass(frozen=True)
class LogFindings:
    """A message in the log: its queue ids, one attempt for each recipient, its lines.

    ``accepted`` are the queue ids under which cleanup accepted the message. Before that, in the folder maildrop of
    sendmail, the message had another id, which the log does not repeat.
    """

    queue_ids: Tuple[str, ...] = ()
    accepted: Tuple[str, ...] = ()
    attempts: Mapping[Tuple[str, str], Attempt] = field(default_factory=dict)
    lines: Tuple[str, ...] = ()
    trouble: Tuple[str, ...] = ()
    sender: str = ""

    @property
    def crash(self) -> str:
        """Return why a process on the path of outgoing mail ended with an error; empty when none did."""
        for line in self.trouble:
            crash = _CRASH.search(line)
            if crash:
                return crash.group(1)
        return ""

    @property
    def outcome(self) -> Optional[Attempt]:
        """Return the worst attempt once every accepted queue id has one; before that only one that is not "sent"; else None.

        A content filter returns a message under a new queue id: an attempt "sent" to the filter is not a delivery.
        """
        settled = {queue_id for queue_id, _recipient in self.attempts}
        for status in _WORST_FIRST:
            for attempt in self.attempts.values():
                if attempt.status == status and (status != "sent" or settled >= set(self.accepted)):
                    return attempt
        return None

    def last_attempts(self, recipient: str) -> List[Attempt]:
        """Return the last attempt on each way of the message to ``recipient``, also under another address.

        An attempt that handed the message to a filter, or to Postfix again, is followed by one under a new queue id.
        Copies to other recipients (always_bcc) do not count.
        """
        wanted = recipient.lower()
        last = [
            attempt for (queue_id, _recipient), attempt in self.attempts.items()
            if not any(f" as {other}" in attempt.words for other in self.accepted if other != queue_id)]
        own = [one for one in last if wanted in (one.recipient.lower(), one.original.lower())]
        return own or last


@dataclass(frozen=True)
class Evidence:
    """The state of the message on this host at one moment.

    ``readable``: the queue could be read. ``down``: Postfix is stopped.
    """

    readable: bool = False
    down: bool = False
    entry: Optional[QueueEntry] = None
    log: LogFindings = field(default_factory=LogFindings)


def read_queue(text: str) -> List[QueueEntry]:
    """Read the output of ``postqueue -j``, one JSON object a line; malformed lines are skipped."""
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
    """Return the entries that may be the message: young enough, and with its sender or its recipient.

    An alias may have changed one of the two. The newest first.
    """
    young = [entry for entry in entries if entry.arrival_time >= int(since) - 1]
    fitting = [
        entry for entry in young if entry.sender.lower() == sender.lower()
        or recipient.lower() in (one.lower() for one in entry.recipients)
    ]
    return sorted(fitting, key=lambda entry: entry.arrival_time, reverse=True)


def read_log(text: str, message_id: str, known: Sequence[str] = (), recent: bool = True) -> LogFindings:
    """Search the lines of a log for the message; ``known`` are queue ids found elsewhere.

    ``recent``: no line is older than the message; otherwise errors count from the message's first line on.
    cleanup writes queue id and Message-ID in one line; every other line has only the queue id. Logins in a protocol
    trace are replaced.
    """
    lines = [hide_login_commands(line) for line in text.splitlines()]
    marker = f"message-id={message_id}".lower()
    accepted = list(dict.fromkeys(_queue_id(line) for line in lines if marker in line.lower() and _queue_id(line)))
    queue_ids = list(dict.fromkeys([*known, *accepted]))
    attempts: Dict[Tuple[str, str], Attempt] = {}
    own: List[str] = []
    trouble: List[str] = []
    sender = ""
    for line in lines:
        queue_id = _queue_id(line)
        if (recent or own) and _TROUBLE.search(line):
            trouble.append(line[:MAX_LINE])
        if queue_id in queue_ids:
            own.append(line[:MAX_LINE])
            sent_by = _SENDER.search(line)
            sender = sent_by.group(1) if sent_by else sender
            attempt = _attempt(line)
            if attempt:
                attempts[(queue_id, attempt.recipient)] = attempt
    return LogFindings(
        tuple(queue_ids), tuple(accepted), attempts, tuple(own[-MAX_LINES:]), tuple(trouble[-MAX_LINES:]), sender)


def _queue_id(line: str) -> str:
    found = _OF_MESSAGE.search(line[:400])
    return found.group(1) if found else ""


def _attempt(line: str) -> Optional[Attempt]:
    """Read the delivery attempt in a line; None for every other line."""
    status = _STATUS.search(line)
    means = _MEANS.get(status.group(1).lower()) if status else None
    if not status or not means:
        return None
    relay = _first(_RELAY, line)
    words = line[status.end() :].strip()
    if words.startswith("(") and words.endswith(")"):
        words = words[1:-1]
    return Attempt(
        means, relay if relay not in ("", "none") else None, words,
        _first(_PROCESS, line), _first(_RECIPIENT, line), _first(_ORIGINAL, line))


def _first(pattern: Pattern[str], line: str) -> str:
    found = pattern.search(line)
    return found.group(1) if found else ""
