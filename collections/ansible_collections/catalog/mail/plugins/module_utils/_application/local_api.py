# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Ask the application on this host whether it is ready and whether it accepts a token. An edge.

Unlike the client of the API, every failure here means "no": an application that is down is a state, not an error.
"""

from __future__ import annotations

import http.client
import json
import os
import stat
from typing import Any, Optional, Sequence

from .url import ROOT, listener

_SECONDS = 5
_MAX_BODY = 4 * 1024 * 1024


class LocalApi:
    """The API of the application on this host. Proxies of the environment are ignored."""

    def __init__(self, listen: str) -> None:
        """``listen`` is the option of that name. Raises InputRefused when it has no host or no port."""
        self._host, self._port = listener(listen)

    def is_ready(self) -> bool:
        """Whether the application accepts notifications. Health that is degraded is no obstacle: the next task may mend it."""
        health = self._get("/health", statuses=(http.client.OK, http.client.SERVICE_UNAVAILABLE))
        return isinstance(health, dict) and health.get("ready") is True

    def token(self, path: str, ready: bool, kept: bool, email: str = "") -> str:
        """Return ``accepted``, ``refused``, ``missing``, ``empty``, or ``unknown`` while the application is not ``ready``.

        A token that others than the file's owner can read is refused, unless its mode is ``kept`` and will be corrected;
        so is a token of another address than ``email``.
        """
        try:
            with open(path, encoding="utf-8") as stream:
                private = stat.S_IMODE(os.fstat(stream.fileno()).st_mode) == 0o600
                token = stream.readline().strip()
        except FileNotFoundError:
            return "missing"
        except (OSError, UnicodeDecodeError):
            return "refused"
        if not token:
            return "empty"
        if not (private or kept):
            return "refused"
        if not ready:
            return "unknown"
        owner = self._get("/token", token)
        return "accepted" if isinstance(owner, dict) and email in ("", owner.get("email")) else "refused"

    def _get(self, path: str, token: Optional[str] = None, statuses: Sequence[int] = (http.client.OK,)) -> Any:
        """Return the JSON of an answer with one of these statuses; None without one."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request("GET", ROOT + path, headers=headers)
            response = connection.getresponse()
            body = response.read(_MAX_BODY)
            return json.loads(body.decode("utf-8")) if response.status in statuses else None
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()
