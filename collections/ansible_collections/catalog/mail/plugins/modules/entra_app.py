#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An app registration and its service principal; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app
short_description: Have an app registration and its service principal in Microsoft Entra
version_added: 0.1.0
description:
  - Makes an app registration of a unique name, keeps its properties as the task says, and makes its service principal in
    the tenant, without which it can log in nowhere.
  - It is found again by O(unique_name), so that no run makes a second one, not even one whose answer was lost.
  - It has no redirect URI. Its permissions are set by M(catalog.mail.graph_permissions), its secrets by
    M(catalog.mail.entra_app_credential).
options:
  unique_name:
    description:
      - The name that it is found by, which nobody else in the tenant uses and which never changes.
      - A registration that is named by O(app_id) and has no unique name yet is given this one.
    type: str
  app_id:
    description: The application (client) id of a registration that is there, as an alternative or in addition to O(unique_name).
    type: str
  display_name:
    description:
      - The name that people see. For a new registration O(unique_name) is taken where it is left out.
      - Without O(unique_name) and O(app_id) the registration is looked for by it, and refused where several have it, as
        this name is not unique.
      - A new registration is refused where one with this display name and without a unique name is there already.
    type: str
  sign_in_audience:
    description:
      - Whose accounts it is for (supported account types). Left as it is where it is left out; V(AzureADMyOrg) for a new one.
    type: str
    choices: [AzureADMyOrg, AzureADMultipleOrgs, AzureADandPersonalMicrosoftAccount, PersonalMicrosoftAccount]
  state:
    description:
      - Whether there is one. V(absent) deletes it with its service principal and all consent; Entra keeps it for 30 days
        among the deleted applications, and may keep its unique name with it.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - catalog.mail.login
attributes:
  check_mode:
    description: Says what it would do; reads only.
    support: full
  diff_mode:
    description: Shows the properties that change.
    support: full
notes:
  - The automation needs the application permission C(Application.ReadWrite.All), or C(Application.ReadWrite.OwnedBy) for
    registrations that it made itself.
seealso:
  - module: catalog.mail.entra_app_info
  - module: catalog.mail.entra_app_credential
  - module: catalog.mail.graph_permissions
"""

EXAMPLES = r"""
- name: The registration that the catalog sends its mail with
  catalog.mail.entra_app:
    unique_name: data-catalog-mail
    display_name: Data Catalog mail
    login:
      tenant_id: 11111111-2222-3333-4444-555555555555
      client_id: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
      client_secret: "{{ vault_automation_secret }}"
  delegate_to: localhost
  run_once: true
  register: app

- name: Take over a registration that was made by hand
  catalog.mail.entra_app:
    app_id: 99999999-8888-7777-6666-555555555555
    unique_name: data-catalog-replies
  delegate_to: localhost
  run_once: true

- name: No registration any more
  catalog.mail.entra_app:
    unique_name: data-catalog-mail
    state: absent
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
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

from ansible_collections.catalog.mail.plugins.module_utils._core.module import run
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.app import SPEC, EntraApp


def main() -> None:
    """Find the registration, make or change it, wait until it is seen."""
    run(SPEC, EntraApp)


if __name__ == "__main__":
    main()
