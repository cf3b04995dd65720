# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Define the methods that email_settings calls. Each application has one adapter, a subclass of ``Application``. Pure.

All applications have the same document of settings: the options ``notifications`` and ``interactions`` of email_settings,
as ``settings_options`` has them. An adapter translates this document into the settings of its application.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Collection, Dict, List, Mapping, NamedTuple, Optional, Sequence

from .._core.errors import CatalogMailError
from .._mail.message import MailUnderTest

Document = Mapping[str, Any]


class Stored(NamedTuple):
    """The settings in force, each secret as ``{"present": bool, "changed_at": str or None}``, and their revision.

    The revision grows with each change; it is 0 for an application that has none.
    """

    settings: Dict[str, Any]
    revision: int


class Unmanaged(NamedTuple):
    """A setting of a task that the adapter cannot make: where a person makes it, and why the adapter cannot."""

    path: str
    label: str
    value: Any
    reason: str


@dataclass(frozen=True)
class Planned:
    """The changes that a save would make, each with ``path``, ``before`` and ``after`` (secrets as a word).

    ``test`` tells whether the values are tested before they are saved. ``restarts`` names what has to be restarted.
    """

    stored: Stored
    changes: Sequence[Mapping[str, Any]]
    unmanaged: Sequence[Unmanaged] = ()
    restarts: Sequence[str] = ()


class Saved(NamedTuple):
    """The result of a save; None for a test that was not made.

    ``advice`` are sentences about settings that work and can lose mail, ``restarted`` names what was restarted.
    """

    stored: Stored
    changes: Sequence[Mapping[str, Any]]
    test: Optional[Dict[str, Any]] = None
    tested_mailbox: Optional[Dict[str, Any]] = None
    advice: Sequence[str] = ()
    restarted: Sequence[str] = ()


class NotYetKnown(CatalogMailError):
    """The changes cannot be known before a run has made what the adapter reads; for check mode."""


class Application:
    """An application whose e-mail settings the modules read and write."""

    def read(self) -> Stored:
        """Return the settings in force. Raises CatalogMailError."""
        raise NotImplementedError

    def health(self) -> Dict[str, Any]:
        """Return ``ready``, ``configured``, ``status``, ``reasons`` and ``problems``; see email_settings_info."""
        raise NotImplementedError

    def plan(self, desired: Document) -> Planned:
        """Compare the settings in force with the given ones; write nothing and send nothing.

        ``desired`` holds the settings of the task alone; an empty text resets a setting, and removes a secret.
        Raises InputRefused for a value that cannot work, NotYetKnown in check mode before the application can be read.
        """
        raise NotImplementedError

    def save(self, desired: Document, planned: Planned) -> Saved:
        """Test the planned settings, write all of them or none, and restart what is due. Raises CatalogMailError.

        Raises Outdated when somebody else has changed the settings since ``plan``.
        """
        raise NotImplementedError


class MailServer:
    """An application's own mail server: it takes a message, and logs what became of it."""

    def submit(self, message: MailUnderTest) -> str:
        """Hand a message over; return what went wrong, empty when nothing did."""
        raise NotImplementedError

    def mail_log(self) -> str:
        """Return the end of the mail log."""
        raise NotImplementedError


def worksheet(unmanaged: Sequence[Unmanaged], secrets: Collection[str]) -> List[Dict[str, Any]]:
    """Return what a person has to set, without the values of secrets."""
    return [
        {"path": one.path, "label": one.label, "reason": one.reason,
         "value": "(the secret of this option)" if one.path in secrets else one.value} for one in unmanaged]
