# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the operating system's exception inside those that HTTP libraries wrap around it."""

from __future__ import annotations

import socket
import ssl

_TELLING = (ssl.SSLError, socket.gaierror, ConnectionError, TimeoutError)
# Limit of opened layers: chains of exceptions may be circular.
_MOST_LAYERS = 10


def innermost(error: BaseException) -> BaseException:
    """Return the operating system's error inside those of urllib3 and requests; a TimeoutError for their own timeouts."""
    found: BaseException = error
    for _layer in range(_MOST_LAYERS):
        if isinstance(found, _TELLING):
            break
        inner = _wrapped(found)
        if inner is None:
            break
        found = inner
    if "Timeout" in type(error).__name__ and not isinstance(found, _TELLING):
        return TimeoutError()
    return found


def _wrapped(error: BaseException) -> BaseException | None:
    """Return the exception that this one wraps; None without one."""
    reason = getattr(error, "reason", None)
    inner = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
    return inner or next((part for part in error.args if isinstance(part, BaseException)), None)
