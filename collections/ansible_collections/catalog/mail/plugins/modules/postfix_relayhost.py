#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configure the relay of a host; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_relayhost
short_description: Configure the relay that Postfix sends through, or remove it
version_added: 0.1.0
description:
  - Derives all parameters of C(main.cf) and the password table from the relay, its account and its TLS level, and validates
    and writes them together.
  - Removes parameters that the relay does not need, so that one task also changes from one relay to another.
  - O(state=absent) removes all parameters of the relay and its password; Postfix then delivers e-mail directly.
  - The module owns the tables C(sasl_passwd), C(sender_relay) and C(sender_relay_policy) in the configuration directory.
  - A run that changes something names in one warning the other settings that hinder the relay, such as a filter of login
    mechanisms, files with passwords that every user can read, policies of TLS, transports, and options in C(master.cf).
options:
  state:
    description: Whether Postfix sends through a relay.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - catalog.mail.postfix
  - catalog.mail.postfix_relay
notes:
  - For authentication Postfix needs the package with the SASL mechanisms, C(libsasl2-modules) on Debian,
    C(cyrus-sasl-plain) in the RHEL family.
seealso:
  - module: catalog.mail.postfix_config
  - module: catalog.mail.test_email
  - name: SASL_README of Postfix
    description: How Postfix authenticates to a relay.
    link: https://www.postfix.org/SASL_README.html#client_sasl
"""

EXAMPLES = r"""
- name: Relay through the corporate mail server
  catalog.mail.postfix_relayhost:
    relayhost: ['[smtp.example.com]:587']
    username: catalog@example.com
    password: "{{ relay_password }}"
    reload: true

- name: Use two relays with implicit TLS and a private certificate authority
  catalog.mail.postfix_relayhost:
    relayhost:
      - '[smtp1.example.com]:465'
      - '[smtp2.example.com]:465'
    username: catalog@example.com
    password: "{{ relay_password }}"
    ca_file: /etc/ssl/certs/ca-certificates.crt

- name: Use another relay and account for one sender
  catalog.mail.postfix_relayhost:
    relayhost: ['[smtp.example.com]:587']
    username: catalog@example.com
    password: "{{ relay_password }}"
    sender_dependent:
      - sender: reports@example.org
        relayhost: '[smtp.example.org]:587'
        username: reports
        password: "{{ reports_password }}"

- name: Use a relay for one sender, and leave all other e-mail as it is
  catalog.mail.postfix_relayhost:
    sender_dependent:
      - sender: reports@example.org
        relayhost: '[smtp.example.org]:587'
        username: reports
        password: "{{ reports_password }}"

- name: Remove the relay
  catalog.mail.postfix_relayhost:
    state: absent
    reload: true
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
from ansible_collections.catalog.mail.plugins.module_utils._postfix.relay import RELAY, relay_state

SPEC = OPTIONS + RELAY + Spec({
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
})


def main() -> None:
    """Derive parameters and lookup tables from the options, and write them."""
    run(SPEC, lambda module: Configuration(module, relay_state(module)))


if __name__ == "__main__":
    main()
