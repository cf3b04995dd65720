# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An alias is set in a file of aliases(5), and all else is kept."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._postfix.aliases import unreachable, value_of, with_alias
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("before,after", [
    ("", "root: a@b.test\n"),
    ("# x\n", "# x\nroot: a@b.test\n"),
    ("x: y", "x: y\nroot: a@b.test\n"),
    ("x: y\r\nz: y\r\n", "x: y\r\nz: y\r\nroot: a@b.test\r\n"),
    ("root:a@b.test", "root:a@b.test"),
    ("RooT :\n\ta@b.test\n", "RooT :\n\ta@b.test\n"),
    ("\"root\": c\n", "root: a@b.test\n"),
    ("root: c,\n# kept\n  d\nx: y\n", "root: a@b.test\n# kept\nx: y\n"),
    ("root: a@b.test\nx: y\nroot: c\n", "root: a@b.test\nx: y\n"),
    ("rooter: c\n#root: d\n\"x:root\": e\n", "rooter: c\n#root: d\n\"x:root\": e\nroot: a@b.test\n"),
])
def test_one_alias_is_set(before, after):
    assert with_alias(before, "root", "a@b.test") == after
    assert with_alias(after, "root", "a@b.test") == after
    assert value_of(after, "root") == "a@b.test"


@given(st.lists(st.sampled_from(["root: a", "x: y", "  b,", "# c", "", "ROOT:", "\tz"]), max_size=8))
def test_other_lines_are_kept_in_any_file(lines):
    text = "".join(f"{line}\n" for line in lines)
    after = with_alias(text, "root", "a@b.test")
    assert with_alias(after, "root", "a@b.test") == after
    others = [line for line in lines if line[:1] in ("x", "#", "")]
    assert [line for line in after.split("\n")[:-1] if line[:1] in ("x", "#", "")] == others


@pytest.mark.parametrize("origin,destinations,reached", [
    ("h.test", "localhost, H.test", True),
    ("h.test", "localhost hash:/etc/postfix/domains", True),
    ("corp.test", "localhost, h.test", False),
    ("corp.test", "", False),
])
def test_whether_mail_for_root_meets_its_alias(origin, destinations, reached):
    assert (unreachable(origin, destinations) == "") is reached
