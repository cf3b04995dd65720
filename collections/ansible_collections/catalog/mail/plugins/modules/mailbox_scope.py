#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mailboxes that an application may use; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_scope
short_description: Limit an application to its mailboxes by roles of Exchange Online (beta)
version_added: 0.1.0
description:
  - Assigns roles of Exchange Online (RBAC for Applications) to an application for some mailboxes. Consent in Entra applies to
    every mailbox of the tenant instead.
  - "B(Beta:) the module uses C(/beta/roleManagement/exchange) of Microsoft Graph, which Microsoft may change and does not
    support in production. It was tested against an emulator only."
  - The roles add to consent in Entra and never limit it. The module warns when the application has such consent;
    M(catalog.mail.graph_permissions) with C(permissions=[]) removes the consent.
options:
  roles:
    description:
      - The roles, of V(Mail.Send), V(Mail.Read), V(Mail.ReadBasic) and V(Mail.ReadWrite).
      - The names of Exchange, such as C(Application Mail.Send), are accepted as well.
    type: list
    elements: str
    required: true
  mailboxes:
    description:
      - The mailboxes by user principal name or object id. Each role is assigned for each mailbox.
      - An empty list is allowed with O(state=absent), which removes the roles for all mailboxes, and with O(purge=true),
        which removes all roles about mail.
    type: list
    elements: str
    default: []
  purge:
    description: Whether to remove other roles about mail, and O(roles) for other mailboxes.
    type: bool
    default: false
  state:
    description: Whether the application has these roles for these mailboxes.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - catalog.mail.login
  - catalog.mail.login.which
attributes:
  check_mode:
    description: Reports the changes that a run would make, and only reads.
    support: full
  diff_mode:
    description: Shows the mailboxes of each role.
    support: full
notes:
  - The automation needs the application permissions C(RoleManagement.ReadWrite.Exchange) and C(Application.Read.All), and
    C(User.Read.All) when O(mailboxes) holds addresses.
  - Exchange applies a change after 30 minutes to 2 hours for an application that is in use.
  - A token of the application does not list these roles; only requests show what they allow.
seealso:
  - module: catalog.mail.mailbox_scope_info
  - module: catalog.mail.graph_permissions
  - name: Role Based Access Control for Applications in Exchange Online
    description: How Exchange limits an application by roles.
    link: https://learn.microsoft.com/exchange/permissions-exo/application-rbac
"""

EXAMPLES = r"""
- name: Allow sending from one mailbox only
  catalog.mail.mailbox_scope:
    unique_name: data-catalog-mail
    roles: [Mail.Send]
    mailboxes: [noreply@example.com]
  delegate_to: localhost
  run_once: true

- name: Allow sending and receiving for two mailboxes, and nothing else
  catalog.mail.mailbox_scope:
    unique_name: data-catalog-mail
    roles: [Mail.Send, Mail.ReadWrite]
    mailboxes: [noreply@example.com, replies@example.com]
    purge: true
  delegate_to: localhost
  run_once: true

- name: Remove the roles for all mailboxes
  catalog.mail.mailbox_scope:
    unique_name: data-catalog-mail
    roles: [Mail.Send, Mail.ReadWrite]
    state: absent
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
service_principal_id:
  description: The object id of the application's service principal.
  returned: success
  type: str
scope:
  description: The mailboxes of each role; mailboxes that the task does not name appear as C(/users/id).
  returned: success
  type: dict
  sample:
    Mail.Send: [noreply@example.com]
tenant_wide:
  description: The permissions C(Mail.*) that the application has for all mailboxes by admin consent in Entra.
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
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.mailbox_scope import SPEC, MailboxScope


def main() -> None:
    """Compare the roles with the options, assign and remove roles, wait until reads show it."""
    run(SPEC, MailboxScope)


if __name__ == "__main__":
    main()
