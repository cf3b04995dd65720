# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check e-mail addresses for headers and SMTP commands."""

from __future__ import annotations

import re

from catalog_mail.domain.errors import InputRefused

LONGEST = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets

# One bare address: the unquoted form of RFC 5321 (a dot-atom of at most 64 characters) at a host name. Nothing in it can end
# a header or a command.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
PATTERN = (
    rf"^(?=[^@]{{1,64}}@){_ATOM}(\.{_ATOM})*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"
)
ADDRESS = re.compile(PATTERN.removeprefix("^").removesuffix("$"))


def checked_address(field: str, address: str) -> str:
    """Return the address. Raises InputRefused, with `field`, when the address is not valid."""
    if not address.isascii():
        raise InputRefused(
            field,
            f"{address[:LONGEST]!r} has characters that plain SMTP does not carry.",
            "Give an international domain in its xn-- form; the part before the @ must be ASCII.",
        )
    if len(address) > LONGEST or not ADDRESS.fullmatch(address):
        raise InputRefused(
            field,
            f"{address[:LONGEST]!r} is not an e-mail address.",
            "Give one bare address such as name@example.com, without a name, spaces or quotation marks.",
        )
    return address


def normalized(address: str) -> str:
    """Return the address in lower case, to compare it: mail servers in use ignore the case of mailbox names."""
    return address.lower()
