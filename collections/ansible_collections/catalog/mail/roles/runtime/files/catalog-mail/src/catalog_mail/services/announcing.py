# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell the administrators of the service's own problems: in the log, by an event, and by an e-mail where that can leave."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.health import Report
from catalog_mail.domain.notifications.notification import Kind, Recipient
from catalog_mail.domain.notifications.recipients import distinct, of_user
from catalog_mail.domain.notifications.request import NotificationRequest
from catalog_mail.domain.trouble import mail
from catalog_mail.domain.trouble.plan import Plan, Present, Timing, plan
from catalog_mail.domain.trouble.problem import keeps_mail, problems
from catalog_mail.ports.catalog import Notice, RecipientDirectory
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.problems import Change, ProblemStore
from catalog_mail.services.notifications import Notifications

log = logging.getLogger(__name__)

# The longest time in seconds between two looks at the health.
_INTERVAL = 30.0
# The author of the notifications, in the place of a token's name.
_AUTHOR = "health"


class PresentHealth(Protocol):
    """The health of this node."""

    def present(self) -> Report:
        """Return the health without a test of the storage. Raises StorageFailed."""


@dataclass(kw_only=True)
class Announcing:
    """Looks at the health of one node from time to time. Nodes that share a database tell of a common problem once.

    `admin_email` is told besides the users that are server admins.
    """

    health: PresentHealth
    store: ProblemStore
    notifications: Notifications
    directory: RecipientDirectory
    admin_email: str | None
    node: str
    timing: Timing
    clock: Clock
    _last_mail: datetime | None = None

    def run(self, stopping: threading.Event) -> None:
        """Look until `stopping` is set."""
        interval = min(_INTERVAL, self.timing.begin_after.total_seconds() / 2)
        while not stopping.wait(interval):
            try:
                self.look()
            except StorageFailed:
                log.warning("problems cannot be told while the database fails")
            except Exception:  # a bug; the next look may succeed
                log.exception("looking for problems failed; it is tried again")

    def look(self) -> None:
        """Look once, and tell what there is to tell. Raises StorageFailed."""
        reasons, now = self.health.present().reasons, self.clock.now()
        stored = self.store.episodes()
        found = problems(reasons, self.node, now)
        present = Present(found, self.node, keeps_mail(reasons), now, self._last_mail)
        planned = plan(stored, present, self.timing)
        if set(planned.episodes) == set(stored):
            return
        notice = self._notice(planned)
        events = list(mail.events(planned.began, planned.ended, now))
        if not self.store.apply(Change(stored, planned.episodes, notice, events)):
            return  # another node was faster; the next look sees what is left
        _log(planned)
        if notice is not None:
            self._last_mail = now
            self.notifications.begin([notice])

    def _notice(self, planned: Plan) -> Notice | None:
        """Return the e-mail to all administrators; None without a problem to tell of, or without an administrator."""
        began, ended = planned.tell_began, planned.tell_ended
        recipients = self._recipients() if began or ended else ()
        if not recipients:
            return None
        request = NotificationRequest(
            kind=Kind.SYSTEM_HEALTH,
            data={"title": mail.title(began, ended), "text": mail.text(began, ended)},
            recipients=tuple(recipients),
            idempotency_key=mail.key(began, ended),
        )
        return self.notifications.prepare(request, _AUTHOR)

    def _recipients(self) -> Sequence[Recipient]:
        admins = [of_user(user) for user in self.directory.server_admins()]
        return distinct([*admins, *([Recipient(self.admin_email)] if self.admin_email else [])])


def _log(planned: Plan) -> None:
    for episode in planned.began:
        log.warning("a problem has begun: %s %s", episode.problem.cause, episode.problem.remedy)
    for episode in planned.ended:
        log.warning("a problem has ended: %s", episode.problem.cause)
