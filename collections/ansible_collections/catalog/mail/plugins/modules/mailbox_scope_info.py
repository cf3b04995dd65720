#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts about the mailboxes that an application may use; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_scope_info
short_description: Read the roles of Exchange Online that limit an application to mailboxes (beta)
version_added: 0.1.0
description:
  - Returns the roles about mail that M(catalog.mail.mailbox_scope) sets, and the application's consent in Entra.
  - "B(Beta:) the module uses C(/beta/roleManagement/exchange) of Microsoft Graph, which Microsoft may change and does not
    support in production. It was tested against an emulator only."
extends_documentation_fragment:
  - catalog.mail.login
  - catalog.mail.login.which
attributes:
  check_mode:
    description: Only reads, also in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so it has no diff.
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

- name: Fail while the application may use all mailboxes
  ansible.builtin.assert:
    that: scope.tenant_wide | length == 0
    fail_msg: "For all mailboxes: {{ scope.tenant_wide | join(', ') }}"
"""

RETURN = r"""
exists:
  description: Whether the registration and its service principal exist.
  returned: success
  type: bool
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

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.mailbox_scope import INFO, read_state


def main() -> None:
    """Read and return."""
    report(INFO, read_state)


if __name__ == "__main__":
    main()
