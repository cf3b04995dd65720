# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python module `alation_conf` of the chroot, with what public scripts show of it: `conf[key]` and `get_decrypted(key)`."""

from __future__ import annotations

import sys
import time
from typing import Any

sys.path.append("/opt/alation/stand_in")
from stand_in_store import Store


class _Conf:
    def __init__(self) -> None:
        self._store = Store()
        time.sleep(self._store.modes["delay"])

    def __getitem__(self, key: str) -> Any:
        """Return a value; a password in its encrypted form. Raises KeyError for an unknown key."""
        return self._store.read(key)

    def get_decrypted(self, key: str) -> Any:
        """Return a value in clear text. Raises KeyError for an unknown key, PermissionError for users other than `alation`."""
        return self._store.decrypted(key)


conf = _Conf()
