# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a server that were copied with a small flaw."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._mail.connection import SMTP_PORTS, server


def read(**values):
    given = {"host": "smtp.example.com", "port": None, "tls": "starttls", "ca_file": None}
    return server("smtp", {**given, "username": "app user", "password": " p ", **values}, SMTP_PORTS, 30)


@pytest.mark.parametrize("flaw", [" ", "\t", "\u00a0", "\u200b", "\ufeff"])
def test_a_blank_at_an_end_of_a_user_name_is_refused(flaw):
    for name in (f"app{flaw}", f"{flaw}app"):
        with pytest.raises(InputRefused, match=r"smtp\.username: .*blank"):
            read(username=name)


def test_other_blanks_are_accepted():
    assert (read().username, read().password) == ("app user", " p ")
