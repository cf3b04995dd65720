# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find cause and remedy for a message of a server, Postfix, the TLS library or the system. Pure.

The reply of an SMTP server is judged by its reply code, its enhanced code and its words. For other messages a table of
patterns is searched: the first pattern found in the text names the finding, so special patterns are above general ones.
No pattern has a repeat inside a repeat and every repeat is bounded; the cost is linear in the text, whose length is
limited.
"""

from __future__ import annotations

import re

from .connection_patterns import CONFIGURATION, ENCRYPTION, NETWORK, PREPARATION
from .finding import UNKNOWN, UNVERIFIED, Finding
from .mail_patterns import LOGIN, REFUSALS
from .smtp_reply import read_reply, without_code
from .smtp_reply_findings import judge_reply, judge_words

__all__ = ["MAX_TEXT", "TABLE", "UNKNOWN", "UNVERIFIED", "Finding", "diagnose"]

MAX_TEXT = 4000
"""Characters of a text that are searched."""

TABLE = PREPARATION + ENCRYPTION + LOGIN + REFUSALS + CONFIGURATION + NETWORK
"""Every pattern with its finding, in the order of the search."""

# The stage of an SMTP session for a stage of StageFailed.
_SESSION = {"connect": "greeting", "login": "login"}
_ADDRESS = re.compile(r"<[^<>]{0,320}>")


def diagnose(text: str, stage: str = "") -> Finding:
    """Return the finding for a message; `UNKNOWN` when neither a reply, nor a pattern, nor words tell.

    ``stage`` is the stage of StageFailed, for a reply whose text names no command.
    Names would match by accident: a host may be called spamfilter and an address dmarc@example.com. So addresses are
    removed.
    """
    reply = read_reply(text[:MAX_TEXT], _SESSION.get(stage, ""))
    if reply:
        return judge_reply(reply)
    said = _ADDRESS.sub("<>", text[:MAX_TEXT])
    for pattern, finding in TABLE:
        if pattern.search(said):
            return finding
    return judge_words(without_code(said)) or UNKNOWN
