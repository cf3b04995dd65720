#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts about an app registration; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app_info
short_description: Read an app registration of Microsoft Entra and its credentials' validity
version_added: 0.1.0
description:
  - Returns the properties that M(catalog.mail.entra_app) sets, and the ids and validity of the registration's secrets and
    certificates. Graph never returns the values of secrets.
options:
  unique_name:
    description: The unique name of the app registration.
    type: str
  app_id:
    description: The application (client) id.
    type: str
  display_name:
    description: The display name; the task fails when several registrations have it.
    type: str
extends_documentation_fragment:
  - catalog.mail.login
attributes:
  check_mode:
    description: Only reads, also in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so it has no diff.
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

- name: Show the ends of its secrets
  ansible.builtin.debug:
    msg: "{{ app.secrets | items2dict(key_name='key_id', value_name='expires_at') }}"
"""

RETURN = r"""
exists:
  description: Whether the registration exists.
  returned: success
  type: bool
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
owners:
  description: The object ids of the owners.
  returned: success
  type: list
  elements: str
federated_credentials:
  description: The federated credentials, ordered by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
      returned: always
    issuer:
      description: The issuer of the workload's token.
      type: str
      returned: always
    subject:
      description: The subject of the token.
      type: str
      returned: always
    audiences:
      description: The audience of the token.
      type: list
      elements: str
      returned: always
    description:
      description: The description.
      type: str
      returned: always
deleted:
  description: The deleted registration of this unique name or application id, which Entra keeps for 30 days; else V(null).
  returned: success
  type: dict
  version_added: 0.2.0
  contains:
    app_id:
      description: The application (client) id.
      type: str
      returned: always
    object_id:
      description: The object id.
      type: str
      returned: always
    display_name:
      description: The display name.
      type: str
      returned: always
    unique_name:
      description: The unique name, which no other registration can have until then.
      type: str
      returned: always
    deleted_at:
      description: The time of its deletion.
      type: str
      returned: always
    kept_until:
      description: The time at which Entra removes it for good.
      type: str
      returned: always
secrets:
  description: The client secrets, ordered by their end.
  returned: success
  type: list
  elements: dict
  contains:
    key_id:
      description: The key id.
      type: str
      returned: always
    name:
      description: The display name.
      type: str
      returned: always
    starts_at:
      description: The begin of its validity.
      type: str
      returned: always
    expires_at:
      description: The end of its validity.
      type: str
      returned: always
certificates:
  description: The certificates, ordered by their end.
  returned: success
  type: list
  elements: dict
  contains:
    key_id:
      description: The key id.
      type: str
      returned: always
    name:
      description: The display name.
      type: str
      returned: always
    starts_at:
      description: The begin of its validity.
      type: str
      returned: always
    expires_at:
      description: The end of its validity.
      type: str
      returned: always
    thumbprint:
      description: The SHA-1 thumbprint, as Entra shows it.
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

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.app import INFO, read_app


def main() -> None:
    """Read and return."""
    report(INFO, read_app)


if __name__ == "__main__":
    main()
