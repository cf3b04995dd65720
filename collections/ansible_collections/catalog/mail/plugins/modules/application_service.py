#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's systemd service; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: application_service
short_description: Run the application's systemd service with the files that are on the host
version_added: 0.2.0
description:
  - Enables C(catalog-mail.service) and starts it. Restarts it when a file that it reads at its start, or the version in
    use, is younger than that start. So the next run makes the restart of a run that was killed before it.
  - Waits until the application answers that it is ready. If it does not, the module restores the version that last
    became ready, and fails with the last lines of the journal.
  - Does not write the O(files). The role P(catalog.mail.application#role) writes them, and runs this module in check
    mode first to find out whether anything has to change.
options:
  listen:
    description: Host and port that the application listens at. The module connects from the same host, without a proxy.
    type: str
    default: 127.0.0.1:8025
  runtime_folder:
    description:
      - The folder of the installed versions, the C(runtime_folder) of the role P(catalog.mail.runtime#role). Its link
        C(current) names the version in use, its link C(proven) the one that last became ready.
    type: path
    default: /opt/catalog-mail
  token_file:
    description: The file with the token that RV(token_accepted) tests.
    type: path
    default: /etc/catalog-mail/admin-token
  admin_email:
    description: The e-mail address that the token must have for RV(token_accepted); by default any, or none.
    type: str
    default: ""
  files:
    description:
      - The files that the application reads at its start, and others that belong to it, with their desired attributes.
      - An attribute that is left out is not compared.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The file or folder.
        type: path
        required: true
      state:
        description: Whether the file or folder must exist.
        type: str
        choices: [present, absent]
        default: present
      sha256:
        description:
          - The SHA-256 of its content, in hexadecimal digits.
          - No output shows it, since the digest of a short password reveals the password.
        type: str
      mode:
        description: Its mode, as an octal number in quotes.
        type: str
      owner:
        description: The name of the user who owns it.
        type: str
      group:
        description: The name of its group.
        type: str
      keep:
        description: Whether to set mode, owner and group of an existing file or folder that differs.
        type: bool
        default: false
      restart:
        description:
          - When the application restarts because of the file. V(changed) is for a file that it reads at its start,
            V(missing) for a file that it makes itself at its start.
        type: str
        choices: [changed, missing, never]
        default: changed
  user:
    description: The system user that the application runs as, for RV(user_exists) and RV(user_is_set_up).
    type: str
    default: catalog-mail
  shell:
    description: The login shell that this user is to have.
    type: path
    default: /usr/sbin/nologin
  version:
    description:
      - The version that an earlier task brings into use. Check mode plans as if it had done so; without check mode it is
        ignored. Without this option it is the version in use.
    type: str
  reinstalled:
    description: Whether an earlier task installs the version in use again. For check mode, like O(version).
    type: bool
    default: false
  apply:
    description: Whether to make the changes. V(false) only returns them, and never reports a change.
    type: bool
    default: true
  ready_timeout:
    description: Seconds that the application may take to become ready.
    type: int
    default: 60
attributes:
  check_mode:
    description:
      - Returns the changes without making them, among them the restart for a file that differs from its desired state,
        because an earlier task of a run would have written it.
    support: full
  diff_mode:
    description: Shows the state of the service and the version before and after. Contents of files are not shown.
    support: full
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
requirements:
  - systemd 247 or later, and root; of Python nothing but its standard library
author:
  - The catalog.mail authors (@catalog-mail)
seealso:
  - module: catalog.mail.reply_sync_service
"""

EXAMPLES = r"""
- name: Run the application with its present files
  catalog.mail.application_service:
    files:
      - path: /etc/catalog-mail/config.toml
      - path: /etc/systemd/system/catalog-mail.service

- name: Look whether the application runs with the files that it is to have
  catalog.mail.application_service:
    files:
      - path: /etc/catalog-mail/config.toml
        sha256: "{{ config | hash('sha256') }}"
        mode: "0640"
        owner: root
        group: catalog-mail
      - path: /etc/catalog-mail/database-password
        state: absent
    apply: false
  register: application

- name: Tell what is to be done
  ansible.builtin.debug:
    msg: "{{ application.different_files + (application.changes | map(attribute='name')) }}"
"""

RETURN = r"""
changes:
  description: The changes made, or in check mode the changes to make.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: V(enabled), V(service), V(proven_version), or the path of a file with O(files[].keep).
      type: str
      returned: always
    before:
      description: The value before; that of V(service) is V(stopped), V(not ready) or V(running with older files).
      type: raw
      returned: always
    after:
      description: The value after; that of V(service) is V(running).
      type: raw
      returned: always
different_files:
  description: The paths of those O(files) that differ from their desired attributes.
  returned: success
  type: list
  elements: str
missing_files:
  description: Those of RV(different_files) that do not exist.
  returned: success
  type: list
  elements: str
restarting_files:
  description: Those of RV(different_files) with which the service restarts once they are corrected.
  returned: success
  type: list
  elements: str
token:
  description:
    - The token in O(token_file). V(accepted) or V(refused) by the application, V(missing) or V(empty) in the file,
      V(unknown) while the application does not run or its database is missing.
    - A token is refused as well when its file has another mode than V(0600), unless O(files) keeps that mode.
  returned: success
  type: str
  sample: accepted
token_accepted:
  description: Whether RV(token) is V(accepted).
  returned: success
  type: bool
unknown:
  description: What cannot be known before the application runs, as one line; else empty.
  returned: success
  type: str
user_exists:
  description: Whether there is the user of that name.
  returned: success
  type: bool
user_is_set_up:
  description: Whether that user exists and has the desired shell.
  returned: success
  type: bool
check_mode:
  description: Whether the task runs in check mode, which the variable C(ansible_check_mode) does not always tell.
  returned: success
  type: bool
running:
  description: Whether the service runs and answers that it is ready; in check mode the present state.
  returned: success
  type: bool
version:
  description: The version in use; empty when none is installed.
  returned: success
  type: str
  sample: 0.2.0-3f1c9a0b-py3.11
proven_version:
  description: The version that last became ready; empty when there is none; in check mode the present one.
  returned: success
  type: str
  sample: 0.2.0-3f1c9a0b-py3.11
unit:
  description: The unit that does not become ready.
  returned: failure of the service
  type: str
  sample: catalog-mail.service
restored_version:
  description: The version that the module restored in place of RV(version).
  returned: failure of the service, when another version has worked
  type: str
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.application_service import SPEC, ApplicationService
from ansible_collections.catalog.mail.plugins.module_utils._core.module import run


def main() -> None:
    """Compare the service with its files and its version; start or restart it if necessary."""
    run(SPEC, ApplicationService)


if __name__ == "__main__":
    main()
