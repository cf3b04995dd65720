"""Mail over Microsoft Graph: sending, and the mailbox that replies come to. Imported only where the settings name Microsoft."""

from catalog_mail.adapters.graph.apps import Apps
from catalog_mail.adapters.graph.mailboxes import GraphMailboxes
from catalog_mail.adapters.graph.senders import GraphSenders

__all__ = ["Apps", "GraphMailboxes", "GraphSenders"]
