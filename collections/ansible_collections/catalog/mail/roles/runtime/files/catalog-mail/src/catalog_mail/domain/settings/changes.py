# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare a candidate with the stored settings, and find the changes that a test covers."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_mail.domain.settings.document import Receiver
from catalog_mail.domain.settings.reading import CREDENTIAL_METADATA, Candidate, Given, Kept, Secrets, paths


@dataclass(frozen=True)
class Change:
    """One changed value. For a secret, `before` is "present" or "absent" and `after` "changed" or "removed"."""

    path: str
    before: Any
    after: Any

    def plain(self) -> dict[str, Any]:
        """Return the change as a JSON object."""
        return {"path": self.path, "before": self.before, "after": self.after}


def secret_updates(candidate: Candidate, secrets: Secrets) -> dict[str, str | None]:
    """Return the secrets that change, by path: the new text, or None to remove the secret. An equal secret does not change."""
    changed: dict[str, str | None] = {}
    for path, update in candidate.secrets.items():
        stored = secrets.get(path)
        if isinstance(update, Given):
            if stored is None or not hmac.compare_digest(stored.encode(), update.value.encode()):
                changed[path] = update.value
        elif path in secrets and (not isinstance(update, Kept) or not candidate.has_destination(path)):
            changed[path] = None
    return changed


def plan_changes(candidate: Candidate, secrets: Secrets, before: Mapping[str, Any]) -> list[Change]:
    """List the changes that saving the candidate would make, in the document's order, secrets last."""
    old = dict(paths(before))
    plain = [
        Change(path, old.get(path), value) for path, value in paths(candidate.document) if old.get(path) != value
    ]
    hidden = [
        Change(path, "present" if path in secrets else "absent", "removed" if value is None else "changed")
        for path, value in secret_updates(candidate, secrets).items()
    ]
    return plain + hidden


def concerns_sending(change: Change) -> bool:
    """Return whether a test message covers this change."""
    if change.path == "notifications.enabled" or _is_credential_metadata(change):
        return False
    return change.path.startswith("notifications.")


def concerns_delivery(change: Change) -> bool:
    """Return whether deliveries may wait for this change; the switch ends those that it turns off."""
    return change.path == "notifications.enabled" or concerns_sending(change)


def concerns_receiving(change: Change, receiver: Receiver) -> bool:
    """Return whether a test of the mailbox covers this change. With Microsoft the mailbox is that of `reply_to`."""
    own = {
        Receiver.IMAP: ("interactions.imap.",),
        Receiver.MICROSOFT: ("interactions.microsoft.", "interactions.reply_to"),
    }[receiver]
    return change.path.startswith((*own, "interactions.receiver", "interactions.enabled")) and not _is_credential_metadata(change)


def _is_credential_metadata(change: Change) -> bool:
    """Return whether the change is to the ID or the expiry date of a secret, which are never sent to a server."""
    return change.path.rpartition(".")[2] in CREDENTIAL_METADATA


def updated_secrets(candidate: Candidate, secrets: Secrets) -> Secrets:
    """Return the secrets as they will be after the candidate is saved."""
    result = dict(secrets)
    for path, value in secret_updates(candidate, secrets).items():
        if value is None:
            del result[path]
        else:
            result[path] = value
    return result
