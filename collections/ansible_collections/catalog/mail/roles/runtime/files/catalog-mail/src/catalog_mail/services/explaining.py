"""Telling somebody why their reply was not posted: real people whom we know, each reply once, nobody too often."""

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
from catalog_mail.domain.replies.explanation import Why, why_refused
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
    """A reply that was read, and is not posted."""

    reading: Reading
    context: ReplyContext
    refusal: NotPosted


@dataclass(frozen=True)
class Explaining:
    """Writes the mails; who records the refusals stores them."""

    store: ReplyStore
    notifications: Notifications
    clock: Clock

    def explanations(self, refused: Sequence[Refused]) -> dict[str, Explanation]:
        """Those that are to be sent, by the keys of the messages."""
        wanted = [
            (item, why, recipient)
            for item in refused
            if (why := why_refused(item.refusal.reason)) and (recipient := _known(item))
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

    def _explanation(self, item: Refused, why: Why, recipient: Recipient) -> Explanation:
        incoming = item.reading.incoming
        # Only whoever got the mail is told what it was about.
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
    """Who is told: a sender whom we know; None for everybody else.

    To an address that nobody has vouched for nothing is sent: whoever forged it would have us write to others.
    """
    sender, answered = item.context.sender, item.context.answered
    if sender:
        return of_user(sender) if sender.active else None
    address = item.reading.incoming.sender
    return Recipient(address) if answered and address == normalized(answered.address) else None
