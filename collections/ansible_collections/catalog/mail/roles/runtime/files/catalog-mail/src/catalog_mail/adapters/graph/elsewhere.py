# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read headers of new messages in the other folders of a mailbox by Graph, without a change in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog_mail.adapters.graph.apps import App, GraphRequest
from catalog_mail.adapters.graph.batches import concerns_all
from catalog_mail.adapters.graph.failing import Failed
from catalog_mail.adapters.graph.folders import ARCHIVE, INBOX, PAGE, Folders
from catalog_mail.adapters.graph.pages import IMMUTABLE, items
from catalog_mail.domain.failures.graph import Operation
from catalog_mail.domain.replies.mailbox import KEYWORDS, Elsewhere
from catalog_mail.domain.replies.misplaced import HEADER, MOST_WATCHED

# Folders of mail that did not arrive there, and those that the service itself uses.
_LEFT_OUT = (INBOX, ARCHIVE, "sentitems", "drafts", "outbox")
_TOLD = "id,receivedDateTime,parentFolderId,categories"
_MOST_PAGES = 4


@dataclass
class OtherFolders:
    """The folders other than the Inbox and the Archive. Methods raise Failed."""

    app: App
    folders: Folders
    _left_out: frozenset[str] | None = None
    _names: dict[str, str] = field(default_factory=dict)
    _headers: dict[str, bytes] = field(default_factory=dict)

    def messages(self, since: datetime) -> Iterator[Elsewhere]:
        """Yield the newest messages of the whole mailbox that lie in other folders and are not marked as handled."""
        listed = items(self.app, self.folders.all_messages, _question(since), Operation.READ, _MOST_PAGES)
        found = {str(item.get("id")): str(item.get("parentFolderId") or "") for item in listed if not _is_handled(item)}
        others = [(key, folder) for key, folder in found.items() if folder and folder not in self._ids()][:MOST_WATCHED]
        self._headers = {key: self._headers[key] if key in self._headers else self._header(key) for key, _folder in others}
        for key, folder in others:
            yield Elsewhere(self._name(folder), self._headers[key])

    def _header(self, key: str) -> bytes:
        """Read the beginning of a message; empty when the message is gone or is not given."""
        request = GraphRequest("GET", f"{self.folders.path(key)}/$value", Operation.READ, headers=IMMUTABLE, largest=HEADER)
        try:
            return self.app.request(request).content
        except Failed as failed:
            if failed.refusal is None or concerns_all(failed.refusal.status):
                raise
            return b""

    def _ids(self) -> frozenset[str]:
        if self._left_out is None:
            found = (self.folders.identity(name) for name in _LEFT_OUT)
            self._left_out = frozenset(key for key, _name in filter(None, found))
        return self._left_out

    def _name(self, folder: str) -> str:
        if folder not in self._names:
            found = self.folders.identity(folder)
            self._names[folder] = found[1] if found else "a folder"
        return self._names[folder]


def _question(since: datetime) -> dict[str, str]:
    return {
        "$filter": f"receivedDateTime gt {since:%Y-%m-%dT%H:%M:%SZ}",
        "$orderby": "receivedDateTime desc",
        "$select": _TOLD,
        "$top": str(PAGE),
    }


def _is_handled(item: dict[str, Any]) -> bool:
    categories = item.get("categories")
    return isinstance(categories, list) and not KEYWORDS.isdisjoint(map(str, categories))
