# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the fields of the settings. Each check returns the text, or raises InvalidValue with cause and remedy.

The checks reject control characters, so that no value can end a header or a command (RFC 5322, 2.2; RFC 5321, 4.1.2).
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime

from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.mime.addresses import ADDRESS, LONGEST, checked_address
from catalog_mail.domain.mime.text import has_control_characters, is_storable
from catalog_mail.domain.settings.flaws import address_flaw, blank_flaw, edge_flaw, host_flaw, inner_flaw

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_ZONE = re.compile(r"\A[^%]*(?:%[A-Za-z0-9_.-]{1,15})?\Z")
_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
_USER = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[^@\s/\\]{1,200}@[A-Za-z0-9][A-Za-z0-9.-]{0,250}")
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?\Z")

# The least seconds between two looks for new mail by Graph.
LEAST_QUICK_LOOK = 5


class InvalidValue(ValueError):
    """The value of a field is not valid; cause and remedy are sentences."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause} {remedy}")
        self.cause = cause
        self.remedy = remedy


def one_line(text: str) -> str:
    """Check a text of one line."""
    if has_control_characters(text):
        raise InvalidValue("It holds a line break or another control character.", "Remove it.")
    return text


def display_name(text: str) -> str:
    """Check a display name: one line of at most 200 characters."""
    if len(text) > 200:
        raise InvalidValue("It is longer than 200 characters.", "Shorten it.")
    return one_line(text)


def address(text: str) -> str:
    """Check an e-mail address without a display name."""
    try:
        return checked_address("address", text)
    except InputRefused as refusal:
        found = address_flaw(text, lambda right: bool(LONGEST >= len(right) and ADDRESS.fullmatch(right)))
        if found:
            raise InvalidValue(f"It is not an e-mail address: {found[0]}.", f"Write {found[1]}.") from None
        raise InvalidValue(refusal.cause, refusal.remedy) from None


def host(text: str) -> str:
    """Check a DNS name, or an IP address, which may be in brackets; returned without them."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _ZONE.search(bare):  # the library accepts any text as the zone of an IPv6 address, also line breaks
        try:
            return str(ipaddress.ip_address(bare))
        except ValueError:
            pass
    if bare != text or not _is_host_name(text):
        flaw, remedy = host_flaw(text, _is_host)
        raise InvalidValue(f"It is neither a host name nor an IP address{': ' if flaw else ''}{flaw}.", remedy)
    return text


def _is_host_name(text: str) -> bool:
    """Return whether a text is a name; one of numbers alone would be an IP address (RFC 1123, 2.1)."""
    return len(text) <= 253 and bool(_NAME.match(text)) and not text.removesuffix(".").rpartition(".")[2].isdigit()


