# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find mailboxes of replies that hosts with different databases read, from the variables of an inventory.

An installation signs the e-mails that it sends, and keeps the record of them in its database: it rejects replies to the
e-mails of another installation as forged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence, Tuple
from urllib.parse import urlsplit

_LOOPBACK = ("", "localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class HostReplies:
    """The mailbox of replies of one host.

    ``database`` identifies its database; hosts share a database when it is equal. ``identities`` identify the mailbox: its
    address, and its login, server and folder. ``enabled``: e-mails ask for replies; ``reads``: the host reads the mailbox.
    """

    host: str
    database: Tuple[str, ...]
    identities: Tuple[Tuple[str, ...], ...]
    enabled: bool
    reads: bool

    @classmethod
    def of(cls, *, host: str, database_url: str, interactions: Mapping[str, Any], enabled: bool, reads: bool) -> HostReplies:
        """Make it from variables of the inventory."""
        return cls(host, database_of(host, database_url), identities_of(interactions), enabled, enabled and reads)


def database_of(host: str, url: str) -> Tuple[str, ...]:
    """Return the identity of a host's database: a file or a server on the loopback is the host's own."""
    parts = urlsplit(url)
    server = (parts.hostname or "").lower()
    if not parts.scheme.startswith("postgresql") or server in _LOOPBACK:
        return (host,)
    try:
        port = parts.port or 5432
    except ValueError:  # the application refuses such an address
        port = 0
    return (server, str(port), parts.path)


def identities_of(interactions: Mapping[str, Any]) -> Tuple[Tuple[str, ...], ...]:
    """Return the identities of the mailbox that these settings name."""
    address = _text(interactions.get("reply_to")).lower()
    found: List[Tuple[str, ...]] = [("address", address)] if address else []
    imap = interactions.get("imap") or {}
    if interactions.get("receiver") != "microsoft" and imap.get("host"):
        server, user = _text(imap.get("host")).lower().rstrip("."), _text(imap.get("username")).lower()
        folder = _text(imap.get("mailbox")) or "INBOX"
        found.append(("imap", server, user, "INBOX" if folder.upper() == "INBOX" else folder))
    return tuple(found)


def conflicts(hosts: Sequence[HostReplies]) -> List[str]:
    """Return a sentence for each group of hosts with different databases and one mailbox, if one of them reads it."""
    sentences: Dict[Tuple[str, ...], str] = {}
    for identity in sorted({identity for host in hosts if host.enabled for identity in host.identities}):
        sharing = [host for host in hosts if host.enabled and identity in host.identities]
        if len({host.database for host in sharing}) > 1 and any(host.reads for host in sharing):
            names = tuple(host.host for host in sharing)
            sentences.setdefault(names, _sentence(names, identity))
    return list(sentences.values())


def _sentence(names: Sequence[str], identity: Sequence[str]) -> str:
    mailbox = identity[1] if identity[0] == "address" else f"{identity[3]} of {identity[2]} at {identity[1]}"
    return (
        f"email_settings_interactions: the hosts {', '.join(names)} have one mailbox of replies ({mailbox}) and different "
        "databases. Each of them would reject the replies to the e-mails of the others as forged. Give each host a mailbox of "
        "its own (reply_to and imap), or have the hosts share one PostgreSQL database (application_database_url), or switch "
        "replies off on all hosts but one (enabled: false)."
    )


def _text(value: Any) -> str:
    return str(value or "").strip()
