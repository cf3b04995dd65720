#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Permissions of an app registration as they are; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: graph_permissions_info
short_description: Read which permissions an app registration declares and which are granted
version_added: 0.1.0
description:
  - Returns what M(catalog.mail.graph_permissions) sets, in the same form.
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

- name: Refuse to go on while an administrator has yet to consent
  ansible.builtin.assert:
    that: graph.unconsented | length == 0
    fail_msg: "Not granted yet: {{ graph.unconsented | join(', ') }}"
"""

RETURN = r"""
exists:
  description: Whether there is such a registration.
  returned: success
  type: bool
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

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.permissions import INFO, read_state


def main() -> None:
    """Read and return."""
    report(INFO, read_state)


if __name__ == "__main__":
    main()
