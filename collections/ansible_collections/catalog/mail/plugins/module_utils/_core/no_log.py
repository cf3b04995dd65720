# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""A module object that keeps the secrets of sub-options out of the target's log.

Ansible logs the options of a module. It turns an option with sub-options into one text and searches that text
for the secrets. In that text quotation marks and backslashes are escaped, and a text such as user:password@host
is rewritten, so Ansible does not find a password with such characters, and logs it.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ansible.module_utils.basic import AnsibleModule

HIDDEN = "NOT_LOGGING_PARAMETER"
"""Ansible's own replacement for a secret option in the log."""


class NoLogModule(AnsibleModule):
    """An AnsibleModule that replaces the secrets in the options before it turns the options into a text."""

    params: Dict[str, Any]

    def _log_invocation(self) -> None:
        params = self.params
        self.params = loggable(params, self.argument_spec)
        try:
            super()._log_invocation()
        finally:
            self.params = params


def loggable(params: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """Replace the secrets in sub-options at any depth. Ansible itself replaces the secrets at the top level."""
    return {name: _without_secrets(value, options.get(name, {}).get("options")) for name, value in params.items()}


def _without_secrets(value: Any, suboptions: Any) -> Any:
    if not suboptions:
        return value
    if isinstance(value, list):
        return [_without_secrets(one, suboptions) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: HIDDEN if suboptions.get(name, {}).get("no_log") and one is not None
        else _without_secrets(one, suboptions.get(name, {}).get("options"))
        for name, one in value.items()
    }
