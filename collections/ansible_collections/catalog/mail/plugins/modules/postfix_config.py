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
  - Sets or removes any number of parameters in C(main.cf) with one validated write.
  - Keeps every byte outside the edited parameters, including comments, order, continuation lines, line endings, mode and
    owner. A symbolic link stays a symbolic link.
  - When C(main.cf) sets a parameter several times, the last line counts, as in Postfix; a change leaves one line.
  - Validates the values before it writes, by the types of the parameters and by Postfix itself.
options:
  parameters:
    description:
      - Parameters by name. V(null) removes a parameter, so that Postfix uses its default.
      - A boolean becomes C(yes) or C(no), a number its digits, a list its items separated by commas.
      - Differences in white space that Postfix folds are no change.
    type: dict
    required: true
  allow_unknown:
    description:
      - Whether to accept parameters that Postfix does not know, such as those that only C(master.cf) uses.
    type: bool
    default: false
  tidy:
    description:
      - Whether to remove lines of C(main.cf) that Postfix ignores or warns of, which are the earlier lines of a parameter that
        is set several times, and lines that set no parameter. No value changes.
      - With V(false) a warning names such lines, also in check mode.
    type: bool
    default: false
    version_added: 0.2.0
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

- name: Remove duplicate and stray lines, whatever the parameters are
  catalog.mail.postfix_config:
    parameters: {}
    tidy: true

- name: Restore the default of a parameter
  catalog.mail.postfix_config:
    parameters:
      maximal_queue_lifetime: null
"""

RETURN = r"""
changes:
  description: The changes, in check mode those of a run without it. Secrets are shown as C(********).
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: A parameter or a line of C(main.cf), or a file and one of its properties.
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
from ansible_collections.catalog.mail.plugins.module_utils._postfix.parameters import postfix_values
from ansible_collections.catalog.mail.plugins.module_utils._postfix.secret_values import secrets_of_parameters
from ansible_collections.catalog.mail.plugins.module_utils._postfix.state import DesiredPostfix

SPEC = OPTIONS + Spec({
    "parameters": {"type": "dict", "required": True},
    "allow_unknown": {"type": "bool", "default": False},
    "tidy": {"type": "bool", "default": False},
}, secrets_of=(secrets_of_parameters,))


def main() -> None:
    """Compare main.cf with the parameters, and write it."""
    def job(module):
        values = postfix_values(module.params["parameters"])
        desired = DesiredPostfix(values, allow_unknown=module.params["allow_unknown"], tidy=module.params["tidy"])
        return Configuration(module, lambda present: desired)

    run(SPEC, job)


if __name__ == "__main__":
    main()
