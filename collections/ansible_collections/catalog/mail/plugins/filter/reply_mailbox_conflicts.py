# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find hosts that would take each other's replies; see DOCUMENTATION."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.catalog.mail.plugins.module_utils._application.reply_mailboxes import HostReplies, conflicts

DOCUMENTATION = r"""
name: reply_mailbox_conflicts
short_description: Find hosts with databases of their own that read one mailbox of replies
version_added: 0.2.0
description:
  - Returns a sentence for each mailbox of replies that hosts with different databases would read. Each of these hosts would
    reject the replies to the e-mails of the others as forged.
  - The playbook C(catalog.mail.site) fails with these sentences before it changes anything.
positional: _input, hostvars
options:
  _input:
    description: The names of the hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variable C(hostvars).
    type: dict
    required: true
author:
  - The catalog.mail authors (@catalog-mail)
"""

EXAMPLES = r"""
- name: Stop when hosts would take each other's replies
  ansible.builtin.assert:
    that: conflicts | length == 0
    fail_msg: "{{ conflicts | join(' ') }}"
  vars:
    conflicts: "{{ groups['catalog'] | catalog.mail.reply_mailbox_conflicts(hostvars) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The sentences; empty when there is no such mailbox.
  type: list
  elements: str
"""


def reply_mailbox_conflicts(hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]) -> List[str]:
    """Return a sentence for each conflict between the hosts."""
    return conflicts([_replies(host, hostvars[host]) for host in hosts])


def _replies(host: str, variables: Mapping[str, Any]) -> HostReplies:
    """Return what the variables of a host say about replies; a variable that cannot be evaluated counts as not set."""
    given = {name: _value(variables, name) for name in ("application_database_url", "email_settings_interactions")}
    interactions = given["email_settings_interactions"] or {}
    used = _is_true(variables, "site_application", True) and _value(variables, "reply_sync_state") != "absent"
    return HostReplies.of(
        host=host,
        database_url=given["application_database_url"] or "",
        interactions=interactions,
        enabled=_is_true(interactions, "enabled", False) and _is_true(variables, "site_application", True),
        reads=used and _is_true(variables, "site_reply_sync", True),
    )


def _is_true(variables: Mapping[str, Any], name: str, default: bool) -> bool:
    value = _value(variables, name)
    return default if value is None else boolean(value, strict=False)


def _value(variables: Mapping[str, Any], name: str) -> Any:
    try:
        return variables.get(name)
    except AnsibleError:
        return None


class FilterModule:
    """The filter of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"reply_mailbox_conflicts": reply_mailbox_conflicts}
