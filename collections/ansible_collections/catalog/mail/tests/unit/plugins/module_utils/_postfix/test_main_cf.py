# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""main.cf is edited without losing a byte outside the edited parameters."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._postfix.main_cf import Change, MainCf, folded, plan
from hypothesis import given
from hypothesis import strategies as st

EDITS = [
    # case, text, parameters, text afterwards
    ("in place", "a = 1\nb = 2\nc = 3\n", {"b": "x"}, "a = 1\nb = x\nc = 3\n"),
    ("new ones at the end, in order", "a = 1\n", {"c": "3", "b": "2"}, "a = 1\nc = 3\nb = 2\n"),
    ("empty file", "", {"a": "1"}, "a = 1\n"),
    ("comments stay", "# top\na = 1 # no comment\n\n# end\n", {"a": "2"}, "# top\na = 2\n\n# end\n"),
    ("continuation", "a = 1,\n  2,\n\t3\nb = 4\n", {"a": "9"}, "a = 9\nb = 4\n"),
    ("comment and blank inside a value", "a = 1,\n# why\n\n  2\nb = 4\n", {"a": "9"}, "a = 9\n# why\n\nb = 4\n"),
    ("indented comment inside a value", "a = 1\n  # why\n  2\n", {"a": "9"}, "a = 9\n  # why\n"),
    ("CRLF", "a = 1\r\nb = 2\r\n", {"a": "9", "c": "3"}, "a = 9\r\nb = 2\r\nc = 3\r\n"),
    ("no final newline, in place", "a = 1\nb = 2", {"b": "9"}, "a = 1\nb = 9"),
    ("no final newline, appended", "a = 1\nb = 2", {"c": "9"}, "a = 1\nb = 2\nc = 9\n"),
    ("no final newline, removed", "a = 1\nb = 2", {"b": None}, "a = 1\n"),
    ("duplicates: the last stays", "a = 1\nb = 2\na = 3\n", {"a": "9"}, "b = 2\na = 9\n"),
    ("duplicates with the right last value", "a = 1\nb = 2\na = 3\n", {"a": "3"}, "a = 1\nb = 2\na = 3\n"),
    ("removal of all duplicates", "a = 1\nb = 2\na =\n  3\n", {"a": None}, "b = 2\n"),
    ("no prefix match", "ab = 1\na_b = 2\n", {"a": "3"}, "ab = 1\na_b = 2\na = 3\n"),
    ("commented parameter is none", "#a = 1\n", {"a": "1"}, "#a = 1\na = 1\n"),
    ("folded white space is equal", "a   =  x\t y,\n   z\n", {"a": "x y, z"}, "a   =  x\t y,\n   z\n"),
    ("emptied", "a = 1\n", {"a": ""}, "a =\n"),
    ("empty already", "a =\n", {"a": ""}, "a =\n"),
    ("absent already", "a = 1\n", {"b": None}, "a = 1\n"),
    ("no blanks around the sign", "a=1\nb=2\n", {"b": "3"}, "a=1\nb = 3\n"),
    ("indented first line", "  lost\na = 1\n", {"a": "2"}, "  lost\na = 2\n"),
    ("equal signs in a value", "a = b=c\n", {"a": "d=e"}, "a = d=e\n"),
    ("form feed is white space", "a = 1\n\f2\nb = 3\n", {"a": "9"}, "a = 9\nb = 3\n"),
    ("no-break space is none", "a = 1\n\u00a0x = 2\n", {"a": "9"}, "a = 9\n\u00a0x = 2\n"),
]


@pytest.mark.parametrize("text,parameters,expected", [row[1:] for row in EDITS], ids=[row[0] for row in EDITS])
def test_edit(text, parameters, expected):
    current = MainCf(text)
    after = current.edited(plan(current, parameters))
    assert str(after) == expected
    assert plan(after, parameters) == []


TIDIED = [
    # case, text, text afterwards, changes
    ("nothing to do", "# a\na = 1\n\nb = 2\n", "# a\na = 1\n\nb = 2\n", []),
    ("earlier lines go, with their continuation", "a = 1,\n  2\nb = 2\na = 3\na = 4\n", "b = 2\na = 4\n",
     [("an earlier line of a", "1, 2"), ("an earlier line of a", "3")]),
    ("the same value twice", "a = 1\na = 1\n", "a = 1\n", [("an earlier line of a", "1")]),
    ("comments stay", "a = 1\n# why\na = 2\n", "# why\na = 2\n", [("an earlier line of a", "1")]),
    ("lines that set nothing", "what is this\na = 1\n= 3\nb c = 4\n", "a = 1\n",
     [("a line that sets no parameter", text) for text in ("what is this", "= 3", "b c = 4")]),
    ("a stray line with its continuation", "oops\n  more\na = 1\n", "a = 1\n", [("a line that sets no parameter", "oops more")]),
    ("a password in a stray line", "smtp_passwd hunter2\n", "", [("a line that sets no parameter", "********")]),
    ("no final newline", "a = 1\na = 2", "a = 2", [("an earlier line of a", "1")]),
    ("CRLF", "a = 1\r\na = 2\r\n", "a = 2\r\n", [("an earlier line of a", "1")]),
]


