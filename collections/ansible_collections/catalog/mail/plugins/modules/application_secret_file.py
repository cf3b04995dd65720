#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of the application that holds a secret; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: application_secret_file
short_description: Write a secret of the application into a file, without a file on the control node
version_added: 0.2.0
description:
  - Writes a key or a token that another host has made. The file is complete or not there, and at no time readable by others.
  - A file that holds another secret is not replaced, unless O(replace) says so.
  - P(ansible.builtin.copy#module) writes its content to a disk of the control node; this module does not.
  - The role P(catalog.mail.application#role) runs it for hosts that share a database.
options:
  path:
    description: The file.
    type: path
    required: true
  content:
    description: The secret, in one line or more. In check mode it may be empty, when an earlier task of a run makes it.
    type: str
    required: true
  mode:
    description: The mode of the file, as an octal number in quotes.
    type: str
    default: "0600"
  owner:
    description: The name of the user who owns the file.
    type: str
    default: root
  group:
    description: The name of its group.
    type: str
    default: root
  replace:
    description: Whether to replace another secret in the file.
    type: bool
    default: false
attributes:
  check_mode:
    description: Returns the changes without making them.
    support: full
  diff_mode:
    description: Shows that the secret changes, and mode and owner; never the secret.
    support: full
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
  action:
    description: Has an action plugin. When Ansible has to send the module as a file, which holds the secret, the plugin keeps
      the file in memory on the control node.
    support: full
requirements:
  - Root, to set the owner; of Python nothing but its standard library
author:
  - The catalog.mail authors (@catalog-mail)
"""

EXAMPLES = r"""
- name: Create the folder
  ansible.builtin.file:
    path: /etc/catalog-mail-example
    state: directory
    mode: "0700"

- name: Write a token
  catalog.mail.application_secret_file:
    path: /etc/catalog-mail-example/token
    content: "{{ vault_catalog_token }}"

- name: Write a token in place of another one
  catalog.mail.application_secret_file:
    path: /etc/catalog-mail-example/replaced-token
    content: "{{ vault_new_catalog_token }}"
    replace: true
"""

RETURN = r"""
changes:
  description: The changes made, or in check mode the changes to make.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: V(content) or V(attributes).
      type: str
      returned: always
    before:
      description: V((none\)), V((empty\)) or V(another secret); or mode, owner and group before.
      type: str
      returned: always
    after:
      description: V(the given secret); or mode, owner and group after.
      type: str
      returned: always
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.secret_file import SPEC, SecretFile
from ansible_collections.catalog.mail.plugins.module_utils._core.module import run


def main() -> None:
    """Write the file, if it differs."""
    run(SPEC, SecretFile)


if __name__ == "__main__":
    main()
