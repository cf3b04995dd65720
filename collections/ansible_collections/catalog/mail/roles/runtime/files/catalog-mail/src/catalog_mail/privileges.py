# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run root's commands as the service's user, so that the files they write belong to that user."""

from __future__ import annotations

import os
import pwd

from catalog_mail.domain.errors import Misconfigured


def become(user: str) -> None:
    """Switch to this user for good when root runs the command; do nothing for other users. Raises Misconfigured."""
    if os.geteuid() != 0:
        return
    try:
        entry = pwd.getpwnam(user)
    except KeyError as error:
        raise Misconfigured(
            f"There is no user {user!r} on this host.",
            "Run the role 'application', which creates it, or name another 'user' in the configuration file.",
            field="user",
        ) from error
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ["HOME"] = entry.pw_dir
