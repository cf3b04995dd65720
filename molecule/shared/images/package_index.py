# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write `Packages` and `Release` for a folder of Debian packages, so that apt can use the folder as a repository.

Usage: package_index.py FOLDER. Replaces dpkg-scanpackages, so that the machine needs no dpkg-dev.
Format: https://wiki.debian.org/DebianRepository/Format
"""
from __future__ import annotations

import hashlib
import pathlib
import subprocess
import sys
import time


def stanza(package: pathlib.Path) -> str:
    """Return a package's entry: its control fields, file name, size and hash."""
    control = subprocess.run(["dpkg-deb", "-f", package], check=True, capture_output=True, text=True).stdout
    content = package.read_bytes()
    return (
        f"{control.rstrip()}\n"
        f"Filename: ./{package.name}\n"
        f"Size: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
    )


def main() -> None:
    """Run the script."""
    folder = pathlib.Path(sys.argv[1])
    index = "\n".join(stanza(package) for package in sorted(folder.glob("*.deb")))
    (folder / "Packages").write_text(index, encoding="utf-8")
    content = index.encode()
    (folder / "Release").write_text(
        "Origin: catalog-mail-lab\nLabel: catalog-mail-lab\n"
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S UTC', time.gmtime())}\n"
        f"SHA256:\n {hashlib.sha256(content).hexdigest()} {len(content)} Packages\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
