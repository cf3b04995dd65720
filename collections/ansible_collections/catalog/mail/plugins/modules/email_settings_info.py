#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application's e-mail settings as they are; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: email_settings_info
short_description: Read the e-mail settings of the application, and whether it is ready to send
version_added: 0.1.0
description:
  - Returns the settings that M(catalog.mail.email_settings) sets, in the same form.
  - Of a secret it returns whether there is one and when it was changed, never the secret.
  - Of the credentials of an app registration it returns which they are and until when they are good, as far as that is
    known. Of a client secret C(client_secret_key_id) and C(client_secret_expires_at), as they were given with it. Of a
    certificate C(certificate_thumbprint) (SHA-1, as Microsoft Entra shows it) and C(certificate_expires_at).
extends_documentation_fragment:
  - catalog.mail.api
attributes:
  check_mode:
    description: Reads only, in check mode as well.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
seealso:
  - module: catalog.mail.email_settings
"""

EXAMPLES = r"""
- name: Read the e-mail settings
  catalog.mail.email_settings_info:
  register: email

- name: Refuse to go on while the application cannot send
  ansible.builtin.assert:
    that: email.health.ready and email.health.configured
    fail_msg: "{{ email.health.problems | join(' ') | default('The e-mail settings are not complete.', true) }}"

- name: Show until when Microsoft Entra takes the client secret
  ansible.builtin.debug:
    msg: "{{ email.settings.notifications.microsoft.client_secret_expires_at | default('not known', true) }}"

- name: Show how old the password of the mail server is
  ansible.builtin.debug:
    msg: "{{ email.settings.notifications.smtp.password.changed_at }}"
"""

RETURN = r"""
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
  description: The number of this state of the settings, which grows with each change; 0 while nothing was ever saved.
  returned: success
  type: int
health:
  description: Whether the application works.
  returned: success
  type: dict
  contains:
    ready:
      description: Whether a notification that is accepted now is worked on.
      type: bool
      returned: always
    configured:
      description: Whether the settings are complete enough to send.
      type: bool
      returned: always
    problems:
      description: Why it is not ready, in sentences.
      type: list
      elements: str
      returned: always
    version:
      description: The application's version.
      type: str
      returned: always
cause:
  description: Why it failed, in a sentence.
  returned: failure
  type: str
remedy:
  description: What to do about it.
  returned: failure
  type: str
field:
  description: The option at fault.
  returned: failure, where there is one
  type: str
code:
  description: The kind of failure, as a word that stays the same.
  returned: failure
  type: str
  sample: api-refused
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.email_settings import API, read_settings
from ansible_collections.catalog.mail.plugins.module_utils._core.module import report


def main() -> None:
    """Read and return."""
    report(API, read_settings)


if __name__ == "__main__":
    main()
