# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List and count the messages in the folders of a mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from catalog_mail.adapters.graph.apps import App, GraphRequest
from catalog_mail.adapters.graph.failing import Failed
from catalog_mail.adapters.graph.pages import IMMUTABLE, items
from catalog_mail.adapters.graph.web import user_path
from catalog_mail.domain.failures.graph import Operation
from catalog_mail.domain.settings.servers import GraphServer

# Well-known names of folders, which do not depend on the mailbox's language.
INBOX, ARCHIVE = "inbox", "archive"
# Messages of one page; larger pages are known to time out.
PAGE = 250
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
# Graph requires that the property of $orderby comes first in $filter.
BEGINNING = "1900-01-01T00:00:00Z"
_TOLD = "id,receivedDateTime,isRead,hasAttachments,categories"


@dataclass(frozen=True)
class Item:
    """A message of a list. `arrived` is Graph's own text of `received_at`."""

    key: str
    received_at: datetime
    arrived: str
    seen: bool
    attachments: bool
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """A message, and the id of its folder."""

    item: Item
    folder: str


@dataclass(frozen=True)
class Which:
    """A selection of messages: all, or only read or unread ones; and only those that arrived after `since`."""

    read: bool | None = None
    since: str = BEGINNING
    newest_first: bool = False


ALL, UNREAD, READ, NEWEST = Which(), Which(read=False), Which(read=True), Which(newest_first=True)


@dataclass(frozen=True)
class Counts:
    """Numbers of messages in a folder."""

    messages: int
    unread: int


class Folders:
    """The folders of one mailbox. Methods raise Failed."""

    def __init__(self, app: App, server: GraphServer) -> None:
        self._app = app
        self._user = user_path(server)

    @property
    def all_messages(self) -> str:
        """The path of the messages of all folders."""
        return f"{self._user}/messages"

    def identity(self, folder: str) -> tuple[str, str] | None:
        """Return id and shown name of a folder; None when it does not exist."""
        params = {"$select": "id,displayName"}
        try:
            found = self._app.json(GraphRequest("GET", f"{self._user}/mailFolders/{quote(folder)}", Operation.OPEN, params))
        except Failed as failed:
            if failed.refusal is None or failed.refusal.status != 404:
                raise
            return None
        return str(found.get("id") or ""), str(found.get("displayName") or folder)

    def path(self, key: str) -> str:
        """Return the path of a message in any folder."""
        return f"{self._user}/messages/{quote(key, safe='=')}"

    def path_in(self, folder: str, key: str) -> str:
        """Return the path of a message in this folder, so that a message moved since it was listed is not found."""
        return f"{self._user}/mailFolders/{folder}/messages/{quote(key, safe='=')}"

    def counts(self, folder: str) -> Counts:
        """Return the counts of a folder; this checks that the folder opens."""
        params = {"$select": "id,totalItemCount,unreadItemCount"}
        found = self._app.json(GraphRequest("GET", f"{self._user}/mailFolders/{folder}", Operation.OPEN, params))
        return Counts(_number(found, "totalItemCount"), _number(found, "unreadItemCount"))

    def exists(self, folder: str) -> bool:
        """Return whether the folder exists; Exchange creates the Archive at its first use."""
        try:
            self.counts(folder)
        except Failed as failed:
            if failed.refusal is None or failed.refusal.status != 404:
                raise
            return False
        return True

    def messages(self, folder: str, which: Which, operation: Operation = Operation.READ) -> Iterator[Item]:
        """Yield all selected messages, page by page."""
        found = items(self._app, f"{self._user}/mailFolders/{folder}/messages", _question(which, PAGE), operation)
        return (item for item in map(_item, found) if item)

    def newest_unread(self, folder: str, most: int) -> list[str]:
        """Return the keys of the newest unread messages, by one request that asks for nothing else."""
        params = {**_question(Which(read=False, newest_first=True), most), "$select": "id"}
        found = items(self._app, f"{self._user}/mailFolders/{folder}/messages", params, Operation.READ, 1)
        return [str(item["id"]) for item in found if isinstance(item.get("id"), str)]

    def item(self, key: str) -> Placed | None:
        """Return a message with its folder; None when it does not exist."""
        request = GraphRequest("GET", self.path(key), Operation.READ, {"$select": f"{_TOLD},parentFolderId"}, IMMUTABLE)
        try:
            found = self._app.json(request)
        except Failed as failed:
            if failed.refusal is None or failed.refusal.status not in {400, 404}:  # 400: a malformed id
                raise
            return None
        item = _item(found)
        return Placed(item, str(found.get("parentFolderId") or "")) if item else None

    def first(self, folder: str, which: Which) -> Item | None:
        """Return the first selected message."""
        found = items(self._app, f"{self._user}/mailFolders/{folder}/messages", _question(which, 1), Operation.READ, 1)
        return next((item for item in map(_item, found) if item), None)


def _question(which: Which, top: int) -> dict[str, str]:
    chosen = f"receivedDateTime gt {which.since}"
    if which.read is not None:
        chosen += f" and isRead eq {str(which.read).lower()}"
    order = f"receivedDateTime{' desc' if which.newest_first else ''}"
    return {"$filter": chosen, "$orderby": order, "$select": _TOLD, "$top": str(top)}


def _item(found: dict[str, Any]) -> Item | None:
    if not isinstance(found.get("id"), str):
        return None
    categories = found.get("categories")
    arrived = str(found.get("receivedDateTime") or "")
    return Item(
        key=found["id"],
        received_at=moment(arrived) or LONG_AGO,
        arrived=arrived,
        seen=found.get("isRead") is True,
        attachments=found.get("hasAttachments") is True,
        categories=tuple(str(name) for name in categories) if isinstance(categories, list) else (),
    )


def moment(text: str) -> datetime | None:
    """Return the time that Graph's text gives, with a zone; None for any other text."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _number(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    return value if isinstance(value, int) else 0
