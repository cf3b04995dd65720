# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events: what has happened to the service, for programs that wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """The subject of an event."""

    SETTINGS = "settings"  # the e-mail settings were changed
    HEALTH = "health"  # a problem began or ended
    MAILBOX_READ_BY_OTHERS = "mailbox_read_by_others"  # something else marks the messages of the mailbox of replies as read
    DRIFT = "drift"  # a report about drift names changes


@dataclass(frozen=True)
class Event:
    """Something that has happened. `data` is JSON without a secret; the store assigns `id`, which grows."""

    kind: EventKind
    at: datetime
    data: Mapping[str, Any]
    id: int = 0
