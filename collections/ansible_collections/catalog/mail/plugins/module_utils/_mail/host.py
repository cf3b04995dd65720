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

_PORT = re.compile(r"\A([^:]+|\[[^\]]*\]):(\d{1,5})\Z")


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
    return host.strip("[]")


def _flaw(host: str) -> Optional[Tuple[str, str]]:
    """Return what is wrong with a host, and the right text where it can be told; None when nothing is."""
    port = _PORT.match(host)
    shown = "".join(char for char in host if char.isprintable() and not char.isspace())
    flaws = (
        (not host.strip("[]"), "it is empty", ""),
        (shown != host, "it has a blank or an invisible character in it", shown if shown.isascii() else ""),
        ("://" in host, "it is a URL; port and encryption have options of their own", _name_in(host)),
        ("@" in host, "it has a user name or an e-mail address in it", host.rpartition("@")[2]),
        (bool(port), "it has a port in it, which has an option of its own", port.group(1).strip("[]") if port else ""),
        ("/" in host, "it has a path in it", host.partition("/")[0]),
        (not host.isascii(), "it has letters outside ASCII, which the DNS has only in the xn-- form", _ascii_form(host)),
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
