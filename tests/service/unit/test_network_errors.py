# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operating system's error inside the exceptions of HTTP libraries."""

from __future__ import annotations

import socket

import pytest
import requests
from catalog_mail.adapters.network_errors import innermost
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ReadTimeoutError


def wrapped(error: Exception, inside: Exception) -> Exception:
    """Return `error` as raised from `inside`."""
    error.__cause__ = inside
    return error


def circular() -> Exception:
    first, second = ValueError("first"), KeyError("second")
    first.__context__, second.__context__ = second, first
    return first


NAME = socket.gaierror(-2, "Name or service not known")


# The errors of urllib3 want a connection pool and an error of their own; None and other errors do here.
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionRefusedError(111, "Connection refused"), ConnectionRefusedError),
        (
            requests.ConnectionError(
                MaxRetryError(None, "/", wrapped(NewConnectionError(None, "x"), ConnectionRefusedError(111, "refused")))  # type: ignore[arg-type]
            ),
            ConnectionRefusedError,
        ),
        (
            requests.ConnectionError(MaxRetryError(None, "/", wrapped(NameResolutionError("h", None, NAME), NAME))),  # type: ignore[arg-type]
            socket.gaierror,
        ),
        (requests.ReadTimeout(ReadTimeoutError(None, "/", "slow")), TimeoutError),  # type: ignore[arg-type]
        (requests.exceptions.InvalidURL("no host"), requests.exceptions.InvalidURL),
        (circular(), Exception),
    ],
)
def test_the_innermost_error_is_the_systems(error: Exception, expected: type[Exception]) -> None:
    assert isinstance(innermost(error), expected)
