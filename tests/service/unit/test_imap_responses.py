# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Responses of IMAP servers, in the forms of imaplib."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from catalog_mail.adapters.imap.responses import Fetched, fetched, number, uid_set, uids, words
from hypothesis import given
from hypothesis import strategies as st

DATE = datetime(2026, 11, 21, 8, 5, 0, tzinfo=UTC)

FETCHED: list[tuple[list[Any], list[Fetched]]] = [
    ([None], []),
    ([], []),
    (
        [b'1 (UID 7 RFC822.SIZE 4096 INTERNALDATE "21-Nov-2026 09:05:00 +0100")'],
        [Fetched("7", 4096, DATE, None, None)],
    ),
    (
        [b'1 (UID 7 INTERNALDATE " 1-Jan-2020 00:00:00 -0130")'],
        [Fetched("7", None, datetime(2020, 1, 1, 1, 30, tzinfo=UTC), None, None)],
    ),
    ([b"1 (UID 7 FLAGS (\\Seen $CatalogPosted))"], [Fetched("7", None, None, frozenset({"\\Seen", "$CatalogPosted"}), None)]),
    # the literal in the middle, other items before or after it
    ([(b"1 (UID 7 BODY[] {5}", b"Hello"), b")"], [Fetched("7", None, None, None, b"Hello")]),
    ([(b"1 (BODY[] {5}", b"Hello"), b" UID 7 RFC822.SIZE 5)"], [Fetched("7", 5, None, None, b"Hello")]),
    # two messages, with a flag change by another client between them
    (
        [(b"1 (UID 7 BODY[] {1}", b"a"), b")", b"9 (FLAGS (\\Seen))", (b"2 (UID 8 BODY[] {1}", b"b"), b")"],
        [Fetched("7", None, None, None, b"a"), Fetched("8", None, None, None, b"b")],
    ),
    # an empty message, as a literal, as a string, and one that the server cannot read
    ([(b"1 (UID 7 BODY[] {0}", b""), b")"], [Fetched("7", None, None, None, b"")]),
    ([b'1 (UID 7 BODY[] "")'], [Fetched("7", None, None, None, b"")]),
    ([b'1 (UID 7 BODY[HEADER]<0> "")'], [Fetched("7", None, None, None, b"")]),
    ([b"1 (UID 7 BODY[] NIL)"], [Fetched("7", None, None, None, None)]),
    # an invalid date
    ([b'1 (UID 7 INTERNALDATE "31-Feb-2026 09:05:00 +0100")'], [Fetched("7", None, None, None, None)]),
    ([b'1 (UID 7 INTERNALDATE "21-Xyz-2026 09:05:00 +0100")'], [Fetched("7", None, None, None, None)]),
    # content of a message is not parsed as a response
    ([(b"1 (UID 7 BODY[] {9}", b"(UID 999)"), b")"], [Fetched("7", None, None, None, b"(UID 999)")]),
]


@pytest.mark.parametrize(("data", "messages"), FETCHED)
def test_a_response_to_fetch(data: list[Any], messages: list[Fetched]) -> None:
    assert list(fetched(data)) == messages


BYTES = st.binary(max_size=50)


@given(st.lists(st.one_of(st.none(), BYTES, st.tuples(BYTES, BYTES)), max_size=8))
def test_any_response_is_parsed_or_skipped(data: list[Any]) -> None:
    for message in fetched(data):
        assert message.uid.isdigit()


@pytest.mark.parametrize(
    ("data", "found"),
    [([b""], []), ([None], []), ([b"7 12 3"], ["3", "7", "12"]), ([b"7 7", b"1"], ["1", "7"]), ([b"x 5 -1"], ["5"])],
)
def test_the_uids_of_a_search_are_ordered(data: list[Any], found: list[str]) -> None:
    assert uids(data) == found


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [([], ""), (["5"], "5"), (["1", "2", "3"], "1:3"), (["3", "1", "9", "2"], "1:3,9"), (["1", "*", "2:9", "", "\u0661"], "1")],
)
def test_a_set_of_uids_contains_exactly_these(keys: list[str], chosen: str) -> None:
    assert uid_set(keys) == chosen


@given(st.sets(st.integers(1, 300)))
def test_any_set_of_uids_is_read_back(numbers: set[int]) -> None:
    named: set[int] = set()
    for run in filter(None, uid_set(map(str, numbers)).split(",")):
        first, _colon, last = run.partition(":")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == numbers


def test_the_state_of_a_mailbox() -> None:
    assert words([b"(\\Deleted \\Seen \\*)"]) == {"\\deleted", "\\seen", "\\*"}
    assert words([b"()"]) == frozenset()
    assert words(None) is None
    assert words([None]) is None
    assert (number([b"1795252700"]), number([b"x"]), number(None)) == ("1795252700", None, None)
