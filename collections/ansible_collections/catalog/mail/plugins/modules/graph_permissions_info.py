#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts about the permissions of an app registration; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: graph_permissions_info
short_description: Read the declared and the granted permissions of an app registration
version_added: 0.1.0
description:
  - Returns the permissions that M(catalog.mail.graph_permissions) sets, in the form of its result.
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
  - The automation needs the application permission C(Application.Read.All).
seealso:
  - module: catalog.mail.graph_permissions
"""

EXAMPLES = r"""
- name: Read the permissions
  catalog.mail.graph_permissions_info:
    unique_name: data-catalog-mail
  delegate_to: localhost
  run_once: true
  register: graph

- name: Fail while a permission is not granted
  ansible.builtin.assert:
    that: graph.unconsented | length == 0
    fail_msg: "Not granted yet: {{ graph.unconsented | join(', ') }}"
"""

RETURN = r"""
exists:
  description: Whether the registration exists.
  returned: success
  type: bool
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

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.permissions import INFO, read_state


def main() -> None:
    """Read and return."""
    report(INFO, read_state)


if __name__ == "__main__":
    main()
