# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find and renew the copies that Debian keeps in the queue directory for chrooted daemons. An edge.

The unit's script /usr/lib/postfix/configure-instance.sh makes the copies when Postfix starts. A copy that is older than its
source afterwards has daemons ask a name server that is gone, or distrust a new authority.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Tuple

from .._core.errors import PostfixRefused
from .._core.file_transaction import read_bytes
from .table_parameters import expanded

SCRIPT = "/usr/lib/postfix/configure-instance.sh"
DEFAULTS = "/etc/default/postfix"
FILES = ("localtime", "services", "resolv.conf", "hosts", "host.conf", "nsswitch.conf", "nss_mdns.config")
_NO_COPIES = re.compile(r"^[ \t]*SYNC_CHROOT=(?:\"\"|'')?[ \t]*(?:#.*)?$", re.MULTILINE)
_HASHED = "[0-9a-f]*.[0-9]"


@dataclass(frozen=True)
class StaleCopy:
    """A copy in the queue directory that differs from its source."""

    path: str
    source: str
    problem: str


def stale_copies(parameters: Mapping[str, str], master_cf: str) -> List[StaleCopy]:
    """Return the copies to renew; none where the distribution makes no copies. ``parameters`` are all effective ones."""
    queue = expanded(parameters.get("queue_directory", ""), parameters)
    if not os.path.exists(SCRIPT) or not os.path.isdir(os.path.join(queue, "etc")) or not _has_chroot(master_cf, parameters):
        return []
    if _NO_COPIES.search((read_bytes(DEFAULTS) or b"").decode("utf-8", "replace")):
        return []
    found = [_compared(f"{queue}/etc/{name}", f"/etc/{name}") for name in FILES]
    for name in ("smtp_tls_CApath", "smtpd_tls_CApath"):
        directory = expanded(parameters.get(name, ""), parameters).rstrip("/")
        if directory.startswith("/") and not directory.startswith(f"{queue}/") and os.path.isdir(directory):
            found += _authorities(queue + directory, directory)
    return list(dict.fromkeys(copy for copy in found if copy.problem))


def _has_chroot(master_cf: str, parameters: Mapping[str, str]) -> bool:
    """Whether any service of master.cf runs in the queue directory; before compatibility level 1 that is the default."""
    marks = ("y", "Y") if parameters.get("compatibility_level", "0").split(".")[0] != "0" else ("y", "Y", "-")
    rows = [line.split() for line in master_cf.splitlines() if re.match("[0-9a-z]", line)]
    return any(len(row) > 4 and row[4] in marks for row in rows)


def _compared(path: str, source: str) -> StaleCopy:
    """Compare a copy with its source; a copy whose source is gone is left alone, as some releases do."""
    wanted = read_bytes(source) if os.path.isfile(source) else None
    present = read_bytes(path) if os.path.isfile(path) else None
    problem = "" if wanted is None or wanted == present else "missing" if present is None else f"not as {source}"
    return StaleCopy(path, source, problem)


def _authorities(path: str, source: str) -> List[StaleCopy]:
    """Compare a directory of authorities; one release copies the files named .pem, another those named by their hash."""
    pattern = "*.pem" if glob.glob(f"{glob.escape(path)}/*.pem") else _HASHED
    files = [os.path.basename(file) for file in glob.glob(f"{glob.escape(source)}/{pattern}")]
    old = [name for name in files if _compared(f"{path}/{name}", f"{source}/{name}").problem]
    old += [os.path.basename(file) for file in glob.glob(f"{glob.escape(path)}/{pattern}")
            if not os.path.isfile(f"{source}/{os.path.basename(file)}")]
    return [StaleCopy(path, source, f"not as {source} ({len(old)} certificates)")] if old else []


def renew_copies(module, config_directory: str, parameters: Mapping[str, str]) -> None:
    """Have the distribution's script make the copies anew. Raises PostfixRefused when it fails."""
    names = ("queue_directory", "command_directory", "daemon_directory")
    places: Dict[str, str] = {name: expanded(parameters.get(name, ""), parameters) for name in names}
    environment = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "MAIL_CONFIG": config_directory, **places}
    code, out, err = module.run_command([SCRIPT], environ_update=environment, errors="surrogateescape")
    if code:
        lines = [line for line in (out + err).splitlines() if line.strip()]
        raise PostfixRefused(f"{SCRIPT} failed: {lines[-1] if lines else 'it gave no reason'}", stage="chroot")


def described(copies: Sequence[StaleCopy]) -> Tuple[str, str]:
    """Return the copies as two texts for a diff, before and after."""
    return (
        "".join(f"{copy.path}: {copy.problem}\n" for copy in copies),
        "".join(f"{copy.path}: as {copy.source}\n" for copy in copies))
