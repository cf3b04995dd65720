# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Report the way of a test e-mail, or its failure, in sentences. Pure."""

from __future__ import annotations

from typing import List, Mapping, Optional, Sequence

from .authentication_results import AuthenticationResults, Result
from .diagnosis import Finding
from .maillog import Attempt
from .received import Hop

# The property that each method verifies (RFC 8601; dkim: the signing domain).
_SUBJECTS = ("header.d", "header.from", "smtp.mailfrom", "smtp.helo", "smtp.auth", "policy.iprev")
_ORDER = ("spf", "dkim", "dmarc")
_LOOPBACK = ("localhost", "127.0.0.1", "[127.0.0.1]", "::1", "[::1]", "[ipv6:::1]")


def way(hops: Sequence[Hop], authentication: Sequence[AuthenticationResults], folder: str, elapsed: Optional[float]) -> List[str]:
    """Return one line for each hop, one for the mailbox, one for each server that authenticated the message."""
    lines = [f"{number}. {_hop(hop)}" for number, hop in enumerate(hops, 1)]
    after = "" if elapsed is None else f" {seconds(elapsed)} after it was handed over"
    lines.append(f"{len(hops) + 1}. {folder}: found{after}")
    servers = list(dict.fromkeys(one.authserv_id for one in authentication if one.results))
    return lines + [_verdicts(name, [one for one in authentication if one.authserv_id == name]) for name in servers]


def accepted(by: str, outcome: Optional[Attempt], words: Optional[str], elapsed: float) -> List[str]:
    """Return the lines for a message without a mailbox to search."""
    taker = outcome.relay if outcome and outcome.relay else by
    said = f", saying: {words}" if words else ""
    lines = [f"{taker} took the message after {seconds(elapsed)}{said}"]
    if by == "sendmail" and not outcome:
        lines.append("The mail log does not tell whether it was delivered (only root may be able to read the log)")
    return [*lines, "No mailbox was given, so its arrival was not checked"]


def failure(where: Mapping[str, str], stage: str, words: Optional[str], finding: Finding, removed: bool) -> str:
    """Return one paragraph: failure, server's message, cause, remedy. ``where`` fills the sentence of the stage."""
    sentences = [f"The test e-mail to {where['recipient']} {_FAILED[stage].format(**where)} (stage {stage})."]
    if words:
        said = "The server that took it said" if stage == "mailbox" else "The reason given"
        if stage == "relay" and where.get("relay"):
            said += f" at {where['relay']}"
        sentences.append(f'{said}: "{words}".')
    sentences += [f"Cause: {finding.cause}.", f"Remedy: {finding.remedy}."]
    if removed:
        sentences.append("The message was deleted from the queue, so it does not arrive later.")
    return " ".join(sentences)


_FAILED = {
    "application": "was not sent: the application could not send by its own settings",
    "connect": "was not sent: there is no usable connection to {server}",
    "login": "was not sent: the login at {server} as {username} failed",
    "submit": "was not sent: {server} did not take it",
    "relay": "did not get past Postfix on this host",
    "route": "went another way than the one to test",
    "mailbox_connect": "was handed over, but there is no usable connection to the mailbox at {mailbox}",
    "mailbox_login": "was handed over, but the login to the mailbox at {mailbox} as {mailbox_username} failed",
    "mailbox": "was handed over, but not found in the mailbox of {mailbox_username} within {timeout} s",
}


def seconds(value: float) -> str:
    """Format a duration for people: with tenths below ten seconds."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def _hop(hop: Hop) -> str:
    parts = [hop.by or "a host that gives no name"]
    if hop.sender is None and hop.protocol is None:
        begun = f" at {hop.time:%H:%M:%S} UTC" if hop.time else ""
        return f"{parts[0]}: handed over on the host itself{begun}"
    inside = hop.sender is None or hop.sender.lower() in _LOOPBACK or (hop.by or "").lower() == hop.sender.lower()
    if hop.sender and not inside:
        parts.append(f"from {hop.sender}")
    if hop.protocol:
        parts.append(hop.protocol)
    if hop.tls:
        parts.append(" ".join(word for word in (hop.tls.version or "TLS", hop.tls.cipher) if word))
    elif inside:
        parts.append("within the host")
    else:
        parts.append("not encrypted")
    if hop.delay is not None:
        parts.append(f"+{hop.delay:.0f} s")
    return f"{parts[0]}: " + ", ".join(parts[1:])


def _verdicts(server: Optional[str], authentication: Sequence[AuthenticationResults]) -> str:
    """Return the verdicts of one server; SPF, DKIM and DMARC come first."""
    results = [result for one in authentication for result in one.results]
    results.sort(key=lambda result: _ORDER.index(result.method) if result.method in _ORDER else len(_ORDER))
    return f"{server or 'The receiving server'} judges: " + ", ".join(map(_result, results))


def _result(result: Result) -> str:
    subject = next((result.properties[name] for name in _SUBJECTS if result.properties.get(name)), None)
    return f"{result.method}={result.result}" + (f" ({subject})" if subject else "")
