# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The durable queue: finds the deliveries that are due, and sends them in threads."""

from catalog_mail.adapters.queue.durable import DurableQueue
from catalog_mail.adapters.queue.options import QueueOptions

__all__ = ["DurableQueue", "QueueOptions"]
