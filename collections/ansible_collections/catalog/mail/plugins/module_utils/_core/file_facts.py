# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Mode and owner of a file, as a value that pure code compares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileFacts:
    """Attributes of one file: mode bits, owner and group by name, time of modification in nanoseconds."""

    mode: int
    owner: str
    group: str
    mtime_ns: int
