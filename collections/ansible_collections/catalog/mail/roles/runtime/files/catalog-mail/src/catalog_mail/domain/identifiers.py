# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifiers: 26 lower-case base32 characters, 128 random bits. They survive case folding and fit into addresses."""

from __future__ import annotations

import base64
import secrets


def new_id() -> str:
    """Return a new random identifier."""
    return base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()
