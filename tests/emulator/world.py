# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the emulator knows and does, in one place for those who answer."""

from __future__ import annotations

import collections
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.clock import Clock
from emulator.control.rules import Rules
from emulator.entra.keys import SigningKey
from emulator.replication import Lag, Replication
from emulator.store import Document, Store

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
LOG_LENGTH = 50_000

# The addresses of Graph and of the login of each cloud (Graph: deployments).
CLOUDS = {
    "global": ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_gov": ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us_gov_dod": ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}
DEFAULTS: dict[str, Any] = {
    "token_lifetime": 3599,
    "mailbox_seconds": 0.0,
    "sent_items_headers": True,
    "write_conflict_seconds": 0.05,
}


@dataclass
class World:
    """The store and what stands beside it.

    `graph_urls` are further addresses that are Graph here. `log` holds the last requests; `working` how many requests to
    mailboxes are under way, by application, `most_working` the most there ever were at once. `written` is when each object of the
    directory was last written, in seconds of the monotonic clock.
    """

    store: Store
    clock: Clock
    replication: Replication
    rules: Rules
    key: SigningKey
    smtp: tuple[str, int] | None = None
    graph_urls: tuple[str, ...] = ()
    log: collections.deque[Document] = field(default_factory=lambda: collections.deque(maxlen=LOG_LENGTH))
    working: collections.Counter[str] = field(default_factory=collections.Counter)
    most_working: dict[str, int] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, smtp: tuple[str, int] | None = None, graph_urls: tuple[str, ...] = ()) -> World:
        """With what was kept in the folder."""
        store = Store(folder)
        saved = store.get("setting", "clock") or {}
        clock = Clock(saved.get("offset", 0.0))
        world = cls(store, clock, Replication(store, clock), Rules(store), SigningKey.kept_in(store), smtp, graph_urls)
        world.replication.set(world.saved_lag())
        return world

    def saved_lag(self) -> Lag | None:
        found = self.store.get("setting", "lag")
        return Lag(**{**found, "kinds": tuple(found.get("kinds", Lag().kinds))}) if found else None

    def setting(self, name: str) -> Any:
        """One of DEFAULTS, as a test has set it."""
        return (self.store.get("setting", "options") or {}).get(name, DEFAULTS[name])

    def tenant(self, name: str) -> Document | None:
        """By id or one of its domains."""
        for tenant in self.store.all("tenant"):
            if name.lower() in (tenant["id"], *(domain.lower() for domain in tenant["domains"])):
                return tenant
        return None

    def audiences(self, tenant: Document, origin: str) -> tuple[str, ...]:
        """Return the audiences of tokens for Graph: its address in the tenant's cloud, this server's, those given on start."""
        return (CLOUDS[tenant["cloud"]][1], origin, *self.graph_urls)
