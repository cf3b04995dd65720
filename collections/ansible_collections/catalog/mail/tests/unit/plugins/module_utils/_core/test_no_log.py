# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of sub-options do not reach the log of the host."""

from __future__ import annotations

from ansible_collections.catalog.mail.plugins.module_utils._core.no_log import HIDDEN, loggable

OPTIONS = {
    "name": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "one": {"type": "dict", "options": {
        "host": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "deeper": {"type": "dict", "options": {"key": {"type": "str", "no_log": True}}},
    }},
    "many": {"type": "list", "elements": "dict", "options": {"user": {}, "secret": {"no_log": True}}},
}


def test_secrets_are_replaced_at_any_depth_and_nothing_else_is():
    params = {
        "name": "x", "password": "a", "other": {"secret": "kept"},
        "one": {"host": "h", "password": "it's \"b\\\\", "deeper": {"key": "c"}},
        "many": [{"user": "u", "secret": "d"}, {"user": "v", "secret": None}],
    }
    assert loggable(params, OPTIONS) == {
        "name": "x", "password": "a", "other": {"secret": "kept"},
        "one": {"host": "h", "password": HIDDEN, "deeper": {"key": HIDDEN}},
        "many": [{"user": "u", "secret": HIDDEN}, {"user": "v", "secret": None}],
    }
    assert params["one"]["password"] == "it's \"b\\\\"


def test_options_that_were_not_given_stay_so():
    assert loggable({"one": None, "many": None}, OPTIONS) == {"one": None, "many": None}
