# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the name of the service package beside this file: its version and a hash of its source files.

Usage: fingerprint.py. The same files give the same name on every machine; files that tools leave behind do not count.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent / "catalog-mail"
MADE = ("__pycache__", "build")
"""Folders that tools leave behind, besides those with a dot and the *.egg-info ones."""


def is_source(path: Path) -> bool:
    """Return True if a file belongs to the package and was not left by a tool."""
    parts = path.relative_to(PACKAGE).parts
    return path.is_file() and not any(part in MADE or part.startswith(".") or part.endswith(".egg-info") for part in parts)


def sources() -> list[Path]:
    """Return the package's files, in the same order on every machine."""
    return sorted(path for path in PACKAGE.rglob("*") if is_source(path))


def name() -> str:
    """Return version and hash, such as `0.1.0-1f0c93a7be42`."""
    digest = hashlib.sha256()
    for path in sources():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(PACKAGE)} {content}\n".encode())
    declaration = (PACKAGE / "src/catalog_mail/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', declaration, re.MULTILINE)
    return f"{found[1] if found else '0'}-{digest.hexdigest()[:12]}"


if __name__ == "__main__":
    print(name())
