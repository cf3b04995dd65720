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
  - Does the work of M(catalog.mail.postfix_relayhost), M(catalog.mail.postfix_config) and M(catalog.mail.postfix_map), and
    sets root's alias, with one validated write and at
    most one reload. Without O(relayhost) and O(sender_dependent) Postfix delivers directly, and an earlier relay is removed
    with its password.
  - Returns which packages are missing, and whether Postfix runs and starts at boot. The role
    P(catalog.mail.postfix#role) needs no other task on a host where nothing has to change.
  - Renews the copies of C(/etc/resolv.conf), C(hosts), C(services), C(nsswitch.conf), C(localtime) and of the certificate
    authorities in the queue directory of a running Postfix on Debian, when their sources have changed since its start.
  - Neither installs packages nor starts Postfix.
options:
  parameters:
    description:
      - Parameters of C(main.cf) by name, as in M(catalog.mail.postfix_config); V(null) removes a parameter.
      - They override the parameters that the relay needs.
    type: dict
    default: {}
  tables:
    description:
      - Lookup tables, as of M(catalog.mail.postfix_map), and the parameters that name them.
      - A new table is made before a parameter names it, and a table is removed after no parameter names it any more, so that
        Postfix never refuses mail for a table that it cannot open.
    type: list
    elements: dict
    default: []
    version_added: 0.2.0
    suboptions:
      path:
        description: The source file, without the suffix of the compiled form; a relative path is below O(config_directory).
        type: path
        required: true
      state:
        description:
          - Whether the table exists. V(absent) removes the table from the value of each parameter in C(main.cf), then the source
            and every compiled form.
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
      parameters:
        description:
          - The parameters of C(main.cf) that name the table, such as V(canonical_maps), V(smtp_generic_maps),
            V(virtual_alias_maps), V(transport_maps) or V(sender_dependent_relayhost_maps).
          - A value that does not name the table yet gets it as its first word, and keeps its other words.
          - Without parameters the table is made only; O(parameters) may name it.
        type: list
        elements: str
        default: []
      check:
        description:
          - The check that uses the table in a list of restrictions, such as V(check_sender_access) in
            C(smtpd_sender_restrictions). Required when one of O(tables[].parameters) ends with C(_restrictions).
        type: str
  root_alias:
    description:
      - The targets of mail for C(root), such as an e-mail address. An empty list leaves the alias as it is.
      - The module edits C(root) in the first file that C(alias_maps) names, usually C(/etc/aliases), keeps every other byte of
        the file, and compiles it by C(postalias).
      - Refused when C(mydestination) is empty, since mail for C(root) leaves the host then, whatever the aliases are.
    type: list
    elements: str
    default: []
    version_added: 0.2.0
  tidy:
    description:
      - Whether to remove lines of C(main.cf) that Postfix ignores or warns of, which are the earlier lines of a parameter that
        is set several times, and lines that set no parameter. No value changes.
      - With V(false) a warning names such lines.
    type: bool
    default: false
    version_added: 0.2.0
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

- name: Rewrite senders, and refuse some of them
  catalog.mail.postfix_host:
    tables:
      - path: sender_canonical
        entries:
          - key: '@catalog.internal'
            value: catalog@example.com
        parameters: [sender_canonical_maps]
      - path: sender_access
        entries:
          - key: spam@example.org
            value: REJECT
        parameters: [smtpd_sender_restrictions]
        check: check_sender_access
    root_alias: [operators@example.com]
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
check_mode:
  description: Whether the task runs in check mode, which the variable C(ansible_check_mode) does not always tell.
  returned: always
  type: bool
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
unit:
  description: The unit of systemd that starts this instance.
  returned: always
  type: str
  sample: postfix.service
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
