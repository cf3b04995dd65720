# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that would take each other's replies, by their variables in an inventory."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.catalog.mail.plugins.filter.reply_mailbox_conflicts import reply_mailbox_conflicts

IMAP = {"host": "imap.example.com", "username": "replies@example.com", "password": "x"}
ON = {"enabled": True, "reply_to": "replies@example.com", "receiver": "imap", "imap": IMAP}
MICROSOFT = {"enabled": True, "reply_to": "replies@example.com", "receiver": "microsoft"}
SHARED = "postgresql://catalog_mail@db.example.com/catalog_mail"


def host(interactions: Any = None, **variables: Any) -> dict[str, Any]:
    return {"email_settings_interactions": ON if interactions is None else interactions, **variables}


@pytest.mark.parametrize(
    "first, second",
    [
        (host(), host()),
        (host(), host({**ON, "reply_to": "Replies@Example.com", "imap": {**IMAP, "host": "imap2.example.com"}})),
        (host(), host({**ON, "reply_to": "a@example.com", "imap": {**IMAP, "mailbox": "inbox", "host": "IMAP.Example.com."}})),
        (host({**ON, "enabled": "yes"}), host()),
        (host(MICROSOFT), host(MICROSOFT)),
        (host(), host(site_reply_sync=False)),  # its e-mails ask for replies all the same
        (host(), host(reply_sync_state="absent")),
        (host(application_database_url=SHARED), host()),
        (host(application_database_url=SHARED), host(application_database_url=SHARED.replace("/catalog_mail", "/other"))),
        (host(application_database_url="postgresql://c@localhost/c"), host(application_database_url="postgresql://c@localhost/c")),
        (host(application_database_url="postgresql:///c"), host(application_database_url="postgresql:///c")),
        (host(application_database_url="sqlite:////srv/a.db"), host(application_database_url="sqlite:////srv/a.db")),
    ],
)
def test_databases_with_one_mailbox_conflict(first: dict[str, Any], second: dict[str, Any]) -> None:
    (found,) = reply_mailbox_conflicts(["one", "two", "three"], {"one": first, "two": second, "three": {}})
    assert "the hosts one, two have one mailbox of replies (" in found
    assert "Give each host a mailbox of its own" in found
    assert "share one PostgreSQL database" in found


@pytest.mark.parametrize(
    "first, second",
    [
        (host(), {}),
        (host(), host({})),
        (host(), host({"enabled": False})),
        (host(), host({**ON, "enabled": "no"})),
        (host(), host({**ON, "reply_to": "two@example.com", "imap": {**IMAP, "username": "two@example.com"}})),
        (host(), host({**ON, "reply_to": "two@example.com", "imap": {**IMAP, "mailbox": "Two"}})),
        (host(), host(site_application=False)),
        (host(site_reply_sync=False), host(site_reply_sync=False)),  # nobody reads
        (host(application_database_url=SHARED), host(application_database_url=SHARED)),
        (host(application_database_url=SHARED), host(application_database_url=SHARED.replace("db.", "DB.") + "?sslmode=require")),
        (host(application_database_url=SHARED), host(application_database_url="postgresql://other@db.example.com:5432/catalog_mail")),
    ],
)
def test_other_inventories_do_not_conflict(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert reply_mailbox_conflicts(["one", "two"], {"one": first, "two": second}) == []


class Failing(UserDict[str, Any]):
    """Variables that cannot be evaluated."""

    def __getitem__(self, name: str) -> Any:
        raise AnsibleError("'vault_password' is undefined")


def test_a_variable_that_fails_counts_as_not_set() -> None:
    assert reply_mailbox_conflicts(["one", "two"], {"one": host(), "two": Failing(host())}) == []
