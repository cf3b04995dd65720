# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the settings' secrets off the control node's disks where Ansible has to send the module to its host as a file."""

from __future__ import annotations

import os
import tempfile
from typing import Optional

from ansible.plugins.action.normal import ActionModule as Normal

# Linux keeps what stands there in memory.
_MEMORY = "/dev/shm"  # noqa: S108 -- the file is made by mkstemp, for its owner alone


class ActionModule(Normal):
    """Runs the module. Its options stand in its text, which is no file at all with pipelining, and else one in memory."""

    def _transfer_data(self, remote_path: str, data: str | bytes) -> str:
        """Copy this text to the host; ActionBase does the same from its folder for temporary files."""
        with tempfile.NamedTemporaryFile(prefix="catalog-mail-", dir=_memory()) as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            self._transfer_file(file.name, remote_path)
        return remote_path


def _memory() -> Optional[str]:
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None
