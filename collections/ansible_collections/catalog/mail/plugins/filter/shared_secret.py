# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Choose the secret that hosts with one database share; see DOCUMENTATION."""

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Sequence

from ansible_collections.catalog.mail.plugins.module_utils._application.shared_secrets import chosen, host_file

DOCUMENTATION = r"""
name: shared_secret
short_description: Choose the secret that hosts with one database share
version_added: 0.2.0
description:
  - For the role P(catalog.mail.application#role). Chooses the encryption key, or the token for administration, that this host
    takes from another host of O(catalog.mail.application#role:main:application_cluster).
  - A token that the application accepts is taken before one whose state is not known, and that before a refused one.
positional: _input, hostvars, own, before
options:
  _input:
    description:
      - The results of P(ansible.builtin.slurp#module) in a loop over the other hosts with the loop variable
        C(application__member).
    type: list
    elements: dict
    required: true
  hostvars:
    description: The variable C(hostvars), for the states of the tokens that this run has found.
    type: dict
    required: true
  own:
    description: The state of this host's own secret, such as V(missing) or V(refused).
    type: str
    required: true
  before:
    description: The hosts that are named before this one.
    type: list
    elements: str
    required: true
author:
  - The catalog.mail authors (@catalog-mail)
"""

EXAMPLES = r"""
- name: Read the keys of the other hosts
  ansible.builtin.slurp:
    src: /etc/catalog-mail/key
  delegate_to: "{{ application__member }}"
  loop: "{{ groups['catalog'] | difference([inventory_hostname]) }}"
  loop_control:
    loop_var: application__member
  register: keys
  failed_when: false
  no_log: true

- name: Show whose key is taken
  ansible.builtin.debug:
    msg: "{{ (keys.results | catalog.mail.shared_secret(hostvars, 'missing', [])).host }}"
"""

RETURN = r"""
_value:
  description:
    - A dictionary with the C(secret) to take and its C(host), both empty when there is none; the hosts with C(different)
      secrets; and the hosts that could not be read, C(unread), with the reason.
  type: dict
"""


def shared_secret(
    results: Sequence[Mapping[str, Any]], hostvars: Mapping[str, Mapping[str, Any]], own: str, before: Sequence[str]
) -> Dict[str, Any]:
    """Return the secret to take, its host, and what stands against it."""
    files = [host_file(result) for result in results]
    return chosen(files, {one.host: _token_state(hostvars[one.host]) for one in files}, own, before)


def _token_state(variables: Mapping[str, Any]) -> str:
    """Return the state of a host's token, as far as this run knows it."""
    for name in ("application__service", "application__found"):
        state = (variables.get(name) or {}).get("token")
        if state:
            return str(state)
    return "unknown"


class FilterModule:
    """The filter of this file."""

    def filters(self) -> Dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"shared_secret": shared_secret}
