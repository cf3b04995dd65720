# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raise this machine's limit on inotify instances while many hosts run: each systemd needs several, and all count as root's."""
from __future__ import annotations

import pathlib

from labkit.state import home, say, write

_LIMIT = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")
_ENOUGH = 1024


def make_room() -> None:
    """Raise the limit if it is low; keep the former value in the lab's folder."""
    limit = int(_LIMIT.read_text(encoding="ascii"))
    if limit < _ENOUGH:
        write(_kept(), f"{limit}\n")
        _LIMIT.write_text(f"{_ENOUGH}\n", encoding="ascii")
        say(f"Raised fs.inotify.max_user_instances from {limit} to {_ENOUGH} until the copies are removed.")


def restore() -> None:
    """Set the limit to the kept value, if there is one."""
    if _kept().exists():
        _LIMIT.write_text(_kept().read_text(encoding="ascii"), encoding="ascii")
        _kept().unlink()


def _kept() -> pathlib.Path:
    return home() / "inotify-instances"
