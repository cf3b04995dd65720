#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Permissions of an app registration and admin consent; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: graph_permissions
short_description: Declare application permissions of Microsoft Graph, and consent to them
version_added: 0.1.0
description:
  - Sets the permissions that an app registration declares, and the permissions that are granted to it (admin consent).
  - Names are those of the application permissions (app roles) of Microsoft Graph in the tenant. Delegated permissions with
    the same names are ignored.
  - Permissions C(Mail.*) that the task does not name are removed. Other permissions, delegated permissions and those of other
    APIs stay, unless O(purge=true).
options:
  permissions:
    description:
      - The names of application permissions of Microsoft Graph, such as V(Mail.Send).
      - Without this option all permissions stay as they are. An empty list removes the permissions C(Mail.*).
      - V(Mail.ReadBasicAll) is accepted for V(Mail.ReadBasic.All), with a warning.
    type: list
    elements: str
  consent:
    description:
      - Whether the module grants the named permissions and revokes the removed ones.
      - With V(false) an administrator grants them; RV(unconsented) lists those that are not granted.
    type: bool
    default: true
  purge:
    description: Whether to remove all other permissions as well, including delegated ones and those of other APIs.
    type: bool
    default: false
extends_documentation_fragment:
  - catalog.mail.login
  - catalog.mail.login.which
attributes:
  check_mode:
    description: Reports the changes that a run would make, and only reads.
    support: full
  diff_mode:
    description: Shows the declared and the granted permissions by name.
    support: full
notes:
  - The automation needs the application permissions C(Application.ReadWrite.All) (or C(Application.ReadWrite.OwnedBy) for
    registrations that it created), C(Application.Read.All), and with O(consent) C(AppRoleAssignment.ReadWrite.All).
  - Consent to C(Mail.*) applies to every mailbox of the tenant. M(catalog.mail.mailbox_scope) limits an application to some
    mailboxes.
  - A token keeps the permissions with which it was issued until it expires, for an hour or more.
seealso:
  - module: catalog.mail.graph_permissions_info
  - module: catalog.mail.mailbox_scope
  - name: Microsoft Graph permissions reference
    description: All permissions and what they allow.
    link: https://learn.microsoft.com/graph/permissions-reference
"""

EXAMPLES = r"""
- name: Let the catalog send mail
  catalog.mail.graph_permissions:
    unique_name: data-catalog-mail
    permissions: [Mail.Send]
  delegate_to: localhost
  run_once: true

- name: Let the catalog send mail and read replies
  catalog.mail.graph_permissions:
    unique_name: data-catalog-mail
    permissions: [Mail.Send, Mail.Read, Mail.ReadBasic.All, Mail.ReadWrite]
  delegate_to: localhost
  run_once: true

- name: Declare the permission; an administrator grants it
  catalog.mail.graph_permissions:
    app_id: 99999999-8888-7777-6666-555555555555
    permissions: [Mail.Send]
    consent: false
  delegate_to: localhost
  run_once: true

- name: Remove all permissions about mail
  catalog.mail.graph_permissions:
    unique_name: data-catalog-mail
    permissions: []
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
app_id:
  description: The application (client) id of the registration.
  returned: success
  type: str
permissions:
  description:
    - The declared permissions by name; those that are not application permissions of Microsoft Graph as
      C(API/id (type\)).
  returned: success
  type: list
  elements: str
  sample: [Mail.Send]
consent:
  description: The granted permissions by name; those of other APIs as C(service principal/id).
  returned: success
  type: list
  elements: str
  sample: [Mail.Send]
unconsented:
  description: The declared application permissions of Microsoft Graph that are not granted.
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
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.permissions import SPEC, GraphPermissions


def main() -> None:
    """Compare the permissions with the options, declare and grant them, wait until reads show it."""
    run(SPEC, GraphPermissions)


if __name__ == "__main__":
    main()
