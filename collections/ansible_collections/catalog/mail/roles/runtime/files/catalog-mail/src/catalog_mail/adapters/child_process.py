# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tie a forked process to its parent."""

from __future__ import annotations

import ctypes
import os
import signal

# prctl(2)
_PR_SET_PDEATHSIG = 1
# Loaded before the fork: the child loads as little as possible.
_LIBC = ctypes.CDLL(None, use_errno=True)


def follow(parent: int) -> None:
    """Let the parent decide about the end of this process, and the kernel end it together with its parent.

    A terminal and systemd send signals to all processes of a service; these are left to the parent.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it has ended meanwhile
        os._exit(1)