@pytest.mark.parametrize("text,expected,changes", [row[1:] for row in TIDIED], ids=[row[0] for row in TIDIED])
def test_tidied(text, expected, changes):
    assert str(MainCf(text).tidied()) == expected
    assert MainCf(text).untidiness() == [Change(name, before, None) for name, before in changes]


@given(st.text(alphabet="ab=# \t\n\r\fx", max_size=60))
def test_tidying_changes_no_value(text):
    before, after = MainCf(text), MainCf(text).tidied()
    assert after.parameters == before.parameters
    assert (after.duplicates, after.malformed, after.untidiness()) == ((), (), [])
    assert str(after.tidied()) == str(after)
    if not before.untidiness():
        assert str(after) == text


def test_the_last_duplicate_counts_and_white_space_is_folded():
    found = MainCf("a = 1\na =  2 \t 3\n# a = 4\n 5\n").parameters
    assert found == {"a": "2 3 5"}


def test_a_plan_has_before_and_after():
    current = MainCf("a = 1\nb = 2\n")
    assert plan(current, {"a": "9", "b": None, "c": "3"}) == [
        Change("a", "1", "9"), Change("b", "2", None), Change("c", None, "3")]


def test_bytes_that_are_no_utf8_survive():
    data = b"# caf\xe9\na = 1\n\xff = \xfe\n"
    current = MainCf.from_bytes(data)
    assert current.to_bytes() == data
    assert current.edited([Change("a", "1", "2")]).to_bytes() == data.replace(b"a = 1", b"a = 2")


def test_malformed_lines_are_reported_and_kept():
    current = MainCf("a = 1\nnonsense\nb c = 3\n= 4\n")
    assert current.malformed == ("nonsense", "b c = 3", "= 4")
    assert str(current.edited([Change("a", "1", "2")])) == "a = 2\nnonsense\nb c = 3\n= 4\n"


@pytest.mark.parametrize("line,secret", [
    ("smtp_sasl_password_maps = static:catalog:hunter2", "hunter2"),
    ("smtp_sasl_password_maps =\n  inline:{{x=y:hunter2}}", "hunter2"),
    ("ldap_bind_password = hunter2", "hunter2"),
    ("mysql_passwd = hunter2", "hunter2"),
    ("ldap_bind_pw = hunter2", "hunter2"),
    ("mysql_password = hunter/2", "hunter/2"),
    ("relay_logins = inline:{ {[relay.test]:587 = catalog:hunter2} }", "hunter2"),
    ("relay_logins = static:{catalog:hunter2}", "hunter2"),
    ("smtp_sasl_password_maps = regexp:{ {/./ catalog:hunter2} }", "hunter2"),
    ("# smtp_sasl_password_maps = static:catalog:hunter2", "hunter2"),
    ("#ldap_bind_pw=hunter2", "hunter2"),
])
def test_a_password_in_the_file_is_not_shown(line, secret):
    shown = str(MainCf(f"a = 1\n{line}\nb = 2\n").masked())
    assert secret not in shown
    assert "a = 1\n" in shown and "b = 2\n" in shown


@pytest.mark.parametrize("line", [
    "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd",
    "smtp_sasl_password_maps = $relay_logins",
    "transport_maps = inline:{ {example.com = smtp:[relay.test]:25}, {b.test = lmtp:unix:private/lmtp} }",
    "virtual_alias_maps = inline:{ root=admin@corp.test }",
    "smtpd_client_restrictions = check_client_access static:REJECT",
    "header_checks = regexp:{ {/^Received:/ IGNORE} }",
    "# The passwords of the relay = see the wiki",
])
def test_what_is_no_password_is_shown(line):
    text = f"{line}\n"
    assert str(MainCf(text).masked()) == text


names = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
values = st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=12)
texts = st.lists(st.one_of(
    st.builds("{} = {}".format, names, values), st.builds("  {}".format, values), st.builds("#{}".format, values),
    st.just(""), st.just("\r"), st.text(max_size=10))).map("\n".join)


@given(texts, st.dictionaries(names, st.one_of(st.none(), values)))
def test_an_edit_sets_the_parameters_and_keeps_everything_else(text, wished):
    current = MainCf(text)
    after = current.edited(plan(current, wished))
    expected = {name: value for name, value in current.parameters.items() if name not in wished}
    expected.update({name: folded(value) for name, value in wished.items() if value is not None})
    assert MainCf(str(after)).parameters == expected
    kept = [line for line in text.split("\n") if line.lstrip(" \t\v\f\r").startswith("#")]
    # The last line may get a missing line end.
    stand = {line.rstrip("\r") for line in str(after).split("\n")}
    assert [line for line in kept if line.rstrip("\r") not in stand] == []
    assert after.malformed == current.malformed


@given(st.binary(max_size=200))
def test_any_bytes_are_read_and_written_unchanged(data):
    assert MainCf.from_bytes(data).to_bytes() == data
