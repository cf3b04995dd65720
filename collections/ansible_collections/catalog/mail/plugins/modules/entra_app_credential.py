#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renew or remove a credential of an app registration; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app_credential
short_description: Renew and remove client secrets and certificates of an app registration
version_added: 0.1.0
description:
  - Creates a client secret, or a certificate with its key, when the credential in use is valid for O(rotate_before_days) or
    less. The credential in use stays; another task removes it when the new credential is in use.
  - Only Microsoft's answer holds the new secret. The module returns it once, as RV(secret), for a later task to store.
  - Entra does not know which credential the application uses; O(current_key_id) and O(keep_key_id) name it. Credentials with
    O(name) that are newer belong to interrupted runs, and O(state=absent) removes them.
  - Graph writes the certificates of a registration as one list. A certificate that another program adds within the same
    second may be lost.
options:
  kind:
    description: The kind of credential.
    type: str
    choices: [secret, certificate]
    default: secret
  name:
    description:
      - The display name of the credentials that the module manages. Credentials with other names stay.
      - Applications that share a registration need different names.
    type: str
    default: catalog.mail
  certificate:
    description:
      - An existing certificate in PEM to register, for O(kind=certificate). Its private key is not needed.
      - Without it the module creates a key and a self-signed certificate.
    type: str
  rotate_before_days:
    description: Create a new credential when the credential in use is valid for this number of days or less.
    type: int
    default: 30
  renew:
    description: Create a new credential however long the credential in use is valid. The credential in use stays.
    type: bool
    default: false
  valid_days:
    description: Days for which a new credential is valid. A policy of the tenant may limit them.
    type: int
    default: 180
  current_key_id:
    description:
      - The key id or thumbprint of the credential that the application uses, which M(catalog.mail.email_settings_info)
        returns. An empty text means that the application has no credential.
      - Without this option the longest valid credential with O(name) is taken for the one in use.
    type: str
  keep_key_id:
    description:
      - With O(state=absent), the key id or thumbprint of the credential that stays, of this O(kind) or of the other. All
        other credentials of this O(kind) with O(name) are removed.
      - When the registration does not have this credential, nothing is removed and the task fails.
    type: str
  remove_key_id:
    description: With O(state=absent), the key id or thumbprint of the only credential to remove, with any name.
    type: str
  grace_seconds:
    description:
      - With O(keep_key_id), the age in seconds that the credential that stays must have before older credentials are removed.
        Newer credentials were never in use and are removed at once.
    type: int
    default: 3600
  state:
    description:
      - V(present) creates a credential when one is needed.
      - V(absent) removes O(remove_key_id), or all credentials with O(name) except O(keep_key_id), or all with O(name).
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - catalog.mail.login
  - catalog.mail.login.which
attributes:
  check_mode:
    description: Says what it would do; reads only, and makes no secret.
    support: full
  diff_mode:
    description: Shows the credentials by id and validity, without secrets.
    support: full
  action:
    description: Has an action plugin, which keeps a result with a secret out of Ansible's output.
    support: full
notes:
  - Ansible does not show a result with RV(secret), as if the task had C(no_log=true). Later tasks that use the value need
    C(no_log=true).
  - Validity is measured by the clock of Microsoft Graph, not by the clock of the control node.
  - The automation needs the application permission C(Application.ReadWrite.All), or C(Application.ReadWrite.OwnedBy) for
    registrations that it created.
seealso:
  - module: catalog.mail.entra_app
  - module: catalog.mail.email_settings
"""

EXAMPLES = r"""
# The role catalog.mail.entra_app runs these tasks, with Test and Save of the application between them.
- name: Create a secret when the one in use is valid for a month or less
  catalog.mail.entra_app_credential:
    unique_name: data-catalog-mail
    current_key_id: "{{ key_id_in_use }}"  # from email_settings_info; empty when there is none
  delegate_to: localhost
  register: credential

- name: Remove the older secrets an hour later
  catalog.mail.entra_app_credential:
    unique_name: data-catalog-mail
    state: absent
    keep_key_id: "{{ credential.key_id }}"
    grace_seconds: 3600
  delegate_to: localhost
  when: credential.others | length > 0

- name: Create a certificate instead of a secret
  catalog.mail.entra_app_credential:
    unique_name: data-catalog-mail
    kind: certificate
    valid_days: 365
  delegate_to: localhost
  register: certificate
"""

RETURN = r"""
check_mode:
  description: Whether the task runs in check mode, which the variable C(ansible_check_mode) does not always tell.
  returned: always
  type: bool
secret:
  description:
    - The new secret, or the private key and the certificate in PEM. It cannot be read again later.
    - Not returned with O(certificate), whose key the module does not have.
  returned: when a credential was created
  type: str
key_id:
  description: The id of the new credential, or of the credential in use; V(null) in check mode for a new one.
  returned: O(state=present)
  type: str
expires_at:
  description: The end of its validity.
  returned: O(state=present)
  type: str
  sample: '2027-05-20T10:00:00Z'
thumbprint:
  description: The SHA-1 thumbprint of a certificate.
  returned: O(state=present)
  type: str
created:
  description: Whether a credential was created, in check mode whether a run would create one.
  returned: success
  type: bool
accepted:
  description: Whether Entra issued tokens for the new credential before O(timeout). That may take minutes.
  returned: when RV(secret) is returned
  type: bool
removed:
  description: The ids of the removed credentials, in check mode of those that a run would remove.
  returned: success
  type: list
  elements: str
others:
  description:
    - The ids of the other credentials of this O(kind) with O(name). With O(state=present) a task with O(keep_key_id) has to
      remove them; with O(state=absent) they are removed after O(grace_seconds).
  returned: success
  type: list
  elements: str
of_other_kind:
  description: The ids of the credentials of the other O(kind) with O(name), for a task of that kind to remove.
  returned: O(state=present)
  type: list
  elements: str
removable_at:
  description: The end of O(grace_seconds), when credentials wait for it, else V(null).
  returned: O(state=absent)
  type: str
reasons:
  description: The reason of each change.
  returned: success
  type: list
  elements: str
app_id:
  description: The application (client) id of the registration.
  returned: success
  type: str
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
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.credential import SPEC, credential_job


def main() -> None:
    """Compare the credentials with the options, create one or remove some, wait until reads show it."""
    run(SPEC, credential_job)


if __name__ == "__main__":
    main()
