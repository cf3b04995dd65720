# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told of a rejected reply, where, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.data import check_data
from catalog_mail.domain.notifications.notification import Delivery, Kind, Notification, State
from catalog_mail.domain.notifications.request import NotificationRequest
from catalog_mail.domain.replies import decision
from catalog_mail.domain.replies.automatic import OwnAddresses
from catalog_mail.domain.replies.decision import Policy, Reading, ReplyContext
from catalog_mail.domain.replies.mailbox import RawMessage
from catalog_mail.domain.replies.reply import Answered, NotPosted, Reason
from catalog_mail.ports.catalog import Notice
from catalog_mail.ports.replies import Explanation, ReplyStore
from catalog_mail.services.explaining import MOST_A_DAY, Explaining, Refused
from catalog_mail.services.notifications import Notifications

EVENING = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
JANE = User("j" * 26, "jane", "Jane Doe", "jane@corp.test")
ANSWERED = Answered(
    "d" * 26, "n" * 26, Kind.MENTION, EVENING, "Jane@corp.test", JANE.id, "conversation.c", "c" * 26, "Sales", "https://catalog.test/c"
)
CONTEXT = ReplyContext(ANSWERED, None, JANE, embedded=True)
ALIAS = "jane.doe@alias.test"


@dataclass
class Store:
    """The explanations stored so far, as ReplyStore keeps them."""

    rows: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def explained(self, addresses: Iterable[str], since: datetime) -> Mapping[str, int]:
        wanted = set(addresses)
        return Counter(address for address, at in self.rows.values() if at >= since and address in wanted)

    def explained_keys(self, keys: Iterable[str], since: datetime) -> frozenset[str]:
        return frozenset(key for key in keys if key in self.rows and self.rows[key][1] >= since)


class Prepared:
    """Prepares notices as Notifications does, without users or settings."""

    def prepare(self, request: NotificationRequest, created_by: str) -> Notice:
        notification = Notification(new_id(), request.kind, EVENING, created_by, check_data(request.kind, request.data))
        deliveries = [Delivery(new_id(), notification.id, recipient, State.ACCEPTED) for recipient in request.recipients]
        return Notice(notification, deliveries)


@dataclass
class World:
    """The explanations of a service whose clock can be set."""

    at: datetime = EVENING
    store: Store = field(default_factory=Store)

    def now(self) -> datetime:
        return self.at

    def explain(self, *items: Refused, keep: bool = True) -> list[Explanation]:
        """Explain these refusals in one pass, and store what is sent unless another process has."""
        notifications = cast("Notifications", Prepared())
        found = Explaining(cast("ReplyStore", self.store), notifications, self).explanations(items)
        for explanation in found.values() if keep else ():
            self.store.rows.setdefault(explanation.key, (explanation.address, self.at))
        return list(found.values())


def refused(reason: Reason = Reason.OTHER_ADDRESS, sender: str = ALIAS, context: ReplyContext = CONTEXT) -> Refused:
    key = new_id()
    content = f"From: <{sender}>\r\nSubject: Re: Sales\r\nMessage-ID: <{key}@x>\r\n\r\nYes.\r\n".encode()
    policy = Policy(keys=[b"k"], valid_for=timedelta(days=1), own_addresses=OwnAddresses("a@b.test", "c@b.test", "b.test"))
    reading = decision.read(RawMessage(key, content, len(content), EVENING), policy)
    assert isinstance(reading, Reading)
    return Refused(reading, context, NotPosted(reason))


def data(explanation: Explanation) -> Mapping[str, Any]:
    return explanation.notice.notification.data


def test_the_user_is_told_where_the_answered_mail_went() -> None:
    (told,) = World().explain(refused())
    (delivery,) = told.notice.deliveries
    assert (delivery.recipient.address, delivery.recipient.display_name) == ("Jane@corp.test", "Jane Doe")
    assert told.address == "jane@corp.test"
    assert data(told)["reply_from"] == ALIAS
    assert (data(told)["conversation"], data(told)["url"]) == ("Sales", "https://catalog.test/c")


def test_a_user_with_a_new_address_is_told_at_the_old_one() -> None:
    renamed = replace(CONTEXT, recipient=replace(JANE, email="jane.new@corp.test"))
    (told,) = World().explain(refused(context=renamed, sender="jane@corp.test"))
    assert [delivery.recipient.address for delivery in told.notice.deliveries] == ["Jane@corp.test"]


def test_the_recipient_of_another_catalog_is_told() -> None:
    (told,) = World().explain(refused(context=replace(CONTEXT, recipient=None, embedded=False)))
    assert [delivery.recipient.address for delivery in told.notice.deliveries] == ["Jane@corp.test"]


@pytest.mark.parametrize(
    ("hours", "again"), [(0, False), (0.6, False), (12, False), (23.9, False), (24.1, True), (47, True), (500, True)]
)
def test_a_user_is_told_of_other_addresses_once_a_day(hours: float, again: bool) -> None:
    world = World()
    assert len(world.explain(refused(), refused(sender="joe@alias.test"), refused())) == 1
    world.at = EVENING + timedelta(hours=hours)
    assert len(world.explain(refused(), refused())) == int(again)


def test_two_processes_at_once_make_one_explanation() -> None:
    world = World()
    (first,), (second,) = world.explain(refused(), keep=False), world.explain(refused(), keep=False)
    assert first.key == second.key, "the second is not stored, and not sent"
    own = world.explain(refused(Reason.EMPTY, "jane@corp.test", replace(CONTEXT, sender=JANE)))
    assert own[0].key != first.key


def test_both_limits_hold_together() -> None:
    world, jane = World(), replace(CONTEXT, sender=JANE)
    assert len(world.explain(refused(), *(refused(Reason.EMPTY, "jane@corp.test", jane) for _ in range(9)))) == MOST_A_DAY
    assert world.explain(refused(Reason.EMPTY, "jane@corp.test", jane)) == []


@pytest.mark.parametrize(
    "sender", ['"open http://evil.test now"@x.test', "a:b@x.test", "<b>@x.test", "jane@[192.0.2.1]", "jane@x/y.test"]
)
def test_an_unusual_address_is_not_shown(sender: str) -> None:
    item = refused()
    reading = item.reading._replace(incoming=item.reading.incoming._replace(sender=sender))
    (told,) = World().explain(replace(item, reading=reading))
    assert data(told)["reply_from"] == "another address"


@pytest.mark.parametrize("reason", [Reason.UNKNOWN_SENDER, Reason.SENDER_NOT_VERIFIED, Reason.INACTIVE_USER, Reason.REACTION])
def test_nobody_is_told(reason: Reason) -> None:
    assert World().explain(refused(reason)) == []


def test_only_other_addresses_are_named() -> None:
    jane = replace(CONTEXT, sender=JANE)
    for reason in (Reason.EMPTY, Reason.ENCRYPTED, Reason.TNEF, Reason.WRONG_SENDER):
        (told,) = World().explain(refused(reason, "jane@corp.test", jane))
        assert data(told)["reply_from"] is None
