# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explain to known senders why their reply was not posted: once for each reply, and only a few times a day.

Of a reply from an unknown address with a valid intent, the user is told to whom the answered mail went: once a day, at the
address that it went to. The unknown address is told nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.mime.headers import is_message_id
from catalog_mail.domain.mime.text import one_line
from catalog_mail.domain.notifications.notification import Kind, Recipient
from catalog_mail.domain.notifications.recipients import of_user
from catalog_mail.domain.notifications.request import NotificationRequest
from catalog_mail.domain.replies.decision import Reading, ReplyContext
from catalog_mail.domain.replies.explanation import ExplanationText, explanation_text
from catalog_mail.domain.replies.incoming import fingerprint
from catalog_mail.domain.replies.reply import NotPosted, Reason
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.replies import Explanation, ReplyStore
from catalog_mail.services.catalog import BY_EMAIL
from catalog_mail.services.notifications import Notifications

# Explanations to one address in a day.
MOST_A_DAY = 5
UNTITLED = "(no subject)"
_USUAL_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9.-]{1,253}")


@dataclass(frozen=True)
class Refused:
    """A reply that was read and refused."""

    reading: Reading
    context: ReplyContext
    refusal: NotPosted


@dataclass(frozen=True)
class Explaining:
    """Writes the explanations; the caller stores them with the refusals."""

    store: ReplyStore
    notifications: Notifications
    clock: Clock

    def explanations(self, refused: Sequence[Refused]) -> dict[str, Explanation]:
        """Return the explanations to send, by message key."""
        wanted = [
            (item, why, recipient)
            for item in refused
            if (why := explanation_text(item.refusal.reason)) and (recipient := _recipient(item))
        ]
        if not wanted:
            return {}
        limits = self._limits({normalized(recipient.address) for _item, _why, recipient in wanted})
        found = {}
        for item, why, recipient in wanted:
            if limits.allow(normalized(recipient.address), item.refusal.reason):
                found[item.reading.key] = self._explanation(item, why, recipient)
        return found

    def _limits(self, addresses: Collection[str]) -> _Limits:
        now = self.clock.now()
        day_ago = now - timedelta(days=1)
        keys = {_daily_key(address, day): address for address in addresses for day in (now.date(), day_ago.date())}
        sent = self.store.explained_keys(keys, day_ago)
        return _Limits(Counter(self.store.explained(addresses, day_ago)), {keys[key] for key in sent})

    def _explanation(self, item: Refused, why: ExplanationText, recipient: Recipient) -> Explanation:
        incoming = item.reading.incoming
        address = normalized(recipient.address)
        reason = item.refusal.reason
        # Only the recipient of the answered mail is told its subject.
        answered = item.context.answered if reason is not Reason.WRONG_SENDER else None
        data = {
            "reply_subject": one_line(incoming.decoded_subject()) or UNTITLED,
            "explanation": why.cause,
            "remedy": why.remedy,
            "reply_from": _shown(incoming.sender) if reason is Reason.OTHER_ADDRESS else None,
            "in_reply_to": incoming.message_id if is_message_id(incoming.message_id) else None,
            "conversation": answered.title if answered else None,
            "url": answered.url if answered else None,
        }
        request = NotificationRequest(kind=Kind.REPLY_REJECTED, data=data, recipients=(recipient,))
        notice = self.notifications.prepare(request, BY_EMAIL.name)
        daily = reason is Reason.OTHER_ADDRESS
        key = _daily_key(address, self.clock.now().date()) if daily else fingerprint(incoming, "", "")
        return Explanation(key, address, notice)


@dataclass
class _Limits:
    """The explanations sent within a day: their number by address, and the addresses that were told of other addresses."""

    sent: Counter[str]
    told_of_others: set[str]

    def allow(self, address: str, reason: Reason) -> bool:
        """Return whether one more explanation may be sent, and count it."""
        if self.sent[address] >= MOST_A_DAY or (reason is Reason.OTHER_ADDRESS and address in self.told_of_others):
            return False
        self.sent[address] += 1
        if reason is Reason.OTHER_ADDRESS:
            self.told_of_others.add(address)
        return True


def _daily_key(address: str, day: date) -> str:
    """Return a key that is equal for all explanations of OTHER_ADDRESS to this address on this day (UTC).

    So of two processes that decide at once, one sends the explanation.
    """
    return hashlib.sha256(f"{Reason.OTHER_ADDRESS} {day} {address}".encode()).hexdigest()[:52]


def _shown(address: str | None) -> str:
    """Return an address of a stranger for the text of a mail; unusual characters could make other text of it."""
    return address if address and _USUAL_ADDRESS.fullmatch(address) else "another address"


def _recipient(item: Refused) -> Recipient | None:
    """Return the recipient of the explanation: a known sender, or the user whose mail a stranger answered; None otherwise.

    Nothing is sent to an unverified address: a forged sender could direct the mail to a third party.
    """
    sender, answered = item.context.sender, item.context.answered
    if item.refusal.reason is Reason.OTHER_ADDRESS and answered:
        user = item.context.recipient
        return Recipient(answered.address, user.display_name, user.id) if user else Recipient(answered.address)
    if sender:
        return of_user(sender) if sender.active else None
    address = item.reading.incoming.sender
    return Recipient(address) if answered and address == normalized(answered.address) else None
