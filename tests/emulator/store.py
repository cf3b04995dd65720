# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's database: documents by kind and id, and raw messages, in one SQLite file.

Everything is also held in memory, so that reading costs nothing. Each write is committed at once: a killed process loses nothing.
"""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Store:
    """Documents in the order of their making. What is handed out may be changed by the caller; `put` alone keeps it.

    `before_write` is called with kind, id and the document as it stood (None: there was none) before each change.
    """

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "emulator.db", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.executescript(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id));"
            "CREATE TABLE IF NOT EXISTS raw (id TEXT PRIMARY KEY, content BLOB);"
        )
        self.before_write: Callable[[str, str, Document | None], None] = lambda _kind, _id, _document: None
        self._documents: dict[str, dict[str, Document]] = {}
        for kind, key, body in self._database.execute("SELECT kind, id, body FROM documents ORDER BY rowid"):
            self._documents.setdefault(kind, {})[key] = json.loads(body)

    def get(self, kind: str, key: str) -> Document | None:
        return copy.deepcopy(self._documents.get(kind, {}).get(key))

    def all(self, kind: str) -> Iterator[Document]:
        for document in list(self._documents.get(kind, {}).values()):
            yield copy.deepcopy(document)

    def peek(self, kind: str, **having: Any) -> Iterator[Document]:
        """Those whose properties have these values, not copied: to be read, never changed."""
        for document in list(self._documents.get(kind, {}).values()):
            if all(document.get(name) == value for name, value in having.items()):
                yield document

    def keys(self, kind: str) -> list[str]:
        return list(self._documents.get(kind, {}))

    def put(self, kind: str, key: str, document: Document) -> None:
        self.before_write(kind, key, self._documents.get(kind, {}).get(key))
        self._documents.setdefault(kind, {})[key] = copy.deepcopy(document)
        self._database.execute(
            "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(document)),
        )

    def delete(self, kind: str, key: str) -> None:
        self.before_write(kind, key, self._documents.get(kind, {}).get(key))
        self._documents.get(kind, {}).pop(key, None)
        self._database.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, key))

    def put_raw(self, key: str, content: bytes) -> None:
        self._database.execute("INSERT OR REPLACE INTO raw VALUES (?, ?)", (key, content))

    def raw(self, key: str) -> bytes:
        row = self._database.execute("SELECT content FROM raw WHERE id = ?", (key,)).fetchone()
        return bytes(row[0]) if row else b""

    def delete_raw(self, key: str) -> None:
        self._database.execute("DELETE FROM raw WHERE id = ?", (key,))

    def clear(self) -> None:
        self._documents.clear()
        self._database.executescript("DELETE FROM documents; DELETE FROM raw;")
