# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All parts of Graph, loaded so that their routes are known."""

from __future__ import annotations

from emulator import batch
from emulator.directory import applications, assignments, credentials, deleted_items, federated, owners, service_principals, users
from emulator.exchange import folders, messages, role_management, sending

LOADED = (
    batch, applications, assignments, credentials, deleted_items, federated, owners, service_principals, users, folders, messages,
    role_management, sending,
)  # fmt: skip
