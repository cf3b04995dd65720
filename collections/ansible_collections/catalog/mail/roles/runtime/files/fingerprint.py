# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the name of the service package beside this file: its version and a hash of its source files.

Usage: fingerprint.py. The same files give the same name on every machine; files that tools leave behind do not count.
Each run of the role starts this program once for each host, so it imports little.
"""

from __future__ import annotations

import hashlib
import os

PACKAGE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "catalog-mail")
MADE = ("__pycache__", "build")
"""Files and folders that tools leave behind, besides those with a dot and the *.egg-info ones."""


def is_source(name: str) -> bool:
    """Return True if a file or folder was not left by a tool."""
    return name not in MADE and not name.startswith(".") and not name.endswith(".egg-info")


def sources() -> list[str]:
    """Return the paths of the package's files from its folder, in the same order on every machine."""
    found = []
    for folder, folders, files in os.walk(PACKAGE):
        folders[:] = filter(is_source, folders)
        found += [os.path.relpath(os.path.join(folder, file), PACKAGE) for file in files if is_source(file)]
    return sorted(found, key=lambda path: path.split(os.sep))


def read(path: str) -> bytes:
    """Return the content of one of the package's files."""
    with open(os.path.join(PACKAGE, path), "rb") as file:
        return file.read()


def version() -> str:
    """Return the version that the package declares."""
    declared = read("src/catalog_mail/__init__.py").partition(b'\n__version__ = "')[2].partition(b'"')[0]
    return declared.decode() or "0"


def name() -> str:
    """Return version and hash, such as `0.1.0-1f0c93a7be42`."""
    lines = (f"{path} {hashlib.sha256(read(path)).hexdigest()}\n" for path in sources())
    return f"{version()}-{hashlib.sha256(''.join(lines).encode()).hexdigest()[:12]}"


if __name__ == "__main__":
    print(name())
