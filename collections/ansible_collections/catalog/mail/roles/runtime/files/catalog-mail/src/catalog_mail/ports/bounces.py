# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deliveries whose e-mails came back."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from catalog_mail.domain.replies.bounced import BounceReport


class BounceStore(Protocol):
    """Records bounces."""

    def bounced(self, report: BounceReport, at: datetime) -> str | None:
        """Record that the e-mail of a sent delivery came back; return the delivery's id, None when there is no such delivery.

        Idempotent: a delivery that is recorded as bounced stays as it is, and its id is returned.
        """
