# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The users that a text mentions, and texts that mention no user."""

from __future__ import annotations

import re
import time

import pytest
from catalog_mail.domain.catalog.mentions import LONGEST_NAME, NAME_PATTERN, mentioned_names
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "text, names",
    [
        ("", []),
        ("nobody", []),
        ("@jane", ["jane"]),
        ("Please look, @jane.doe: it is urgent", ["jane.doe"]),
        ("@jane, @joe and @jane again", ["jane", "joe"]),
        ("@JANE and @jane are one", ["jane"]),
        ("(@jane) \u201e@joe\u201c [@max]", ["jane", "joe", "max"]),
        ("first line\n@jane\r\n@joe", ["jane", "joe"]),
        ("Ask @jane.", ["jane"]),
        ("Ask @jane...", ["jane"]),
        ("@jane's table", ["jane"]),
        ("@a_b-c.d9", ["a_b-c.d9"]),
        ("@7", ["7"]),
        # A name has to end at a boundary.
        ("@jan\u00e9", []),
        ("@_jane", []),
        ("@ jane", []),
        ("@", []),
        ("@@jane", []),
        ("\uff20jane", []),
    ],
)
def test_names_after_an_at_sign(text: str, names: list[str]) -> None:
    assert mentioned_names(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "jane@corp.test",
        "Write to jane.doe+x@corp.test, or jane-@corp.test",
        "j\u00f6rg@corp.test",
        "@jane@corp.test",
        "https://corp.test/@jane",
        "ssh git@git.corp.test",
        "100%@jane",
    ],
)
def test_addresses_and_links_are_no_mentions(text: str) -> None:
    assert mentioned_names(text) == []


@pytest.mark.parametrize(
    "text, names",
    [
        ("run `@Override` now", []),
        ("```\n@dataclass\nclass A: ...\n``` @jane", ["jane"]),
        ("``a ` @joe`` @jane", ["jane"]),
        ("`a` @jane `b`", ["jane"]),
        # An unclosed mark is no code.
        ("`@jane", ["jane"]),
        ("``@jane`", ["jane"]),
    ],
)
def test_code_contains_no_mentions(text: str, names: list[str]) -> None:
    assert mentioned_names(text) == names


def test_a_name_is_at_most_as_long_as_a_user_name() -> None:
    assert mentioned_names("@" + "a" * LONGEST_NAME) == ["a" * LONGEST_NAME]
    assert mentioned_names("@" + "a" * (LONGEST_NAME + 1)) == []


NAMES = st.from_regex(NAME_PATTERN, fullmatch=True)


@given(st.lists(NAMES, max_size=5))
def test_every_users_name_can_be_mentioned(names: list[str]) -> None:
    text = " and ".join(f"@{name}" for name in names)
    assert mentioned_names(text) == list(dict.fromkeys(name.lower() for name in names))


@given(st.text(st.characters()), st.text(st.sampled_from("@`a.-_ \n\u00e9"), max_size=60))
def test_each_mention_is_a_valid_name_from_the_text(anything: str, tricky: str) -> None:
    for text in (anything, tricky):
        for name in mentioned_names(text):
            assert re.fullmatch(NAME_PATTERN, name)
            assert f"@{name}" in text.lower()


@given(NAMES, st.from_regex(r"[a-z0-9.]*[a-z0-9]", fullmatch=True))
def test_an_address_is_never_a_mention(name: str, local_part: str) -> None:
    assert mentioned_names(f"Write to {local_part}@{name} today") == []


@pytest.mark.parametrize("piece", ["@", "@a", "@a.", "a@", "`", "`@a`", "``` ` ", "@a-_.", "@@a ", "`@", "@" + "a." * 50])
def test_the_time_is_linear_in_the_length(piece: str) -> None:
    """Ten times the text takes at most thirty times the time; backtracking would take a hundred times or more."""
    short, long = (_seconds(piece * (size // len(piece))) for size in (50_000, 500_000))
    assert long < max(30 * short, 0.5)


def _seconds(text: str) -> float:
    begun = time.process_time()
    mentioned_names(text)
    return time.process_time() - begun
