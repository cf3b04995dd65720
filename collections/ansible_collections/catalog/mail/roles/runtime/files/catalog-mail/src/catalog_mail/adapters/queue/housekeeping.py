"""What is done now and then: signs of life, taking over from the dead, freeing what was left behind, tidying up."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from catalog_mail.adapters.queue.options import QueueOptions
from catalog_mail.adapters.queue.transact import PAGE, Transact
from catalog_mail.domain.notifications.node_liveness import Watch
from catalog_mail.ports.clock import Clock
from catalog_mail.ports.notifications import DeliveryStore, Nodes

log = logging.getLogger(__name__)

# How long finished workflows stay, for whoever looks into the engine's database.
KEEP_WORKFLOWS = timedelta(minutes=10)
# Pages tidied up in one round: bounded, so that signs of life are not late.
PAGES = 20


class Housekeeping:
    """One round every few seconds on each node."""

    def __init__(self, store: DeliveryStore, nodes: Nodes, engine: Transact, clock: Clock, options: QueueOptions) -> None:
        self._store = store
        self._nodes = nodes
        self._engine = engine
        self._clock = clock
        self._node = options.node
        self._grace = timedelta(seconds=options.takeover_after)
        self._keep = timedelta(days=options.keep_days)
        self._watch = Watch(options.takeover_after)

    def round(self) -> bool:
        """Everything once. Returns whether deliveries wait for a batch because of it."""
        self._nodes.beat(self._node)
        self._take_over()
        freed = self._free_left_behind()
        self._tidy_up()
        return freed > 0

    def _take_over(self) -> None:
        """The batches of nodes that show no sign of life any more are queued again, for whoever comes first."""
        alive = self._watch.look(self._nodes.beats(), time.monotonic()) | {self._node}
        dead = self._engine.working() - alive
        if dead:
            count = self._engine.take_over(dead)
            log.warning("took over %d batches of %s, which shows no sign of life", count, ", ".join(sorted(dead)))

    def _free_left_behind(self) -> int:
        """Deliveries whose batch has no workflow (a kill between the two, or a lost queue file) are free again."""
        batches = self._store.batches(claimed_before=self._clock.now() - self._grace, limit=PAGE)
        left = set(batches) - self._engine.unfinished(batches)
        freed = sum(self._store.release(batch) for batch in left)
        if freed:
            log.warning("%d deliveries had been left behind in %d batches; they are queued again", freed, len(left))
        return freed

    def _tidy_up(self) -> None:
        for _page in range(PAGES):
            if self._engine.collect(KEEP_WORKFLOWS, self._clock.now()) < PAGE:
                break
        for _page in range(PAGES):
            if self._store.forget_messages(accepted_before=self._clock.now() - self._keep, limit=PAGE) < PAGE:
                break
