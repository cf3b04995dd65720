# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that share a database, by their variables in an inventory."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.catalog.mail.plugins.filter.shared_database_problems import shared_database_problems

URL = "postgresql://catalog_mail@db.example.com/catalog_mail"
BOTH = ("one", "two")


def host(url: str = URL, cluster: Any = BOTH, **variables: Any) -> dict[str, Any]:
    return {"application_database_url": url, "application_cluster": cluster, **variables}


def problems(*hosts: dict[str, Any]) -> list[str]:
    names = ("one", "two", "three")[: len(hosts)]
    return shared_database_problems(names, dict(zip(names, hosts, strict=True)))


@pytest.mark.parametrize(
    "hosts",
    [
        (host(), host()),
        (host(cluster=[]), host(url=URL + "2", cluster=[])),
        (host(cluster=[]), host(cluster=[], site_application=False)),
        (host("postgresql://c@localhost/c", []), host("postgresql://c@localhost/c", [])),
        (host("sqlite:////srv/a.db", []), host("sqlite:////srv/a.db", [])),
        ({}, {}),
        (host("sqlite:////srv/a.db", ["one"]), host(cluster=["two"])),
        (host(), host(), host(url=URL + "2", cluster=[])),
    ],
)
def test_inventories_that_are_accepted(hosts: tuple[dict[str, Any], ...]) -> None:
    assert problems(*hosts) == []


@pytest.mark.parametrize(
    "hosts, words",
    [
        ((host(cluster=[]), host(cluster=[])), "the hosts one, two have one database"),
        ((host(cluster=[]), host(URL.replace("mail@db.", "other@DB.").replace(".com", ".com:5432"), [])), "one, two have one"),
        ((host(), host(), host(cluster=[])), "the hosts one, two, three have one database"),
        ((host(), host(cluster=["two", "one"])), "one and two have different lists"),
        ((host(), host(cluster=[])), "one and two have different lists"),
        ((host(), host(url=URL + "2")), "one and two are to share a database, but"),
        ((host(application_admin_email="a@example.com"), host()), "their application_admin_email differs"),
        ((host("sqlite:////srv/a.db"), host("sqlite:////srv/a.db")), "not that of a PostgreSQL database"),
        ((host(cluster=["two"]), host()), "the list of one does not name one itself"),
        ((host(cluster=["one", "tow"]), host()), "one names tow, not in the inventory"),
        ((host(cluster="one,two"), host()), "one names one,two, not in the inventory"),
    ],
)
def test_inventories_that_are_refused(hosts: tuple[dict[str, Any], ...], words: str) -> None:
    found = problems(*hosts)
    assert words in found[0]
    assert len(found) == len(set(found))
