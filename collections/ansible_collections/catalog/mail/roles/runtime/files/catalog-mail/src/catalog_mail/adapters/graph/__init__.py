# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send mail and read mailboxes by Microsoft Graph. Imported only when the settings name Microsoft."""

from catalog_mail.adapters.graph.apps import Apps
from catalog_mail.adapters.graph.mailboxes import GraphMailboxes
from catalog_mail.adapters.graph.senders import GraphSenders

__all__ = ["Apps", "GraphMailboxes", "GraphSenders"]
