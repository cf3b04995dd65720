"""What keeps the messages of one conversation together in a mail program.

- Thunderbird, Apple Mail and most others go by References and In-Reply-To (RFC 5322, 3.6.4). All messages of a thread name
  the same root, which is never sent itself; a program that lacks it still sees that they have it in common.
- Gmail wants the same References and, beside, the same subject. So several mentions by one user in one conversation come
  together there; those by different users have different subjects and do not.
- Outlook and Exchange ignore both. They go by the GUID in Thread-Index where the sender's server vouches for it, else by
  Thread-Topic (MS-OXOMSG 2.2.1.2): it is the conversation's title in every message, whatever the subject.
"""

from __future__ import annotations

import base64
import hashlib

_RESERVED = b"\x01"
# The time in a Thread-Index only orders threads; it has to be the same in all messages of one. 2020-01-01 as a FILETIME's
# five upper bytes.
_TIME = ((1_577_836_800 + 11_644_473_600) * 10_000_000 >> 24).to_bytes(5, "big")


def root_id(thread: str, domain: str) -> str:
    """The Message-ID that all messages of a thread refer to."""
    return f"<thread.{_digest(thread, domain).hex()}@{domain}>"


def thread_index(thread: str, domain: str) -> str:
    """The header block of a conversation index (MS-OXOMSG 2.2.1.3): 22 bytes, in base64."""
    return base64.b64encode(_RESERVED + _TIME + _digest(thread, domain)).decode("ascii")


def _digest(thread: str, domain: str) -> bytes:
    """16 bytes that stand for this thread of this catalog."""
    return hashlib.sha256(f"{domain}\n{thread}".encode("utf-8", "surrogatepass")).digest()[:16]
