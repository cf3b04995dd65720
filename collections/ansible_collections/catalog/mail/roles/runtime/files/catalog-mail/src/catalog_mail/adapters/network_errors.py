"""The exception of the operating system inside those that HTTP libraries wrap around it."""

from __future__ import annotations

import socket
import ssl

_TELLING = (ssl.SSLError, socket.gaierror, ConnectionError, TimeoutError)
# Layers that are opened: chains of exceptions may be circular.
_MOST_LAYERS = 10


def innermost(error: BaseException) -> BaseException:
    """The error that the system raised: urllib3 and requests wrap it several times. A TimeoutError for their own timeouts."""
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
    """The exception that this one was made from."""
    reason = getattr(error, "reason", None)
    inner = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
    return inner or next((part for part in error.args if isinstance(part, BaseException)), None)
