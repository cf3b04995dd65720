# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookups of mails with a changed Message-ID: the queries, their number, and the time that a reply waits for them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
from catalog_mail.domain.mime.headers import first_message_id
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.domain.replies.original import LISTING_DELAY, LOOKUP_RETRY_TIME, Original, look_again_after
from catalog_mail.ports.mailbox import Mailbox
from catalog_mail.services import originals
from catalog_mail.services.originals import Originals, OriginalsSought
from hypothesis import given
from hypothesis import strategies as st

OURS, MISSING, FAILED = Original("<intent@corp.test>"), Original(), Original(failed=True)
REPLIES = Place("graph://g/replies@corp.test/Inbox", "immutable")
OLD, YOUNG = timedelta(days=1), timedelta(seconds=10)


@pytest.mark.parametrize(
    ("original", "age", "expected"),
    [
        (OURS, timedelta(0), None), (OURS, OLD, None),
        (MISSING, timedelta(0), 60.0), (MISSING, timedelta(seconds=45), 15.0), (MISSING, timedelta(seconds=60), None),
        (MISSING, timedelta(seconds=-10), 50.0), (MISSING, timedelta(hours=-3), None), (MISSING, OLD, None),
        (FAILED, timedelta(0), 0.0), (FAILED, timedelta(minutes=59), 0.0), (FAILED, timedelta(hours=1), None),
        (FAILED, timedelta(hours=-2), None),
    ],
    ids=str,
)  # fmt: skip
def test_how_long_a_reply_waits(original: Original, age: timedelta, expected: float | None) -> None:
    assert look_again_after(original, age) == expected


@given(st.booleans(), st.timedeltas(timedelta(days=-9), timedelta(days=9)))
def test_a_reply_waits_for_a_bounded_time(failed: bool, age: timedelta) -> None:
    wait = look_again_after(Original(failed=failed), age)
    assert (wait is None) is (abs(age) >= (LOOKUP_RETRY_TIME if failed else LISTING_DELAY))
    assert wait is None or 0 <= wait <= LISTING_DELAY.total_seconds()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None), ([""], None), (["nothing"], None), (["<a@b>"], "<a@b>"), (["", "<a@b>", "<c@d>"], "<a@b>"),
        (["Your message of Monday <a@b> (a comment)"], "<a@b>"), (["<a\r\n b@c> <d@e>"], "<d@e>"), (["<<a@b>>"], "<a@b>"),
        (["<" + "a" * 301 + ">"], None), (["<\u00e4@b>"], None), (["<" * 16_000], None),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_the_first_message_id_of_a_header(values: list[str], expected: str | None) -> None:
    assert first_message_id(values) == expected


@dataclass
class OriginalsMailbox:
    """A mailbox that only looks up originals; `there` holds the results."""

    there: Mapping[str, Original]
    asked: list[list[str]] = field(default_factory=list)
    place: Place = REPLIES

    def originals(self, message_ids: Sequence[str]) -> Mapping[str, Original]:
        self.asked.append(list(message_ids))
        return {name: self.there[name] for name in message_ids if name in self.there}


def seek(memory: Originals, box: OriginalsMailbox, **answers: tuple[str, timedelta]) -> OriginalsSought:
    return memory.seek(cast(Mailbox, box), answers)


def test_each_original_is_looked_up_once() -> None:
    box, memory = OriginalsMailbox({"<x>": OURS, "<y>": MISSING}), Originals()
    for _ in range(3):
        sought = seek(memory, box, one=("<x>", YOUNG), two=("<x>", OLD), three=("<y>", OLD))
        assert sought == OriginalsSought(found={"one": "<intent@corp.test>", "two": "<intent@corp.test>"})
    assert box.asked == [["<x>", "<y>"]]


def test_mail_without_a_message_id_needs_no_lookup() -> None:
    box = OriginalsMailbox({})
    assert seek(Originals(), box) == OriginalsSought()
    assert box.asked == []


def test_missing_and_failed_lookups_are_repeated() -> None:
    box, memory = OriginalsMailbox({"<late>": MISSING, "<broken>": FAILED}), Originals()
    sought = seek(memory, box, late=("<late>", YOUNG), broken=("<broken>", YOUNG))
    assert sought == OriginalsSought(waiting={"late": 50.0, "broken": 0.0})
    box.there = {"<late>": OURS, "<broken>": OURS}
    assert set(seek(memory, box, late=("<late>", OLD), broken=("<broken>", OLD)).found) == {"late", "broken"}


def test_without_permission_no_reply_waits() -> None:
    box, memory = OriginalsMailbox({}), Originals()
    assert seek(memory, box, one=("<x>", YOUNG)) == OriginalsSought()
    box.there = {"<x>": OURS}
    assert seek(memory, box, one=("<x>", YOUNG)).found, "granted since"


def test_lookup_results_belong_to_one_mailbox() -> None:
    first, memory = OriginalsMailbox({"<x>": OURS}), Originals()
    second = OriginalsMailbox({"<x>": MISSING}, place=Place("graph://g/other/Inbox", "i"))
    assert seek(memory, first, one=("<x>", OLD)).found
    assert not seek(memory, second, one=("<x>", OLD)).found


def test_the_cache_expires_after_an_hour_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    clock: dict[str, Any] = {"now": 0.0}
    monkeypatch.setattr(time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(originals, "_MOST", 3)
    box, memory = OriginalsMailbox({f"<{number}>": MISSING for number in range(5)}), Originals()
    clock["now"] = 1.0
    seek(memory, box, one=("<0>", OLD))
    clock["now"] = 3600.0
    seek(memory, box, one=("<0>", OLD))
    clock["now"] = 3602.0
    seek(memory, box, one=("<0>", OLD))
    assert box.asked == [["<0>"], ["<0>"]]
    for number in range(5):
        seek(memory, box, one=(f"<{number}>", OLD))
    assert len(memory._known) == 3


