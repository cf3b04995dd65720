# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lookup tables are validated, compared and shown."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._core.file_facts import FileFacts
from ansible_collections.catalog.mail.plugins.module_utils._postfix.lookup_table import (
    HEADER,
    Entry,
    Table,
    TableState,
    check_table,
    complaint,
    parse_table,
    plan_table,
    rendered,
    table_of,
)
from hypothesis import given
from hypothesis import strategies as st

PATH = "/etc/postfix/t"
ROW = Entry("[a.example]:587", "u:p a:s#s", secret=True)
TABLE = Table(PATH, "hash", (ROW,), mode=0o600)


def state(text=TABLE.text, mode=0o600, compiled_mode=0o600, content=None, age=0, leftovers=(), owner="root"):
    """Return the desired state of TABLE, except for the given attributes."""
    return TableState(
        source=None if text is None else FileFacts(mode, owner, "root", 1000),
        text=text,
        compiled=(None,) if compiled_mode is None else (FileFacts(compiled_mode, owner, "root", 1000 - age),),
        content={ROW.key: ROW.value} if content is None else content,
        leftovers=leftovers)


@pytest.mark.parametrize("now,kinds", [
    (state(), []),
    (state(text="# by hand\n[a.example]:587    u:p a:s#s\n\n"), []),
    (state(text="[A.example]:587 u:p a:s#s\n"), []),
    (state(text=None), ["entries"]),
    (state(text="[a.example]:587 u:old\n"), ["entries"]),
    (state(text=TABLE.text + "b x\n"), ["entries"]),
    (state(text=TABLE.text + "[a.example]:587 u:p a:s#s\n"), ["entries"]),
    (state(mode=0o644), ["attributes"]),
    (state(owner="nobody"), ["attributes", "compiled"]),
    (state(compiled_mode=None), ["compiled"]),
    (state(compiled_mode=0o644), ["compiled"]),
    (state(content={}), ["compiled"]),
    (state(content={ROW.key: "u:other"}), ["compiled"]),
    (state(age=1), ["compiled"]),
    (state(leftovers=(PATH + ".lmdb",)), ["leftovers"]),
])
def test_plan(now, kinds):
    assert [change.what for change in plan_table(now, TABLE)] == kinds


def test_an_unreadable_compiled_form_is_made_again():
    unreadable = TableState(
        FileFacts(0o600, "root", "root", 1), TABLE.text, (FileFacts(0o600, "root", "root", 1),), None, ())
    assert [(change.what, change.before) for change in plan_table(unreadable, TABLE)] == [("compiled", "unreadable")]


def test_absent_removes_source_and_compiled_forms_of_every_type():
    gone = Table(PATH, "hash", (), present=False)
    assert PATH + ".db" in gone.foreign_paths and PATH + ".lmdb" in gone.foreign_paths
    now = TableState(FileFacts(0o600, "root", "root", 1), "x y\n", (), None, (PATH + ".db",))
    assert [(change.what, change.before) for change in plan_table(now, gone)] == [("removed", f"{PATH}, {PATH}.db")]
    assert plan_table(TableState(None, None, (), None, ()), gone) == []


def test_patterns_keep_their_order_and_case_and_are_not_compiled():
    rows = (Entry("/^A b/", "x"), Entry("/^a b/", "y"))
    table = Table(PATH, "regexp", rows)
    check_table("entries", table)
    now = TableState(FileFacts(0o644, "root", "root", 1), table.text, (), None, ())
    assert plan_table(now, table) == []
    turned = Table(PATH, "regexp", rows[::-1])
    assert [change.what for change in plan_table(now, turned)] == ["entries"]


@pytest.mark.parametrize("entries,words", [
    ([Entry("a", "1"), Entry("a", "2")], "is given twice"),
    ([Entry("User@x", "1"), Entry("user@X", "2")], "differ only in case"),
    ([Entry("a b", "1")], "blank or a quote"), ([Entry('"a', "1")], "blank or a quote"),
    ([Entry("#a", "1")], "comment"), ([Entry("", "1")], "no key"), ([Entry(" a", "1")], "no key"),
    ([Entry("a\nb", "1")], "no key"), ([Entry("a", "")], "no value"), ([Entry("a", " ")], "no value"),
    ([Entry("a", "x\ny")], "line end"), ([Entry("a", " x")], "begins or ends"), ([Entry("a", "x ")], "begins or ends"),
])
def test_entries_that_postfix_would_read_differently_are_refused(entries, words):
    with pytest.raises(InputRefused) as refusal:
        check_table("entries", Table(PATH, "hash", tuple(entries)))
    assert words in str(refusal.value)


