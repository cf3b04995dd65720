# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read a mail server's verdicts on SPF, DKIM and DMARC: Authentication-Results, RFC 8601. Pure.

Exchange omits the name of the verifying server and writes properties without a type (``action=none``); both are
accepted. The input is limited and read in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

MAX_HEADERS = 20
"""Headers of one message that are read."""
MAX_HEADER = 8000
"""Characters of one header that are read; the verdicts on a few DKIM signatures need far fewer."""


@dataclass(frozen=True)
class Result:
    """One verdict: ``dkim=pass reason="good" header.d=example.com``. The names are lower case."""

    method: str
    result: str
    reason: Optional[str] = None
    properties: Dict[str, str] = field(default_factory=dict)

    def as_result(self) -> Dict[str, Any]:
        """Return the verdict for the module's result."""
        return {
            "method": self.method,
            "result": self.result,
            "reason": self.reason,
            "properties": dict(self.properties),
        }


@dataclass(frozen=True)
class AuthenticationResults:
    """One header: the verifying server (None when not given) and its verdicts (empty for ``none``)."""

    authserv_id: Optional[str]
    results: Tuple[Result, ...] = ()

    def as_result(self) -> Dict[str, Any]:
        """Return the header for the module's result."""
        return {"authserv_id": self.authserv_id, "results": [result.as_result() for result in self.results]}


def authentication_results(values: Sequence[str]) -> List[AuthenticationResults]:
    """Read all headers of a message, in their order (the newest first). Raises nothing."""
    return [read_header(value) for value in values[:MAX_HEADERS]]


def read_header(value: str) -> AuthenticationResults:
    """Read one header; malformed parts are skipped."""
    parts = [_pairs(part) for part in _parts(value[:MAX_HEADER])]
    authserv_id = None
    if parts and not (parts[0] and parts[0][0][1] is not None):
        # The first part is the server's name and perhaps a version; Exchange starts with a verdict.
        head = parts.pop(0)
        authserv_id = head[0][0] if head else None
    return AuthenticationResults(authserv_id, tuple(_results(parts)))


def _results(parts: Sequence[List[Tuple[str, Optional[str]]]]) -> Iterator[Result]:
    """Yield the verdicts; ``none`` and empty parts have no value and are skipped."""
    for pairs in parts:
        method, result = pairs[0] if pairs else ("", None)
        if not result:
            continue
        reason = None
        properties: Dict[str, str] = {}
        for name, text in pairs[1:]:
            if text is None:
                continue
            if name.lower() == "reason" and reason is None:
                reason = text
            else:
                properties.setdefault(name.lower(), text)
        # "dkim/1" names the version of the method; each method has only one.
        yield Result(method.split("/", 1)[0].lower(), result.lower(), reason, properties)


def _parts(value: str) -> List[List[str]]:
    """Return the words of each part between semicolons, without comments and quotation marks."""
    parts: List[List[str]] = [[]]
    word: List[str] = []
    started = False
    depth = 0
    quoted = escaped = False
    for char in value + " ":
        if escaped:
            escaped = False
            if not depth:
                word.append(char)
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif depth:
            depth += (char == "(") - (char == ")")
        elif char == '"':
            quoted = not quoted
            started = True
        elif quoted:
            word.append(char)
        elif char in "(;" or char.isspace():
            if word or started:
                parts[-1].append("".join(word))
                word, started = [], False
            if char == ";":
                parts.append([])
            depth = int(char == "(")
        else:
            word.append(char)
    if word or started:
        # An open quotation mark runs to the end of the text.
        parts[-1].append("".join(word))
    return parts


def _pairs(words: Sequence[str]) -> List[Tuple[str, Optional[str]]]:
    """Return the ``name=value`` pairs of one part; a lone word has the value None.

    The RFC allows space around ``=``, around the dot of a property and before a method's version.
    """
    joined: List[List[str]] = []
    glue = ""
    for word in words:
        # "smtp.mailfrom= dkim=pass": an empty value does not take the next pair.
        after_equals = glue == "=" and "=" not in word
        if joined and (after_equals or glue in (".", "/") or word[:1] == "=" or word in (".", "/")):
            joined[-1].append(word)
        else:
            joined.append([word])
        glue = "=" if word.endswith("=") and "=" not in word[:-1] else word
    pairs = []
    for pieces in joined:
        name, equals, text = "".join(pieces).partition("=")
        pairs.append((name, text if equals else None))
    return pairs
