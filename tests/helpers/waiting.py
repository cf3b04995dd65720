# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait for a condition, however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 240.0
"""Seconds after which a test counts as hanging. No test expects to wait so long; none may depend on the number."""


def wait_until(condition: Callable[[], T | None], failure: str | Callable[[], object]) -> T:
    """Poll until the condition is true; return its value. Fail after PATIENCE with `failure`, or with what it returns.

    An exception of the condition ends the wait. A slow condition is polled less often, so that polling does not slow down what
    the test waits for.
    """
    end = time.monotonic() + PATIENCE
    while True:
        begun = time.monotonic()
        if found := condition():
            return found
        asked = time.monotonic()
        assert asked < end, failure if isinstance(failure, str) else failure()
        time.sleep(min(max(0.02, asked - begun), 0.5))
