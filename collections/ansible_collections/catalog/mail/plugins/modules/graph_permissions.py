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
  - Brings the permissions that an app registration declares, and those that are granted to it (admin consent), to what the
    task says.
  - Names are looked up among the application permissions (app roles) that Microsoft Graph has in the tenant, never among
    the delegated ones of the same names.
  - The permissions about mail (C(Mail.*)) are compared as a set, so that one that the task does not name is removed. Other
    permissions, delegated ones and those of other APIs are somebody else's and stay, unless O(purge).
options:
  permissions:
    description:
      - Application permissions of Microsoft Graph by name, such as V(Mail.Send).
      - Left out, all stays as it is. An empty list removes those about mail.
      - V(Mail.ReadBasicAll) is taken for V(Mail.ReadBasic.All), with a warning.
    type: list
    elements: str
  consent:
    description:
      - Whether consent is given to the permissions that are named and taken from those that are removed.
      - Without it somebody else gives consent; RV(unconsented) shows what is missing.
    type: bool
    default: true
  purge:
    description: Whether all other permissions go as well, delegated ones and those of other APIs among them.
    type: bool
    default: false
extends_documentation_fragment:
  - catalog.mail.login
  - catalog.mail.login.which
attributes:
  check_mode:
    description: Says what it would do; reads only.
    support: full
  diff_mode:
    description: Shows what is declared and granted, by name.
    support: full
notes:
  - The automation needs the application permissions C(Application.ReadWrite.All) (or C(Application.ReadWrite.OwnedBy) for
    registrations that it made itself), C(Application.Read.All), and with O(consent) C(AppRoleAssignment.ReadWrite.All).
  - Consent to C(Mail.*) is for every mailbox of the tenant. M(catalog.mail.mailbox_scope) is the way to some mailboxes only.
  - A token that was issued before keeps its permissions until it expires, for an hour or more.
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

- name: Let it also read the replies
  catalog.mail.graph_permissions:
    unique_name: data-catalog-mail
    permissions: [Mail.Send, Mail.Read, Mail.ReadBasic.All, Mail.ReadWrite]
  delegate_to: localhost
  run_once: true

- name: Declare only; an administrator consents by hand
  catalog.mail.graph_permissions:
    app_id: 99999999-8888-7777-6666-555555555555
    permissions: [Mail.Send]
    consent: false
  delegate_to: localhost
  run_once: true

- name: No mail for all mailboxes any more
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
    - What the registration declares, by name. What is no application permission of Microsoft Graph is shown as
      C(API/id (type\)).
  returned: success
  type: list
  elements: str
  sample: [Mail.Send]
consent:
  description: What is granted to it, by name; for other APIs as C(service principal/id).
  returned: success
  type: list
  elements: str
  sample: [Mail.Send]
unconsented:
  description: What it declares of Microsoft Graph's application permissions and nobody granted.
  returned: success
  type: list
  elements: str
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
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.permissions import SPEC, GraphPermissions


def main() -> None:
    """Compare sets of names, declare, consent, wait until it is seen."""
    run(SPEC, GraphPermissions)


if __name__ == "__main__":
    main()
