# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The options of email_settings and email_settings_info for Alation on premises."""

from __future__ import annotations

from .._core.module import Spec

ALATION = Spec({"alation": {"type": "dict", "apply_defaults": True, "options": {
    "root": {"type": "path", "default": "/opt/alation/alation"},
    "user": {"type": "str", "default": "alationadmin"},
    # The name of a user, not a secret.
    "secret_user": {"type": "str", "default": "alation", "no_log": False},
    # The names of keys of alation_conf, not of encryption.
    "keys": {"type": "dict", "default": {}, "no_log": False},
    "restart": {"type": "str", "choices": ["none", "web_celery", "full"], "default": "none"},
    "secrets_in_process_list": {"type": "bool", "default": False, "no_log": False},
    "primary": {"type": "bool", "default": False},
}}})
