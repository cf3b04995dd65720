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
  - The registration has no redirect URI; see O(redirect_uris). M(catalog.mail.graph_permissions) sets its permissions,
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
        30 days among the deleted applications, and reserves its unique name; see O(deleted).
    type: str
    choices: [present, absent]
    default: present
  deleted:
    description:
      - What happens with O(state=present) when the registration that O(unique_name) or O(app_id) names was deleted in the
        last 30 days.
      - V(restore) brings it back with its application id, its service principal, its permissions and its credentials; a
        secret that was valid is valid again.
      - V(purge) removes it for good, which cannot be undone, and creates a new registration.
      - V(refuse) fails, and names the deleted registration and the end of the 30 days.
    type: str
    choices: [restore, purge, refuse]
    default: restore
    version_added: 0.2.0
  notes:
    description: Notes for the people who manage the registration; an empty text removes them. By default they stay.
    type: str
    version_added: 0.2.0
  service_management_reference:
    description:
      - The reference to the application in the company's service management, which some tenants require for each
        registration; an empty text removes it. By default it stays.
    type: str
    version_added: 0.2.0
  tags:
    description: All tags of the registration, in any order; an empty list removes them. By default they stay.
    type: list
    elements: str
    version_added: 0.2.0
  owners:
    description:
      - Owners of the registration, users by user principal name or object id, service principals by object id. They are
        added; other owners stay, unless O(purge_owners=true).
      - Looking up a user principal name needs the permission C(User.Read.All); object ids need no lookup.
    type: list
    elements: str
    version_added: 0.2.0
  purge_owners:
    description: Whether owners that O(owners) does not name are removed. The automation itself stays an owner.
    type: bool
    default: false
    version_added: 0.2.0
  federated_credentials:
    description:
      - All federated credentials of the registration, so that workloads such as a pipeline log in by their own token,
        without a secret. Others are removed; an empty list removes all. By default they stay.
      - With O(login.method=workload_identity) the automation logs in this way.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      name:
        description: The name, which identifies the credential.
        type: str
        required: true
      issuer:
        description: The issuer of the workload's token, such as V(https://token.actions.githubusercontent.com).
        type: str
        required: true
      subject:
        description: The subject of the token, such as V(repo:contoso/catalog:ref:refs/heads/main). Case matters.
        type: str
        required: true
      audiences:
        description: The audience of the token; Entra takes one.
        type: list
        elements: str
        default: ["api://AzureADTokenExchange"]
      description:
        description: A description.
        type: str
  redirect_uris:
    description:
      - What happens to redirect URIs of a registration that somebody else has set up. An application that logs in as itself
        needs none, and each is an address to which Entra sends logins of people.
      - V(remove) removes them, and names them in a warning and in the diff.
    type: str
    choices: [remove, keep]
    default: remove
    version_added: 0.2.0
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

- name: Let a pipeline of GitHub log in as the automation, and record who owns it
  catalog.mail.entra_app:
    unique_name: data-catalog-automation
    owners: [anna@example.com]
    service_management_reference: CI-4711
    federated_credentials:
      - name: main
        issuer: https://token.actions.githubusercontent.com
        subject: repo:contoso/catalog:ref:refs/heads/main
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
notes:
  description: The notes.
  returned: success
  type: str
service_management_reference:
  description: The reference to the service management.
  returned: success
  type: str
tags:
  description: The tags.
  returned: success
  type: list
  elements: str
redirect_uris:
  description: The redirect URIs.
  returned: success
  type: list
  elements: str
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
