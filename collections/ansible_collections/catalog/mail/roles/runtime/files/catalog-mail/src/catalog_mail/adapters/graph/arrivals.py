# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for new mail in the Inbox by one small request every few seconds: Graph announces changes only to a public web server."""

from __future__ import annotations

import time
from collections.abc import Iterable

from catalog_mail.adapters.graph.folders import INBOX, Folders

# Unread messages that one look lists, by their ids only.
LISTED = 25


class Arrivals:
    """The unread messages that a pass has seen, compared with a short list of the newest ones.

    A count of unread messages would not do: it stays the same when one message arrives while another one is read. `interval`
    is in seconds, 0 for no looks.
    """

    def __init__(self, folders: Folders, interval: float) -> None:
        self._folders = folders
        self._interval = interval
        self._seen: set[str] = set()
        self._due = time.monotonic() + interval

    def saw(self, keys: Iterable[str]) -> None:
        """Remember all unread messages that a pass lists."""
        self._seen = set(keys)
        self._due = time.monotonic() + self._interval

    def wait(self, seconds: float) -> bool:
        """Wait for `seconds`; return True as soon as a look finds an unread message that no pass has seen. Raises Failed."""
        until_look = self._due - time.monotonic() if self._interval else seconds
        time.sleep(max(0.0, min(seconds, until_look)))
        return bool(self._interval) and until_look <= seconds and self._look()

    def _look(self) -> bool:
        found = set(self._folders.newest_unread(INBOX, LISTED))
        self._due = time.monotonic() + self._interval
        if found <= self._seen:
            if len(found) < LISTED:  # the list is complete: a message that was handled and is unread again is new
                self._seen = found
            return False
        self._seen |= found
        return True
