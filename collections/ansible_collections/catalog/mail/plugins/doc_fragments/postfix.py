# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every module that configures Postfix has."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of every module that writes a configuration of Postfix."""

    DOCUMENTATION = r"""
options:
  config_directory:
    description:
      - The configuration directory of the Postfix instance, which holds C(main.cf).
    type: path
    default: /etc/postfix
  reload:
    description:
      - Whether to reload a running Postfix after the files are written.
      - When Postfix refuses the files, the module restores every byte of them, Postfix continues with them, and the task
        fails with the reason.
      - With V(false), RV(reload_required) tells a handler whether to reload.
    type: bool
    default: false
attributes:
  check_mode:
    description: Reports the changes that a run would make, and writes nothing.
    support: full
  diff_mode:
    description: Shows the changes. Passwords are shown as C(********).
    support: full
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
requirements:
  - Postfix 3.5 or later on the host; Python's standard library alone
author:
  - The catalog.mail authors (@catalog-mail)
"""
