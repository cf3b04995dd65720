# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Search the Sent Items for a message: by its Message-ID, or, if Exchange replaced that, by the service's own header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any
from urllib.parse import quote

from catalog_mail.adapters.graph.apps import App, GraphRequest
from catalog_mail.adapters.graph.pages import items
from catalog_mail.adapters.graph.web import user_path, with_query
from catalog_mail.domain.failures.graph import Operation
from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.mime.dates import parsed_date
from catalog_mail.domain.settings.servers import GraphServer

# Header with the original Message-ID. Exchange keeps headers that begin with X-, and may replace others.
STAMP = "X-Catalog-Message-ID"
# Differences between clocks: the usual limit, and one that is seldom exceeded.
_NEAR = timedelta(minutes=1)
_BEFORE = timedelta(minutes=15)
# Earlier than any message, for one whose date cannot be read.
_LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
_PAGE = 50
_MOST_PAGES = 4
_MOST_OPENED = 10
_HEADER = 256 * 1024
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")


def stamped(message: bytes) -> bytes:
    """Return the message with the STAMP header above the others; the same bytes each time."""
    value = _header(message).get("Message-ID")
    return f"{STAMP}: {value}\r\n".encode("ascii") + message if value else message


def _header(message: bytes) -> Message:
    end = _END_OF_HEADER.search(message)
    return BytesHeaderParser().parsebytes(message[: end.end()] if end else message)


class SentItems:
    """The Sent Items of one mailbox. Methods raise Failed."""

    def __init__(self, server: GraphServer, app: App) -> None:
        self._app = app
        self._mailbox = user_path(server)
        self._path = f"{self._mailbox}/mailFolders/sentitems/messages"

    def has(self, message: bytes, recipient: str) -> bool:
        """Return whether this message to this recipient was accepted before; a message accepted a moment ago may be missing."""
        header = _header(message)
        message_id = str(header.get("Message-ID") or "").strip()
        if not message_id:
            return False
        date = parsed_date(str(header.get("Date"))) or _LONG_AGO
        return self._by_message_id(message_id) or self._by_stamp(message_id, recipient, date)

    def question(self, message_id: str) -> str:
        """Return path and query of the item with this Message-ID, at most one, for `stamp`."""
        params = {"$filter": _having(message_id), "$select": "id,internetMessageHeaders", "$top": "1"}
        return with_query(self._path, params)

    def stamp(self, item: Mapping[str, Any]) -> str | None:
        """Return the original Message-ID of a list's item, if it is a mail of this service.

        Graph may return no headers of a sent message; then its MIME is read.
        """
        told = _told(item)
        return told if told is not None else self._stamp_of(str(item.get("id")))

    def _by_message_id(self, message_id: str) -> bool:
        params = {"$filter": _having(message_id), "$select": "id", "$top": "1"}
        return any(True for _item in items(self._app, self._path, params, Operation.LOOK, 1))

    def _by_stamp(self, message_id: str, recipient: str, date: datetime) -> bool:
        """Search from the message's own time on, and then, for a message that waited before it was sent, from the newest back."""
        opened: set[str] = set()
        listed = (self._sent(date - _NEAR, "asc"), self._sent(date - _BEFORE, "desc"))
        return any(self._is_among(found, message_id, recipient, opened) for found in listed)

    def _is_among(self, found: Iterator[dict[str, Any]], message_id: str, recipient: str, opened: set[str]) -> bool:
        """Return whether the message is one of these; opens a limited number of them, each once."""
        most = len(opened) + _MOST_OPENED
        for item in found:
            key = str(item.get("id"))
            if key in opened or not _is_to(item, recipient):
                continue
            stamp = _told(item)
            if stamp is None and len(opened) < most:
                opened.add(key)
                stamp = self._stamp_of(key)
            if stamp == message_id:
                return True
        return False

    def _sent(self, since: datetime, order: str) -> Iterator[dict[str, Any]]:
        params = {
            "$filter": f"sentDateTime ge {since:%Y-%m-%dT%H:%M:%SZ}",
            "$orderby": f"sentDateTime {order}",
            "$select": "id,toRecipients,internetMessageHeaders",
            "$top": str(_PAGE),
        }
        return items(self._app, self._path, params, Operation.LOOK, _MOST_PAGES)

    def _stamp_of(self, key: str) -> str | None:
        path = f"{self._mailbox}/messages/{quote(key, safe='=')}/$value"
        answer = self._app.request(GraphRequest("GET", path, Operation.LOOK, largest=_HEADER))
        value = _header(answer.content).get(STAMP)
        return str(value).strip() if value else None


def _having(message_id: str) -> str:
    quoted = message_id.replace("'", "''")
    return f"internetMessageId eq '{quoted}'"


def _told(item: Mapping[str, Any]) -> str | None:
    """Return the STAMP header, if the list includes headers."""
    for pair in item.get("internetMessageHeaders") or ():
        if str(pair.get("name", "")).lower() == STAMP.lower():
            return str(pair.get("value") or "").strip()
    return None


def _is_to(item: dict[str, Any], recipient: str) -> bool:
    addresses = (entry.get("emailAddress") or {} for entry in item.get("toRecipients") or [] if isinstance(entry, dict))
    return any(normalized(str(address.get("address", ""))) == normalized(recipient) for address in addresses)
