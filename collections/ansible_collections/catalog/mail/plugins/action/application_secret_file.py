# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run application_secret_file without a file on a disk of the control node, since its options hold a secret."""

from __future__ import annotations

from ansible_collections.catalog.mail.plugins.plugin_utils._ansible_internals import ActionInMemory


class ActionModule(ActionInMemory):
    """Run the module; its file, if Ansible needs one, is in memory."""
