#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An app registration as it is; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app_info
short_description: Read an app registration of Microsoft Entra and when its credentials expire
version_added: 0.1.0
description:
  - Returns what M(catalog.mail.entra_app) sets, and the secrets and certificates of the registration with their ids and
    their ends. The values of secrets cannot be read by anybody.
options:
  unique_name:
    description: The unique name of the app registration.
    type: str
  app_id:
    description: Its application (client) id.
    type: str
  display_name:
    description: Its display name; refused where several have it.
    type: str
extends_documentation_fragment:
  - catalog.mail.login
attributes:
  check_mode:
    description: Reads only, in check mode as well.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
notes:
  - The automation needs the application permission C(Application.Read.All).
seealso:
  - module: catalog.mail.entra_app
"""

EXAMPLES = r"""
- name: Read the registration
  catalog.mail.entra_app_info:
    unique_name: data-catalog-mail
  delegate_to: localhost
  run_once: true
  register: app

- name: Show when its secrets expire
  ansible.builtin.debug:
    msg: "{{ app.secrets | items2dict(key_name='key_id', value_name='expires_at') }}"
"""

RETURN = r"""
exists:
  description: Whether there is such a registration.
  returned: success
  type: bool
app_id:
  description: The application (client) id; V(null) where there is no such registration.
  returned: success
  type: str
object_id:
  description: The object id of the registration.
  returned: success
  type: str
service_principal_id:
  description: The object id of its service principal in this tenant.
  returned: success
  type: str
tenant_id:
  description: The id of the directory (tenant).
  returned: success
  type: str
display_name:
  description: The name that people see.
  returned: success
  type: str
unique_name:
  description: The name that it is found by.
  returned: success
  type: str
sign_in_audience:
  description: Whose accounts it is for.
  returned: success
  type: str
secrets:
  description: Its client secrets, the one that expires first at the top.
  returned: success
  type: list
  elements: dict
  contains:
    key_id:
      description: Its id.
      type: str
      returned: always
    name:
      description: Its display name.
      type: str
      returned: always
    starts_at:
      description: From when it is valid.
      type: str
      returned: always
    expires_at:
      description: Until when it is valid.
      type: str
      returned: always
certificates:
  description: Its certificates, the one that expires first at the top.
  returned: success
  type: list
  elements: dict
  contains:
    key_id:
      description: Its id.
      type: str
      returned: always
    name:
      description: Its display name.
      type: str
      returned: always
    starts_at:
      description: From when it is valid.
      type: str
      returned: always
    expires_at:
      description: Until when it is valid.
      type: str
      returned: always
    thumbprint:
      description: The SHA-1 thumbprint, as Entra shows it.
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
  sample: login.client_secret
code:
  description: The code of Microsoft's error.
  returned: failure, where Microsoft refused
  type: str
  sample: Authorization_RequestDenied
permission:
  description: The application permission of Microsoft Graph that the automation lacks.
  returned: failure, where it lacks one
  type: str
  sample: AppRoleAssignment.ReadWrite.All
status:
  description: The status of HTTP that Graph answered with.
  returned: failure, where Graph refused
  type: int
request_id:
  description: The number of the request, which Microsoft's support asks for.
  returned: failure, where Graph refused
  type: str
"""

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.app import INFO, read_app


def main() -> None:
    """Read and return."""
    report(INFO, read_app)


if __name__ == "__main__":
    main()
