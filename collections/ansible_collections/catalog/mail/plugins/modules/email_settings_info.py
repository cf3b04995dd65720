#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application's present e-mail settings; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: email_settings_info
short_description: Read the e-mail settings of an application, and whether it can send
version_added: 0.1.0
description:
  - Returns the settings that M(catalog.mail.email_settings) sets, in the form of its options.
  - For a secret it returns whether it exists and when it was changed, never its value.
  - For a client secret it returns the C(client_secret_key_id) and C(client_secret_expires_at) that were saved with it, for a
    certificate its C(certificate_thumbprint) (SHA-1, as in Microsoft Entra) and C(certificate_expires_at).
options:
  application:
    description: The application, as in M(catalog.mail.email_settings).
    type: str
    choices: [catalog_mail, alation, ckan]
    default: catalog_mail
  alation:
    description:
      - Where Alation is, with O(application=alation).
      - No Alation was at hand for this module. It was tested with a stand-in that behaves as Alation's documentation and public
        scripts say.
    type: dict
    version_added: 0.2.0
    suboptions:
      root:
        description: The root of Alation's chroot on the host.
        type: path
        default: /opt/alation/alation
      user:
        description: The user inside the chroot who reads and sets keys.
        type: str
        default: alationadmin
      secret_user:
        description: The user inside the chroot who sets passwords, which Alation keeps encrypted.
        type: str
        default: alation
      keys:
        description:
          - The key of C(alation_conf) for further settings, by their path, such as C(notifications.smtp.port). Ask the
            support of Alation for the names of your version, and read each with C(alation_conf KEY) first.
          - Known by default are those of C(notifications.transport), and C(host), C(username) and C(password) of
            C(notifications.smtp).
          - A key of C(notifications.smtp.tls) is a switch, of which true counts as V(starttls).
        type: dict
        default: {}
      restart:
        description:
          - How Alation is restarted after a change, before which the new settings do not count. A restart of the web servers
            interrupts the work of users.
          - V(web_celery) restarts the web servers and background workers, V(full) deploys the configuration and restarts
            Alation.
        type: str
        choices: [none, web_celery, full]
        default: none
      secrets_in_process_list:
        description:
          - Whether a secret may be an argument of a command for a moment, which other users of the host can see. It is
            needed where C(alation_conf) is no Python script.
        type: bool
        default: false
      primary:
        description:
          - Whether this host is the primary of a pair for high availability. Without it, the task fails on a host whose
            replication mode is not C(standalone).
        type: bool
        default: false
  ckan:
    description: Where CKAN is, with O(application=ckan).
    type: dict
    version_added: 0.2.0
    suboptions:
      config_file:
        description: The configuration file. Its values count with those of the files that it is based on (C(use = config:)).
        type: path
        default: /etc/ckan/default/ckan.ini
      units:
        description: The systemd units that run CKAN. Variables of their environment count before the configuration file.
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - catalog.mail.api
attributes:
  check_mode:
    description: Only reads, also in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so it has no diff.
    support: none
seealso:
  - module: catalog.mail.email_settings
"""

EXAMPLES = r"""
- name: Read the e-mail settings
  catalog.mail.email_settings_info:
  register: email

- name: Read the settings of CKAN
  catalog.mail.email_settings_info:
    application: ckan
    ckan:
      units: [ckan.service]

- name: Fail while the application cannot send
  ansible.builtin.assert:
    that: email.health.ready and email.health.configured
    fail_msg: "{{ email.health.problems | join(' ') | default('The e-mail settings are not complete.', true) }}"

- name: Show the end of the client secret's validity
  ansible.builtin.debug:
    msg: "{{ email.settings.notifications.microsoft.client_secret_expires_at | default('not known', true) }}"

- name: Show when the password of the mail server was changed
  ansible.builtin.debug:
    msg: "{{ email.settings.notifications.smtp.password.changed_at }}"
"""

RETURN = r"""
check_mode:
  description: Whether the task runs in check mode, which the variable C(ansible_check_mode) does not always tell.
  returned: always
  type: bool
settings:
  description:
    - The settings in force, in the form of the options of M(catalog.mail.email_settings), and C(deployment),
      C(changed_at) and C(changed_by).
    - In the cloud edition C(notifications) holds C(enabled) alone.
  returned: success
  type: dict
  sample:
    deployment: on_premises
    notifications:
      enabled: true
      transport: smtp
      from:
        address: noreply@example.com
        display_name: Data Catalog
      smtp:
        host: smtp.example.com
        port: 587
        tls: starttls
        username: catalog@example.com
        password:
          present: true
          changed_at: '2026-11-02T08:15:00Z'
        timeout: 30
        ca_file: null
    changed_at: '2026-11-02T08:15:00Z'
    changed_by: ansible
revision:
  description: The revision of the settings, which grows with each change; 0 before the first.
  returned: success
  type: int
health:
  description: The health of the application.
  returned: success
  type: dict
  contains:
    status:
      description:
        - V(ok), V(degraded) or V(failing).
        - V(degraded) means that notifications are accepted, but something needs an administrator; see RV(health.reasons).
        - V(failing) means that nothing can be accepted, or that nothing is sent whatever the mail server does.
      type: str
      returned: always
    ready:
      description:
        - Whether the application accepts notifications now, that is, whether its database stores them.
        - Of CKAN, whether its units run. V(null) of Alation, which does not tell.
      type: bool
      returned: always
    configured:
      description: Whether all settings that sending needs are set.
      type: bool
      returned: always
    reasons:
      description: Why the status is not V(ok).
      type: list
      elements: dict
      returned: always
      contains:
        about:
          description: >-
            The part of the application: V(storage), V(queue), V(settings), V(sending), V(replies), V(credentials) or V(disk).
          type: str
          returned: always
        code:
          description: The code of the reason, which stays the same between versions.
          type: str
          returned: always
          sample: login-refused
        cause:
          description: What is wrong, with the words of the server if there are any.
          type: str
          returned: always
        remedy:
          description: What to do.
          type: str
          returned: always
        field:
          description: The setting to check, if it is known.
          type: str
          returned: always
          sample: notifications.smtp.password
        count:
          description: The number of messages concerned, if it is known.
          type: int
          returned: always
    problems:
      description: The same reasons as sentences, each with its remedy.
      type: list
      elements: str
      returned: always
    version:
      description: The version of the application.
      type: str
      returned: always
cause:
  description: The cause of the failure, as a sentence.
  returned: failure
  type: str
remedy:
  description: The remedy, as a sentence.
  returned: failure
  type: str
field:
  description: The option that caused the failure.
  returned: failure caused by an option
  type: str
code:
  description: The code of the failure, which stays the same between versions.
  returned: failure
  type: str
  sample: api-refused
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.email_settings import APPLICATIONS, read_settings
from ansible_collections.catalog.mail.plugins.module_utils._core.module import report


def main() -> None:
    """Read and return."""
    report(APPLICATIONS, read_settings)


if __name__ == "__main__":
    main()
