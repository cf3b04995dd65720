# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifiers by which mail programs group the messages of one conversation.

- Thunderbird, Apple Mail and most others use References and In-Reply-To (RFC 5322, 3.6.4). All messages of a thread name
  the same root, which is never sent; a program groups them by it although it has no such message.
- Gmail requires the same References and also the same subject. So it groups several mentions by one user in one
  conversation; mentions by different users have different subjects and are not grouped.
- Outlook and Exchange ignore both. They use the GUID in Thread-Index if the sender's server confirms it, else Thread-Topic
  (MS-OXOMSG 2.2.1.2): it is the conversation's title in every message, independent of the subject.
"""

from __future__ import annotations

import base64
import hashlib

_RESERVED = b"\x01"
# The time in a Thread-Index, which only orders threads and must be equal in all messages of one: 2020-01-01 as the upper
# five bytes of a FILETIME.
_TIME = ((1_577_836_800 + 11_644_473_600) * 10_000_000 >> 24).to_bytes(5, "big")


def root_id(thread: str, domain: str) -> str:
    """Return the Message-ID to which all messages of a thread refer."""
    return f"<thread.{_digest(thread, domain).hex()}@{domain}>"


def thread_index(thread: str, domain: str) -> str:
    """Return the header block of a conversation index (MS-OXOMSG 2.2.1.3): 22 bytes, in base64."""
    return base64.b64encode(_RESERVED + _TIME + _digest(thread, domain)).decode("ascii")


def _digest(thread: str, domain: str) -> bytes:
    """Return 16 bytes that identify this thread of this catalog."""
    return hashlib.sha256(f"{domain}\n{thread}".encode("utf-8", "surrogatepass")).digest()[:16]
