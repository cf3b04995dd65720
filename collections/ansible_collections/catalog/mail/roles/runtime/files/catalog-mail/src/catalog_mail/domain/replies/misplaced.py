# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Count the replies that lie in other folders than the one that is read: Junk, or where a rule moved them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from catalog_mail.domain.replies.decision import Policy, Reading, read
from catalog_mail.domain.replies.mailbox import Elsewhere, RawMessage

# Age of the messages that are looked at, and their number in each folder.
WATCHED = timedelta(days=7)
MOST_WATCHED = 200
# Bytes of a header that are read.
HEADER = 64 * 1024
_NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)


def count_replies(messages: Iterable[Elsewhere], policy: Policy) -> dict[str, int]:
    """Return the number of replies in each folder; automatic mail and mail of unverified senders does not count."""
    return dict(Counter(message.folder for message in messages if _is_reply(message.header, policy)))


def _is_reply(header: bytes, policy: Policy) -> bool:
    found = read(RawMessage("", header, len(header), _NO_DATE, cut=True), policy)
    return isinstance(found, Reading) and found.handle is not None and (found.verdict is None or found.verdict.passed)
