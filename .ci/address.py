#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the repository's public address into the files that show it.

    .ci/address.py https://git.example.com/team/mail [FOLDER]

The address to replace is `repository` in galaxy.yml. FOLDER is the checkout, by default the one of this script.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

COLLECTION = Path("collections/ansible_collections/catalog/mail")
GALAXY = COLLECTION / "galaxy.yml"
FILES = (GALAXY, COLLECTION / "README.md")
# Forges allow these characters in names of groups and projects.
URL_PATH = re.compile(r"(?:/[A-Za-z0-9_~][A-Za-z0-9._~-]*)+")
HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", flags=re.I)


def checked(url: str) -> str:
    """Return the address without `.git` and a slash at its end. Raises ValueError with a sentence when it is no address."""
    if not url:
        raise ValueError("name the repository's public address: make address URL=https://git.example.com/team/mail")
    if re.search(r"//[^/]*@", url):
        # The first check, so that no other error message repeats a password.
        raise ValueError("the address names a user or a password: leave out everything between https:// and @.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise ValueError(f"{url!r} is not a web address: {exc}.") from exc
    if parts.scheme != "https":
        raise ValueError(f"{url!r} has to begin with https://, as Galaxy's pages link to it.")
    if not HOST.fullmatch(parts.hostname or ""):
        raise ValueError(f"{url!r} has no full host name, such as git.example.com, after https://.")
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise ValueError(f"{url!r} has a query or a fragment: give the address of the repository's first page alone.")
    path = parts.path.rstrip("/").removesuffix(".git")
    if not URL_PATH.fullmatch(path):
        raise ValueError(f"{url!r} has no path of a repository, such as /team/mail, of letters, digits and ._~- only.")
    return f"https://{parts.hostname}{f':{port}' if port else ''}{path}"


def current(root: Path) -> str:
    """Return the address that galaxy.yml names."""
    [address] = re.findall(r"^repository: (\S+)$", (root / GALAXY).read_text(), flags=re.M)
    return address


def replace_address(root: Path, address: str) -> list[Path]:
    """Replace the current address in all files that show it; return the files that changed."""
    # Do not match inside a longer name, such as "team/mail" in "team/mailbox".
    known = re.compile(re.escape(current(root)) + r"(?![\w~-]|\.\w)")
    changed = []
    for name in FILES:
        before = (root / name).read_text()
        after = known.sub(lambda _match: address, before)
        if after != before:
            (root / name).write_text(after)
            changed.append(name)
    return changed


def main() -> int:
    """Run the script: 0 when all files show the address, 2 when it is refused."""
    url, folder = [*sys.argv[1:], "", ""][:2]
    root = Path(folder) if folder else Path(__file__).resolve().parents[1]
    try:
        address = checked(url)
    except ValueError as exc:
        print(f"address: {exc}", file=sys.stderr)
        return 2
    for name in replace_address(root, address):
        print(f"address: {name} names {address}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
