#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lookup table of Postfix and its compiled form; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_map
short_description: Keep a lookup table of Postfix, and its compiled form
version_added: 0.1.0
description:
  - Writes a lookup table and compiles it, both together, with the rights that they shall have from the first moment.
  - The contents are compared, of the source and of the compiled form. A compiled form that is missing, unreadable,
    older than its source, of other content or open to more readers than the source is made again.
  - Compiled files that another type has left behind are removed.
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
      - The type of the table, as C(postconf -m) knows it.
      - Without it, the C(default_database_type) of the host.
    type: str
    choices: [hash, btree, cdb, lmdb, dbm, sdbm, texthash, regexp, pcre, cidr]
  entries:
    description:
      - All rows of the table; others are removed. For the pattern types the order counts.
      - Keys that are there twice, or differ only in case, are refused, since Postfix would keep one of them.
    type: list
    elements: dict
    default: []
    suboptions:
      key:
        description: What is looked up; for the pattern types the pattern.
        type: str
        required: true
      value:
        description: What is found.
        type: str
      secret:
        description:
          - What is found, when nobody may see it, such as C(user:password). It is kept out of every output.
          - A table with a secret shows no value at all in a diff.
        type: str
  mode:
    description:
      - The rights of the files, as an octal number in quotes.
      - V(0600) where an entry has a secret, otherwise V(0644).
    type: str
  owner:
    description: The user who owns the files.
    type: str
    default: root
  group:
    description: The group of the files.
    type: str
    default: root
extends_documentation_fragment:
  - catalog.mail.postfix
notes:
  - The parameter that uses the table is set by M(catalog.mail.postfix_config).
  - Postfix follows a compiled table by itself; only for V(texthash) and the pattern types RV(reload_required) is true.
seealso:
  - module: catalog.mail.postfix_config
  - module: catalog.mail.postfix_relayhost
"""

EXAMPLES = r"""
- name: Where mail of some domains goes
  catalog.mail.postfix_map:
    path: /etc/postfix/transport
    entries:
      - key: example.com
        value: smtp:[mx.example.com]
      - key: example.org
        value: smtp:[mx.example.org]:2525

- name: Passwords by relay
  catalog.mail.postfix_map:
    path: /etc/postfix/relay_passwords
    entries:
      - key: '[smtp.example.com]:587'
        secret: "catalog@example.com:{{ relay_password }}"

- name: No table any more
  catalog.mail.postfix_map:
    path: /etc/postfix/transport
    state: absent
"""

RETURN = r"""
changes:
  description: What was changed, or would be in check mode. Values that are secrets are shown as C(********).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: A parameter of C(main.cf), or a file and what about it.
      type: str
      returned: always
    before:
      description: The value before; V(null) where the parameter was not set.
      type: str
      returned: always
    after:
      description: The value afterwards; V(null) where the parameter was removed.
      type: str
      returned: always
reload_required:
  description:
    - Whether the running Postfix had, or has, to be reloaded to follow its files.
    - Also V(true) when an earlier run ended between writing and reloading. V(false) while Postfix is stopped.
  returned: always
  type: bool
restart_required:
  description:
    - Whether Postfix has to be stopped and started, which this module never does.
    - Only C(inet_interfaces), C(inet_protocols), C(queue_directory) and C(config_directory) need that.
    - Stays V(true) until Postfix was started again.
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
from ansible_collections.catalog.mail.plugins.module_utils._postfix.lookup_table import WRITABLE, table_of
from ansible_collections.catalog.mail.plugins.module_utils._postfix.state import Desired

ENTRY = {
    "key": {"type": "str", "required": True, "no_log": False},
    "value": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
}
SPEC = OPTIONS + Spec({
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "type": {"type": "str", "choices": list(WRITABLE)},
    "entries": {
        "type": "list", "elements": "dict", "default": [], "options": ENTRY,
        "mutually_exclusive": [("value", "secret")], "required_one_of": [("value", "secret")],
    },
    "mode": {"type": "str"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
})


def main() -> None:
    """Read the table, plan, write and compile."""
    def job(module):
        return Configuration(
            module, lambda present: Desired({}, (table_of(module.params, present.default_table_type),)))

    run(SPEC, job)


if __name__ == "__main__":
    main()
