"""What the fields of the settings may hold. Each check returns the text, or raises Unfit with cause and remedy.

They also keep headers and commands whole: nothing that passes holds a control character (RFC 5322, 2.2; RFC 5321, 4.1.2).
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.mime.addresses import checked_address
from catalog_mail.domain.mime.text import has_control_characters, is_storable

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_ZONE = re.compile(r"\A[^%]*(?:%[A-Za-z0-9_.-]{1,15})?\Z")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?\Z")


class Unfit(ValueError):
    """A text that cannot be used, as cause and remedy."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause} {remedy}")
        self.cause = cause
        self.remedy = remedy


def one_line(text: str) -> str:
    """Any text of one line."""
    if has_control_characters(text):
        raise Unfit("It holds a line break or another control character.", "Remove it.")
    return text


def display_name(text: str) -> str:
    """The name beside an address: one line of at most 200 characters."""
    if len(text) > 200:
        raise Unfit("It is longer than 200 characters.", "Shorten it.")
    return one_line(text)


def address(text: str) -> str:
    """One bare e-mail address."""
    try:
        return checked_address("address", text)
    except InputRefused as refusal:
        raise Unfit(refusal.cause, refusal.remedy) from None


def host(text: str) -> str:
    """A host: a DNS name, or an IP address, which may stand in brackets; returned without them."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _ZONE.search(bare):  # of an IPv6 address its zone may be anything to the library, line breaks too
        try:
            return str(ipaddress.ip_address(bare))
        except ValueError:
            pass
    if bare != text or len(text) > 253 or not _NAME.match(text):
        raise Unfit("It is neither a host name nor an IP address.", "Give one such as smtp.example.com, without a port.")
    return text


def absolute_path(text: str) -> str:
    """The path of a file on the application's host."""
    if not text.startswith("/") or has_control_characters(text) or len(text) > 1000:
        raise Unfit("It is not an absolute path.", "Give one such as /etc/ssl/certs/company-ca.pem.")
    return text


def secret(text: str) -> str:
    """A password or the like: not empty, at most 10,000 characters, valid Unicode without NUL, which no protocol carries."""
    if not text:
        raise Unfit("It is empty.", "Give it, or null to remove it.")
    if not is_storable(text) or len(text) > 10_000:
        raise Unfit("It holds NUL, is not valid Unicode, or is longer than 10,000 characters.", "Check what was given.")
    return text


def pem(text: str) -> str:
    """A certificate with its private key, as PEM."""
    if "-----BEGIN " not in text:
        raise Unfit("It is not PEM.", "Give the text between and including '-----BEGIN' and '-----END' lines.")
    return secret(text)


def calendar(text: str) -> str:
    """A systemd calendar expression (systemd.time), as far as can be told without systemd."""
    if not re.fullmatch(r"[A-Za-z0-9*,./:~_+ -]{1,100}", text):
        raise Unfit(
            "It is not a systemd calendar expression.", "Give one such as 'Sun 02:00'; systemd-analyze calendar checks it."
        )
    return text


def moment(text: str) -> str:
    """A moment as RFC 3339 writes it; returned in UTC, of whole seconds. Graph gives seven digits behind the point."""
    found = _MOMENT.fullmatch(text)
    try:
        if found:
            return told(datetime.fromisoformat(found[1].upper() + found[2].upper()))
    except (ValueError, OverflowError):
        pass
    raise Unfit("It is no moment as RFC 3339 writes one.", "Give one such as 2027-05-01T10:00:00Z.")


def told(moment: datetime) -> str:
    """A moment in the form of `moment`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
