#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which mailboxes an application may use, as it is; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_scope_info
short_description: Read which mailboxes an application may use by roles of Exchange Online (beta)
version_added: 0.1.0
description:
  - Returns the roles about mail that M(catalog.mail.mailbox_scope) sets, and the consent in Entra that stands beside them.
  - "B(Beta:) it uses C(/beta/roleManagement/exchange) of Microsoft Graph, which Microsoft may change and does not support
    in production. It was tried against an emulator only."
extends_documentation_fragment:
  - catalog.mail.login
  - catalog.mail.login.which
attributes:
  check_mode:
    description: Reads only, in check mode as well.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
notes:
  - The automation needs the application permissions C(RoleManagement.Read.Exchange) and C(Application.Read.All).
seealso:
  - module: catalog.mail.mailbox_scope
"""

EXAMPLES = r"""
- name: Read the mailboxes
  catalog.mail.mailbox_scope_info:
    unique_name: data-catalog-mail
  delegate_to: localhost
  run_once: true
  register: scope

- name: Refuse to go on while the application may use all mailboxes
  ansible.builtin.assert:
    that: scope.tenant_wide | length == 0
    fail_msg: "For all mailboxes: {{ scope.tenant_wide | join(', ') }}"
"""

RETURN = r"""
exists:
  description: Whether there is such a registration, with a service principal.
  returned: success
  type: bool
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

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.mailbox_scope import INFO, read_state


def main() -> None:
    """Read and return."""
    report(INFO, read_state)


if __name__ == "__main__":
    main()
