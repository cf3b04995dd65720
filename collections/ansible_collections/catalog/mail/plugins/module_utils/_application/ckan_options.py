# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The options of email_settings and email_settings_info for CKAN."""

from __future__ import annotations

from .._core.module import Spec

CKAN = Spec({"ckan": {"type": "dict", "apply_defaults": True, "options": {
    "config_file": {"type": "path", "default": "/etc/ckan/default/ckan.ini"},
    "units": {"type": "list", "elements": "str", "default": []},
}}})
