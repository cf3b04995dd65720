# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: RUF001 - letters of many alphabets
"""Verbs at the end of an attribution line, and titles such as "Original Message"."""

from __future__ import annotations

import pytest
from catalog_mail.domain.replies.extraction.attribution import attribution, first_verb
from catalog_mail.domain.replies.extraction.boundaries import is_title
from catalog_mail.domain.replies.extraction.languages import ORIGINAL, TITLES, WROTE
from catalog_mail.domain.replies.extraction.lines import Line
from catalog_mail.domain.replies.extraction.parties import Parties
from hypothesis import given
from hypothesis import strategies as st

VERBS = [
    "wrote", "writes", "schrieb", "schreef", "skrev", "skreiv", "kirjoitti", "napsal", "napsala", "napísal", "napísala",
    "napisał", "napisała", "yazdı", "yazdi", "YAZDI", "escribió", "va escriure", "escreveu", "ha scritto", "scritto",
    "écrit", "a scris", "написал", "написала", "пишет", "писал", "пише", "έγραψε", "írta", "rašė", "rakstīja",
    "kirjutas", "je napisao", "je pisal", "写道", "menulis", "đã viết",
]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
def test_a_line_may_end_with_the_verb_in_any_case(verb: str) -> None:
    for form in (verb, verb.upper(), verb.capitalize()):
        if WROTE.fullmatch(form):
            lines = [Line(f"20.11.2026 10:15 Catalog <r@c.test> {form}"), Line("quoted", depth=1)]
            assert attribution(lines, 0, 2, Parties(), marker=False) == 1
    assert WROTE.fullmatch(verb)


@pytest.mark.parametrize("word", ["e", "", "Jane", "orders", "wrote so", "overwrote"])
def test_other_words_end_no_attribution(word: str) -> None:
    lines = [Line(f"20.11.2026 10:15 Catalog <r@c.test> {word}"), Line("quoted", depth=1)]
    assert attribution(lines, 0, 2, Parties(), marker=False) == 0


@given(st.lists(st.sampled_from([*VERBS, *map(str.upper, VERBS), " ", "x", "_", "7", ":", "o", "Wrote", "\u00e9"]), max_size=6))
def test_the_first_verb_is_that_of_the_expression(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = WROTE.search(text)
    assert first_verb(text) == (found.span() if found else None)


@given(st.text(alphabet=" \t\n\x1c-_=*:", max_size=3), st.sampled_from(sorted(TITLES)), st.text(alphabet=" -_=*:\nx", max_size=3))
def test_titles_are_the_same_for_the_set_and_the_expression(before: str, title: str, after: str) -> None:
    for text in (before + title + after, before + title.upper() + after, before + title.title() + after, before + after):
        if text.isascii():
            assert is_title(text) == bool(ORIGINAL.match(text))
