#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An app registration and its service principal; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app
short_description: Manage an app registration and its service principal in Microsoft Entra
version_added: 0.1.0
description:
  - Creates, changes or deletes an app registration, and creates its service principal in the tenant, which a login needs.
  - O(unique_name) identifies the registration, so that no run creates a second one, even after a lost answer.
  - The registration has no redirect URI. M(catalog.mail.graph_permissions) sets its permissions,
    M(catalog.mail.entra_app_credential) its secrets.
options:
  unique_name:
    description:
      - The unique name of the registration in the tenant, which never changes.
      - A registration that O(app_id) names receives this unique name when it has none.
    type: str
  app_id:
    description: The application (client) id of an existing registration, instead of O(unique_name) or in addition to it.
    type: str
  display_name:
    description:
      - The display name. The default for a new registration is O(unique_name).
      - Without O(unique_name) and O(app_id) it identifies the registration; the task fails when several have it.
      - The task fails instead of creating a registration when one with this display name has no unique name.
    type: str
  sign_in_audience:
    description:
      - The supported account types. By default they stay as they are; those of a new registration are V(AzureADMyOrg).
    type: str
    choices: [AzureADMyOrg, AzureADMultipleOrgs, AzureADandPersonalMicrosoftAccount, PersonalMicrosoftAccount]
  state:
    description:
      - Whether the registration exists. V(absent) deletes it with its service principal and all consent. Entra keeps it for
        30 days among the deleted applications, and may reserve its unique name.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - catalog.mail.login
attributes:
  check_mode:
    description: Reports the changes that a run would make, and only reads.
    support: full
  diff_mode:
    description: Shows the changed properties.
    support: full
notes:
  - The automation needs the application permission C(Application.ReadWrite.All), or C(Application.ReadWrite.OwnedBy) for
    registrations that it created.
seealso:
  - module: catalog.mail.entra_app_info
  - module: catalog.mail.entra_app_credential
  - module: catalog.mail.graph_permissions
"""

EXAMPLES = r"""
- name: Create the app registration of the catalog
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

- name: Manage a registration that was created by hand
  catalog.mail.entra_app:
    app_id: 99999999-8888-7777-6666-555555555555
    unique_name: data-catalog-replies
  delegate_to: localhost
  run_once: true

- name: Delete the app registration
  catalog.mail.entra_app:
    unique_name: data-catalog-mail
    state: absent
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
app_id:
  description: The application (client) id; V(null) when the registration does not exist.
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
  description: The display name.
  returned: success
  type: str
unique_name:
  description: The unique name.
  returned: success
  type: str
sign_in_audience:
  description: The supported account types.
  returned: success
  type: str
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
  sample: login.client_secret
code:
  description: The error code in Microsoft's answer.
  returned: failure reported by Microsoft
  type: str
  sample: Authorization_RequestDenied
permission:
  description: The application permission of Microsoft Graph that the automation lacks.
  returned: failure caused by a missing permission
  type: str
  sample: AppRoleAssignment.ReadWrite.All
status:
  description: The HTTP status of Graph's answer.
  returned: failure reported by Graph
  type: int
request_id:
  description: The request id, which Microsoft's support asks for.
  returned: failure reported by Graph
  type: str
"""

from ansible_collections.catalog.mail.plugins.module_utils._core.module import run
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.app import SPEC, EntraApp


def main() -> None:
    """Compare the registration with the options, write it, wait until reads show it."""
    run(SPEC, EntraApp)


if __name__ == "__main__":
    main()
