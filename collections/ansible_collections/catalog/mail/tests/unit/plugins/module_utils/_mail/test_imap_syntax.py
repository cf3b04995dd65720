# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders, quoting and searches of IMAP."""

from __future__ import annotations

from datetime import date

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.imap_syntax import (
    MAX_JUNK_FOLDERS,
    decode_utf7,
    junk_folders,
    quote,
    read_folders,
    read_uids,
    search_terms,
    unquote,
)
from hypothesis import given
from hypothesis import strategies as st

LINES = [
    # case, line of LIST, name, delimiter, flags
    ("quoted", rb'(\HasNoChildren) "/" "Sent Items"', b"Sent Items", "/", {"\\hasnochildren"}),
    ("an atom", rb'() "." INBOX.Junk', b"INBOX.Junk", ".", set()),
    ("no hierarchy", rb"(\Junk) NIL Spam", b"Spam", "", {"\\junk"}),
    ("quotation marks inside", rb'() "/" "a\"b\\c"', b'a"b\\c', "/", set()),
    ("a backslash as delimiter", rb'() "\\" "a"', b"a", "\\", set()),
    ("a literal", (rb'(\Junk) "/" {6}', b'a "b" '), b'a "b" ', "/", {"\\junk"}),
    ("modified UTF-7", rb'() "/" "&ANw-bung"', b"&ANw-bung", "/", set()),
]


@pytest.mark.parametrize(("line", "name", "delimiter", "flags"), [r[1:] for r in LINES], ids=[r[0] for r in LINES])
def test_a_folder_is_read(line, name, delimiter, flags):
    (folder,) = read_folders([line])
    assert (folder.name, folder.delimiter, folder.flags) == (name, delimiter, frozenset(flags))


@pytest.mark.parametrize("line", [None, b"", b"hello", b")", b'() "/" ', (b"() NIL {8}", b"a\r\nA1 X")])
def test_invalid_lines_and_unusable_folders_are_skipped(line):
    assert read_folders([line]) == []


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ([rb'() "/" INBOX', rb'(\Junk) "/" Ramsch', rb'() "/" Spam'], ["Ramsch", "Spam"]),
        ([rb'(\HasNoChildren \Junk) "/" "[Gmail]/Spam"', rb'() "/" Work'], ["[Gmail]/Spam"]),
        ([rb'() "." INBOX.junk', rb'() "/" "Junk E-mail"'], ["INBOX.junk", "Junk E-mail"]),
        ([rb'(\Noselect) "/" Junk', rb'(\NonExistent \Junk) "/" Spam'], []),
        ([rb'() "/" "Courrier ind&AOk-sirable"'], ["Courrier ind\u00e9sirable"]),
        ([rb'() "/" Junkyard', rb'() "/" Spam/old', rb'() "/" "no spam"'], []),
    ],
)
def test_folders_for_spam_are_found_by_flag_and_by_name(lines, names):
    assert [folder.shown for folder in junk_folders(read_folders(lines))] == names


def test_the_number_of_folders_for_spam_is_limited():
    assert len(junk_folders(read_folders([rb'(\Junk) "/" a%d' % number for number in range(1000)]))) == MAX_JUNK_FOLDERS


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"INBOX", "INBOX"),
        (b"&ANw-bung", "\u00dcbung"),
        (b"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e"),
        (b"a &- b", "a & b"),
        (b"&2D3eAA-", "\U0001f600"),
        (b"&A", "&A-"),
        (b"&AN-", "&AN-"),
        (b"\xc3\x9c", "\u00dc"),
    ],
)
def test_a_name_is_shown_to_people(name, shown):
    assert decode_utf7(name) == shown


@given(st.binary())
def test_any_bytes_can_be_shown_and_read(raw):
    assert isinstance(decode_utf7(raw), str)
    read_folders([raw, rb'() "/" ' + raw])


@given(st.binary())
def test_quoting_is_undone_by_reading_and_never_ends_early(raw):
    if set(raw) & set(b"\0\r\n"):
        with pytest.raises(ValueError, match="cannot be sent"):
            quote(raw)
        return
    quoted = quote(raw)
    assert unquote(quoted) == raw
    inside = quoted[1:-1].replace(b"\\\\", b"").replace(b'\\"', b"")
    assert b'"' not in inside


def test_text_is_quoted_as_utf8():
    assert quote('p\u00e4"\\') == b'"p\xc3\xa4\\"\\\\"'


def test_a_search_names_the_day_in_english():
    assert b" ".join(search_terms("<a@b>", "t0ken", date(2026, 5, 3))) == (
        b'SINCE 3-May-2026 OR HEADER Message-ID "<a@b>" SUBJECT "t0ken"'
    )


@pytest.mark.parametrize(
    ("lines", "uids"), [([b"1 22 3"], [b"1", b"22", b"3"]), ([None], []), ([b""], []), ([b"x 4"], [b"4"]), ([], [])]
)
def test_uids_are_read(lines, uids):
    assert read_uids(lines) == uids
