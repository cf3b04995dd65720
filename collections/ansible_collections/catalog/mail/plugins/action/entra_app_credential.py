# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run entra_app_credential and keep a new credential out of Ansible's output, with or without no_log."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase
from ansible_collections.catalog.mail.plugins.plugin_utils._ansible_internals import hide_module_output, hide_result, run_module


class ActionModule(ActionBase):
    """Run the module; hide a result that holds a secret."""

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Return the module's result."""
        result = super().run(tmp, task_vars)
        hide_module_output(self)
        result.update(run_module(self, task_vars))
        if result.get("secret"):
            hide_result(result)
        return result
