# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find hosts that share a PostgreSQL database without being declared so, or are declared wrongly. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from .reply_mailboxes import database_of

OPTION = "application_cluster"


@dataclass(frozen=True)
class HostDatabase:
    """The database of one host of the inventory, and the hosts that it declares to share it."""

    host: str
    url: str
    cluster: Tuple[str, ...]
    admin_email: str = ""

    @property
    def database(self) -> Tuple[str, ...]:
        """Identify the database: hosts share it when this is equal."""
        return database_of(self.host, self.url)

    @property
    def is_postgresql(self) -> bool:
        """Whether hosts can share a database of this kind."""
        return self.url.startswith("postgresql")


def problems(hosts: Sequence[HostDatabase], inventory: Mapping[str, Any]) -> List[str]:
    """Return a sentence for each mistake. ``inventory`` has all its hosts as keys."""
    known = {host.host: host for host in hosts}
    found = [sentence for host in hosts if host.cluster for sentence in _of_declaration(host, known, inventory)]
    return list(dict.fromkeys(found + _undeclared(hosts)))


def _of_declaration(host: HostDatabase, known: Mapping[str, HostDatabase], inventory: Mapping[str, Any]) -> List[str]:
    """Check the declaration of one host; the first mistake only."""
    unknown = [name for name in host.cluster if name not in inventory]
    if unknown:
        return [f"{OPTION}: {host.host} names {', '.join(unknown)}, not in the inventory. Name hosts of the inventory."]
    if host.host not in host.cluster:
        return [f"{OPTION}: the list of {host.host} does not name {host.host} itself. Add it, or leave the list empty."]
    if len(host.cluster) > 1 and not host.is_postgresql:
        return [
            f"{OPTION}: {host.host} is to share its database, but application_database_url is not that of a PostgreSQL "
            "database. Name a PostgreSQL database that all these hosts reach, or leave application_cluster empty."]
    members = [known[name] for name in host.cluster if name in known]
    return [_differing(host, member) for member in members if _differing(host, member)]


def _differing(host: HostDatabase, member: HostDatabase) -> str:
    first, second = sorted((host.host, member.host))
    if member.cluster != host.cluster:
        return (
            f"{OPTION}: {first} and {second} have different lists. Give all hosts of the list the same one, in the same order, "
            "by a variable of their group.")
    if member.url != host.url:
        return (
            f"{OPTION}: {first} and {second} are to share a database, but their application_database_url differs. Set it for "
            "the group of these hosts.")
    if member.admin_email != host.admin_email:
        return (
            f"{OPTION}: {first} and {second} share the admin token, but their application_admin_email differs. Set it for the "
            "group of these hosts.")
    return ""


def _undeclared(hosts: Sequence[HostDatabase]) -> List[str]:
    """Find hosts with one database of which some host has no list."""
    sharing: Dict[Tuple[str, ...], List[HostDatabase]] = {}
    for host in hosts:
        sharing.setdefault(host.database, []).append(host)
    return [
        f"{OPTION}: the hosts {', '.join(host.host for host in group)} have one database (application_database_url) and are not "
        "declared to share it. Each of them would make its own encryption key, which cannot read the secrets that the others "
        "store. List these hosts in application_cluster, or give each a database of its own."
        for group in sharing.values() if not {host.host for host in group} <= set(group[0].cluster) | {group[0].host}]
