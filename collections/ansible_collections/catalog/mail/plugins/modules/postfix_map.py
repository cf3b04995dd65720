#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lookup table of Postfix and its compiled form; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_map
short_description: Write a lookup table of Postfix and its compiled form
version_added: 0.1.0
description:
  - Writes and compiles a lookup table in one step. The files have their mode and owner from the first moment.
  - Compares the content of the source and of the compiled form. Compiles again when the compiled form is missing, unreadable,
    older than the source, different from it, or readable by more users than the source.
  - Removes compiled files of other types.
options:
  path:
    description: The source file, without the suffix of the compiled form.
    type: path
    required: true
  state:
    description: Whether the table exists. V(absent) removes the source and every compiled form.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - The type of the table, one that C(postconf -m) lists. The default is the host's C(default_database_type).
    type: str
    choices: [hash, btree, cdb, lmdb, dbm, sdbm, texthash, regexp, pcre, cidr]
  entries:
    description:
      - All rows of the table; other rows are removed. The order is significant for pattern types.
      - The task fails when two keys are equal or differ in case alone, since Postfix would keep one of them.
    type: list
    elements: dict
    default: []
    suboptions:
      key:
        description: The key; for pattern types the pattern.
        type: str
        required: true
      value:
        description: The value.
        type: str
      secret:
        description:
          - A secret value, such as C(user:password), which appears in no output.
          - The diff of a table with a secret shows no values.
        type: str
  mode:
    description:
      - The mode of the files, as an octal number in quotes.
      - The default is V(0600) when an entry has a secret, else V(0644).
    type: str
  owner:
    description: The owner of the files.
    type: str
    default: root
  group:
    description: The group of the files.
    type: str
    default: root
extends_documentation_fragment:
  - catalog.mail.postfix
notes:
  - A file of aliases, C(/etc/aliases) or another one that C(alias_maps) or C(alias_database) names, is refused, since its
    syntax is another one. C(root_alias) of M(catalog.mail.postfix_host) edits it.
  - A table that C(main.cf) or C(master.cf) names is not removed, since Postfix would refuse mail.
  - M(catalog.mail.postfix_config) sets the parameter that uses the table.
  - Postfix rereads a compiled table by itself. RV(reload_required) is V(true) for V(texthash) and the pattern types only.
seealso:
  - module: catalog.mail.postfix_config
  - module: catalog.mail.postfix_relayhost
"""

EXAMPLES = r"""
- name: Route the e-mail of some domains
  catalog.mail.postfix_map:
    path: /etc/postfix/transport
    entries:
      - key: example.com
        value: smtp:[mx.example.com]
      - key: example.org
        value: smtp:[mx.example.org]:2525

- name: Write the passwords of relays
  catalog.mail.postfix_map:
    path: /etc/postfix/relay_passwords
    entries:
      - key: '[smtp.example.com]:587'
        secret: "catalog@example.com:{{ relay_password }}"

- name: Remove the table
  catalog.mail.postfix_map:
    path: /etc/postfix/transport
    state: absent
"""

RETURN = r"""
changes:
  description: The changes, in check mode those of a run without it. Secrets are shown as C(********).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: A parameter of C(main.cf), or a file and one of its properties.
      type: str
      returned: always
    before:
      description: The value before; V(null) when the parameter was not set.
      type: str
      returned: always
    after:
      description: The value afterwards; V(null) when the parameter was removed.
      type: str
      returned: always
reload_required:
  description:
    - Whether the running Postfix needs, or needed, a reload to use its files.
    - Also V(true) when an earlier run ended between writing and reloading. V(false) while Postfix is stopped.
  returned: always
  type: bool
restart_required:
  description:
    - Whether Postfix needs a restart, which this module never does.
    - Only C(inet_interfaces), C(inet_protocols), C(queue_directory) and C(config_directory) need one.
    - V(true) until Postfix is started again.
  returned: always
  type: bool
reloaded:
  description: Whether this module reloaded Postfix.
  returned: always
  type: bool
running:
  description: Whether the master process of Postfix is alive.
  returned: always
  type: bool
"""

from ansible_collections.catalog.mail.plugins.module_utils._core.module import Spec, run
from ansible_collections.catalog.mail.plugins.module_utils._postfix.configuration import OPTIONS, Configuration
from ansible_collections.catalog.mail.plugins.module_utils._postfix.lookup_table import ENTRIES, WRITABLE, table_of
from ansible_collections.catalog.mail.plugins.module_utils._postfix.state import DesiredPostfix

SPEC = OPTIONS + Spec({
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "type": {"type": "str", "choices": list(WRITABLE)},
    "entries": ENTRIES,
    "mode": {"type": "str"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
})


def main() -> None:
    """Read the table, plan, write and compile."""
    def job(module):
        return Configuration(
            module, lambda present: DesiredPostfix({}, (table_of(module.params, present.default_table_type),)))

    run(SPEC, job)


if __name__ == "__main__":
    main()
