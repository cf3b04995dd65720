# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Ask apt's servers what they offer, without touching the package lists of the host. An edge."""

from __future__ import annotations

import os
import re
import tempfile
from typing import List, Sequence

from .._core.errors import PackagesMissing

_FAILURES = re.compile(r"^[EW]: (.+)$", re.MULTILINE)


def require_offer(module, packages: Sequence[str]) -> None:
    """Raise PackagesMissing unless apt can install these packages. The lists are read into a folder that is removed."""
    with tempfile.TemporaryDirectory(prefix="catalog-mail-") as folder:
        options = _options(folder)
        _code, out, err = _run(module, "apt-get", *options, "update")
        _code, policy, _err = _run(module, "apt-cache", *options, "policy", *packages)
        missing = [name for name in packages if not _is_offered(policy, name)]
    if missing:
        failures: List[str] = _FAILURES.findall(f"{err}\n{out}")
        cause = f"apt says: {failures[0]}" if failures else "No source of apt has them."
        raise PackagesMissing(
            f"apt cannot install {' '.join(missing)} on this host. {cause} Correct the sources in /etc/apt, or the proxy "
            f"in /etc/apt/apt.conf.d, or install it there by hand: apt install {' '.join(missing)}", packages=missing)


def _options(folder: str) -> List[str]:
    for name in ("lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(folder, name))
    # The user _apt, as which apt downloads otherwise, may not write into the folder.
    values = (f"Dir::State::lists={folder}/lists", f"Dir::Cache={folder}/cache", "APT::Sandbox::User=root")
    return [word for value in values for word in ("-o", value)]


def _is_offered(policy: str, name: str) -> bool:
    found = re.search(rf"^{re.escape(name)}:\n.*\n  Candidate: (.+)$", policy, re.MULTILINE)
    return found is not None and found.group(1) != "(none)"


def _run(module, command: str, *words: str):
    path = module.get_bin_path(command, required=True)
    return module.run_command([path, *words], environ_update={"LC_ALL": "C"}, errors="surrogateescape")
