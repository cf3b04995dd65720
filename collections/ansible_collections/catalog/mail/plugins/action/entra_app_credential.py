# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps a new credential out of what Ansible shows, whether or not the task says no_log."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Runs the module; a result that holds a secret is treated as that of a task with no_log."""

    def run(self, tmp: Optional[str] = None, task_vars: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """The module's result."""
        result = super().run(tmp, task_vars)
        # A connection over ssh prints what the module answers, unless it is told not to.
        self._connection._play_context.no_log = True
        result.update(self._execute_module(task_vars=task_vars))
        if result.get("secret"):
            result["_ansible_no_log"] = True
        return result
