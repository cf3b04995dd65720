# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Return the way of a message that was found, from its headers. Pure."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence

from .authentication_results import authentication_results
from .received import hops
from .report import way


def way_of(received: Sequence[str], results: Sequence[str], folder: str, elapsed: Optional[float]) -> Dict[str, Any]:
    """Return hops, verdicts and folder as fields of a result, and the summary. ``elapsed``: seconds since the hand-over."""
    travelled, authentication = hops(received), authentication_results(results)
    return {
        "hops": [hop.as_result() for hop in travelled],
        "authentication_results": [one.as_result() for one in authentication],
        "mailbox_folder": folder,
        "summary": way(travelled, authentication, folder, elapsed),
    }
