# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""May this mailbox send from that address: its own, Send As, Send on Behalf, or not."""

from __future__ import annotations

from emulator.answer import Refusal
from emulator.store import Document
from emulator.world import World


def owner_of(world: World, address: str) -> Document | None:
    """The user whose mailbox has an address."""
    return next((dict(user) for user in world.store.peek("user") if (user["mail"] or "").lower() == address.lower()), None)


def sending_as(world: World, user: Document, address: str) -> str:
    """'self', 'as' or 'behalf'; Refusal ErrorSendAsDenied."""
    owner = owner_of(world, address)
    if owner is not None and owner["tenant"] == user["tenant"]:
        if owner["id"] == user["id"]:
            return "self"
        if user["mail"].lower() in (name.lower() for name in owner["mailbox"]["sendAs"]):
            return "as"
        if user["mail"].lower() in (name.lower() for name in owner["mailbox"]["sendOnBehalf"]):
            return "behalf"
    raise Refusal(
        403, "ErrorSendAsDenied",
        "The user account which was used to submit this request does not have the right to send mail on behalf of the specified"
        " sending account. Cannot submit message.",
    )  # fmt: skip
