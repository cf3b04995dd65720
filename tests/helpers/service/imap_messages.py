# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted IMAP server with messages, of which some are withheld or spoiled when they are read."""

from __future__ import annotations

from collections.abc import Callable

from helpers.service.imap_script import ScriptedImapServer

DATE = b'INTERNALDATE "21-Nov-2026 09:05:00 +0100"'
DONE = b"{tag} OK done\r\n"
# Given the UID and the proper response, what is sent instead; a response that holds `{tag}` or `{close}` ends the answer, and
# one that ends with `{silence}` is followed by nothing.
Spoil = Callable[[int, bytes], bytes]


class MessageServer(ScriptedImapServer):
    """Holds unread messages by UID. `spoils` are applied to the responses with the content of these messages.

    `spoiled_data` is the word of the command that makes a response a spoiled one: `BODY`, or `RFC822.SIZE`.
    """

    def __init__(self, messages: dict[int, bytes]) -> None:
        self.messages = dict(messages)
        self.seen: set[int] = set()
        self.deleted: set[int] = set()
        self.copied: set[int] = set()
        self.spoils: dict[int, Spoil] = {}
        self.spoiled_data = "BODY"
        super().__init__({})

    def answer_to(self, words: list[str]) -> bytes | None:
        """Answer commands with UIDs from the messages, all else by the script."""
        if words[1] != "UID" or " ".join(words[1:3]) in self.script:
            return super().answer_to(words)
        if words[2] == "FETCH":
            return self._fetch(_numbers(words[3], self.messages), " ".join(words[4:]))
        if words[2] == "SEARCH":
            return self._search(words[3:])
        chosen = set(_numbers(words[3], self.messages))
        if words[2] == "STORE":
            marked = self.deleted if "\\Deleted" in words[-1] else self.seen
            marked |= chosen
        elif words[2] == "EXPUNGE":
            self._remove(chosen & self.deleted)
        elif words[2] in {"COPY", "MOVE"}:
            self.copied |= chosen
            self._remove(chosen if words[2] == "MOVE" else set())
        return DONE

    def _remove(self, uids: set[int]) -> None:
        self.messages = {uid: content for uid, content in self.messages.items() if uid not in uids}

    def _fetch(self, uids: list[int], what: str) -> bytes:
        answer = b""
        for uid in uids:
            content = self.messages[uid]
            if "BODY" in what:
                part = b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (uid, uid, len(content), content)
            else:
                part = b"* %d FETCH (UID %d RFC822.SIZE %d %b)\r\n" % (uid, uid, len(content), DATE)
            if uid in self.spoils and self.spoiled_data in what:
                part = self.spoils[uid](uid, part)
            answer += part
            if b"{silence}" in part:
                return answer.replace(b"{silence}", b"")
            if b"{tag}" in part or part.endswith(b"{close}"):
                return answer
        return answer + DONE

    def _search(self, words: list[str]) -> bytes:
        found = set(self.messages)
        if "UID" in words:
            found &= set(_numbers(words[words.index("UID") + 1], self.messages))
        found -= self.seen if "UNSEEN" in words else set()
        found &= self.seen if "SEEN" in words else found
        found -= self.deleted if "UNDELETED" in words else set()
        return b"* SEARCH %b\r\n%b" % (" ".join(map(str, sorted(found))).encode(), DONE)


def _numbers(given: str, messages: dict[int, bytes]) -> list[int]:
    highest = max(messages, default=0)
    found: set[int] = set()
    for part in given.split(","):
        first, _colon, last = part.replace("*", str(highest)).partition(":")
        ends = sorted((int(first), int(last or first)))
        found |= set(range(ends[0], ends[1] + 1)) & set(messages)
    return sorted(found)
