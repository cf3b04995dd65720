#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret or a certificate of an app registration; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_app_credential
short_description: Have a client secret or a certificate of an app registration that is valid long enough
version_added: 0.1.0
description:
  - Makes a client secret, or a certificate with its key, where the one in use is not valid for longer than
    O(rotate_before). The one in use stays; it is removed by a task of its own, once the new one is in use.
  - The value is in Microsoft's answer alone, and is returned once, as RV(secret). Whoever gets it hands it on at once.
  - Which credential the application uses, Entra does not know. O(known_key_id) and O(keep_key_id) say it. Credentials
    called O(name) that are newer than that are orphans of runs that were cut off; with O(state=absent) they are removed.
  - The certificates of a registration are a list that is written as a whole. What somebody else writes to it within the
    same second may be lost.
options:
  kind:
    description: A client secret, or a certificate.
    type: str
    choices: [secret, certificate]
    default: secret
  name:
    description:
      - The display name of our credentials, by which they are told from those of others, which are never touched.
      - Where several applications use the same registration, each needs a name of its own.
    type: str
    default: catalog.mail
  certificate:
    description:
      - A certificate in PEM that is brought along, for O(kind=certificate). It is registered where it is not yet.
      - Its private key is not needed here.
      - Without it the module makes a key and a certificate signed by itself.
    type: str
  rotate_before:
    description: A new one is made when the one in use is valid for this many days or less.
    type: int
    default: 30
  renew:
    description: Whether a new one is made however long the one in use is valid. The one in use stays until it is removed.
    type: bool
    default: false
  valid_for:
    description: How many days a new one is valid. A policy of the tenant may allow less than that.
    type: int
    default: 180
  known_key_id:
    description:
      - The key id, or the thumbprint, of the credential that the application uses, as
        M(catalog.mail.email_settings_info) shows it.
      - An empty text says that the application has none.
      - Left out, it is not known which one is used, and the longest valid one called O(name) counts.
    type: str
  keep_key_id:
    description:
      - With O(state=absent), the key id or thumbprint of the one that stays, be it of this O(kind) or of the other. All
        others of this O(kind) called O(name) are removed.
      - Where the registration does not have it, nothing is removed and the task fails.
    type: str
  key_id:
    description: With O(state=absent), the key id or thumbprint of the only one to remove, whatever it is called.
    type: str
  grace:
    description:
      - With O(keep_key_id), how many seconds the one that stays must have been valid before those that are older are
        removed. Those that are newer were never in use, and are removed at once.
    type: int
    default: 3600
  state:
    description:
      - V(present) makes one where it is needed.
      - V(absent) removes O(key_id), or all called O(name) but O(keep_key_id), or all called O(name).
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
    description: Shows the credentials by id and validity, never a value.
    support: full
  action:
    description: Has a part that runs on the control node, which keeps a result with a secret from being shown.
    support: full
notes:
  - A result with RV(secret) is not shown by Ansible, as if the task had C(no_log=true). What later tasks do with the value
    is theirs to keep secret.
  - Whether a credential is still valid is told by the clock of Microsoft Graph, not by that of the control node.
  - The automation needs the application permission C(Application.ReadWrite.All), or C(Application.ReadWrite.OwnedBy) for
    registrations that it made itself.
seealso:
  - module: catalog.mail.entra_app
  - module: catalog.mail.email_settings
"""

EXAMPLES = r"""
# The role catalog.mail.entra_app does all of this, with Test and Save of the application in between.
- name: A secret that is valid for another month at least
  catalog.mail.entra_app_credential:
    unique_name: data-catalog-mail
    known_key_id: "{{ key_id_in_use }}"  # from email_settings_info; an empty text where there is none
  delegate_to: localhost
  register: credential

- name: Remove the secrets before it, an hour after it was made
  catalog.mail.entra_app_credential:
    unique_name: data-catalog-mail
    state: absent
    keep_key_id: "{{ credential.key_id }}"
    grace: 3600
  delegate_to: localhost
  when: credential.others | length > 0

- name: A certificate in place of a secret
  catalog.mail.entra_app_credential:
    unique_name: data-catalog-mail
    kind: certificate
    valid_for: 365
  delegate_to: localhost
  register: certificate
"""

RETURN = r"""
secret:
  description:
    - The value of the new secret, or the private key and the certificate in PEM.
    - Only here and only now. Not with O(certificate), whose key is not here.
  returned: when one was made
  type: str
key_id:
  description: The id of the one that was made, or of the one in use; V(null) in check mode where one would be made.
  returned: O(state=present)
  type: str
expires_at:
  description: Until when that is valid.
  returned: O(state=present)
  type: str
  sample: '2027-05-20T10:00:00Z'
thumbprint:
  description: The SHA-1 thumbprint, of a certificate.
  returned: O(state=present)
  type: str
created:
  description: Whether one was made, or would be in check mode.
  returned: success
  type: bool
accepted:
  description: Whether Entra gave tokens for the new one in the time that there was. A new one may take minutes to be known.
  returned: when one was made with its secret
  type: bool
removed:
  description: The ids of those that were removed, or would be in check mode.
  returned: success
  type: list
  elements: str
others:
  description:
    - The ids of others of this O(kind) called O(name). With O(state=present), those that a task with O(keep_key_id) has yet
      to remove; with O(state=absent), those that wait for the end of O(grace).
  returned: success
  type: list
  elements: str
of_other_kind:
  description: The ids of those called O(name) of the other O(kind), which a task of that kind with O(keep_key_id) removes.
  returned: O(state=present)
  type: list
  elements: str
removable_at:
  description: When O(grace) is over, where something waits for it.
  returned: O(state=absent)
  type: str
reasons:
  description: Why something was done, one sentence for each.
  returned: success
  type: list
  elements: str
app_id:
  description: The application (client) id of the registration.
  returned: success
  type: str
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
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.credential import SPEC, EntraCredential


def main() -> None:
    """Look at the credentials, make one or remove some, wait until it is seen."""
    run(SPEC, EntraCredential)


if __name__ == "__main__":
    main()
