# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that the mail server authenticated a message's sender domain (Authentication-Results, RFC 8601).

Any sender can write such a header into a mail. The receiving server adds its own on top, so that only the topmost header
counts, and only with the configured name of the server. Exchange Online writes no name: when the settings name it as the
server, only a topmost header in its form counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.header import Header
from email.message import Message
from enum import Enum
from itertools import islice

from catalog_mail.domain.mime.authserv import is_exchange_online
from catalog_mail.domain.mime.structured import Token, bounded, statements

_HEADER = "authentication-results"
# Exchange removes this header from mail of other servers (Exchange Server: "header firewall"), and writes its own.
_AUTH_AS = "x-ms-exchange-organization-authas"
# A header of Exchange Online begins with a result of one of these methods, not with a name.
_FIRST_OF_EXCHANGE = frozenset({"spf", "dkim", "dmarc"})
_MOST_HEADERS = 1000
_LONGEST_VALUE = 8000
_MOST_RESULTS = 50


class Finding(Enum):
    """The result of authentication. MISSING: there is no header, or none from the configured server."""

    PASS = "pass"
    FAIL = "fail"
    MISSING = "missing"


@dataclass(frozen=True)
class Verdict:
    """A finding; `detail` is for the log, without text from the message."""

    finding: Finding
    detail: str

    @property
    def passed(self) -> bool:
        """Whether the server authenticated the sender."""
        return self.finding is Finding.PASS


_ABSENT = Verdict(Finding.MISSING, "it has no Authentication-Results")


@dataclass(frozen=True)
class Result:
    """The result of one method; `properties` are `header.d`, `smtp.mailfrom` and so on. All values are in lower case."""

    method: str
    result: str
    properties: dict[str, str]


def verified(message: Message, authserv_id: str, from_address: str) -> Verdict:
    """Return the verdict of the named server on the sender in From. Raises nothing.

    The sender passes with `dmarc=pass` for the domain in From. Unless DMARC failed, the sender also passes with DKIM or SPF for
    the same domain, a parent domain or a subdomain (RFC 7489, 3.1: relaxed alignment, here without a list of public suffixes).
    Mail within an organization of Exchange Online, which has no such results, passes with Exchange's own login.
    """
    fields = [(name.lower(), value) for name, value in islice(message.raw_items(), _MOST_HEADERS)]
    value = next((value for name, value in fields if name == _HEADER), None)
    domain = from_address.rpartition("@")[2].lower()
    if is_exchange_online(authserv_id):
        authenticated_as = [bounded(value, 100).strip().lower() for name, value in fields if name == _AUTH_AS]
        return _of_exchange_online(value, domain, internal=set(authenticated_as) == {"internal"})
    if value is None:
        return _ABSENT
    server, results = parse(bounded(value, _LONGEST_VALUE))
    if not server or server != authserv_id.strip().lower():
        return Verdict(Finding.MISSING, "its topmost Authentication-Results is not by the configured server")
    return _judge(results, domain)


def parse(value: str) -> tuple[str, list[Result]]:
    """Parse the header to the server's name in lower case and the results (RFC 8601, 2.2); malformed results are skipped.

    The name is empty when the value begins with a result, as Exchange Online's does.
    """
    first, *rest = statements(value)
    if any(token.special and token.text == "=" for token in first):
        return "", [found for found in map(_result, [first, *rest][:_MOST_RESULTS]) if found]
    # A version may follow the name as a separate token.
    name = "".join(token.text for token in _up_to_space(first)).lower()
    return name, [found for found in map(_result, rest[:_MOST_RESULTS]) if found]


def _of_exchange_online(value: str | Header | None, domain: str, *, internal: bool) -> Verdict:
    """Return the verdict on a message in Exchange Online; `internal`: Exchange authenticated the sender by a login of its own.

    For an internal sender Exchange writes `dkim=none ...;dmarc=none ...`, or no result at all.
    """
    server, results = parse(bounded(value, _LONGEST_VALUE)) if value is not None else ("", [])
    if value is not None and (server or not results or results[0].method not in _FIRST_OF_EXCHANGE):
        return Verdict(Finding.MISSING, "its topmost Authentication-Results is not in the form of Exchange Online")
    verdict = _judge(results, domain) if results else _ABSENT
    if verdict.passed or _failed_dmarc(results) or not internal:
        return verdict
    return Verdict(Finding.PASS, "Exchange authenticated the sender as one of its own organization")


def _failed_dmarc(results: Sequence[Result]) -> bool:
    return any(found.method == "dmarc" and found.result == "fail" for found in results)


def _judge(results: Sequence[Result], domain: str) -> Verdict:
    if _failed_dmarc(results):
        return Verdict(Finding.FAIL, "DMARC failed")
    dmarc = [found for found in results if found.method == "dmarc" and found.result == "pass"]
    if any(found.properties.get("header.from") == domain != "" for found in dmarc):
        return Verdict(Finding.PASS, "DMARC passed")
    if any(found.method == "dkim" and _passed(found, domain, "header.d", "header.i") for found in results):
        return Verdict(Finding.PASS, "DKIM passed for the sender's domain")
    if any(found.method == "spf" and _passed(found, domain, "smtp.mailfrom") for found in results):
        return Verdict(Finding.PASS, "SPF passed for the sender's domain")
    return Verdict(Finding.FAIL, "neither DMARC nor DKIM nor SPF passed for the sender's domain")


def _passed(found: Result, domain: str, *names: str) -> bool:
    """Return whether the method passed for an aligned domain, which the first present property of `names` holds."""
    value = next((found.properties[name] for name in names if name in found.properties), "")
    return found.result == "pass" and _aligned(value.rpartition("@")[2].strip("<>"), domain)


def _aligned(authenticated: str, domain: str) -> bool:
    if "." not in authenticated or "." not in domain:
        return authenticated == domain != ""
    return authenticated == domain or authenticated.endswith("." + domain) or domain.endswith("." + authenticated)


def _result(tokens: Sequence[Token]) -> Result | None:
    """Parse a result such as `dkim/1=pass reason="good" header.d=example.com`; None for `none` and malformed results."""
    pairs = _pairs(tokens)
    if not pairs:
        return None
    (method, result), *properties = pairs
    known: dict[str, str] = {}
    for name, value in properties:
        known.setdefault(name, value)
    return Result(method.partition("/")[0], result, known)


def _pairs(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Split tokens to names and values at each `=`. White space ends a value, but not around `=`, `/` and a name's dot."""
    pairs: list[tuple[str, str]] = []
    name: list[str] = []
    value: list[str] | None = None
    for token in tokens:
        if token.special and token.text == "=" and value is None:
            value = []
        elif value is None:
            name.append(token.text)
        elif token.spaced and value and value[-1] not in {"/", "@"} and token.text not in {"/", "@"}:
            pairs.append(("".join(name).lower(), "".join(value).lower()))
            name, value = [token.text], None
        else:
            value.append(token.text)
    if value is not None:
        pairs.append(("".join(name).lower(), "".join(value).lower()))
    return pairs


def _up_to_space(tokens: Sequence[Token]) -> Sequence[Token]:
    end = next((at for at, token in enumerate(tokens) if at and token.spaced), len(tokens))
    return tokens[:end]
