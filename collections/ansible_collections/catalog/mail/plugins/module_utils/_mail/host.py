# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Check the host of a server, and say what is wrong with one that was copied or typed with a small flaw. Pure."""

from __future__ import annotations

import re
from typing import Optional, Tuple
from urllib.parse import urlsplit

from .._core.errors import InputRefused

_PORT = re.compile(r"\A([^:]+|\[[^\]]*\]):(\d{0,5})\Z")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
# The last part of a name is not a number (RFC 1123, 2.1).
_NUMBERS = re.compile(r"(?:\A|\.)[0-9]+\.?\Z")
_ADDRESS = re.compile(r"\A(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?!\Z)|\Z)){4}\Z")


def checked_host(option: str, given: str) -> str:
    """Return a host without blanks around it and without the brackets of an address. Raises InputRefused."""
    host = given.strip()
    found = _flaw(host)
    if found:
        flaw, right = found
        shown = repr(host) if "@" not in host else "it"  # a password may stand before the @
        raise InputRefused(
            option, f"{shown} is not a host name: {flaw}", f"Write {right}" if right else "Write a name or an address"
        )
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _flaw(host: str) -> Optional[Tuple[str, str]]:
    """Return what is wrong with a host, and the right text where it can be told; None when nothing is."""
    port = _PORT.match(host)
    shown = "".join(char for char in host if char.isprintable() and not char.isspace())
    quoted, first, bare = host.strip(_QUOTES), re.split("[,;]", host)[0], host.strip("[]<>{}()")
    dots = ".".join(part for part in host.split(".") if part)
    flaws = (
        (not host.strip("[]."), "it is empty", ""),
        (shown != host, "it has a blank or an invisible character in it", shown if shown.isascii() else ""),
        (quoted != host, "it has quotation marks around it", quoted),
        (first != host, "it names several, and one is needed", first),
        ("://" in host, "it is a URL; port and encryption have options of their own", _name_in(host)),
        ("@" in host, "it has a user name or an e-mail address in it", host.rpartition("@")[2]),
        (bool(port), "it has a port in it, which has an option of its own", port.group(1).strip("[]") if port else ""),
        (bare != host and ":" not in bare and not _ADDRESS.match(bare), "brackets are for IP addresses", bare),
        ("/" in host, "it has a path in it", host.partition("/")[0]),
        (not host.isascii(), "it has letters outside ASCII, which the DNS has only in the xn-- form", _ascii_form(host)),
        (dots not in (host, host[:-1]), "it has a dot too many", dots),
        (
            bool(_NUMBERS.search(host)) and not _ADDRESS.match(host),
            "it ends with a number, which only an IP address does, of four numbers from 0 to 255", "",
        ),
    )
    return next(((flaw, right) for found, flaw, right in flaws if found), None)


def _name_in(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _ascii_form(host: str) -> str:
    """Return an international name in its ASCII form (IDNA); empty when there is none that all agree on."""
    if set(host) & set("\u00df\u1e9e\u03c2"):
        return ""
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
