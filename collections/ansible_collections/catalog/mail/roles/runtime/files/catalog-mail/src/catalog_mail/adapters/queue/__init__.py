"""The durable queue, on DBOS Transact."""

from catalog_mail.adapters.queue.durable import DurableQueue
from catalog_mail.adapters.queue.options import QueueOptions

__all__ = ["DurableQueue", "QueueOptions"]
