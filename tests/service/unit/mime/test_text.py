# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for the body of a message and for a line: line ends, and the characters that become a space."""

from __future__ import annotations

from catalog_mail.domain.mime.text import body, one_line
from hypothesis import given
from hypothesis import strategies as st

PLAIN = st.characters(max_codepoint=0x7F)


def test_control_characters_become_spaces_and_tabs_stay() -> None:
    assert body("".join(map(chr, range(0x20))) + "\x7f") == " " * 9 + "\t\n" + " " * 2 + "\n" + " " * 18 + " "


@given(st.text(PLAIN))
def test_ascii_is_cleaned_as_in_any_other_text(text: str) -> None:
    assert body(text + "|") + "é" == body(text + "|é")
    assert one_line(text + "|") + "é" == one_line(text + "|é")
