# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The durable queue: processes find the deliveries that are due, and send them in threads."""

from catalog_mail.adapters.queue.durable import DurableQueue
from catalog_mail.adapters.queue.options import QueueOptions
from catalog_mail.adapters.queue.processes import SenderProcesses
from catalog_mail.adapters.queue.rounds import Rounds

__all__ = ["DurableQueue", "QueueOptions", "Rounds", "SenderProcesses"]
