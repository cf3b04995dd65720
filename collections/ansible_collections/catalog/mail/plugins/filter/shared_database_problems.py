# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find hosts that share a database and are not declared so; see DOCUMENTATION."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.catalog.mail.plugins.module_utils._application.shared_databases import HostDatabase, problems

DOCUMENTATION = r"""
name: shared_database_problems
short_description: Find hosts with one PostgreSQL database that are not declared to share it
version_added: 0.2.0
description:
  - Returns a sentence for each mistake in O(catalog.mail.application#role:main:application_cluster), and for hosts with one
    PostgreSQL database that the variable does not name. Each of these hosts would make an encryption key of its own.
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
- name: Stop when hosts share a database without being declared so
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: "{{ groups['catalog'] | catalog.mail.shared_database_problems(hostvars) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The sentences; empty when all is well.
  type: list
  elements: str
"""


def shared_database_problems(hosts: Sequence[str], hostvars: Mapping[str, Mapping[str, Any]]) -> List[str]:
    """Return a sentence for each mistake."""
    used = [host for host in hosts if boolean(_value(hostvars[host], "site_application", True), strict=False)]
    return problems([_database(host, hostvars[host]) for host in used], hostvars)


def _database(host: str, variables: Mapping[str, Any]) -> HostDatabase:
    cluster = _value(variables, "application_cluster", [])
    members = cluster if isinstance(cluster, (list, tuple)) else [cluster]
    url = str(_value(variables, "application_database_url", ""))
    email = str(_value(variables, "application_admin_email", ""))
    return HostDatabase(host, url, tuple(str(member) for member in members), email)


def _value(variables: Mapping[str, Any], name: str, default: Any) -> Any:
    """Return a variable; one that cannot be evaluated counts as not set."""
    try:
        found = variables.get(name)
    except AnsibleError:
        return default
    return default if found is None else found


class FilterModule:
    """The filter of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"shared_database_problems": shared_database_problems}