def test_a_refusal_does_not_show_the_secret():
    for value in ("hunter2\n", " hunter2"):
        with pytest.raises(InputRefused) as refusal:
            check_table("entries", Table(PATH, "hash", (Entry("a", value, secret=True),)))
        assert "hunter2" not in str(refusal.value)


def test_a_diff_shows_keys_and_that_a_secret_changed():
    now = state(text="old.example u:gone\n[a.example]:587 u:before\n")
    before, after = rendered(plan_table(now, TABLE))
    assert before == "old.example ********\n[a.example]:587 ********\n"
    assert after == "[a.example]:587 ******** (changed)\n"


def test_a_file_that_few_may_read_shows_no_value_either():
    table = Table(PATH, "texthash", (Entry("a", "1"),), mode=0o600)
    now = TableState(FileFacts(0o600, "root", "root", 1), "a password\n", (), None, ())
    assert "password" not in "".join(rendered(plan_table(now, table)))


def test_a_diff_of_an_ordinary_table_shows_values():
    table = Table(PATH, "texthash", (Entry("a", "1"),))
    now = TableState(FileFacts(0o640, "root", "root", 1), "a 0\n", (), None, ())
    readable = TableState(FileFacts(0o644, "root", "root", 1), "a 0\n", (), None, ())
    assert rendered(plan_table(readable, table)) == ("a 0\n", "a 1\n")
    assert rendered(plan_table(now, table))[1].endswith("# attributes: mode 0644, owner root, group root\n")


OPTIONS = {
    "path": PATH, "state": "present", "type": None, "mode": None, "owner": "root", "group": "root",
    "entries": [{"key": "a", "value": None, "secret": "s"}]}


def test_options_become_a_table():
    table = table_of(OPTIONS, "lmdb")
    assert (table.type, table.mode, table.entries) == ("lmdb", 0o600, (Entry("a", "s", secret=True),))
    plain = table_of({**OPTIONS, "entries": [{"key": "a", "value": "v", "secret": None}], "type": "hash"}, "lmdb")
    assert (plain.type, plain.mode, plain.confidential) == ("hash", 0o644, False)


@pytest.mark.parametrize("mode", ["0644", "9", "u=rw", "0604"])
def test_a_mode_that_is_none_or_too_open_is_refused(mode):
    with pytest.raises(InputRefused, match="mode: "):
        table_of({**OPTIONS, "mode": mode}, "hash")


blankless = st.text(st.characters(blacklist_categories=("Cc", "Cs")), min_size=1, max_size=12)
keys = blankless.filter(lambda text: not set(text) & set(' "#') and text == text.strip())
values = blankless.filter(lambda text: text == text.strip(" "))


@given(st.lists(st.tuples(keys, values), unique_by=lambda row: row[0].lower(), max_size=5))
def test_a_valid_table_is_read_as_it_was_written(rows):
    table = Table(PATH, "hash", tuple(Entry(*row) for row in rows))
    check_table("entries", table)
    assert parse_table(table.text) == rows
    assert table.text.startswith(HEADER)


@pytest.mark.parametrize("said,expected", [
    ("", ""),
    ("postmap: warning: /etc/postfix/main.cf, line 9: overriding earlier entry: biff=no\n", ""),
    ("postmap: warning: /etc/postfix/t, line 2: expected format: key whitespace value\n",
     "postmap: warning: /etc/postfix/t, line 2: expected format: key whitespace value"),
    ("postmap: warning: /etc/postfix/t.db: duplicate entry: \"a\"\n",
     "postmap: warning: /etc/postfix/t.db: duplicate entry: \"a\""),
    ("postmap: warning: /etc/postfix/t, line 1: first\npostmap: warning: /etc/postfix/main.cf, line 9: overriding\n",
     "postmap: warning: /etc/postfix/t, line 1: first"),
    ("postmap: warning: smtputf8_enable is true, but EAI support is not compiled in\n", ""),
])
def test_warnings_of_main_cf_are_no_complaint_about_the_table(said, expected):
    assert complaint(PATH, said) == expected
