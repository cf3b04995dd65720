# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read mailboxes by IMAP (RFC 3501): `ImapMailboxes` opens them."""

from __future__ import annotations

from catalog_mail.adapters.imap.mailboxes import ImapMailboxes

__all__ = ["ImapMailboxes"]
