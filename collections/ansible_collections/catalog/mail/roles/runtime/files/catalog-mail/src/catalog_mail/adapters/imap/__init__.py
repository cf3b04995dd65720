"""Mailboxes read by IMAP (RFC 3501): `ImapMailboxes` opens them."""

from __future__ import annotations

from catalog_mail.adapters.imap.mailboxes import ImapMailboxes

__all__ = ["ImapMailboxes"]
