# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Choose the secret that hosts with one database share, from what their files hold. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence

# Keys and tokens. Whatever else a host's file holds is never handed on.
_SECRET = re.compile(r"[A-Za-z0-9_=-]+(?:\n[A-Za-z0-9_=-]+)*\Z")
_MISSING = re.compile("file not found", re.IGNORECASE)
# The states of a token, from the one that other hosts may take first.
_ORDER = {"accepted": 0, "unknown": 1, "refused": 2}


@dataclass(frozen=True)
class HostFile:
    """The file of one host: its secret; or the reason why it is not known; or neither, when there is no such file."""

    host: str
    secret: str = ""
    reason: str = ""


def host_file(result: Mapping[str, Any]) -> HostFile:
    """Read the result of the module slurp for one host."""
    host, content = str(result["application__member"]), result.get("content")
    if content is None:
        reason = str(result.get("msg") or "no answer").strip().partition("\n")[0]
        return HostFile(host, reason="" if _MISSING.match(reason) else reason)
    secret = _decoded(str(content))
    if secret is None:
        return HostFile(host, reason="its file does not hold a key or token")
    return HostFile(host, secret)


def chosen(files: Sequence[HostFile], states: Mapping[str, str], own: str, before: Sequence[str]) -> Dict[str, Any]:
    """Choose the secret to take from other hosts.

    ``states`` are those of the hosts' tokens, ``own`` that of this host's. A host with a refused token takes the refused
    token of a host ``before`` it only: two hosts would exchange their tokens otherwise.
    """
    found = [one for one in files if one.secret and _is_better(states.get(one.host, "unknown"), own, one.host in before)]
    found.sort(key=lambda one: _ORDER.get(states.get(one.host, "unknown"), 1))
    return {
        "secret": found[0].secret if found else "",
        "host": found[0].host if found else "",
        "different": _different(files),
        "unread": [f"{one.host} ({one.reason})" for one in files if one.reason],
    }


def _is_better(state: str, own: str, before: bool) -> bool:
    return own != "refused" or state != "refused" or before


def _different(files: Sequence[HostFile]) -> List[str]:
    """Return the hosts whose secrets differ; empty when all are equal."""
    with_secret = [one for one in files if one.secret]
    return [one.host for one in with_secret] if len({one.secret for one in with_secret}) > 1 else []


def _decoded(content: str) -> Optional[str]:
    """Return the lines of a file; None when they are neither keys nor tokens."""
    try:
        text = "\n".join(base64.b64decode(content).decode("ascii").split())
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if not text or _SECRET.match(text) else None
