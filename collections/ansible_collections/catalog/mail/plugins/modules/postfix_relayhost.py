#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay as an intention; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_relayhost
short_description: Have Postfix send its mail through a relay, or no longer
version_added: 0.1.0
description:
  - Describes the relay as an intention (where to, with which account, how strictly TLS) and derives every parameter
    of C(main.cf) and the password table from it. They are written and validated together.
  - What a relay does not need is removed, so that one task also changes from one relay to another.
  - With O(state=absent) nothing of the relay is left, neither a parameter nor its password, and mail is delivered
    directly.
  - The module owns the tables C(sasl_passwd) and C(sender_relay) in the configuration directory.
options:
  state:
    description: Whether there is a relay.
    type: str
    choices: [present, absent]
    default: present
  relayhost:
    description:
      - The relays in the order of preference, in the syntax of Postfix.
      - C([smtp.example.com]:587) is that host; C(example.com:587), without brackets, are the MX hosts of that domain;
        C([192.0.2.25]) and C([2001:db8::25]:587) are addresses.
      - With port 465 TLS begins with the first byte (implicit TLS), which is set up without a further option.
    type: list
    elements: str
    default: []
  username:
    description: The account at the relay. Without one the relay is used without authentication.
    type: str
  password:
    description: The password of the account; any character but a line end, and no blank at its ends.
    type: str
  tls_level:
    description:
      - How strictly TLS is used towards the relay, in the words of C(smtp_tls_security_level).
      - V(secure) encrypts and verifies that the certificate is trusted and was issued for the relay's name.
      - V(encrypt) encrypts without knowing to whom. V(may) and V(none) do not promise as much, and a password is not
        sent over a connection without TLS, save to this host itself.
    type: str
    choices: [none, may, encrypt, dane, dane-only, fingerprint, verify, secure]
    default: secure
  ca_file:
    description:
      - The certificates of the authorities that may have signed the relay's certificate, as a PEM file on the host.
      - Without it V(verify) and V(secure) trust the authorities of the operating system.
    type: path
  sender_dependent:
    description: Other relays, or other accounts, for mail of some senders.
    type: list
    elements: dict
    default: []
    suboptions:
      sender:
        description: The envelope sender's address, or C(@domain) for all of a domain.
        type: str
        required: true
      relayhost:
        description: The relay for this sender; without it, that of O(relayhost).
        type: str
      username:
        description: The account for this sender.
        type: str
      password:
        description: The password of that account.
        type: str
extends_documentation_fragment:
  - catalog.mail.postfix
notes:
  - For authentication Postfix needs the mechanisms of SASL, which are a package of their own
    (C(libsasl2-modules) on Debian, C(cyrus-sasl-plain) in the RHEL family).
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

- name: Two relays in order, implicit TLS, a company's own authority
  catalog.mail.postfix_relayhost:
    relayhost:
      - '[smtp1.example.com]:465'
      - '[smtp2.example.com]:465'
    username: catalog@example.com
    password: "{{ relay_password }}"
    ca_file: /etc/ssl/certs/ca-certificates.crt

- name: Another account for one sender
  catalog.mail.postfix_relayhost:
    relayhost: ['[smtp.example.com]:587']
    username: catalog@example.com
    password: "{{ relay_password }}"
    sender_dependent:
      - sender: reports@example.org
        relayhost: '[smtp.example.org]:587'
        username: reports
        password: "{{ reports_password }}"

- name: No relay any more
  catalog.mail.postfix_relayhost:
    state: absent
    reload: true
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

import os

from ansible_collections.catalog.mail.plugins.module_utils._core.module import Spec, run
from ansible_collections.catalog.mail.plugins.module_utils._postfix.configuration import OPTIONS, Configuration
from ansible_collections.catalog.mail.plugins.module_utils._postfix.relay_prerequisites import chosen_ca_file, sasl_warnings
from ansible_collections.catalog.mail.plugins.module_utils._postfix.relayhost import LEVELS, desired_state, intention_of

ACCOUNT: dict = {"username": {"type": "str"}, "password": {"type": "str", "no_log": True}}
SENDER: dict = {"sender": {"type": "str", "required": True}, "relayhost": {"type": "str"}, **ACCOUNT}
SPEC = OPTIONS + Spec(
    {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "relayhost": {"type": "list", "elements": "str", "default": []},
        "tls_level": {"type": "str", "choices": list(LEVELS), "default": "secure"},
        "ca_file": {"type": "path"},
        "sender_dependent": {
            "type": "list", "elements": "dict", "default": [], "options": SENDER,
            "required_together": [("username", "password")],
            "required_one_of": [("relayhost", "username")],
        },
        **ACCOUNT,
    },
    required_together=(("username", "password"),),
)


def main() -> None:
    """Make the intention a wish for parameters and tables, and bring it about."""
    def job(module):
        ca_file = chosen_ca_file(module.params, os.path.exists, strict=not module.check_mode)
        intention = intention_of({**module.params, "ca_file": ca_file})
        return Configuration(module, lambda present: desired_state(intention, present, sasl_warnings(intention)))

    run(SPEC, job)


if __name__ == "__main__":
    main()
