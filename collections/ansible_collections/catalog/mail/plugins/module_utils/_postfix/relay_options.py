# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The desired relay of a host, as the options of the modules describe it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple

from .._core.errors import InputRefused


@dataclass(frozen=True)
class SenderRelay:
    """Relay and account for mail of one sender (an address, or ``@domain``)."""

    sender: str
    relayhost: Optional[str] = None
    username: Optional[str] = None
    password: Optional[str] = None


@dataclass(frozen=True)
class DesiredRelay:
    """The desired relay of a host. Without relays and senders the host delivers directly.

    ``keeps_others``: no relay was named for the mail of all other senders, so that an earlier one stays. ``ca_named``: the file
    of authorities was named, and is not the system's.
    """

    relayhost: Tuple[str, ...] = ()
    username: Optional[str] = None
    password: Optional[str] = None
    tls_level: str = "secure"
    ca_file: Optional[str] = None
    sender_dependent: Tuple[SenderRelay, ...] = ()
    keeps_others: bool = False
    ca_named: bool = True

    @property
    def for_senders_only(self) -> bool:
        """Whether the mail of some senders has a relay, and all other mail goes as if there were none."""
        return bool(self.sender_dependent) and not self.relayhost

    @property
    def has_relay(self) -> bool:
        """Whether any mail has a relay."""
        return bool(self.relayhost or self.sender_dependent)

    @property
    def has_account(self) -> bool:
        """Whether Postfix logs in at any relay."""
        return bool(self.username or any(row.username for row in self.sender_dependent))


def desired_relay_of(params: Mapping[str, Any]) -> DesiredRelay:
    """Read the module's options. Raises InputRefused when they name no relay."""
    if params["state"] == "absent":
        return DesiredRelay()
    if not params["relayhost"] and not params["sender_dependent"]:
        raise InputRefused("relayhost", "no relay is named", "Name one, or use state: absent")
    rows = tuple(
        SenderRelay(row["sender"], row.get("relayhost"), row.get("username"), row.get("password"))
        for row in params["sender_dependent"])
    return DesiredRelay(
        tuple(params["relayhost"] or ()), params.get("username"), params.get("password"), params["tls_level"],
        params.get("ca_file"), rows, keeps_others=params["relayhost"] is None, ca_named=bool(params.get("ca_named", True)))
