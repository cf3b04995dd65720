# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Load optional Python libraries when they are needed. An edge."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from .._core.errors import LibraryMissing

REQUIREMENTS = {"msal": "msal>=1.35", "requests": "requests>=2.25", "cryptography": "cryptography>=42"}


def library(name: str) -> Any:
    """Import a library or one of its modules. Raises LibraryMissing, with the command that installs it."""
    package = name.partition(".")[0]
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        raise LibraryMissing(package, REQUIREMENTS[package], sys.executable or "python3") from exc
