# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the Postfix modules have in common in their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of every module that writes a configuration of Postfix."""

    DOCUMENTATION = r"""
options:
  config_directory:
    description:
      - The configuration directory of the Postfix instance, where C(main.cf) stands.
    type: path
    default: /etc/postfix
  reload:
    description:
      - Whether to reload a running Postfix as soon as the files are written.
      - If Postfix refuses, every file is put back to the byte, Postfix goes on with it, and the task fails with
        the reason.
      - When V(false), RV(reload_required) tells a handler what is left to do.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and tells what it would change, without writing anything.
    support: full
  diff_mode:
    description: Shows what it changes. Passwords are shown as C(********).
    support: full
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
requirements:
  - Postfix 3.5 or later on the host, and nothing but Python's standard library
author:
  - The catalog.mail authors (@catalog-mail)
"""
