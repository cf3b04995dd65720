# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words, quotes, comments and addresses in headers of incoming mail."""

from __future__ import annotations

import time

import pytest
from catalog_mail.domain.mime.structured import addresses, bounded, joined_statements, keyword, statements, tokens
from hypothesis import given
from hypothesis import strategies as st

ADDRESSES = [
    ("", []),
    ("jane@corp.test", ["jane@corp.test"]),
    ("Jane Doe <jane@corp.test>", ["jane@corp.test"]),
    ('"Doe, Jane" <jane@corp.test>', ["jane@corp.test"]),
    ("jane@corp.test (Jane, Doe)", ["jane@corp.test"]),
    ("jane (a (nested) comment) @ corp.test", ["jane@corp.test"]),
    ("<jane@corp.test>, John <john@corp.test>", ["jane@corp.test", "john@corp.test"]),
    ('"jane@bank.test" <eve@evil.test>', ["eve@evil.test"]),
    ("jane@bank.test <eve@evil.test>", ["eve@evil.test"]),
    ("<eve@evil.test> jane@bank.test", ["eve@evil.test"]),
    ("<>", [""]),
    ("<jane@corp.test", ["jane@corp.test"]),
    ("friends: jane@corp.test, john@corp.test;", ["jane@corp.test", "john@corp.test"]),
    ("undisclosed-recipients:;", []),
    ('"a\\"b"@corp.test', ['a"b@corp.test']),
    (",,", []),
]


@pytest.mark.parametrize("value, expected", ADDRESSES)
def test_addresses(value: str, expected: list[str]):
    assert addresses(value) == expected


@pytest.mark.parametrize(
    "value, expected",
    [("No", "no"), ("(x) auto-replied; y", "auto-replied"), ("", ""), ("; x", ""), ("(open", ""), ('"Auto"', "auto")],
)
def test_keyword(value: str, expected: str):
    assert keyword(value) == expected


def test_statements_end_at_unquoted_semicolons():
    texts = [[token.text for token in parts] for parts in statements('a="x;y" (c;d) b; e ;')]
    assert texts == [["a", "=", "x;y", "b"], ["e"], []]


def test_a_value_is_cut_and_on_one_line():
    assert bounded("ab\r\n cdef", 6) == "ab   c"


@pytest.mark.parametrize("value", ["(" * 10**5, "\\(" * 10**5, '"' * 10**5, '"\\' * 10**5, " " * 10**5, "a<" * 10**5])
def test_time_is_in_proportion_to_the_value(value: str):
    start = time.process_time()
    for _token in tokens(value):
        pass
    assert time.process_time() - start < 1


@given(st.text(alphabet='()<>"\\,;:@=/ ab', max_size=40))
def test_any_value_can_be_read(value: str):
    assert all(token.text or token.quoted for token in tokens(value))
    assert isinstance(addresses(value), list)
    assert keyword(value) == keyword(value).lower()


@given(st.text(alphabet='ab ;="()\\<>,:/\t\x00\u00a0', max_size=60))
def test_joined_statements_are_those_of_the_tokens(value: str):
    assert joined_statements(value) == ["".join(token.text for token in statement) for statement in statements(value)]


@given(st.text(alphabet="ab.+-@<> _,;:\u00e4\t", max_size=20))
def test_a_comment_before_a_mailbox_changes_nothing(value: str) -> None:
    assert addresses(value) == addresses("()" + value)


@pytest.mark.parametrize("value", ["a@b", "<a@b>", "A B <a+c@b.d>", "A.B-C <a@b>", " a@b", "a@b ", "<a@b> c", "a b@c", "a <b@c"])
def test_a_plain_mailbox_is_read_as_any_other(value: str) -> None:
    assert addresses(value) == addresses("()" + value)
