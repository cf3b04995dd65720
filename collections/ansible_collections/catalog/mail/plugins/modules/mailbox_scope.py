#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which mailboxes an application may use; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_scope
short_description: Limit an application to its mailboxes by roles of Exchange Online (beta)
version_added: 0.1.0
description:
  - Gives an application roles of Exchange Online about mail for some mailboxes (RBAC for Applications), in place of
    consent in Entra, which is for every mailbox of the tenant.
  - "B(Beta:) it uses C(/beta/roleManagement/exchange) of Microsoft Graph, which Microsoft may change and does not support
    in production. It was tried against an emulator only."
  - These roles add to consent in Entra and never narrow it. Where the application has such consent the module warns;
    M(catalog.mail.graph_permissions) with C(permissions=[]) removes it.
options:
  roles:
    description:
      - The roles, such as V(Mail.Send); C(Application Mail.Send), as Exchange calls it, is taken too.
      - Choose of V(Mail.Send), V(Mail.Read), V(Mail.ReadBasic) and V(Mail.ReadWrite).
    type: list
    elements: str
    required: true
  mailboxes:
    description:
      - The mailboxes, by user principal name or object id. Each role is given for each of them.
      - With O(state=absent) and none, the roles are removed for all mailboxes.
      - At least one is needed to give a role. Only with O(purge) may there be none, which takes all roles about mail away.
    type: list
    elements: str
    default: []
  purge:
    description: Whether the application loses its other roles about mail, and these roles for other mailboxes.
    type: bool
    default: false
  state:
    description: Whether it has these roles for these mailboxes.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - catalog.mail.login
  - catalog.mail.login.which
attributes:
  check_mode:
    description: Says what it would do; reads only.
    support: full
  diff_mode:
    description: Shows the mailboxes by role.
    support: full
notes:
  - The automation needs the application permissions C(RoleManagement.ReadWrite.Exchange) and C(Application.Read.All), and
    C(User.Read.All) where mailboxes are named by address.
  - Exchange takes from 30 minutes to 2 hours to heed a change for an application that is in use.
  - A token of the application does not show these roles; only trying shows what they allow.
seealso:
  - module: catalog.mail.mailbox_scope_info
  - module: catalog.mail.graph_permissions
  - name: Role Based Access Control for Applications in Exchange Online
    description: How Exchange decides what an application may do.
    link: https://learn.microsoft.com/exchange/permissions-exo/application-rbac
"""

EXAMPLES = r"""
- name: Send from one mailbox only
  catalog.mail.mailbox_scope:
    unique_name: data-catalog-mail
    roles: [Mail.Send]
    mailboxes: [noreply@example.com]
  delegate_to: localhost
  run_once: true

- name: Send and receive with two mailboxes, and nothing else
  catalog.mail.mailbox_scope:
    unique_name: data-catalog-mail
    roles: [Mail.Send, Mail.ReadWrite]
    mailboxes: [noreply@example.com, replies@example.com]
    purge: true
  delegate_to: localhost
  run_once: true

- name: None of it any more
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
  description: The mailboxes by role; those that the task did not name as C(/users/id).
  returned: success
  type: dict
  sample:
    Mail.Send: [noreply@example.com]
tenant_wide:
  description: Permissions about mail that the application has for all mailboxes, by admin consent in Entra.
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
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.mailbox_scope import SPEC, MailboxScope


def main() -> None:
    """Compare roles and mailboxes, assign and remove, wait until it is seen."""
    run(SPEC, MailboxScope)


if __name__ == "__main__":
    main()
