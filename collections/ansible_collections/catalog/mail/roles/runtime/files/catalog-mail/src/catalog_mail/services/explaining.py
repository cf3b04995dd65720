# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Explain to known senders why their reply was not posted: once for each reply, and only a few times a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

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
            if (why := explanation_text(item.refusal.reason)) and (recipient := _known(item))
        ]
        if not wanted:
            return {}
        addresses = {normalized(recipient.address) for _item, _why, recipient in wanted}
        told = Counter(self.store.explained(addresses, self.clock.now() - timedelta(days=1)))
        found = {}
        for item, why, recipient in wanted:
            address = normalized(recipient.address)
            if told[address] < MOST_A_DAY:
                told[address] += 1
                found[item.reading.raw.key] = self._explanation(item, why, recipient)
        return found

    def _explanation(self, item: Refused, why: ExplanationText, recipient: Recipient) -> Explanation:
        incoming = item.reading.incoming
        # Only the recipient of the answered mail is told its subject.
        answered = item.context.answered if item.refusal.reason is not Reason.WRONG_SENDER else None
        data = {
            "reply_subject": one_line(incoming.decoded_subject()) or UNTITLED,
            "explanation": why.cause,
            "remedy": why.remedy,
            "in_reply_to": incoming.message_id if is_message_id(incoming.message_id) else None,
            "conversation": answered.title if answered else None,
            "url": answered.url if answered else None,
        }
        request = NotificationRequest(kind=Kind.REPLY_REJECTED, data=data, recipients=(recipient,))
        notice = self.notifications.prepare(request, BY_EMAIL.name)
        return Explanation(fingerprint(incoming, "", ""), normalized(recipient.address), notice)


def _known(item: Refused) -> Recipient | None:
    """Return the recipient of the explanation: a known sender; None for any other.

    Nothing is sent to an unverified address: a forged sender could direct the mail to a third party.
    """
    sender, answered = item.context.sender, item.context.answered
    if sender:
        return of_user(sender) if sender.active else None
    address = item.reading.incoming.sender
    return Recipient(address) if answered and address == normalized(answered.address) else None
