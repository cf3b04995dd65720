# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for new mail: by IDLE (RFC 2177), which stays open between waits, or by polling."""

from __future__ import annotations

import time
from typing import Any

from catalog_mail.adapters.imap.failing import Refused, Unreadable
from catalog_mail.adapters.imap.session import Session

# Seconds. Servers may end IDLE after 30 minutes, and firewalls drop connections that are silent for less.
REISSUE = 10 * 60
# Seconds between two polls of a server without IDLE; a server may end a connection that is silent for 30 minutes.
LOOK = 5 * 60
# An IDLE that ends a connection within this many seconds may not work; later the network is the likelier cause.
YOUNG = 60


class Waiting:
    """The waiting of one session; call `end` before any other command."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tag: Any = None
        self._since = time.monotonic()

    def wait(self, seconds: float) -> bool:
        """Return whether something changed within `seconds`. Raises what a session's `failures` turns into MailboxFailed."""
        deadline = time.monotonic() + seconds
        while not self._session.arrivals:
            left = deadline - time.monotonic()
            if not (self._listen(left) if self._session.offers("IDLE") else self._sleep(left)):
                return False
            if left <= 0:  # a server may send responses without a pause
                return self._session.arrivals
        return True

    def works(self) -> bool:
        """Start and end IDLE; return whether the server does both."""
        if not self._session.offers("IDLE"):
            return False
        self._begin()
        self.end()
        return self._session.offers("IDLE")

    def end(self) -> None:
        """Leave IDLE. The server's responses in the meantime are kept."""
        if self._tag is not None:
            tag, self._tag = self._tag, None
            with self._session.trying("IDLE", certain=False):
                self._session.client.begin_answer()
                self._session.client.send(b"DONE\r\n")
                self._session.box.consume_until_tagged_response(tag)
            self._session.note()
            self._session.broken.worked("IDLE")
        self._since = time.monotonic()

    def _listen(self, seconds: float) -> bool:
        """Wait for a line of the server; False after `seconds` without one."""
        session = self._session
        age = time.monotonic() - self._since
        if self._tag is not None and age >= REISSUE:
            self.end()
            session.refresh()  # detects a connection that died silently
            return True
        if self._tag is None:
            self._begin()
            return True
        if age >= YOUNG:
            return self._read_response(seconds, age)
        with session.trying("IDLE", certain=False):
            return self._read_response(seconds, age)

    def _read_response(self, seconds: float, age: float) -> bool:
        if not self._session.client.arrived(max(0.0, min(seconds, REISSUE - age))):
            return seconds > REISSUE - age
        self._session.client._get_response()
        self._judge()
        return True

    def _begin(self) -> None:
        """Send IDLE. A server that refuses it is polled from then on."""
        try:
            with self._session.trying("IDLE"):
                self._start()
        except Refused as refusal:
            self._tag = None
            self._session.refused("IDLE", refusal)

    def _start(self) -> None:
        """Wait until the server agrees; it may send other responses before."""
        client = self._session.client
        self._tag = client._command("IDLE")
        self._since = time.monotonic()
        while client._get_response() is not None:
            refusal: Any = client.tagged_commands.get(self._tag)
            if refusal:
                raise Refused(refusal[1][0]) if refusal[1] else Unreadable
        self._judge()

    def _judge(self) -> None:
        """Check the responses for new mail or a message marked as unread; others' reading and removing is ignored."""
        session = self._session
        said = session.client.untagged_responses
        changed = [item.upper() for item in said.get("FETCH") or [] if isinstance(item, bytes)]
        unread = any(b"FLAGS" in item and b"\\SEEN" not in item for item in changed)
        session.client._check_bye()
        session.note()
        session.arrivals = session.arrivals or unread

    def _sleep(self, seconds: float) -> bool:
        """Wait, then poll; False after `seconds`."""
        until_look = LOOK - (time.monotonic() - self._since)
        if seconds < until_look:
            time.sleep(max(0.0, seconds))
            return False
        time.sleep(max(0.0, until_look))
        self._session.refresh()
        self._since = time.monotonic()
        return True
