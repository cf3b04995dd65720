#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Postfix of a host, in one task; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_host
short_description: Configure the relay and the parameters of Postfix on a host in one task
version_added: 0.2.0
description:
  - Does the work of M(catalog.mail.postfix_relayhost) and M(catalog.mail.postfix_config) with one validated write and at
    most one reload. Without O(relayhost) and O(sender_dependent) Postfix delivers directly, and an earlier relay is removed
    with its password.
  - Returns which packages are missing, and whether Postfix runs and starts at boot. The role
    P(catalog.mail.postfix#role) needs no other task on a host where nothing has to change.
  - Neither installs packages nor starts Postfix.
options:
  parameters:
    description:
      - Parameters of C(main.cf) by name, as in M(catalog.mail.postfix_config); V(null) removes a parameter.
      - They override the parameters that the relay needs.
    type: dict
    default: {}
  packages:
    description:
      - Packages that must be installed besides Postfix, its SASL mechanisms and the certificate authorities.
    type: list
    elements: str
    default: []
  require_packages:
    description:
      - Whether to change nothing while packages are missing, and on a system outside the families of Debian and RHEL, whose
        packages the module does not know.
    type: bool
    default: true
extends_documentation_fragment:
  - catalog.mail.postfix
  - catalog.mail.postfix_relay
attributes:
  check_mode:
    description: Reports the changes that a run would make, also while packages are missing, and writes nothing.
    support: full
notes:
  - Needs systemd, and dpkg or rpm.
seealso:
  - module: catalog.mail.postfix_relayhost
  - module: catalog.mail.postfix_config
  - module: catalog.mail.postfix_info
"""

EXAMPLES = r"""
- name: Relay through the corporate mail server, and listen on the loopback interface only
  catalog.mail.postfix_host:
    relayhost: ['[smtp.example.com]:587']
    username: catalog@example.com
    password: "{{ relay_password }}"
    parameters:
      inet_interfaces: loopback-only
      message_size_limit: 20480000
    reload: true

- name: Deliver directly
  catalog.mail.postfix_host:
    parameters:
      smtp_tls_security_level: may
    reload: true
  register: postfix

- name: Stop when packages are missing
  ansible.builtin.assert:
    that: postfix.missing_packages == []
"""

RETURN = r"""
system:
  description: The operating system, the C(ID) in C(/etc/os-release).
  returned: always
  type: str
  sample: debian
system_family:
  description: V(debian) or V(redhat); empty for another system.
  returned: always
  type: str
  sample: debian
missing_packages:
  description: The packages that are not installed; empty on a system of no known family.
  returned: always
  type: list
  elements: str
enabled:
  description: Whether Postfix starts at boot; V(false) on a system of no known family.
  returned: always
  type: bool
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

from ansible_collections.catalog.mail.plugins.module_utils._core.module import run
from ansible_collections.catalog.mail.plugins.module_utils._postfix.host import SPEC, PostfixHost


def main() -> None:
    """Read packages and service, compare the configuration, and write it."""
    run(SPEC, PostfixHost)


if __name__ == "__main__":
    main()
