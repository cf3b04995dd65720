# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opt recipients out of a kind of mail by a link, and in again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog_mail.domain.errors import NotFound
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.notifications.unsubscribe import read_token
from catalog_mail.ports.catalog import OptOutStore
from catalog_mail.ports.clock import Clock


@dataclass(frozen=True)
class Choice:
    """The kind of mail and the address of a link, and the present choice."""

    address: str
    kind: Kind
    opted_out: bool


class Unsubscribing:
    """Records choices. The link authorises its holder, since only the recipient's mail contains it. Choices are idempotent."""

    def __init__(self, *, store: OptOutStore, signing_keys: Sequence[bytes], clock: Clock, catalog_name: str) -> None:
        self._store = store
        self._keys = signing_keys
        self._clock = clock
        self.catalog_name = catalog_name

    def look(self, token: str) -> Choice:
        """Return the choice of this link. Changes nothing, since mail scanners follow links. Raises NotFound."""
        address, kind = self._read(token)
        return Choice(address, kind, self._store.opted_out(address, kind))

    def opt_out(self, token: str) -> Choice:
        """Stop mail of this kind to this address, also queued mail. Raises NotFound."""
        address, kind = self._read(token)
        self._store.opt_out(address, kind, self._clock.now())
        return Choice(address, kind, opted_out=True)

    def opt_in(self, token: str) -> Choice:
        """Revert the opt-out. Raises NotFound."""
        address, kind = self._read(token)
        self._store.opt_in(address, kind)
        return Choice(address, kind, opted_out=False)

    def _read(self, token: str) -> tuple[str, Kind]:
        found = read_token(self._keys, token)
        if found is None:
            raise NotFound("This link is not valid.", "Use the link of a newer e-mail; this one may have been cut.")
        return found
