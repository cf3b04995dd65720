#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about an instance of Postfix; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_info
short_description: Read version, parameters, state and queue of Postfix
version_added: 0.1.0
description:
  - Tells what a Postfix on the host is and does, with passwords replaced by C(********).
  - Works while Postfix is stopped, and with a C(main.cf) that Postfix itself cannot read.
options:
  config_directory:
    description: The configuration directory of the Postfix instance.
    type: path
    default: /etc/postfix
  queue_limit:
    description: How many messages of the queue to return at most. All of them are counted.
    type: int
    default: 100
attributes:
  check_mode:
    description: Reads only, in check mode as well.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
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
- name: Look at Postfix
  catalog.mail.postfix_info:
  register: postfix

- name: Show why messages are waiting
  ansible.builtin.debug:
    msg: "{{ postfix.queue | map(attribute='recipients') | flatten | map(attribute='delay_reason') | list }}"
"""

RETURN = r"""
installed:
  description: Whether Postfix and this instance are there. The other values are returned only if so.
  returned: always
  type: bool
version:
  description: The version of Postfix.
  returned: when installed
  type: str
  sample: 3.7.11
running:
  description: Whether its master process is alive.
  returned: when installed
  type: bool
parameters:
  description: Every parameter with the value that is in force, references to other parameters not resolved.
  returned: when installed
  type: dict
explicit:
  description: The parameters that C(main.cf) sets.
  returned: when installed
  type: dict
table_types:
  description: The lookup table types that are installed.
  returned: when installed
  type: list
  elements: str
default_database_type:
  description: The table type for tables that name none.
  returned: when installed
  type: str
queue_length:
  description: How many messages are in the queue.
  returned: when installed
  type: int
queue:
  description: The messages in the queue, oldest first.
  returned: when installed
  type: list
  elements: dict
  contains:
    queue_id:
      description: The name of the message in the queue.
      type: str
      returned: always
    queue_name:
      description: The queue it is in, such as V(deferred) or V(active).
      type: str
      returned: always
    arrival_time:
      description: When it came, in seconds since 1970.
      type: int
      returned: always
    message_size:
      description: Its size in bytes.
      type: int
      returned: always
    sender:
      description: The envelope sender's address.
      type: str
      returned: always
    recipients:
      description: The recipients that still wait, each with C(address) and, where delivery failed, C(delay_reason).
      type: list
      elements: dict
      returned: always
reload_pending:
  description: Whether the running Postfix does not follow C(main.cf) yet.
  returned: when installed
  type: bool
restart_pending:
  description: Whether a parameter was written that only a start of Postfix reads.
  returned: when installed
  type: bool
problems:
  description: What Postfix has against its C(main.cf), in its words. Empty when nothing.
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
