"""Who gets a notification, out of those whom it might concern."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.notifications.notification import SENT_WHEN_SWITCHED_OFF, Kind, Recipient, State

SWITCHED_OFF = "switched_off"
UNSUBSCRIBED = "unsubscribed"
INACTIVE = "inactive"


@dataclass(frozen=True)
class Circumstances:
    """What decides whether a mail is sent.

    The switch for all notifications; who opted out of this kind, and who is a user but no longer active, both as addresses
    in lower case.
    """

    switched_on: bool
    opted_out: Collection[str] = frozenset()
    inactive: Collection[str] = frozenset()


def of_user(user: User) -> Recipient:
    """A user of the embedded catalog as a recipient."""
    return Recipient(user.email, user.display_name, user.id)


def distinct(recipients: Iterable[Recipient]) -> list[Recipient]:
    """Each address once, as it came first."""
    found: dict[str, Recipient] = {}
    for recipient in recipients:
        found.setdefault(normalized(recipient.address), recipient)
    return list(found.values())


def without(users: Iterable[User], name: str) -> list[User]:
    """All but the one of this name: nobody gets mail about what they did themselves."""
    return [user for user in users if user.name != name.lower()]


def first_state(kind: Kind, recipient: Recipient, circumstances: Circumstances) -> tuple[State, str | None]:
    """The state in which a delivery begins, and the reason if it is not to be sent."""
    address = normalized(recipient.address)
    if address in circumstances.inactive:
        return State.SUPPRESSED, INACTIVE
    if kind not in SENT_WHEN_SWITCHED_OFF and not circumstances.switched_on:
        return State.SUPPRESSED, SWITCHED_OFF
    if address in circumstances.opted_out:
        return State.SUPPRESSED, UNSUBSCRIBED
    return State.ACCEPTED, None
