# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accept notifications: check, address, store and queue them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.errors import NotFound
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.data import NAMES_RECIPIENTS
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, Recipient, State
from catalog_mail.domain.notifications.recipients import Circumstances, distinct, first_state, is_unknown, of_user, without
from catalog_mail.domain.notifications.request import NotificationRequest, checked, fingerprint
from catalog_mail.ports.catalog import Contacts, Notice, RecipientDirectory
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import DeliveryQueue, NotificationStore

T = TypeVar("T")
Accepted = tuple[Notification, Sequence[Delivery]]


class Switch(Protocol):
    """The e-mail settings in force, as far as accepting a notification needs them."""

    def switched_on(self) -> bool:
        """Return whether notifications are switched on."""


@dataclass(frozen=True)
class Submission:
    """A request, and the name of the token that it came with."""

    request: NotificationRequest
    created_by: str


@dataclass(frozen=True)
class _Draft:
    """A notification whose deliveries are not known yet."""

    notification: Notification
    recipients: Sequence[Recipient]


class Notifications:
    """Stores accepted notifications on disk, with one delivery for each recipient."""

    def __init__(
        self, *, store: NotificationStore, queue: DeliveryQueue, recipients: RecipientDirectory, settings: Switch, clock: Clock
    ) -> None:
        self._store = store
        self._queue = queue
        self._directory = recipients
        self._settings = settings
        self._clock = clock

    def accept(self, request: NotificationRequest, created_by: str) -> Accepted:
        """Store the notification and begin to send it; `created_by` is the name of the token.

        A repeated request with the same idempotency key is stored once; the stored notification is returned. Raises InputRefused,
        NotFound when a named user does not exist, Conflict when the key belongs to another request.
        """
        return _only(self.accept_all([Submission(request, created_by)]))

    def accept_all(self, submissions: Sequence[Submission]) -> list[Accepted | Exception]:
        """Accept requests that came at the same time, each as `accept` does; an error of one leaves the others accepted.

        They share the look-ups and the transaction. Raises StorageFailed when nothing was stored.
        """
        prepared = self._prepare(submissions)
        notices = [notice for notice in prepared if isinstance(notice, Notice)]
        stored = self._store.add(notices) if notices else []
        self.begin(notice for notice, result in zip(notices, stored, strict=True) if isinstance(result, tuple) and result[1])
        accepted = (_outcome(self._accepted, notice, result) for notice, result in zip(notices, stored, strict=True))
        return [notice if isinstance(notice, Exception) else next(accepted) for notice in prepared]

    def look_up(self, notification_id: str) -> tuple[Notification, Sequence[Delivery]]:
        """Return a notification with the present state of its deliveries. Raises NotFound."""
        return self._store.notification(notification_id), self._store.deliveries(notification_id)

    def prepare(self, request: NotificationRequest, created_by: str) -> Notice:
        """Return the notice to store for this request; stores nothing. Raises as `accept` does, except Conflict."""
        return _only(self._prepare([Submission(request, created_by)]))

    def begin(self, notices: Iterable[Notice]) -> None:
        """Begin to send stored notices. Without this call the queue finds them by itself, a little later."""
        accepted = [delivery.id for notice in notices for delivery in notice.deliveries if delivery.state is State.ACCEPTED]
        if accepted:
            self._queue.enqueue(accepted)

    def _accepted(self, notice: Notice, stored: tuple[Notification, bool] | Exception) -> Accepted:
        if isinstance(stored, Exception):
            raise stored
        notification, is_new = stored
        return notification, notice.deliveries if is_new else self._store.deliveries(notification.id)

    def _prepare(self, submissions: Sequence[Submission]) -> list[Notice | Exception]:
        """Return the notice of each request, or its error. Raises StorageFailed."""
        drafts = [_outcome(self._draft, one.request, one.created_by) for one in submissions]
        valid = [draft for draft in drafts if isinstance(draft, _Draft)]
        if not valid:
            return [draft for draft in drafts if isinstance(draft, Exception)]
        known = (recipient for draft in valid for recipient in draft.recipients if not is_unknown(recipient))
        contacts = self._directory.contacts(recipient.address for recipient in known)
        switched_on = self._settings.switched_on()
        kinds = {draft.notification.kind for draft in valid}
        circumstances = {kind: _circumstances(kind, contacts, switched_on=switched_on) for kind in kinds}
        return [draft if isinstance(draft, Exception) else _notice(draft, contacts, circumstances) for draft in drafts]

    def _draft(self, request: NotificationRequest, created_by: str) -> _Draft:
        content = checked(request)
        recipients = distinct(request.recipients or self._recipients(request))
        if "author" in content:
            author = self._directory.users_by_name([content["author"]]).get(content["author"].lower())
            content["author"] = author.display_name if author else content["author"]
        notification = Notification(
            id=new_id(),
            kind=request.kind,
            created_at=self._clock.now(),
            created_by=created_by,
            data=content,
            thread=request.thread,
            idempotency_key=request.idempotency_key,
            fingerprint=fingerprint(request),
        )
        return _Draft(notification, recipients)

    def _recipients(self, request: NotificationRequest) -> list[Recipient]:
        """Return the recipients that the kind and its data name."""
        return [of_user(user) for user in self._users(request)]

    def _users(self, request: NotificationRequest) -> Sequence[User]:
        if request.kind is Kind.SUBSCRIBED_EVENT:
            return self._directory.subscribers(request.data["event"])
        if request.kind in (Kind.SYSTEM_HEALTH, Kind.SCHEDULED_JOB_STATUS):
            return self._directory.server_admins()
        field = NAMES_RECIPIENTS[request.kind]
        named = request.data[field]
        users = self._named(f"data.{field}", named if isinstance(named, list) else [named])
        # Users are not notified of their own actions.
        return without(users, request.data["author"]) if request.kind in (Kind.MENTION, Kind.ASSIGNMENT) else users

    def _named(self, field: str, names: Sequence[str]) -> list[User]:
        found = self._directory.users_by_name(names)
        for name in names:
            if name.lower() not in found:
                raise NotFound(
                    f"There is no user {name!r}.", "Give the name of a user of this catalog, or recipients.", field=field
                )
        return [found[name.lower()] for name in names]


def _circumstances(kind: Kind, contacts: Contacts, *, switched_on: bool) -> Circumstances:
    return Circumstances(
        switched_on=switched_on,
        opted_out=contacts.opted_out_of(kind),
        inactive={address for address, user in contacts.users.items() if not user.active},
    )


def _notice(draft: _Draft, contacts: Contacts, circumstances: Mapping[Kind, Circumstances]) -> Notice:
    notification = draft.notification
    of_kind = circumstances[notification.kind]
    return Notice(notification, [_delivery(notification, recipient, contacts, of_kind) for recipient in draft.recipients])


def _delivery(notification: Notification, recipient: Recipient, contacts: Contacts, circumstances: Circumstances) -> Delivery:
    state, reason = first_state(notification.kind, recipient, circumstances)
    user = contacts.users.get(recipient.address.lower())
    known = replace(recipient, user_id=user.id if user else None)
    return Delivery(new_id(), notification.id, known, state, reason=reason)


def _outcome(function: Callable[..., T], *arguments: object) -> T | Exception:
    """Return the result of a call, or its error."""
    try:
        return function(*arguments)
    except Exception as error:
        return error


def _only(outcomes: Sequence[T | Exception]) -> T:
    """Return the only outcome. Raises it when it is an error."""
    (outcome,) = outcomes
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
