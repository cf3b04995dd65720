# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of tables are added to the values of parameters, and removed from them."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._postfix.lookup_table import Table
from ansible_collections.catalog.mail.plugins.module_utils._postfix.table_parameters import broken_after, naming, without

TABLE = Table("/etc/postfix/t", "hash", ())
ACCESS = "check_sender_access"


@pytest.mark.parametrize("value,check,after", [
    ("", None, "hash:/etc/postfix/t"),
    ("", ACCESS, "check_sender_access hash:/etc/postfix/t"),
    ("hash:/etc/postfix/t", None, "hash:/etc/postfix/t"),
    ("hash:/etc/postfix/t2", None, "hash:/etc/postfix/t, hash:/etc/postfix/t2"),
    ("btree:/etc/postfix/t hash:/x", None, "hash:/etc/postfix/t hash:/x"),
    ("proxy:lmdb:/etc/postfix/t", None, "proxy:hash:/etc/postfix/t"),
    ("permit_mynetworks", ACCESS, "check_sender_access hash:/etc/postfix/t, permit_mynetworks"),
    ("reject, check_client_access cdb:/etc/postfix/t", ACCESS, "reject, check_client_access hash:/etc/postfix/t"),
])
def test_a_value_names_the_table(value, check, after):
    assert naming(value, TABLE, check) == after
    assert naming(after, TABLE, check) == after


@pytest.mark.parametrize("value,after", [
    ("hash:/etc/postfix/t", ""),
    ("hash:/a, btree:/etc/postfix/t,hash:/b", "hash:/a, hash:/b"),
    ("hash:/a  proxy:hash:/etc/postfix/t hash:/b", "hash:/a hash:/b"),
    ("permit_mynetworks, check_sender_access hash:/etc/postfix/t, reject", "permit_mynetworks, reject"),
    ("check_sender_access  ,hash:/etc/postfix/t reject", "reject"),
    ("hash:/etc/postfix/t.old,  hash:/other/etc/postfix/t", "hash:/etc/postfix/t.old,  hash:/other/etc/postfix/t"),
])
def test_a_value_no_longer_names_the_table(value, after):
    assert without(value, TABLE.path) == after


@pytest.mark.parametrize("table,named,broken", [
    (TABLE, "hash:/etc/postfix/t", False),
    (TABLE, "texthash:/etc/postfix/t", False),
    (TABLE, "btree:$config_directory/t", True),
    (TABLE, "lmdb:${config_directory}/t", True),
    (Table("/etc/postfix/t", "hash", (), present=False), "proxy:hash:/etc/postfix/t", True),
    (Table("/etc/postfix/t", "hash", (), present=False), "hash:/etc/postfix/t2", False),
])
def test_a_table_that_would_break_a_parameter(table, named, broken):
    effective = {"config_directory": "/etc/postfix", "transport_maps": named}
    found = broken_after([table], {"transport_maps": named}, effective, f"# -o x={named}\n")
    assert [place for place, _table in found] == (["transport_maps"] if broken else [])
    found = broken_after([table], {}, effective, f"smtp inet n - y - - smtpd\n -o transport_maps={named}\n")
    assert [place for place, _table in found] == (["master.cf"] if broken else [])
