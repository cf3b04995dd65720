# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names, addresses and subject in a reply's own header, which the quoted mail repeats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from catalog_mail.domain.mime.structured import decoded_words

_LONGEST = 2000
_ADDRESS = re.compile(r"([\w.=-]{1,80}+)(?:\+[\w.+=-]{0,80}+)?@([\w-]{1,80}(?:\.[\w-]{1,80}){0,8})")
_PREFIX = re.compile(r"(?:(?:\w{1,12}(?:\[\d+\])?\s?[:\uff1a]|\[[^\]]{1,40}\])\s*)+")
_WORD = re.compile(r"\w+")
_SHORTEST_NAME = 4      # a shorter name is too common to identify the sender
_SHORTEST_SUBJECT = 8


@dataclass(frozen=True)
class Parties:
    """Values that identify the quoted mail and the author of the reply.

    `addresses` and `names` are those of the reply's recipients and of the service, so of the quoted mail's sender, in lower case;
    addresses are without sub-address. `subject` is the reply's without "Re:" and a gateway's [tag], `author` the words of its
    sender's name.
    """

    addresses: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    subject: str = ""
    author: frozenset[str] = frozenset()

    def has_address(self, text: str) -> bool:
        """Return whether a text has an address of the service."""
        return "@" in text and not self.addresses.isdisjoint(_addresses(text))

    def has_other_address(self, text: str) -> bool:
        """Return whether a text has addresses, and none of the service; False where the service's are unknown."""
        found = _addresses(text) if self.addresses and "@" in text else set()
        return bool(found) and self.addresses.isdisjoint(found)

    def named(self, text: str) -> bool:
        """Return whether a text names the service by address or by display name."""
        folded = text.casefold()
        return self.has_address(text) or any(name in folded for name in self.names)

    def has_subject(self, text: str) -> bool:
        """Return whether a line ends with the subject of the reply, with or without "Re:"."""
        return bool(self.subject) and " ".join(text.split()).casefold().endswith(self.subject)

    def is_author(self, text: str) -> bool:
        """Return whether a text is only the author's name; an initial may replace a word of the name."""
        words = _WORD.findall(text.casefold())
        full = self.author.intersection(words)
        return bool(full) and all(word in full or any(len(word) == 1 and name.startswith(word) for name in self.author)
                                  for word in words)


def parties(headers: Mapping[str, str], own: Iterable[str] = ()) -> Parties:
    """Read the parties from a message's headers; `own` are further addresses of the service. Raises nothing."""
    recipients = [decoded_words(headers.get(name, "")) for name in ("to", "cc")]
    sender = decoded_words(headers.get("from", ""))
    subject = _PREFIX.sub("", " ".join(decoded_words(headers.get("subject", "")).split()), count=1).casefold()
    found = frozenset(address for value in (*recipients, *own) for address in _of_header(value[:_LONGEST]))
    names = tuple(name for name in (_display_name(part) for part in recipients[0].split(",")) if len(name) >= _SHORTEST_NAME)
    return Parties(found, names, subject if len(subject) >= _SHORTEST_SUBJECT else "", _author(sender))


def _author(sender: str) -> frozenset[str]:
    local = _ADDRESS.search(sender)
    words = _WORD.findall(_display_name(sender)) or (re.split(r"[._-]", local[1].casefold()) if local else [])
    return frozenset(word for word in words if len(word) > 1 and not word.isdigit())


def _display_name(mailbox: str) -> str:
    return mailbox.partition("<")[0].strip(" \t\"'").casefold() if "<" in mailbox else ""


@lru_cache(maxsize=64)  # most replies go to the same addresses
def _of_header(value: str) -> frozenset[str]:
    return frozenset(_addresses(value))


def _addresses(text: str) -> set[str]:
    return {f"{match[1]}@{match[2]}".lower() for match in _ADDRESS.finditer(text)}
