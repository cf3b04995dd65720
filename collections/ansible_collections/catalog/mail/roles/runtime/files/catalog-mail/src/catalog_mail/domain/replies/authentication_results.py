"""Whether the mail server has verified that a message comes from its sender's domain (Authentication-Results, RFC 8601).

Anybody can write such a header into a mail. The receiving server puts its own above everything that was there, so that only the
topmost counts, and only under the name by which that server is known to us.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from enum import Enum
from itertools import islice

from catalog_mail.domain.mime.structured import Token, bounded, statements

_HEADER = "authentication-results"
_MOST_HEADERS = 1000
_LONGEST_VALUE = 8000
_MOST_RESULTS = 50


class Finding(Enum):
    """What the server says. MISSING is: nothing, or nothing from that server."""

    PASS = "pass"
    FAIL = "fail"
    MISSING = "missing"


@dataclass(frozen=True)
class Verdict:
    """`detail` is for the log, in our words alone."""

    finding: Finding
    detail: str

    @property
    def passed(self) -> bool:
        """Whether the sender is verified."""
        return self.finding is Finding.PASS


@dataclass(frozen=True)
class Result:
    """One method's result: `properties` are its `header.d`, `smtp.mailfrom` and so on; all in lower case."""

    method: str
    result: str
    properties: dict[str, str]


def verified(message: Message, authserv_id: str, from_address: str) -> Verdict:
    """What the server of that name says about the sender in From; raises nothing.

    `dmarc=pass` for the domain in From is enough. Where DMARC has not failed, so is DKIM or SPF that passed for the same domain,
    for one above it or for one below it (RFC 7489, 3.1: relaxed alignment, here without a list of public suffixes).
    """
    values = (value for name, value in islice(message.raw_items(), _MOST_HEADERS) if name.lower() == _HEADER)
    value = next(values, None)
    if value is None:
        return Verdict(Finding.MISSING, "it has no Authentication-Results")
    server, results = parse(bounded(value, _LONGEST_VALUE))
    if not server or server != authserv_id.strip().lower():
        return Verdict(Finding.MISSING, "its topmost Authentication-Results is not by the configured server")
    return _judge(results, from_address.rpartition("@")[2].lower())


def parse(value: str) -> tuple[str, list[Result]]:
    """Who says it, in lower case, and what (RFC 8601, 2.2). What cannot be read is left out."""
    first, *rest = statements(value)
    # The version that may follow the name is a token of its own.
    name = "".join(token.text for token in _up_to_space(first)).lower()
    return name, [found for found in map(_result, rest[:_MOST_RESULTS]) if found]


def _judge(results: Sequence[Result], domain: str) -> Verdict:
    dmarc = [found for found in results if found.method == "dmarc"]
    if any(found.result == "fail" for found in dmarc):
        return Verdict(Finding.FAIL, "DMARC failed")
    if any(found.result == "pass" and found.properties.get("header.from") == domain != "" for found in dmarc):
        return Verdict(Finding.PASS, "DMARC passed")
    if any(found.method == "dkim" and _passed(found, domain, "header.d", "header.i") for found in results):
        return Verdict(Finding.PASS, "DKIM passed for the sender's domain")
    if any(found.method == "spf" and _passed(found, domain, "smtp.mailfrom") for found in results):
        return Verdict(Finding.PASS, "SPF passed for the sender's domain")
    return Verdict(Finding.FAIL, "neither DMARC nor DKIM nor SPF passed for the sender's domain")


def _passed(found: Result, domain: str, *names: str) -> bool:
    """The first of these properties that is there names the domain that was authenticated."""
    value = next((found.properties[name] for name in names if name in found.properties), "")
    return found.result == "pass" and _aligned(value.rpartition("@")[2].strip("<>"), domain)


def _aligned(authenticated: str, domain: str) -> bool:
    if "." not in authenticated or "." not in domain:
        return authenticated == domain != ""
    return authenticated == domain or authenticated.endswith("." + domain) or domain.endswith("." + authenticated)


def _result(tokens: Sequence[Token]) -> Result | None:
    """`dkim/1=pass reason="good" header.d=example.com`; None for `none` and for what is not of this form."""
    pairs = _pairs(tokens)
    if not pairs:
        return None
    (method, result), *properties = pairs
    known: dict[str, str] = {}
    for name, value in properties:
        known.setdefault(name, value)
    return Result(method.partition("/")[0], result, known)


def _pairs(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Names and values around each `=`. White space ends a value, but may stand around `=`, `/` and a name's dot."""
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