def _is_host(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return _is_host_name(text)


def identifier(text: str) -> str:
    """Check an ID of Microsoft, which has no blanks: a copied one often ends with a blank or a line end."""
    flaw = blank_flaw(text)
    if flaw:
        raise InvalidValue(f"It is not an ID: {flaw[0]}.", f"Write it without: {flaw[1][:200]}" if flaw[1] else "Give the ID.")
    return text


def user_name(text: str) -> str:
    """Check a user name: one line without an invisible character, and without a blank at its ends."""
    return _visible(text, "It is not a user name as servers know it")


def mailbox_name(text: str) -> str:
    """Check the name of a mailbox as a user name."""
    return _visible(text, "It is not the name of a mailbox")


def _visible(text: str, cause: str) -> str:
    flaw = inner_flaw(text)
    if flaw:
        raise InvalidValue(f"{cause}: {flaw[0]}.", "Write it without.")
    return one_line(text)


def server_name(text: str) -> str:
    """Check the name with which a mail server begins Authentication-Results: one word (RFC 8601, 2.2)."""
    flaw = blank_flaw(text)
    if flaw:
        raise InvalidValue(f"It is not the name of a server: {flaw[0]}.", "Write it without.")
    return text


def client_secret(text: str) -> str:
    """Check a client secret, which Entra makes without blanks."""
    flaw = blank_flaw(login_secret(text))
    if flaw:
        raise InvalidValue(f"It is not a client secret: {flaw[0]}.", "Give it without.")
    return text


def login_secret(text: str) -> str:
    """Check a password or a client secret: one line does not end with a line end.

    Other blanks, and several lines, are accepted: a login carries any of them (RFC 4616).
    """
    line = text.rstrip("\r\n")
    if line != text and line and not set(line) & set("\r\n"):
        raise InvalidValue(
            "It ends with a line end, as the last line of a file does.",
            "Give it without: in Ansible, lookup('file', ...) or '| trim' leaves it out.",
        )
    return secret(text)


def absolute_path(text: str) -> str:
    """Check the absolute path of a file on the application's host."""
    flaw = edge_flaw(text)
    if flaw:
        raise InvalidValue(f"It is not the path of a file: {flaw[0]}.", "Write it without.")
    if not text.startswith("/") or has_control_characters(text) or len(text) > 1000:
        raise InvalidValue("It is not an absolute path.", "Give one such as /etc/ssl/certs/company-ca.pem.")
    return text


def secret(text: str) -> str:
    """Check a secret: 1 to 10,000 characters, valid Unicode without NUL, which no protocol carries."""
    if not text:
        raise InvalidValue("It is empty.", "Give it, or null to remove it.")
    if not is_storable(text) or len(text) > 10_000:
        raise InvalidValue("It holds NUL, is not valid Unicode, or is longer than 10,000 characters.", "Check what was given.")
    return text


def pem(text: str) -> str:
    """Check a certificate with its private key, as PEM."""
    if "-----BEGIN " not in text:
        raise InvalidValue("It is not PEM.", "Give the text between and including '-----BEGIN' and '-----END' lines.")
    return secret(text)


def calendar(text: str) -> str:
    """Check the characters of a systemd calendar expression (systemd.time); systemd itself checks the rest."""
    if not re.fullmatch(r"[A-Za-z0-9*,./:~_+ -]{1,100}", text):
        raise InvalidValue(
            "It is not a systemd calendar expression.", "Give one such as 'Sun 02:00'; systemd-analyze calendar checks it."
        )
    return text


def mailbox_user(text: str) -> str:
    """Check a user principal name or an object ID, by which Graph finds a user. A guest's name has `#EXT#` in it."""
    bare = one_line(text).strip(" {}()[]<>\"'")
    if not _USER.fullmatch(bare):
        raise InvalidValue(
            "It is neither a user principal name nor an object ID, by which Microsoft Graph finds a user.",
            "Give one of the two, as the user's page in Microsoft Entra shows them.",
        )
    if bare != text:
        raise InvalidValue("It has marks or blanks around it.", f"Write {bare}.")
    return text


def quick_look(seconds: int) -> int:
    """Check the seconds between two looks at a mailbox of Graph, which limits the requests of an application."""
    if 0 < seconds < LEAST_QUICK_LOOK:
        raise InvalidValue(
            f"Looking for new mail more often than every {LEAST_QUICK_LOOK} seconds uses up the requests that Microsoft Graph "
            "allows an application.",
            f"Give at least {LEAST_QUICK_LOOK}, or 0 to look with each sync_interval only.",
        )
    return seconds


def timestamp(text: str) -> str:
    """Check a date and time of RFC 3339; returned in UTC and whole seconds. Graph writes seven decimals."""
    found = _TIMESTAMP.fullmatch(text)
    try:
        if found:
            return format_timestamp(datetime.fromisoformat(found[1].upper() + found[2].upper()))
    except (ValueError, OverflowError):
        pass
    raise InvalidValue("It is not a date and time in the format of RFC 3339.", "Give one such as 2027-05-01T10:00:00Z.")


def format_timestamp(timestamp: datetime) -> str:
    """Format a time as `timestamp` returns it."""
    return timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
