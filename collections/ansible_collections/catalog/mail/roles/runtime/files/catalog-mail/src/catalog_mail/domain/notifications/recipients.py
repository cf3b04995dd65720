# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the recipients of a notification, and the first state of each delivery."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.notifications.notification import SENT_WHEN_SWITCHED_OFF, Kind, Recipient, State

SWITCHED_OFF = "switched_off"
UNSUBSCRIBED = "unsubscribed"
INACTIVE = "inactive"
UNKNOWN_NAME = "unknown_name"


@dataclass(frozen=True)
class Circumstances:
    """The settings and users that decide whether a mail is sent.

    `switched_on` is the switch for all notifications; `opted_out` are the addresses that opted out of this kind, `inactive`
    those of inactive users, both in lower case.
    """

    switched_on: bool
    opted_out: Collection[str] = frozenset()
    inactive: Collection[str] = frozenset()


def of_user(user: User) -> Recipient:
    """Return a user of the embedded catalog as a recipient."""
    return Recipient(user.email, user.display_name, user.id)


def of_unknown(name: str) -> Recipient:
    """Return a name that no user has as a recipient without an address."""
    return Recipient("", name)


def is_unknown(recipient: Recipient) -> bool:
    """Return whether this is a name that no user has."""
    return not recipient.address and bool(recipient.display_name)


def key(recipient: Recipient) -> str:
    """Return the value by which recipients are compared: the address in lower case, or @ and a name that no user has."""
    return f"@{recipient.display_name.lower()}" if is_unknown(recipient) else normalized(recipient.address)


def distinct(recipients: Iterable[Recipient]) -> list[Recipient]:
    """Return the first recipient of each address, in order; addresses are compared without regard to case."""
    found: dict[str, Recipient] = {}
    for recipient in recipients:
        found.setdefault(key(recipient), recipient)
    return list(found.values())


def without(users: Iterable[User], name: str) -> list[User]:
    """Return the users without the one of this name: users receive no mail about their own actions."""
    return [user for user in users if user.name != name.lower()]


def first_state(kind: Kind, recipient: Recipient, circumstances: Circumstances) -> tuple[State, str | None]:
    """Return the first state of a delivery, and the reason if the mail is not sent."""
    address = normalized(recipient.address)
    if is_unknown(recipient):
        return State.SUPPRESSED, UNKNOWN_NAME
    if address in circumstances.inactive:
        return State.SUPPRESSED, INACTIVE
    if kind not in SENT_WHEN_SWITCHED_OFF and not circumstances.switched_on:
        return State.SUPPRESSED, SWITCHED_OFF
    if address in circumstances.opted_out:
        return State.SUPPRESSED, UNSUBSCRIBED
    return State.ACCEPTED, None
