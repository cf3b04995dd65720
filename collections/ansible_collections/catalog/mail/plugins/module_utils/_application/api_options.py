# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The options of all modules that use the application's API: where the API is, and how to log in."""

from __future__ import annotations

from .._core.module import Spec

API = Spec({
    "application": {"type": "str", "choices": ["catalog_mail"], "default": "catalog_mail"},
    "api_url": {"type": "str", "default": "http://127.0.0.1:8025"},
    # The option is a path, not a secret.
    "token_file": {"type": "path", "default": "/etc/catalog-mail/admin-token", "no_log": False},
    "ca_file": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
})

PENDING = Spec({"pending": {"type": "str"}})
"""The files that an earlier task has to write before the application can answer, for check mode."""
