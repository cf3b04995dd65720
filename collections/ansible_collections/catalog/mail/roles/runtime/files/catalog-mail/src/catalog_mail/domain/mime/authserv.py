# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the server that authenticates senders (authserv-id of RFC 8601, 2.5), as written in the settings."""

from __future__ import annotations

EXCHANGE_ONLINE = "exchange_online"
"""The name for Exchange Online, which writes Authentication-Results without the name of a server."""


def is_exchange_online(authserv_id: str | None) -> bool:
    """Return whether the name, in any case, means Exchange Online."""
    return (authserv_id or "").strip().lower() == EXCHANGE_ONLINE
