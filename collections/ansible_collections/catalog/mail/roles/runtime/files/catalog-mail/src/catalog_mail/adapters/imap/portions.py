# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limit the size of IMAP commands and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from catalog_mail.adapters.imap.failing import Refused
from catalog_mail.adapters.imap.responses import Fetched

# Messages of one command, so that servers accept its line; bytes of one answer, so that memory stays bounded.
CHUNK = 200
ANSWER = 8 * 1024 * 1024
# Messages that are refused one after the other, after which the server is taken to refuse all.
MOST_REFUSED = 3


def chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield runs of up to CHUNK keys; keys that are not UIDs are left out."""
    usable = [key for key in keys if key.isascii() and key.isdigit()]
    for start in range(0, len(usable), CHUNK):
        yield usable[start : start + CHUNK]


def parts(messages: Iterable[Fetched]) -> Iterator[list[str]]:
    """Yield runs of messages whose answer has a bounded size; a large message makes a run of its own."""
    part: list[str] = []
    size = 0
    for message in messages:
        if part and size + (message.size or 0) > ANSWER:
            yield part
            part, size = [], 0
        part.append(message.uid)
        size += message.size or 0
    if part:
        yield part


def one_by_one(
    keys: Sequence[str], action: Callable[[Sequence[str]], int], skipped: Callable[[str, Refused], None]
) -> int:
    """Act on all messages with one command; if the server refuses, on each alone. Returns the sum of the results.

    A message that is refused alone is skipped. Raises Refused when all are refused.
    """
    try:
        return action(keys)
    except Refused:
        if len(keys) == 1:
            raise
    done: list[int] = []
    refusals: dict[str, Refused] = {}
    for key in keys:
        try:
            done.append(action([key]))
        except Refused as refusal:
            refusals[key] = refusal
            if len(refusals) >= MOST_REFUSED and not done:
                raise
    if not done:
        raise next(iter(refusals.values()))
    for key, why in refusals.items():
        skipped(key, why)
    return sum(done)
