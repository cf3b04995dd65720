#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set and remove parameters of main.cf; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_config
short_description: Set and remove parameters in the main.cf of Postfix
version_added: 0.1.0
description:
  - Sets any number of parameters in C(main.cf) with one validated write, or removes them.
  - Every byte outside the edited parameters stays, with comments, order, continuation lines, line endings, mode and
    owner; a symbolic link stays one.
  - When a parameter stands there several times, the last one counts, as in Postfix; after a change one line is left.
  - Values are judged before anything is written, by the types that Postfix gives its parameters and by Postfix itself.
options:
  parameters:
    description:
      - Parameters by name. V(null) removes one, so that the default of Postfix holds again.
      - A boolean becomes C(yes) or C(no), a number its digits, a list its items with commas between them.
      - White space that Postfix folds makes no difference.
    type: dict
    required: true
  allow_unknown:
    description:
      - Whether to take a parameter that Postfix does not know, such as one that only C(master.cf) refers to.
    type: bool
    default: false
extends_documentation_fragment:
  - catalog.mail.postfix
seealso:
  - module: catalog.mail.postfix_relayhost
  - module: catalog.mail.postfix_map
  - name: postconf(5)
    description: All parameters of Postfix.
    link: https://www.postfix.org/postconf.5.html
"""

EXAMPLES = r"""
- name: Listen on the loopback interface only and deliver nothing locally
  catalog.mail.postfix_config:
    parameters:
      inet_interfaces: loopback-only
      mydestination: [$myhostname, localhost]
      biff: false
      message_size_limit: 20480000
    reload: true

- name: Go back to the default of a parameter
  catalog.mail.postfix_config:
    parameters:
      maximal_queue_lifetime: null
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
from ansible_collections.catalog.mail.plugins.module_utils._postfix.parameters import postfix_values
from ansible_collections.catalog.mail.plugins.module_utils._postfix.state import Desired

SPEC = OPTIONS + Spec({
    "parameters": {"type": "dict", "required": True},
    "allow_unknown": {"type": "bool", "default": False},
})


def main() -> None:
    """Read main.cf, plan, write."""
    def job(module):
        values = postfix_values(module.params["parameters"])
        desired = Desired(values, allow_unknown=module.params["allow_unknown"])
        return Configuration(module, lambda present: desired)

    run(SPEC, job)


if __name__ == "__main__":
    main()
