# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""May this mailbox send from that address: its own, Send As, Send on Behalf, or not."""

from __future__ import annotations

from emulator.answer import Refusal
from emulator.store import Document
from emulator.world import World


def owner_of(world: World, address: str, tenant: str | None = None) -> Document | None:
    """The user who has an address, in the tenant or in any."""
    wanted = f"smtp:{address.lower()}"
    for user in world.store.peek("user"):
        if tenant in (None, user["tenant"]) and wanted in (proxy.lower() for proxy in user["proxyAddresses"]):
            return dict(user)
    return None


def sending_as(world: World, user: Document, address: str, app_id: str = "") -> str:
    """'self', 'as' or 'behalf'; Refusal ErrorSendAsDenied."""
    denied = world.rules.meet(
        ("send_as_denied",), mailbox=user["userPrincipalName"], app_id=app_id, path=address, method="POST"
    )
    owner = owner_of(world, address, user["tenant"])
    if not denied and owner is not None:
        if owner["id"] == user["id"]:
            return "self"
        own = {user["id"], *(proxy.partition(":")[2].lower() for proxy in user["proxyAddresses"])}
        if own & {name.lower() for name in owner["mailbox"].get("sendAs", ())}:
            return "as"
        if own & {name.lower() for name in owner["mailbox"].get("sendOnBehalf", ())}:
            return "behalf"
    raise Refusal(
        403, "ErrorSendAsDenied",
        "The user account which was used to submit this request does not have the right to send mail on behalf of the specified"
        " sending account. Cannot submit message.",
    )  # fmt: skip
