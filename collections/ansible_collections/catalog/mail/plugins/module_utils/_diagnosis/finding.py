# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""A finding of one diagnosis, made from its entry in the catalogue. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from .catalogue import BY_ID, ERROR, SEVERITIES, WARNING

MAX_EVIDENCE = 60
"""Lines of evidence of one finding."""
MAX_LINE = 1000

HOST = "host"
SERVICE = "service"

# Exit status by the worst severity: 1 and 2 are a failure and wrong usage.
_STATUS = {ERROR: 4, WARNING: 3}


@dataclass(frozen=True)
class Finding:
    """A fault, its cause and its remedy; ``evidence`` are facts and the words of servers and logs, without a secret.

    ``source`` is HOST or SERVICE, ``field`` the setting to check, ``count`` the number of messages concerned.
    """

    id: str
    severity: str
    cause: str
    remedy: str
    look: str
    evidence: Tuple[str, ...] = ()
    source: str = HOST
    field: Optional[str] = None
    count: Optional[int] = None

    def as_result(self) -> Dict[str, Any]:
        """Return the finding as plain values."""
        return {
            "id": self.id, "severity": self.severity, "cause": self.cause, "remedy": self.remedy, "look": self.look,
            "evidence": list(self.evidence), "source": self.source, "field": self.field, "count": self.count,
        }


def found(entry_id: str, *evidence: str, cause: str = "", remedy: str = "", count: Optional[int] = None) -> Finding:
    """Return the finding of the host for an entry of the catalogue, with the entry's words where no others are given."""
    entry = BY_ID[entry_id]
    lines = tuple(line[:MAX_LINE] for line in evidence if line)[-MAX_EVIDENCE:]
    return Finding(entry.id, entry.severity, cause or entry.cause, remedy or entry.remedy, entry.look, lines, HOST, None, count)


def from_answer(value: Mapping[str, Any]) -> Optional[Finding]:
    """Read a finding of the application; None for one that is malformed. An unknown id of a newer version is kept."""
    texts = {name: value.get(name) for name in ("id", "severity", "cause", "remedy", "look")}
    if not all(isinstance(text, str) for text in texts.values()) or value["severity"] not in SEVERITIES:
        return None
    field, count, lines = value.get("field"), value.get("count"), value.get("evidence")
    shown = {name: str(text)[:MAX_LINE * 4] for name, text in texts.items()}
    return Finding(
        shown["id"], shown["severity"], shown["cause"], shown["remedy"], shown["look"],
        evidence=tuple(str(line)[:MAX_LINE] for line in lines[:MAX_EVIDENCE]) if isinstance(lines, list) else (),
        source=SERVICE,
        field=field if isinstance(field, str) else None,
        count=count if isinstance(count, int) else None,
    )


def ordered(findings: Iterable[Finding]) -> List[Finding]:
    """Return the findings worst first, each once; of two with the same id, cause and field the first one stays."""
    once: Dict[Tuple[str, str, Optional[str]], Finding] = {}
    for one in findings:
        once.setdefault((one.id, one.cause, one.field), one)
    return sorted(once.values(), key=lambda one: SEVERITIES.index(one.severity))


def worst(findings: Sequence[Finding]) -> Optional[str]:
    """Return the worst severity; None without findings."""
    return min((one.severity for one in findings), key=SEVERITIES.index, default=None)


def exit_status(findings: Sequence[Finding]) -> int:
    """Return 4 with an error, 3 with a warning, 0 with notes or nothing."""
    return _STATUS.get(worst(findings) or "", 0)
