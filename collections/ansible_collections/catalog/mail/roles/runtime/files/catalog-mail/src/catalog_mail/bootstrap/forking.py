# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare the process for its children."""

from __future__ import annotations

import gc
import os

from catalog_mail.bootstrap.components import Components


def prepare(components: Components) -> None:
    """Prepare this process for forking. It must have no other thread yet."""
    components.engine.dispose()  # a connection must not be used by two processes
    gc.collect()
    gc.freeze()  # pages that no collection writes to stay shared


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0))
