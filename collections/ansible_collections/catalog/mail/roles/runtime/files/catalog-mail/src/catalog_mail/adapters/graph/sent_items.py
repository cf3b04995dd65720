"""Finding in the Sent Items what may have been sent: by its Message-ID, or where Exchange gave it another, by our own header."""

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
from catalog_mail.domain.failures.graph import Doing
from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.mime.dates import parsed_date
from catalog_mail.domain.settings.servers import GraphServer

# Holds the Message-ID as it was written. Exchange keeps headers that begin with X-, whatever it does with the others.
STAMP = "X-Catalog-Message-ID"
# Clocks differ: by so much, seldom by as much as that.
_NEAR = timedelta(minutes=1)
_BEFORE = timedelta(minutes=15)
# Before any message, for one whose own date cannot be read.
_LONG_AGO = datetime(1980, 1, 1, tzinfo=UTC)
_PAGE = 50
_MOST_PAGES = 4
_MOST_OPENED = 10
_HEADER = 256 * 1024
_END_OF_HEADER = re.compile(rb"\r?\n\r?\n")


def stamped(message: bytes) -> bytes:
    """The message with our header above the others; the same bytes each time."""
    value = _header(message).get("Message-ID")
    return f"{STAMP}: {value}\r\n".encode("ascii") + message if value else message


def _header(message: bytes) -> Message:
    end = _END_OF_HEADER.search(message)
    return BytesHeaderParser().parsebytes(message[: end.end()] if end else message)


class SentItems:
    """Of one mailbox. Raises Failed."""

    def __init__(self, server: GraphServer, app: App) -> None:
        self._app = app
        self._mailbox = user_path(server.mailbox)
        self._path = f"{self._mailbox}/mailFolders/sentitems/messages"

    def has(self, message: bytes, recipient: str) -> bool:
        """Whether this message to this recipient was accepted before; what was accepted a moment ago may not stand there yet."""
        header = _header(message)
        message_id = str(header.get("Message-ID") or "").strip()
        if not message_id:
            return False
        date = parsed_date(str(header.get("Date"))) or _LONG_AGO
        return self._by_message_id(message_id) or self._by_stamp(message_id, recipient, date)

    def question(self, message_id: str) -> str:
        """The path, with its query, of what has this Message-ID; at most one item, for `stamp`."""
        params = {"$filter": _having(message_id), "$select": "id,internetMessageHeaders", "$top": "1"}
        return with_query(self._path, params)

    def stamp(self, item: Mapping[str, Any]) -> str | None:
        """The Message-ID that an item of a list was written with, where it is a mail of ours.

        What Graph tells of a sent message's headers may be nothing; then its MIME is read.
        """
        told = _told(item)
        return told if told is not None else self._stamp_of(str(item.get("id")))

    def _by_message_id(self, message_id: str) -> bool:
        params = {"$filter": _having(message_id), "$select": "id", "$top": "1"}
        return any(True for _item in items(self._app, self._path, params, Doing.LOOK, 1))

    def _by_stamp(self, message_id: str, recipient: str, date: datetime) -> bool:
        """From its own time on, and, for one that has waited before it was sent, from the newest back."""
        opened: set[str] = set()
        listed = (self._sent(date - _NEAR, "asc"), self._sent(date - _BEFORE, "desc"))
        return any(self._is_among(found, message_id, recipient, opened) for found in listed)

    def _is_among(self, found: Iterator[dict[str, Any]], message_id: str, recipient: str, opened: set[str]) -> bool:
        """Whether it is one of these, of which so many are opened; none of them twice."""
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
        return items(self._app, self._path, params, Doing.LOOK, _MOST_PAGES)

    def _stamp_of(self, key: str) -> str | None:
        path = f"{self._mailbox}/messages/{quote(key, safe='=')}/$value"
        answer = self._app.request(GraphRequest("GET", path, Doing.LOOK, largest=_HEADER))
        value = _header(answer.content).get(STAMP)
        return str(value).strip() if value else None


def _having(message_id: str) -> str:
    quoted = message_id.replace("'", "''")
    return f"internetMessageId eq '{quoted}'"


def _told(item: Mapping[str, Any]) -> str | None:
    """Our header, where the list tells of it."""
    for pair in item.get("internetMessageHeaders") or ():
        if str(pair.get("name", "")).lower() == STAMP.lower():
            return str(pair.get("value") or "").strip()
    return None


def _is_to(item: dict[str, Any], recipient: str) -> bool:
    addresses = (entry.get("emailAddress") or {} for entry in item.get("toRecipients") or [] if isinstance(entry, dict))
    return any(normalized(str(address.get("address", ""))) == normalized(recipient) for address in addresses)
