#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed versions of the application; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: application_runtime
short_description: Install a version of the application, and keep it as it was installed
version_added: 0.2.0
description:
  - Installs a version of the application into a virtual environment of its own, and points the link C(current) in
    O(folder) and the link O(command) to it.
  - Installs the version again when one of its files is missing or was changed, by mode, owner, size or time.
  - Does not restart the application. The module M(catalog.mail.application_service) does so, because the link
    C(current) is younger then.
  - The previous version and the last one that became ready stay installed. Other versions are removed.
options:
  folder:
    description: The folder of the installed versions.
    type: path
    default: /opt/catalog-mail
  version:
    description: The name of this collection's version, without the version of Python.
    type: str
    required: true
  use:
    description: Whether to use this collection's version, or the previous one on this host.
    type: str
    choices: [own, previous]
    default: own
  archive:
    description:
      - The archive on the host that holds the version, made by C(files/bundle.py) of the role P(catalog.mail.runtime#role).
      - Needed when the version is missing or damaged. It is removed afterwards.
    type: path
  index_ca_file:
    description: The certificates that pip trusts when it downloads packages.
    type: path
  command:
    description: The path of the link with which users call the application.
    type: path
    default: /usr/local/bin/catalog-mail
  apply:
    description:
      - Whether to make the changes. V(false) only returns them, and never reports a change.
    type: bool
    default: true
  require_packages:
    description:
      - Packages that apt must be able to install. The module asks apt's servers and fails when they offer one of these
        packages not. It installs none of them and leaves the package lists of the host as they are.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Returns the changes without making them.
    support: full
  diff_mode:
    description: Shows the installation and the links before and after.
    support: full
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: debian
requirements:
  - Debian 12 or later with python3-venv, and root; of Python nothing but its standard library
author:
  - The catalog.mail authors (@catalog-mail)
seealso:
  - module: catalog.mail.application_service
"""

EXAMPLES = r"""
- name: Look whether the version of this collection is installed and intact
  catalog.mail.application_runtime:
    version: 0.2.0-1f0c93a7be42
    apply: false
  register: runtime

- name: Tell what a run would change
  ansible.builtin.debug:
    msg: "{{ runtime.changes }}"
"""

RETURN = r"""
changes:
  description: The changes made, or in check mode or with O(apply=false) the changes to make.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: V(installation), V(current), or the path of the folder or of the command's link.
      type: str
      returned: always
    before:
      description: The value before; that of V(installation) is V(missing) or V(damaged).
      type: str
      returned: always
    after:
      description: The value after.
      type: str
      returned: always
check_mode:
  description: Whether the task runs in check mode, which the variable C(ansible_check_mode) does not always tell.
  returned: success
  type: bool
system:
  description: The operating system, by its C(os-release); empty when unknown.
  returned: success
  type: str
  sample: debian
machine:
  description: The kind of processor.
  returned: success
  type: str
  sample: x86_64
python:
  description: The version of Python for the application; empty when there is none.
  returned: success
  type: str
  sample: "3.11"
can_make_environments:
  description: Whether this Python can make virtual environments.
  returned: success
  type: bool
supported:
  description: Whether the application can run on this host.
  returned: success
  type: bool
own:
  description: The name of this collection's version, with that of Python.
  returned: success
  type: str
  sample: 0.2.0-1f0c93a7be42-py3.11
wanted:
  description: The version to use; empty when the previous one is requested and none is intact.
  returned: success
  type: str
  sample: 0.2.0-1f0c93a7be42-py3.11
installed:
  description: The versions that are installed and intact.
  returned: success
  type: list
  elements: str
damaged:
  description: The installed versions of which files are missing or changed.
  returned: success
  type: list
  elements: str
current:
  description: The version in use; empty when there is none.
  returned: success
  type: str
switched:
  description: Whether the changes bring another or a new installation into use, so that services have to restart.
  returned: success
  type: bool
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.application_runtime import SPEC, ApplicationRuntime
from ansible_collections.catalog.mail.plugins.module_utils._core.module import run


def main() -> None:
    """Compare the installed versions with the requested one; install it and switch to it if necessary."""
    run(SPEC, ApplicationRuntime)


if __name__ == "__main__":
    main()
