# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire the notices about the service's own problems."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from catalog_mail.adapters.database.problems import DatabaseProblems
from catalog_mail.adapters.database.recipients import DatabaseRecipients
from catalog_mail.adapters.queue import SenderProcesses
from catalog_mail.api.context import Services
from catalog_mail.bootstrap.components import Components
from catalog_mail.domain.trouble.plan import Timing
from catalog_mail.services.announcing import Announcing

# Seconds for the last look at the end; it waits for the database.
_END_SECONDS = 20.0


class Announcer:
    """The senders, and beside them a thread that tells of problems from the start to the stop of the senders."""

    def __init__(self, senders: SenderProcesses, announcing: Announcing) -> None:
        self._senders = senders
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=announcing.run, args=[self._stopping], name="announcing", daemon=True)

    def start(self, lost: Callable[[], None]) -> None:
        """Begin to send and to tell; see SenderProcesses."""
        self._senders.start(lost)
        self._thread.start()

    def alive(self) -> bool:
        """Return whether the senders come round."""
        return self._senders.alive()

    def stop(self) -> None:
        """Stop both."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)
        self._senders.stop()


def make_announcing(components: Components, services: Services) -> Announcing:
    """Return the use case for this node."""
    notices = components.config.notices
    begin_after = timedelta(seconds=notices.begin_after)
    return Announcing(
        health=services.health,
        store=DatabaseProblems(components.engine),
        notifications=services.notifications,
        directory=DatabaseRecipients(components.engine),
        admin_email=notices.admin_email,
        node=components.config.node,
        timing=Timing(begin_after, timedelta(seconds=notices.end_after), pause=begin_after),
        clock=components.clock,
    )
