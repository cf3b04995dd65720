"""The links by which recipients refuse a kind of mail, and take that back."""

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
    """Which kind of mail a link is about, for which address, and what was chosen so far."""

    address: str
    kind: Kind
    opted_out: bool


class Unsubscribing:
    """Whoever has the link may choose; it stands in the recipient's own mail. Each choice twice is the same as once."""

    def __init__(self, *, store: OptOutStore, signing_keys: Sequence[bytes], clock: Clock, catalog_name: str) -> None:
        self._store = store
        self._keys = signing_keys
        self._clock = clock
        self.catalog_name = catalog_name

    def look(self, token: str) -> Choice:
        """What the link is about. Changes nothing: programs that check mail for harm follow links. Raises NotFound."""
        address, kind = self._read(token)
        return Choice(address, kind, self._store.opted_out(address, kind))

    def opt_out(self, token: str) -> Choice:
        """No more of this kind to this address, also of what is queued already. Raises NotFound."""
        address, kind = self._read(token)
        self._store.opt_out(address, kind, self._clock.now())
        return Choice(address, kind, opted_out=True)

    def opt_in(self, token: str) -> Choice:
        """Take that back. Raises NotFound."""
        address, kind = self._read(token)
        self._store.opt_in(address, kind)
        return Choice(address, kind, opted_out=False)

    def _read(self, token: str) -> tuple[str, Kind]:
        found = read_token(self._keys, token)
        if found is None:
            raise NotFound("This link is not valid.", "Use the link of a newer e-mail; this one may have been cut.")
        return found
