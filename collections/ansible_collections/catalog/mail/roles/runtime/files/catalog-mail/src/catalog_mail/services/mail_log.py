# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at the log of outgoing mail; try mails again, cancel them, and forget a recipient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from catalog_mail.domain.catalog.people import Principal
from catalog_mail.domain.errors import Conflict
from catalog_mail.domain.mime.addresses import checked_address, normalized
from catalog_mail.domain.notifications.mail_log import CANCELLED, Entry, Selection, check_retry, refuse_cancel
from catalog_mail.domain.notifications.notification import State
from catalog_mail.domain.notifications.recipients import Circumstances, first_state
from catalog_mail.ports.audit import AuditEntry, AuditLog
from catalog_mail.ports.catalog import RecipientDirectory
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.mail_log import Forgotten, MailLogStore
from catalog_mail.ports.notifications import DeliveryQueue
from catalog_mail.ports.pages import Page, PageRequest, Position

# Deliveries of a cause that are tried again in one transaction.
PORTION = 500


class Switch(Protocol):
    """The e-mail settings in force, as far as this use case needs them."""

    def switched_on(self) -> bool:
        """Return whether notifications are switched on."""


@dataclass(frozen=True)
class Retried:
    """The number of mails that are tried again, and of those that would be suppressed again."""

    retried: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class MailLog:
    """The use cases of the log. Each change is recorded in the audit log, without an address."""

    store: MailLogStore
    queue: DeliveryQueue
    recipients: RecipientDirectory
    settings: Switch
    audit: AuditLog
    clock: Clock

    def page(self, selection: Selection, wanted: PageRequest) -> Page[Entry]:
        """Return a page of the selected mails, those accepted last first."""
        return self.store.page(selection, wanted)

    def entry(self, delivery_id: str) -> Entry:
        """Return one mail. Raises NotFound."""
        return self.store.entry(delivery_id)

    def retry(self, delivery_id: str, principal: Principal) -> Entry:
        """Try a mail again at once. Raises NotFound, and Conflict for a mail that was sent or cannot be tried."""
        found = self.store.entry(delivery_id)
        self._check_retry(found)
        if not self.store.retry([delivery_id], self.clock.now()):
            self._check_retry(self.store.entry(delivery_id))  # it has changed in between
        self._record(principal, "retried", {"delivery": delivery_id})
        self.queue.enqueue([delivery_id])
        return self.store.entry(delivery_id)

    def retry_all(self, cause: str, principal: Principal) -> Retried:
        """Try all mails again that failed, wait or were suppressed for this cause, in portions; each portion is stored."""
        retried = refused = 0
        after: Position | None = None
        while found := self.store.of_cause(cause, after=after, limit=PORTION):
            reasons = self._suppressed_now(found)
            ids = [entry.delivery.id for entry in found if reasons[entry.delivery.id] is None]
            done = self.store.retry(ids, self.clock.now()) if ids else 0
            retried += done
            refused += len(found) - done
            after = Position(found[-1].accepted_at, found[-1].delivery.id)
            self.queue.enqueue(ids)
        self._record(principal, "retried", {"cause": cause, "retried": retried, "refused": refused})
        return Retried(retried, refused)

    def cancel(self, delivery_id: str, principal: Principal) -> Entry:
        """Cancel a mail that is not sent yet. Raises NotFound, and Conflict when it is too late. Idempotent."""
        found = self.store.entry(delivery_id)
        if found.delivery.reason == CANCELLED:
            return found
        changed = self.store.cancel([delivery_id], self.clock.now())
        found = self.store.entry(delivery_id)
        if not changed:
            raise refuse_cancel(found.delivery.state)
        self._record(principal, "cancelled", {"delivery": delivery_id})
        return found

    def forget(self, address: str, principal: Principal, *, cancel: bool = False) -> Forgotten:
        """Remove the traces of a recipient; with `cancel`, cancel the person's waiting mails first.

        Raises InputRefused, and Conflict while mails to the address are under way.
        """
        recipient = normalized(checked_address("address", address))
        waiting = self.store.under_way(recipient)
        if waiting and cancel:
            self.store.cancel([entry.delivery.id for entry in waiting], self.clock.now())
            waiting = self.store.under_way(recipient)
        if waiting:
            raise Conflict(
                f"{len(waiting)} mails to this address are under way.",
                "Wait for a minute: a mail is being sent." if cancel else "Wait until they are sent, or add --cancel.",
                field="address",
            )
        forgotten = self.store.forget(recipient)
        self._record(principal, "forgotten", {"deliveries": forgotten.deliveries, "replies": forgotten.replies})
        return forgotten

    def _check_retry(self, entry: Entry) -> None:
        check_retry(entry, suppressed_now=self._suppressed_now([entry])[entry.delivery.id])

    def _suppressed_now(self, entries: Sequence[Entry]) -> dict[str, str | None]:
        """Return for each delivery the reason for which it would be suppressed at present, None without one."""
        contacts = self.recipients.contacts(entry.delivery.recipient.address for entry in entries)
        inactive = {address for address, user in contacts.users.items() if not user.active}
        switched_on = self.settings.switched_on()

        def reason(entry: Entry) -> str | None:
            opted_out = contacts.opted_out_of(entry.kind)
            circumstances = Circumstances(switched_on=switched_on, opted_out=opted_out, inactive=inactive)
            state, why = first_state(entry.kind, entry.delivery.recipient, circumstances)
            return why if state is State.SUPPRESSED else None

        return {entry.delivery.id: reason(entry) for entry in entries}

    def _record(self, principal: Principal, outcome: str, detail: dict[str, Any]) -> None:
        self.audit.record(AuditEntry(self.clock.now(), principal.name, "mail", outcome, detail))
