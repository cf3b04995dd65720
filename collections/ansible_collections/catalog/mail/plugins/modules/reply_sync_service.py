#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd services that read and archive the mailbox of replies; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reply_sync_service
short_description: Run the systemd services that read and archive the mailbox of replies
version_added: 0.2.0
description:
  - Enables C(catalog-mail-reply-sync.service) and starts it. Restarts it when a file that it reads at its start, or the
    version in use, is younger than that start. So the next run makes the restart of a run that was killed before it.
  - Runs C(catalog-mail-archive.timer) when the application's settings switch the archive on, and stops it otherwise.
  - Does not write or remove units. The role P(catalog.mail.reply_sync#role) does so, and runs this module with
    O(apply=false) first to find out whether anything has to change.
options:
  state:
    description: Whether the units run. V(absent) stops and disables them.
    type: str
    choices: [present, absent]
    default: present
  runtime_folder:
    description:
      - The folder of the installed versions, the C(runtime_folder) of the role P(catalog.mail.runtime#role). Its link
        C(current) names the version in use.
    type: path
    default: /opt/catalog-mail
  unit_folder:
    description: The folder that the three units are in.
    type: path
    default: /etc/systemd/system
  files:
    description: The files that the service reads at its start, besides its unit. Missing files are ignored.
    type: list
    elements: path
    default: []
  different_files:
    description:
      - The files that earlier tasks write in this run. Check mode plans as if they were younger than the start of the
        services; without check mode their age tells. A unit among them is restarted in both modes.
    type: list
    elements: path
    default: []
  settings_changes:
    description:
      - The C(changes) that M(catalog.mail.email_settings) has returned in this run. Check mode plans with them.
    type: list
    elements: dict
    default: []
  pending:
    description:
      - The files that another task has to write before the application can tell its settings, such as its key. For check
        mode, which then reports the changes of the archive as unknown.
    type: str
  apply:
    description: Whether to make the changes. V(false) only returns them, and never reports a change.
    type: bool
    default: true
extends_documentation_fragment:
  - catalog.mail.api
attributes:
  check_mode:
    description:
      - Returns the changes without making them.
      - While the application does not run, or its token has yet to be made, it is unknown whether and when replies are
        archived. A warning says so in one line, RV(unknown) holds it, and the timer is planned to stay as it is.
    support: full
  diff_mode:
    description: Shows the state of each unit before and after.
    support: full
seealso:
  - module: catalog.mail.application_service
  - module: catalog.mail.reply_sync_info
"""

EXAMPLES = r"""
- name: Run the services with their present files
  catalog.mail.reply_sync_service:
    files:
      - /etc/catalog-mail/config.toml
      - /etc/catalog-mail/key

- name: Look when replies are archived, and whether the services run
  catalog.mail.reply_sync_service:
    apply: false
  register: reply_sync

- name: Tell when replies are archived
  ansible.builtin.debug:
    msg: "{{ reply_sync.archive.on_calendar }}"

- name: Stop the services, now and after a boot
  catalog.mail.reply_sync_service:
    state: absent
"""

RETURN = r"""
changes:
  description: The changes made, or in check mode the changes to make.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the unit.
      type: str
      returned: always
      sample: catalog-mail-archive.timer
    before:
      description: The state before.
      type: str
      returned: always
      sample: running with older files
    after:
      description: The state after, V(running) or V(stopped).
      type: str
      returned: always
unit_files:
  description: The files of the three units, by the name of the unit; V(null) when the file does not exist.
  returned: success
  type: dict
  sample:
    catalog-mail-archive.service: null
    catalog-mail-archive.timer: null
    catalog-mail-reply-sync.service:
      sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
      mode: "0644"
      owner: root
      group: root
archive:
  description:
    - The archiving of read mail, by the application's settings in force; V(null) with O(state=absent).
    - C(enabled) tells whether mail is archived, which requires that replies are switched on and read over IMAP.
      C(on_calendar) is the calendar event of systemd.
  returned: success
  type: dict
  sample:
    enabled: true
    on_calendar: Sun 02:00
settings_error:
  description: Cause and remedy when the application's settings cannot be read; else empty.
  returned: success
  type: str
unknown:
  description: In check mode, why the changes of the archive cannot be known before a run; else empty.
  returned: success
  type: str
check_mode:
  description: Whether the task runs in check mode, which the variable C(ansible_check_mode) does not always tell.
  returned: success
  type: bool
systemd_version:
  description: The version of systemd on the host; 0 when unknown.
  returned: success
  type: int
  sample: 252
unit:
  description: The unit that does not start.
  returned: failure of a unit
  type: str
cause:
  description: The reason why the application's settings cannot be read, as a sentence.
  returned: failure of the application
  type: str
remedy:
  description: The action that corrects it.
  returned: failure of the application
  type: str
code:
  description: The kind of failure, as a word that does not change between versions.
  returned: failure of the application
  type: str
  sample: api-refused
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.reply_sync_service import SPEC, ReplySyncService
from ansible_collections.catalog.mail.plugins.module_utils._core.module import run


def main() -> None:
    """Read the application's settings, compare the units with them, start or stop units if necessary."""
    run(SPEC, ReplySyncService)


if __name__ == "__main__":
    main()
