#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about an instance of Postfix; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_info
short_description: Read the version, parameters, state and queue of Postfix
version_added: 0.1.0
description:
  - Returns the state of a Postfix instance, with passwords replaced by C(********).
  - Works while Postfix is stopped, and with a C(main.cf) that Postfix cannot read.
options:
  config_directory:
    description: The configuration directory of the Postfix instance.
    type: path
    default: /etc/postfix
  queue_limit:
    description: The largest number of queued messages to return. RV(queue_length) counts all of them.
    type: int
    default: 100
attributes:
  check_mode:
    description: Only reads, also in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so it has no diff.
    support: none
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
author:
  - The catalog.mail authors (@catalog-mail)
seealso:
  - module: catalog.mail.postfix_config
"""

EXAMPLES = r"""
- name: Read the state of Postfix
  catalog.mail.postfix_info:
  register: postfix

- name: Show the reasons of deferred messages
  ansible.builtin.debug:
    msg: "{{ postfix.queue | map(attribute='recipients') | flatten | map(attribute='delay_reason') | list }}"
"""

RETURN = r"""
installed:
  description: Whether Postfix is installed and the instance exists. Otherwise no other value is returned.
  returned: always
  type: bool
version:
  description: The version of Postfix.
  returned: when installed
  type: str
  sample: 3.7.11
running:
  description: Whether the master process is alive.
  returned: when installed
  type: bool
parameters:
  description: All parameters with their effective values; references to other parameters are not resolved.
  returned: when installed
  type: dict
explicit:
  description: The parameters that C(main.cf) sets.
  returned: when installed
  type: dict
table_types:
  description: The installed types of lookup tables.
  returned: when installed
  type: list
  elements: str
default_database_type:
  description: The type of tables that name no type.
  returned: when installed
  type: str
queue_length:
  description: The number of messages in the queue.
  returned: when installed
  type: int
queue:
  description: The messages in the queue, the oldest first.
  returned: when installed
  type: list
  elements: dict
  contains:
    queue_id:
      description: The queue id.
      type: str
      returned: always
    queue_name:
      description: The queue of the message, such as V(deferred) or V(active).
      type: str
      returned: always
    arrival_time:
      description: The time of arrival in seconds since 1970.
      type: int
      returned: always
    message_size:
      description: The size in bytes.
      type: int
      returned: always
    sender:
      description: The envelope sender's address.
      type: str
      returned: always
    recipients:
      description: The pending recipients, each with C(address) and, after a failed delivery, C(delay_reason).
      type: list
      elements: dict
      returned: always
reload_pending:
  description: Whether the running Postfix needs a reload to use C(main.cf).
  returned: when installed
  type: bool
restart_pending:
  description: Whether the running Postfix needs a restart to use C(main.cf).
  returned: when installed
  type: bool
problems:
  description:
    - Postfix's own messages about errors in C(main.cf), lines that set no parameter, and parameters that are set several times.
    - The option O(catalog.mail.postfix_config#module:tidy) removes such lines.
  returned: when installed
  type: list
  elements: str
"""

from ansible_collections.catalog.mail.plugins.module_utils._core.module import Spec, report
from ansible_collections.catalog.mail.plugins.module_utils._postfix.facts import postfix_facts
from ansible_collections.catalog.mail.plugins.module_utils._postfix.instance import Postfix

SPEC = Spec({
    "config_directory": {"type": "path", "default": "/etc/postfix"},
    "queue_limit": {"type": "int", "default": 100},
})


def main() -> None:
    """Read and return."""
    def read(module):
        return postfix_facts(Postfix(module, module.params["config_directory"]), module.params["queue_limit"])

    report(SPEC, read)


if __name__ == "__main__":
    main()
