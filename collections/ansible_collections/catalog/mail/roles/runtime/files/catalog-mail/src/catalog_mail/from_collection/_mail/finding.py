# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The finding of a diagnosis: a name, cause and remedy, and whether waiting helps."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Pattern, Tuple


@dataclass(frozen=True)
class Finding:
    """Cause and remedy. ``mends``: a later attempt can succeed without a change. ``temporary``: the server says so."""

    name: str
    cause: str
    remedy: str
    mends: bool = False
    temporary: bool = False

    def said_to_be_temporary(self) -> Finding:
        """Return the finding for a reply that the server calls temporary; its remedy says so."""
        return replace(self, temporary=True, remedy=f"It may work later. {self.remedy}")


UNVERIFIED = "certificate_unverified"
"""The name of the finding whose cause, issuer or name, only the certificate itself shows."""

UNKNOWN = Finding(
    name="unknown",
    cause="This collection does not know the server's message",
    remedy="Look the server's words up in its documentation, or read the mail log of the server that said them",
    mends=True,
)
"""The finding for a text that no pattern matches."""


def row(name: str, pattern: str, cause: str, remedy: str, mends: bool = False) -> Tuple[Pattern[str], Finding]:
    """Return a row of a table of patterns: the pattern, without regard to case, and its finding."""
    return re.compile(pattern, re.IGNORECASE), Finding(name, cause, remedy, mends)
